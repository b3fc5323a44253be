"""Faults 7 to 13: error statuses, Retry-After, redirects, and the budget that bounds retries."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

import metrics24
from metrics24 import RateLimited, Retrying, SecurityError, ServerError, StatusError
from support import steps
from support.clock import START, FakeClock
from support.running import RANGE, Running, collect
from support.scripted import Serve, in_turn
from support.tables import newest_first, page

ROWS = newest_first(3, 1)
SOON = format_datetime(START + timedelta(seconds=17), usegmt=True)
BODIES = [b'{"message": "no such thing"}', b"<h1>gone</h1>", b"", b"plain"]
FINAL = [metrics24.BadRequest, metrics24.Unauthorized, metrics24.RequestFailed, metrics24.Forbidden, metrics24.NotFound]


@pytest.mark.parametrize(("status", "value", "seconds"), [(429, "17", 17.0), (503, SOON, 17.0), (429, "soon", None)])
def test_fault_07_retry_after_is_honoured_where_it_makes_sense(
    run: Running, serve: Serve, clock: FakeClock, *, status: int, value: str, seconds: float | None
) -> None:
    """Retry-After in seconds or as a date decides the pause, and garbage leaves it to the client's own backoff."""
    server = serve(in_turn(steps.respond_json({}, status=status, headers=[("Retry-After", value)]), page(ROWS)))
    client = run.client(server, clock=clock)
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == ROWS
    assert (server.hits, len(clock.slept)) == (2, 1)
    assert clock.slept[0] <= 1 if seconds is None else clock.slept[0] == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize(("status", "hits"), [(429, 3), (503, 3), (520, 3), (501, 1)])
def test_fault_08_09_a_lasting_status(run: Running, serve: Serve, clock: FakeClock, status: int, hits: int) -> None:
    """A transient status, 520 included, is its error after all attempts; one that no second try can mend at once."""
    server = serve(in_turn(steps.respond_html(status)))
    client = run.client(server, clock=clock, retrying=Retrying(attempts=3))
    with pytest.raises(RateLimited if status == 429 else ServerError) as caught:
        collect(run, client.reports.clicks("int1", **RANGE))
    assert (caught.value.status_code, server.hits) == (status, hits)
    assert all(0 <= pause <= 20 for pause in clock.slept)


def test_fault_10_exhausted_429_is_never_an_empty_page(run: Running, serve: Serve, clock: FakeClock) -> None:
    """A 429 on page two until attempts end is RateLimited, after the rows of page one and no end of the table."""
    first = newest_first(5, 3)
    server = serve(in_turn(page(first, more=True), steps.respond_json({}, status=429)))
    client = run.client(server, clock=clock)
    seen: list[object] = []
    with pytest.raises(RateLimited):
        run.visit(client.reports.clicks("int1", **RANGE).records(), seen.append)
    assert (seen, server.hits) == (first, 6)


@pytest.mark.parametrize(("status", "kind"), [*enumerate(FINAL, 400)])
def test_fault_11_client_errors_are_typed(
    run: Running, serve: Serve, clock: FakeClock, status: int, kind: type[StatusError]
) -> None:
    """400 to 404 are their own errors after one hit, with the body as received, whatever its format."""
    body = BODIES[status % len(BODIES)]
    server = serve(in_turn(steps.respond(body, status=status, headers=[("X-Request-Id", "req-1")])))
    client = run.client(server, clock=clock)
    with pytest.raises(kind) as caught:
        collect(run, client.reports.clicks("int1", **RANGE))
    error = caught.value
    assert (server.hits, error.status_code, error.body, error.operation) == (1, status, body, "getClickReport")
    assert error.request_id == "req-1"


@pytest.mark.parametrize("elsewhere", [True, False])
def test_fault_12_a_redirect_is_not_followed(run: Running, serve: Serve, clock: FakeClock, *, elsewhere: bool) -> None:
    """A redirect, within the host or to another one, is SecurityError after one hit: a moved path belongs in routes."""
    other = serve(in_turn(page(ROWS)))
    server = serve(in_turn(steps.redirect(f"{other.base_url if elsewhere else ''}/moved", 307), page(ROWS)))
    client = run.client(server, clock=clock)
    with pytest.raises(SecurityError):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert (server.hits, other.connections) == (1, 0)


def test_fault_13_a_shared_budget_bounds_retries_of_many_calls(run: Running, serve: Serve, clock: FakeClock) -> None:
    """Fifty calls over 32 workers against 503 all fail as ServerError, with fewer than half of the possible retries."""
    server = serve(in_turn(steps.respond_json({}, status=503)))
    patient = Retrying(deadline=100_000)  # the clock is shared: each call's sleeps pass for all of them
    client = run.client(server, clock=clock, max_connections=32, retrying=patient)
    outcomes = run.collect_all([client.reports.clicks("int1", **RANGE) for _ in range(50)])
    assert {type(outcome) for outcome in outcomes} == {ServerError}
    assert 50 < server.hits < 50 + 100
