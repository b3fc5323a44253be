"""Faults 7 to 13: error statuses, Retry-After, redirects, and the budget that bounds retries."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

import metrics24
from metrics24 import RateLimited, Retrying, SecurityError, ServerError, StatusError
from support import answers
from support.clock import START, FakeClock
from support.running import RANGE, Running, collect
from support.scripted import Serve, in_turn
from support.tables import newest_first, page

ROWS = newest_first(3, 1)
SOON = format_datetime(START + timedelta(seconds=17), usegmt=True)
LATE = format_datetime(START + timedelta(days=2), usegmt=True)
RETRIED = [408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]
FINAL = {
    400: metrics24.BadRequest,
    401: metrics24.Unauthorized,
    402: metrics24.RequestFailed,
    403: metrics24.Forbidden,
    404: metrics24.NotFound,
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("value", "seconds"), [("17", 17.0), (SOON, 17.0), ("0", 0.0)])
def test_fault_07_retry_after_is_honoured(
    run: Running, serve: Serve, clock: FakeClock, *, status: int, value: str, seconds: float
) -> None:
    """Retry-After in seconds or as a date decides how long the client waits before it asks again."""
    server = serve(in_turn(answers.json_answer({}, status=status, headers=[("Retry-After", value)]), page(ROWS)))
    client = run.client(server, clock=clock)
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == ROWS
    assert sum(clock.slept) == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize("value", ["soon", "-5", "", "1e400", "nan", "Tue, 99 Foo 2025 00:00:00 GMT"])
def test_fault_07_retry_after_without_sense_is_ignored(
    run: Running, serve: Serve, clock: FakeClock, value: str
) -> None:
    """A Retry-After that is garbage or negative leaves the client's own backoff in charge."""
    server = serve(in_turn(answers.json_answer({}, status=429, headers=[("Retry-After", value)]), page(ROWS)))
    client = run.client(server, clock=clock)
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == ROWS
    assert server.hits == 2
    assert all(0 <= pause <= 20 for pause in clock.slept)


@pytest.mark.parametrize("value", ["99999", LATE])
def test_fault_07_retry_after_beyond_the_deadline_ends_at_once(
    run: Running, serve: Serve, clock: FakeClock, value: str
) -> None:
    """A Retry-After that the deadline cannot hold is RateLimited after one hit, with the seconds to wait."""
    server = serve(in_turn(answers.json_answer({}, status=429, headers=[("Retry-After", value)])))
    client = run.client(server, clock=clock)
    with pytest.raises(RateLimited) as caught:
        collect(run, client.reports.clicks("int1", **RANGE))
    assert (server.hits, clock.slept) == (1, [])
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 99999


def test_fault_08_a_short_outage_goes_unnoticed(run: Running, serve: Serve, clock: FakeClock) -> None:
    """Two 503 and a 200 are one result and three hits."""
    unavailable = answers.html_answer(503)
    server = serve(in_turn(unavailable, unavailable, page(ROWS)))
    client = run.client(server, clock=clock)
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == ROWS
    assert server.hits == 3


@pytest.mark.parametrize("status", RETRIED)
def test_fault_08_transient_statuses_are_retried_until_attempts_end(
    run: Running, serve: Serve, clock: FakeClock, status: int
) -> None:
    """A transient status that stays is the typed error with that status, after exactly the attempts allowed."""
    server = serve(in_turn(answers.json_answer({}, status=status)))
    client = run.client(server, clock=clock, retrying=Retrying(attempts=3))
    with pytest.raises(StatusError) as caught:
        collect(run, client.reports.clicks("int1", **RANGE))
    assert (caught.value.status_code, server.hits) == (status, 3)
    assert all(0 <= pause <= 20 for pause in clock.slept)


@pytest.mark.parametrize("status", [501, 505, 525])
def test_fault_08_other_server_errors_are_not_retried(
    run: Running, serve: Serve, clock: FakeClock, status: int
) -> None:
    """A server error that no second try can mend is ServerError after one hit."""
    server = serve(in_turn(answers.json_answer({}, status=status)))
    client = run.client(server, clock=clock)
    with pytest.raises(ServerError):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert server.hits == 1


def test_fault_09_a_status_outside_the_registry_is_a_server_error(run: Running, serve: Serve, clock: FakeClock) -> None:
    """520, which Python's HTTPStatus does not know, is ServerError(520) after retries and no crash."""
    server = serve(in_turn(answers.html_answer(520)))
    client = run.client(server, clock=clock)
    with pytest.raises(ServerError) as caught:
        collect(run, client.reports.clicks("int1", **RANGE))
    assert (caught.value.status_code, server.hits) == (520, 5)


def test_fault_10_exhausted_429_is_never_an_empty_page(run: Running, serve: Serve, clock: FakeClock) -> None:
    """A 429 on page two until attempts end is RateLimited, after the rows of page one and no end of the table."""
    first = newest_first(5, 3)
    server = serve(in_turn(page(first, more=True), answers.json_answer({}, status=429)))
    client = run.client(server, clock=clock)
    seen: list[object] = []
    with pytest.raises(RateLimited):
        run.visit(client.reports.clicks("int1", **RANGE).records(), seen.append)
    assert (seen, server.hits) == (first, 6)


@pytest.mark.parametrize("status", FINAL)
@pytest.mark.parametrize("body", [b'{"message": "no such thing"}', b"<h1>gone</h1>", b"", b"plain"])
def test_fault_11_client_errors_are_typed_and_keep_their_body(
    run: Running, serve: Serve, clock: FakeClock, status: int, body: bytes
) -> None:
    """400 to 404 are their own errors after one hit, with the body as received, whatever its format."""
    kind = "text/html" if body.startswith(b"<") else "application/json"
    headers = [("X-Request-Id", "req-1")]
    server = serve(in_turn(answers.answer(body, status=status, content_type=kind, headers=headers)))
    client = run.client(server, clock=clock)
    with pytest.raises(FINAL[status]) as caught:
        collect(run, client.reports.clicks("int1", **RANGE))
    error = caught.value
    assert (server.hits, error.status_code, error.body, error.operation) == (1, status, body, "getClickReport")
    assert error.request_id == "req-1"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_12_a_redirect_is_not_followed(run: Running, serve: Serve, clock: FakeClock, status: int) -> None:
    """A redirect to another host is SecurityError after one hit, and the other host is never contacted."""
    other = serve(in_turn(page(ROWS)))
    server = serve(in_turn(answers.redirect(f"{other.base_url}/api", status)))
    client = run.client(server, clock=clock)
    with pytest.raises(SecurityError):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert (server.hits, other.connections) == (1, 0)


def test_fault_12_a_redirect_to_the_same_host_is_not_followed_either(
    run: Running, serve: Serve, clock: FakeClock
) -> None:
    """A redirect within the API's own host is SecurityError too: a moved path belongs into `routes`."""
    server = serve(in_turn(answers.redirect("/elsewhere"), page(ROWS)))
    client = run.client(server, clock=clock)
    with pytest.raises(SecurityError):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert server.hits == 1


def test_fault_13_a_shared_budget_bounds_the_retries_of_many_calls(
    run: Running, serve: Serve, clock: FakeClock
) -> None:
    """Fifty calls over 32 workers against 503 all fail as ServerError, with fewer than half of the possible retries."""
    server = serve(in_turn(answers.json_answer({}, status=503)))
    patient = Retrying(deadline=100_000)  # the clock is shared: each call's sleeps pass for all of them
    client = run.client(server, clock=clock, max_connections=32, retrying=patient)
    outcomes = run.collect_all([client.reports.clicks("int1", **RANGE) for _ in range(50)])
    assert {type(outcome) for outcome in outcomes} == {ServerError}
    assert 50 < server.hits < 50 + 100
