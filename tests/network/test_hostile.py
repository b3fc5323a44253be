"""Faults that attacks on the client found, which must stay mended."""

from typing import Any

import pytest

import metrics24
from metrics24 import ConfigurationError, Retrying, TransportError, UsageError
from support import steps
from support.running import KEY, RANGE, Running, collect
from support.scripted import Exchange, Received, Serve, Step, in_turn
from support.tables import newest_first, page

ROWS = newest_first(3, 1)


@pytest.mark.parametrize(
    "options",
    [
        {"timout": 5},
        {"api_key": "other"},
        {"retrying": None},
        {"limits": 5},
        {"timeout": 1e300},
        {"routes": {"getClick": ("GET", "/a#b")}},
        {"routes": {"getClick": ("GET", "/a/../b")}},
        {"routes": [1]},
    ],
    ids=str,
)
def test_options_that_mean_nothing_are_refused(run: Running, options: dict[str, Any]) -> None:
    """Unknown, mistyped and senseless options are ConfigurationError, never ignored."""
    client = run.client("http://127.0.0.1:9")
    with pytest.raises(ConfigurationError):
        client.with_options(**options)


@pytest.mark.parametrize("query", ["abc", [5], [("a",)], 5, {"\ud800": "x"}], ids=repr)
def test_a_query_of_another_shape_is_refused(run: Running, serve: Serve, query: object) -> None:
    """A query that is neither a mapping nor pairs, or cannot be encoded, is an error of ours without a request."""
    server = serve(in_turn(page(ROWS)))
    client = run.client(server)
    with pytest.raises((UsageError, TransportError)):
        run.result(client.request("listExports", query=query))
    assert server.hits == 0


def bad_header(request: Received) -> Step:
    """Answer with a malformed header line that repeats the credential."""

    def step(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nBad Header " + request.headers["api-key"].encode() + b"\r\n\r\n")
        exchange.hang_up()

    return step


def test_fault_55_a_malformed_response_that_repeats_the_key(run: Running, serve: Serve) -> None:
    """The key stays out of the error for a response that is no HTTP and repeats it."""
    client = run.client(serve(bad_header), retrying=Retrying(attempts=1))
    with pytest.raises(TransportError) as caught:
        collect(run, client.reports.clicks("int1", **RANGE))
    assert KEY not in str(caught.value)
    assert "illegal header" in str(caught.value)


def test_cookies_are_not_remembered(run: Running, serve: Serve) -> None:
    """A cookie that the server sets does not come back with the next request."""
    server = serve(in_turn(steps.respond_json({}, headers=[("Set-Cookie", "a=b")])))
    client = run.client(server)
    for _ in range(2):
        run.result(client.request("listExports"))
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]


def test_a_coroutine_function_is_no_source_of_keys() -> None:
    """An async function as api_key is refused when the client is made."""

    async def key() -> str:
        return "k"

    with pytest.raises(ConfigurationError, match="coroutine"):
        metrics24.Client(api_key=key)  # type: ignore[arg-type]  # the mistake under test
