"""Faults 12, 55 to 57: the credential never shows, and plain http never leaves the machine."""

import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from metrics24 import ConfigurationError, Metrics24Error, Retrying, SecurityError
from support import steps
from support.clock import FakeClock
from support.running import KEY, RANGE, Running, collect
from support.scripted import Exchange, Received, Serve, Step, in_turn
from support.tables import newest_first, page

CREDENTIALS: dict[str, dict[str, Any]] = {
    "api_key": {"api_key": KEY},
    "token": {"token": KEY},
    "callable": {"api_key": lambda: KEY},
}


def bad_header(exchange: Exchange) -> None:
    """Send a malformed header line that repeats the credential."""
    sent = exchange.request.headers.get("api-key", exchange.request.headers.get("authorization", ""))
    exchange.send(f"HTTP/1.1 200 OK\r\nBad Header {sent}\r\n\r\n".encode())
    exchange.hang_up()


FAILURES: dict[str, Step] = {
    "bad_header": bad_header,
    "401": steps.respond_json({"error": "who are you?"}, status=401),
    "503": steps.respond_html(503),
    "no_table": steps.respond_json({}),
    "redirect": steps.redirect("https://127.0.0.1:9/"),
    "reset": steps.reset,
    "garbage": steps.garbage,
    "silence": steps.silence,
    "cut": steps.cut_short(b"{}" * 100),
    "no_cursor": page(newest_first(3, 1), more=True, endCursor=None),
    "refused": steps.silence,  # by a port without a listener
}


def echo(request: Received) -> Step:
    """Answer like a careless proxy that repeats the credential in its error, body and headers alike."""
    sent = request.headers.get("api-key", request.headers.get("authorization", ""))
    headers = [("X-Echo", sent), ("X-Request-Id", sent)]
    return steps.respond_json({"error": f"bad credential {sent}"}, status=401, headers=headers)


def failure(run: Running, action: Callable[[], object]) -> Metrics24Error:
    """Give the error that an action must end in."""
    with pytest.raises(Metrics24Error) as caught:
        action()
    return caught.value


def shown(error: BaseException) -> str:
    """Write an error as a crash reporter would: every frame with its locals, every error behind it."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join([*report.format(), str(error), repr(error), repr(error.args)])


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return everything that was logged, arguments and tracebacks included."""
    return caplog.text + repr([(record.getMessage(), record.args, record.exc_text) for record in caplog.records])


def test_the_credential_is_sent_as_documented(run: Running, serve: Serve) -> None:
    """A key goes into the API-KEY header and a token into Authorization, neither into the URL."""
    server = serve(in_turn(page(newest_first(3, 1))))
    for options in CREDENTIALS.values():
        collect(run, run.client(server, **options).reports.clicks("int1", **RANGE))
    sent = [(request.headers.get("api-key"), request.headers.get("authorization")) for request in server.requests]
    assert sent == [(KEY, None), (None, f"Bearer {KEY}"), (KEY, None)]
    assert not any(KEY in str(request.query) + request.path for request in server.requests)


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("fault", FAILURES)
def test_fault_55_tracebacks_hide_it(run: Running, serve: Serve, clock: FakeClock, fault: str, credential: str) -> None:
    """Every kind of failure gives a traceback whose frames, locals and causes hold no credential."""
    server = serve(in_turn(FAILURES[fault]))
    options = {"timeout": 0.2, "retrying": Retrying(attempts=2), **CREDENTIALS[credential]}
    client = run.client("http://127.0.0.1:9" if fault == "refused" else server, clock=clock, **options)
    options.clear()  # our own frame is in the traceback, too
    error = failure(run, lambda: collect(run, client.reports.clicks("int1", **RANGE)))
    assert (server.hits >= 1) == (fault != "refused")
    assert KEY not in shown(error)


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_fault_55_no_repr_holds_the_key(run: Running, serve: Serve, credential: str) -> None:
    """Client, namespaces, rows, pages and whatever they are made of can be printed."""
    client = run.client(serve(in_turn(page(newest_first(3, 1)))), **CREDENTIALS[credential])
    rows = client.reports.clicks("int1", **RANGE)
    pages = collect(run, rows.by_page())
    things = [client, client.with_options(timeout=5), client.reports, rows, rows.records(), rows.by_page(), *pages]
    inside = [value for thing in things for value in getattr(thing, "__dict__", {}).values()]
    assert KEY not in repr([*things, *inside])


@pytest.mark.parametrize("credential", ["api_key", "token"])
def test_fault_55_no_pickle_holds_the_key(run: Running, serve: Serve, credential: str) -> None:
    """A client and what hangs on it either refuse to be pickled or leave the credential behind."""
    client = run.client(serve(echo), **CREDENTIALS[credential])
    rows = client.reports.clicks("int1", **RANGE)
    error = failure(run, lambda: collect(run, rows))
    for thing in (client, client.reports, rows, str(error)):
        assert KEY.encode() not in pickled(thing)


def pickled(thing: object) -> bytes:
    """Give the pickle of a thing, nothing where it refuses."""
    try:
        return pickle.dumps(thing)
    except (TypeError, pickle.PicklingError, AttributeError, Metrics24Error):
        return b""


@pytest.mark.parametrize("key", ["", *(KEY + end for end in ("\r\nX-Evil: 1", "\n", "\r", "\x00", "é", "\u2028", " "))])
@pytest.mark.parametrize("name", ["api_key", "token", "callable"])
def test_fault_56_a_malformed_key_is_refused_unseen(run: Running, serve: Serve, name: str, key: str) -> None:
    """A key that is empty or has line breaks, controls or non-ASCII is ConfigurationError that does not print it."""
    server = serve(in_turn(page([])))
    bad: dict[str, Any] = {name: key} if name != "callable" else {"api_key": lambda: key}
    error = failure(run, lambda: collect(run, run.client(server, **bad).reports.clicks("int1", **RANGE)))
    assert isinstance(error, ConfigurationError)
    assert KEY not in str(error) + repr(error.__cause__) + repr(error.__context__)
    assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        *("http://api.example.com", "http://10.0.0.7:8000", "http://localhost.example.com"),
        *("http://127.0.0.1.example.com", "https://user:hunter2@api.example.com", "ftp://api.example.com", "a.b", ""),
    ],
)
def test_fault_57_58_a_base_url_that_could_leak_is_refused(run: Running, url: str) -> None:
    """A base URL in the clear to another machine, with a password, or no web address is refused without printing it."""
    with pytest.raises((ConfigurationError, SecurityError), match=r"(?i)http|user info") as caught:
        run.client(url)
    assert "hunter2" not in str(caught.value)


def test_cookies_are_not_remembered(run: Running, serve: Serve) -> None:
    """A cookie that the server sets does not come back with the next request."""
    server = serve(in_turn(steps.respond_json({}, headers=[("Set-Cookie", "a=b")])))
    client = run.client(server)
    for _ in range(2):
        run.result(client.request("listExports"))
    assert [request.headers.get("cookie") for request in server.requests] == [None, None]
