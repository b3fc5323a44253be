"""Clients: options, shared connections, raw requests, and what they show of themselves."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from metrics24 import AsyncClient, Client, ConfigurationError, NotFound, Retrying, UsageError, field
from support.fake_driver import page

RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-27"}
HERE = "http://localhost:1"


class Recorder:
    """A transport's handler that answers every request alike and keeps it."""

    def __init__(self, status: int = 200, content: bytes = b"{}", **headers: str) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = status, headers, content

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status, headers, content = self._answer
        return httpx.Response(status, headers=headers, content=content)


def client(handler: Callable[[httpx.Request], httpx.Response], **options: Any) -> Client:
    """Make a client over a transport that answers by itself."""
    return Client(**{"api_key": "hush", "base_url": HERE, "transport": httpx.MockTransport(handler), **options})


def test_a_request_by_id_goes_out_as_given() -> None:
    """request() sends what it is told under the API's own names, and gives the answer as it came."""
    seen = Recorder(content=b'{"a": [1]}', x="y")
    with client(seen, base_url=f"{HERE}/base/") as made:
        answer = made.request("listExports", query={"a": ["1", 2], "b": "ü&"}, body={"k": "ü"})
    (request,) = seen.requests
    assert (answer.status_code, answer.headers["X"], answer.json()) == (200, "y", {"a": [1]})
    assert request.url.params.multi_items() == [("a", "1"), ("a", "2"), ("b", "ü&")]
    assert request.url.path.startswith("/base/api/")
    assert json.loads(request.content) == {"k": "ü"}
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", [object(), float("nan"), "\ud800", {1, 2}])
def test_a_body_that_is_no_json_is_refused(body: object) -> None:
    """A body that JSON cannot hold is UsageError, and nothing is sent."""
    seen = Recorder()
    with client(seen) as made, pytest.raises(UsageError, match="listExports cannot be written as JSON"):
        made.request("listExports", body=body)
    assert seen.requests == []


def test_routes_correct_a_guess_at_run_time() -> None:
    """A server whose paths differ from the spec's guesses is served once routes= says so, reports included."""

    def handler(request: httpx.Request) -> httpx.Response:
        if (request.method, request.url.path) != ("POST", "/v9/clicks"):
            return httpx.Response(404)
        return httpx.Response(200, content=page([2, 1], more=False).content)

    with client(handler) as guessing:
        with pytest.raises(NotFound, match="routes="):
            guessing.reports.clicks("i", **RANGE).first()
        corrected = guessing.with_options(routes={"getClickReport": ("POST", "/v9/clicks")})
        asked = corrected.reports.clicks("i", filter=field("a").eq(1), **RANGE)
        assert [record["real_tx_id"] for record in asked.records()] == ["2", "1"]
        with pytest.raises(NotFound):
            corrected.with_options(routes=None).reports.clicks("i", **RANGE).first()


async def test_other_options_share_the_connections() -> None:
    """with_options changes what is passed, keeps the rest, and closes nothing that is shared, on both clients."""
    seen = Recorder()
    with client(seen, timeout=7) as made:
        with made.with_options(rate=1000, retrying=Retrying(attempts=1)) as other:
            other.request("listExports")
        made.request("listExports")
        made.with_options(timeout=3).request("listExports")
    transport = httpx.MockTransport(seen)
    async with AsyncClient(api_key="hush", base_url=HERE, transport=transport) as twin:
        async with twin.with_options(timeout=3) as later:
            await later.request("listExports")
        await twin.request("listExports")
    assert [request.extensions["timeout"]["read"] for request in seen.requests] == [7, 7, 3, 3, 30]
    for closed in (made, other):
        with pytest.raises(UsageError, match="closed"):
            closed.request("listExports")
    with pytest.raises(UsageError, match="closed"):
        await later.request("listExports")


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_shows_its_address_and_nothing_else(kind: type[Any]) -> None:
    """Repr names the base URL, never the key, and a client is neither pickled nor copied."""
    made = kind(api_key="hush", base_url=HERE)
    assert repr(made) == f"{kind.__name__}(base_url='{HERE}')"
    for duplicate in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="never pickled"):
            duplicate(made)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": float("inf")},
        {"timeout": None},
        {"timeout": True},
        {"rate": 0},
        {"rate": "fast"},
        {"max_connections": 0},
        {"max_connections": 1.5},
        {"routes": {"nope": ("GET", "/")}},
        {"token": "t"},
        {"base_url": "nope"},
        {"timeout": 1e300},
        {"limits": 5},
        {"retrying": 5},
        {"routes": {"getClick": ("GET", "/a#b")}},
        {"routes": {"getClick": ("GET", "/a/../b")}},
        {"routes": [1]},
    ],
)
def test_settings_that_cannot_work_are_refused(kind: type[Any], options: dict[str, Any]) -> None:
    """A wrong option is ConfigurationError, when a client is made and when its options are changed."""
    with pytest.raises(ConfigurationError):
        kind(**{"api_key": "hush", "base_url": HERE, **options})
    for refused in (options, {"timout": 5}, {"retrying": None}):
        with pytest.raises(ConfigurationError):
            kind(api_key="hush", base_url=HERE).with_options(**refused)


@pytest.mark.parametrize("keys", [{"offer": ""}, {"publisher": None}, {"tx_id": 3}, {"request_date": None}])
def test_a_look_up_needs_all_its_keys(keys: dict[str, Any]) -> None:
    """An empty or mistyped key is UsageError, and nothing is sent."""
    seen = Recorder()
    whole: dict[str, Any] = {"request_date": "2025-02-01", "offer": "o", "publisher": "p", "tx_id": "t"}
    with client(seen) as made, pytest.raises(UsageError):
        made.reports.get_click("i", **{**whole, **keys})
    assert seen.requests == []


async def test_both_clients_make_data_frames() -> None:
    """Data frames, and what rows and pages show of themselves, are the same on both clients."""
    table = httpx.MockTransport(Recorder(content=page([2, 1], more=False).content))
    with Client(api_key="hush", base_url=HERE, transport=table) as made:
        rows = made.reports.clicks("i", **RANGE)
        assert rows.to_polars()["real_tx_id"].to_list() == list(rows.to_pandas()["real_tx_id"]) == ["2", "1"]
        assert repr(rows).startswith("Rows(")
        assert "kind=clicks" in repr(rows)
        (only,) = rows.by_page()
        assert repr(only) == "Page(2 rows, has_next=False)"
    async with AsyncClient(api_key="hush", base_url=HERE, transport=table) as twin:
        later = twin.reports.clicks("i", **RANGE)
        assert (await later.to_polars())["real_tx_id"].to_list() == ["2", "1"]
        assert list((await later.to_pandas())["real_tx_id"]) == ["2", "1"]
        assert repr(later).startswith("AsyncRows(")
