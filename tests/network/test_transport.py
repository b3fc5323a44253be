"""Faults 1 to 6: the connection fails, breaks, stalls or drips."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from metrics24 import ConfigurationError, RequestTimeout, Retrying, TransportError
from support import steps
from support.clock import FakeClock
from support.running import RANGE, Running, collect
from support.scripted import Serve, Step, in_turn
from support.tables import newest_first, page

ROWS = newest_first(3, 1)
BODY = b'{"data":{"data":[],"pageInfo":{"startCursor":"","endCursor":"","hasNextPage":false}}}'
SLACK = 1.0  # seconds for a busy machine; the faults themselves last for ever

BROKEN: dict[str, Step] = {
    "reset": steps.reset,
    "cut_body": steps.cut_short(BODY),
    "cut_chunks": steps.cut_chunks(BODY),
    "garbage": steps.garbage,
}
STALLING: dict[str, Step] = {
    "silence": steps.silence,
    "drip_headers": steps.drip_headers(0.05),
    "drip_body": steps.drip_body(0.05),
    "drip_error_body": steps.drip_body(0.05, status=500),
}


@pytest.fixture
def dead_port() -> int:
    """Give a loopback port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("access", ["read", "write"])
def test_fault_01_a_refused_connection_is_retried(run: Running, clock: FakeClock, dead_port: int, access: str) -> None:
    """Reads, and writes, which surely did not happen, are repeated; then a TransportError names the host."""
    client = run.client(f"http://127.0.0.1:{dead_port}", clock=clock, retrying=Retrying(attempts=4))
    write = {"path": {"integrationID": "int1"}, "body": {"name": "n"}}
    asks: dict[str, Callable[[], object]] = {
        "read": lambda: collect(run, client.reports.clicks("int1", **RANGE)),
        "write": lambda: run.result(client.request("createFilterGroup", **write)),
    }
    with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{dead_port}"):
        asks[access]()
    assert len(clock.slept) == 3


def test_fault_01_unknown_host_is_retried(run: Running, clock: FakeClock) -> None:
    """A host name that does not resolve is retried, then TransportError names it."""
    client = run.client("https://api.metrics24.invalid", clock=clock, retrying=Retrying(attempts=2))
    with pytest.raises(TransportError, match=r"api\.metrics24\.invalid"):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert len(clock.slept) == 1


@pytest.mark.parametrize("broken", BROKEN)
def test_fault_03_04_a_broken_read_is_repeated(run: Running, serve: Serve, clock: FakeClock, broken: str) -> None:
    """A read reset, cut short or garbled gives its rows once at the next attempt, or after all a TransportError."""
    server, dead = serve(in_turn(BROKEN[broken], page(ROWS))), serve(in_turn(BROKEN[broken]))
    assert collect(run, run.client(server, clock=clock).reports.clicks("int1", **RANGE).records()) == ROWS
    client = run.client(dead, clock=clock, retrying=Retrying(attempts=3))
    with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{dead.port}"):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert (server.hits, dead.hits) == (2, 3)


def test_fault_04_a_page_that_breaks_midway_is_requested_again(run: Running, serve: Serve, clock: FakeClock) -> None:
    """A break on page two loses and doubles nothing: the same cursor is requested again."""
    first, second = newest_first(5, 3), newest_first(2, 1)
    server = serve(in_turn(page(first, more=True), steps.cut_short(BODY), page(second)))
    client = run.client(server, clock=clock)
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == first + second
    assert [request.parameter("page[after]") for request in server.requests[1:]] == [first[-1]["real_tx_id"]] * 2


@pytest.mark.parametrize("stalling", STALLING)
@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0.4, "retrying": Retrying(attempts=1)},
        {"timeout": 30, "retrying": Retrying(attempts=5, deadline=0.4)},
    ],
    ids=["timeout", "deadline"],
)
def test_fault_05_06_attempts_end_in_time(run: Running, serve: Serve, stalling: str, options: dict[str, Any]) -> None:
    """A server that never answers, or drips for ever, costs no more than the timeout, or the deadline if it is less."""
    server = serve(in_turn(STALLING[stalling]))
    client = run.client(server, **options)
    started = time.monotonic()
    with pytest.raises(RequestTimeout):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert 0.35 <= time.monotonic() - started < 0.4 + SLACK
    assert server.hits == 1


def test_fault_05_a_stalled_read_is_repeated(run: Running, serve: Serve, clock: FakeClock) -> None:
    """A read that timed out is retried on a fresh connection and gives its rows."""
    server = serve(in_turn(steps.silence, page(ROWS)))
    client = run.client(server, clock=clock).with_options(timeout=0.3)
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == ROWS
    assert (server.hits, server.connections) == (2, 2)


@pytest.mark.parametrize("timeout", [None, 0, -1, float("inf"), float("nan")])
def test_fault_05_there_is_never_no_timeout(run: Running, timeout: float | None) -> None:
    """A timeout that would mean waiting for ever, or not at all, is refused before any request."""
    with pytest.raises(ConfigurationError, match="timeout"):
        run.client("http://127.0.0.1:9", timeout=timeout)
