"""Faults 1 to 6: the connection fails, breaks, stalls or drips."""

import socket
import ssl
import time

import pytest
import trustme

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


@pytest.fixture
def authority() -> trustme.CA:
    """Give a certificate authority that no machine trusts."""
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """Give a server's TLS context with a certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def test_fault_01_refused_connection_is_retried_for_reads(run: Running, clock: FakeClock, dead_port: int) -> None:
    """A refused connection is tried as often as Retrying allows, then TransportError names the host."""
    client = run.client(f"http://127.0.0.1:{dead_port}", clock=clock, retrying=Retrying(attempts=4))
    with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{dead_port}"):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert len(clock.slept) == 3


def test_fault_01_refused_connection_is_retried_for_writes(run: Running, clock: FakeClock, dead_port: int) -> None:
    """A write whose connection was refused surely did not happen, so it is retried like a read."""
    client = run.client(f"http://127.0.0.1:{dead_port}", clock=clock, retrying=Retrying(attempts=4))
    with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{dead_port}"):
        run.result(client.request("createFilterGroup", path={"integrationID": "int1"}, body={"name": "n"}))
    assert len(clock.slept) == 3


def test_fault_01_unknown_host_is_retried(run: Running, clock: FakeClock) -> None:
    """A host name that does not resolve is retried, then TransportError names it."""
    client = run.client("https://api.metrics24.invalid", clock=clock, retrying=Retrying(attempts=2))
    with pytest.raises(TransportError, match=r"api\.metrics24\.invalid"):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert len(clock.slept) == 1


def test_fault_02_untrusted_certificate_is_refused_at_once(
    run: Running, serve: Serve, clock: FakeClock, tls: ssl.SSLContext
) -> None:
    """A certificate that is not trusted ends the call after one connection, and the message says what to configure."""
    server = serve(in_turn(page(ROWS)), tls=tls)
    client = run.client(server, clock=clock)
    with pytest.raises(TransportError, match=r"(?is)certificate.*(SSL_CERT_FILE|transport=)"):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert (server.connections, server.hits, clock.slept) == (1, 0, [])


def test_fault_02_a_private_authority_can_be_trusted(
    run: Running, serve: Serve, tls: ssl.SSLContext, authority: trustme.CA
) -> None:
    """The same server answers once its authority is configured through the transport."""
    server = serve(in_turn(page(ROWS)), tls=tls)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    client = run.client(server, transport=run.transport(verify=trusting))
    assert len(collect(run, client.reports.clicks("int1", **RANGE))) == 3


@pytest.mark.parametrize("broken", BROKEN)
def test_fault_03_04_reads_survive_a_broken_connection(
    run: Running, serve: Serve, clock: FakeClock, broken: str
) -> None:
    """A read whose answer was reset, cut short or unintelligible is asked again and gives its rows once."""
    server = serve(in_turn(BROKEN[broken], page(ROWS)))
    client = run.client(server, clock=clock)
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == ROWS
    assert server.hits == 2


@pytest.mark.parametrize("broken", BROKEN)
def test_fault_03_04_a_connection_that_stays_broken_ends_in_an_error(
    run: Running, serve: Serve, clock: FakeClock, broken: str
) -> None:
    """If every attempt breaks, TransportError names the host after as many hits as attempts."""
    server = serve(in_turn(BROKEN[broken]))
    client = run.client(server, clock=clock, retrying=Retrying(attempts=3))
    with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{server.port}"):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert server.hits == 3


def test_fault_04_a_page_that_breaks_midway_through_a_walk_is_asked_again(
    run: Running, serve: Serve, clock: FakeClock
) -> None:
    """A break on page two loses and doubles nothing: the same cursor is asked for again."""
    first, second = newest_first(5, 3), newest_first(2, 1)
    server = serve(in_turn(page(first, more=True), steps.cut_short(BODY), page(second)))
    client = run.client(server, clock=clock)
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == first + second
    assert [request.parameter("page[after]") for request in server.requests[1:]] == [first[-1]["real_tx_id"]] * 2


@pytest.mark.parametrize("stalling", STALLING)
def test_fault_05_06_the_timeout_of_an_attempt_is_wall_clock(run: Running, serve: Serve, stalling: str) -> None:
    """A server that never answers, or drips a byte at a time for ever, costs no more than `timeout` seconds."""
    server = serve(in_turn(STALLING[stalling]))
    client = run.client(server, timeout=0.4, retrying=Retrying(attempts=1))
    started = time.monotonic()
    with pytest.raises(RequestTimeout):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert 0.35 <= time.monotonic() - started < 0.4 + SLACK
    assert server.hits == 1


@pytest.mark.parametrize("stalling", STALLING)
def test_fault_05_06_the_deadline_of_a_call_cuts_an_attempt_short(run: Running, serve: Serve, stalling: str) -> None:
    """A deadline below the timeout ends a stalling attempt when the deadline is reached, not later."""
    server = serve(in_turn(STALLING[stalling]))
    client = run.client(server, timeout=30, retrying=Retrying(attempts=5, deadline=0.4))
    started = time.monotonic()
    with pytest.raises(RequestTimeout):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert time.monotonic() - started < 0.4 + SLACK


def test_fault_05_a_stalled_read_is_asked_again(run: Running, serve: Serve, clock: FakeClock) -> None:
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
