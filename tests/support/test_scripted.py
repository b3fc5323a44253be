"""The scripted server does to plain httpx what it claims to do."""

import gzip
import ssl
import threading
from collections.abc import Mapping

import httpx
import pytest
import trustme

from support import steps
from support.scripted import Received, ScriptedServer, Step, in_turn
from support.tables import Table, ids, newest_first, tx

FAILING: dict[str, tuple[Step, type[Exception]]] = {
    "reset": (steps.reset, httpx.ReadError),
    "cut_short": (steps.cut_short(b"0123456789"), httpx.RemoteProtocolError),
    "cut_chunks": (steps.cut_chunks(b"0123456789"), httpx.RemoteProtocolError),
    "garbage": (steps.garbage, httpx.RemoteProtocolError),
    "silence": (steps.silence, httpx.ReadTimeout),
}


def get(server: ScriptedServer, parameters: Mapping[str, str | int] | None = None) -> httpx.Response:
    """Ask once, on a connection of its own."""
    return httpx.get(f"{server.base_url}/api/x", params=parameters, timeout=0.3, trust_env=False)


def test_steps_are_answered_in_turn_and_recorded() -> None:
    """Each request takes the next step, the last step stays, and requests are kept as they arrived."""
    with ScriptedServer(in_turn(steps.respond_json({"n": 1}), steps.respond_html(503))) as server:
        statuses = [get(server, {"q": "a b"}).status_code for _ in range(3)]
        sent = httpx.post(f"{server.base_url}/p%20q?x=1&x=2", content=b"body", headers={"API-KEY": "k"}, timeout=1)
        request = server.requests[-1]
    assert (statuses, sent.status_code, server.hits, server.connections) == ([200, 503, 503], 503, 4, 4)
    assert (request.method, request.path, request.query) == ("POST", "/p q", (("x", "1"), ("x", "2")))
    assert (request.body, request.headers["api-key"], request.parameter("q")) == (b"body", "k", None)


@pytest.mark.parametrize("failing", FAILING)
def test_failures_look_like_the_real_ones(failing: str) -> None:
    """Resets, short bodies, broken chunks, garbage and silence are what httpx calls them."""
    step, error = FAILING[failing]
    with ScriptedServer(in_turn(step)) as server, pytest.raises(error):
        get(server)


def test_drips_never_trip_a_timeout_between_two_bytes() -> None:
    """Dripping bodies outlast a read timeout, which is why a wall-clock one is needed."""
    with (
        ScriptedServer(in_turn(steps.drip_body(0.05))) as server,
        httpx.stream("GET", server.base_url, timeout=0.3) as response,
    ):
        dripped = [block for block, _ in zip(response.iter_bytes(), range(10), strict=False)]
    assert b"".join(dripped) == b" " * 10


def test_a_bomb_is_small_on_the_wire() -> None:
    """Eight mebibytes arrive as a few kilobytes per layer, and unpack layer by layer."""
    with ScriptedServer(in_turn(steps.gzip_bomb(8), steps.gzip_bomb(8, layers=2))) as server:
        for layers in (1, 2):
            with httpx.stream("GET", server.base_url) as response:
                packed = b"".join(response.iter_raw())
            assert len(packed) < 10_000
            for _ in range(layers):
                packed = gzip.decompress(packed)
            assert packed == b" " * 8 * steps.MIB


def test_https_needs_the_right_authority() -> None:
    """A client that trusts the authority is served; another one fails and is counted as a connection only."""
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    with ScriptedServer(in_turn(steps.respond_json({})), tls=serving) as server:
        with pytest.raises(httpx.ConnectError):
            get(server)
        assert httpx.get(server.base_url, verify=trusting).status_code == 200
        assert (server.hits, server.connections) == (1, 2)


def test_close_ends_what_still_waits() -> None:
    """Closing joins every thread, connections that were kept alive or never answered included."""
    before = threading.active_count()
    with httpx.Client() as client:
        with ScriptedServer(in_turn(steps.respond_json({}))) as server:
            client.get(server.base_url)
            assert threading.active_count() > before
        assert threading.active_count() == before


def test_a_failure_of_the_script_itself_is_raised_on_close() -> None:
    """A bug in a script fails the test instead of looking like a fault of the network."""

    def script(_: Received) -> Step:
        raise LookupError("a bug of the test")

    def ask() -> None:
        with ScriptedServer(script) as server, pytest.raises(httpx.RemoteProtocolError):
            get(server)

    with pytest.raises(LookupError, match="a bug of the test"):
        ask()


def test_a_table_pages_as_documented() -> None:
    """Cursors lead to older and younger rows, and an unknown one or a wrong size is a 400."""
    queries: list[dict[str, str | int]] = [{"page[size]": 101}, {}, {"page[size]": 2, "page[after]": tx(99)}]
    with ScriptedServer(Table(newest_first(5, 1))) as server:
        older = get(server, {"page[size]": 2, "page[after]": tx(4)}).json()["data"]
        younger = get(server, {"page[size]": 2, "page[before]": tx(2)}).json()["data"]
        statuses = [get(server, query).status_code for query in queries]
    assert (ids(older["data"]), older["pageInfo"]["hasNextPage"]) == ([tx(3), tx(2)], True)
    assert ids(younger["data"]) == [tx(4), tx(3)]
    assert statuses == [400, 400, 400]
