"""Reports of retries: the caller's function, and the log."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from metrics24._core.retry import Policy, RateLimiter, RetryBudget, send
from metrics24.config import Retry, Retrying
from metrics24.errors import ConfigurationError, Metrics24Error, RateLimited, ServerError, TransportError
from support import fake_driver, scripted, steps
from support.clock import FakeClock
from support.fake_driver import READ, WRITE, FakeDriver, Outcome, always, policy, raw
from support.lanes import LANES
from support.running import KEY, RANGE, Running, collect
from support.scripted import Serve
from support.tables import newest_first, page


def hooked(on_retry: Callable[[Retry], object], **retrying: Any) -> Policy:
    """Make a policy that tells a function of retries."""
    return evolve(policy(), retrying=Retrying(on_retry=on_retry, **retrying))


def test_the_function_is_called_before_each_pause() -> None:
    """Each retry is reported once, with what failed and the pause that has not begun."""
    seen: list[Retry] = []
    slept: list[list[float]] = []
    lost = TransportError("x")
    driver = FakeDriver(fake_driver.in_turn(raw(503), lost, raw(429, headers=[("Retry-After", "7")]), raw()))

    def on_retry(retry: Retry) -> None:
        seen.append(retry)
        slept.append(list(driver.slept))

    driver.run(send(READ, hooked(on_retry)))
    assert [(each.operation, each.attempt, each.pause) for each in seen] == [
        (READ.operation, 1, 0.5), (READ.operation, 2, 1.0), (READ.operation, 3, 7.0)
    ]  # fmt: skip
    assert [getattr(each.error, "status_code", each.error) for each in seen] == [503, lost, 429]
    assert (slept, driver.slept) == ([[], [0.5], [0.5, 1.0]], [0.5, 1.0, 7.0])


ENDINGS: dict[str, tuple[Callable[[], Outcome], dict[str, Any]]] = {
    "success": (raw, {}),
    "not to be repeated": (lambda: raw(404), {}),
    "last attempt": (lambda: raw(503), {"attempts": 1}),
    "beyond the deadline": (lambda: raw(503, headers=[("Retry-After", "121")]), {}),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_function_is_not_called_where_nothing_is_tried_again(ending: str) -> None:
    """A first answer that ends the call, well or badly, is no retry."""
    outcome, retrying = ENDINGS[ending]
    seen: list[Retry] = []
    driver = FakeDriver(always(outcome))
    try:
        driver.run(send(READ, hooked(seen.append, **retrying)))
    except Metrics24Error:
        assert ending != "success"
    assert (seen, len(driver.calls)) == ([], 1)


class Enough(Exception):  # noqa: N818 - a reader's own exception, named as a reader would
    """An error that a caller's function raises."""


def test_what_the_function_raises_ends_the_call() -> None:
    """The caller's own exception comes out as it is, before any pause or further request, with nothing behind it."""
    enough = Enough("no more")

    def on_retry(retry: Retry) -> None:
        raise enough

    driver = FakeDriver(always(lambda: raw(503)))
    with pytest.raises(Enough) as caught:
        driver.run(send(READ, hooked(on_retry)))
    assert caught.value is enough
    assert (enough.__context__, len(driver.calls), driver.slept) == (None, 1, [])


async def _coroutine_function(retry: Retry) -> None:
    """Do nothing, later."""


@pytest.mark.parametrize(
    "value", [3, "print", [], _coroutine_function], ids=["number", "text", "list", "coroutine function"]
)
def test_what_cannot_be_called_is_refused(value: Any) -> None:
    """A value that is no function, or one whose result would have to be awaited, is ConfigurationError."""
    with pytest.raises(ConfigurationError, match="on_retry must be a plain function"):
        Retrying(on_retry=value)


def test_a_retry_is_a_value() -> None:
    """A retry cannot be changed, and equals another one of the same facts."""
    error = TransportError("x")
    retry = Retry("getClick", 1, error, 0.5)
    assert retry == Retry("getClick", 1, error, 0.5)
    with pytest.raises(FrozenInstanceError):
        retry.pause = 0  # type: ignore[misc]


FIELDS = ("operation", "method", "attempt", "status", "seconds", "request_id", "error", "pause")


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of a record that are ours and say something."""
    return {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}


def test_every_attempt_is_logged_with_its_facts(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG each attempt leaves a record when it goes out and when it ends, and each retry one at INFO."""
    driver = FakeDriver(
        fake_driver.in_turn(raw(503, headers=[("X-Request-Id", "r-1")]), TransportError("x"), raw()), taking=2
    )
    with caplog.at_level(logging.DEBUG, "metrics24"):
        driver.run(send(READ, policy()))
    which = {"operation": READ.operation, "method": "GET"}
    assert [(record.levelname, facts(record)) for record in caplog.records] == [
        ("DEBUG", {**which, "attempt": 1}),
        ("DEBUG", {**which, "attempt": 1, "status": 503, "seconds": 2.0, "request_id": "r-1"}),
        ("INFO", {**which, "attempt": 1, "status": 503, "error": "ServerError", "pause": 0.5}),
        ("DEBUG", {**which, "attempt": 2}),
        ("DEBUG", {**which, "attempt": 2, "seconds": 2.0, "error": "TransportError"}),
        ("INFO", {**which, "attempt": 2, "error": "TransportError", "pause": 1.0}),
        ("DEBUG", {**which, "attempt": 3}),
        ("DEBUG", {**which, "attempt": 3, "status": 200, "seconds": 2.0}),
    ]
    assert {record.name for record in caplog.records} == {"metrics24"}
    assert caplog.messages[2] == (
        "getClickReport: attempt 1 failed, the next one follows (error ServerError, pause 0.500, status 503)"
    )


GIVEN_UP: dict[str, tuple[Policy, Outcome, str]] = {
    "attempts": (policy(attempts=1), raw(503), "it was the last"),
    "budget": (policy(budget=RetryBudget(0)), raw(503), "too many retries"),
    "deadline": (policy(deadline=5), raw(503, headers=[("Retry-After", "9")]), "the deadline comes before the next"),
}


@pytest.mark.parametrize("why", GIVEN_UP)
def test_giving_up_is_a_warning(caplog: pytest.LogCaptureFixture, why: str) -> None:
    """A call that could be tried again but is not leaves one record at WARNING that says why."""
    rules, outcome, words = GIVEN_UP[why]
    with caplog.at_level(logging.INFO, "metrics24"), pytest.raises(ServerError):
        FakeDriver(fake_driver.in_turn(outcome)).run(send(READ, rules))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert words in caplog.messages[0]


@pytest.mark.parametrize("outcome", [raw(404), raw(302), TransportError("x", permanent=True)], ids=repr)
def test_what_no_retry_can_help_is_left_to_its_error(caplog: pytest.LogCaptureFixture, outcome: Outcome) -> None:
    """An error that is the caller's to handle leaves no record above DEBUG."""
    with caplog.at_level(logging.INFO, "metrics24"), pytest.raises(Metrics24Error):
        FakeDriver(fake_driver.in_turn(outcome)).run(send(WRITE, policy()))
    assert caplog.records == []


def test_seconds_do_not_count_the_wait_for_a_turn(caplog: pytest.LogCaptureFixture) -> None:
    """The seconds of a record are the time of the request alone, not of the rate's pause before it."""
    rules = policy(rate_limiter=RateLimiter(0.1))
    driver = FakeDriver(always(raw), taking=3)
    with caplog.at_level(logging.DEBUG, "metrics24"):
        driver.run(send(READ, rules))
        driver.run(send(READ, rules))
    assert driver.slept == [7]
    assert [seconds for record in caplog.records if (seconds := facts(record).get("seconds"))] == [3.0, 3.0]


ROWS = newest_first(4, 1)
BUSY = steps.respond_json({}, status=429, headers=[("Retry-After", "3")])


def test_fault_08_each_retry_is_reported_before_its_pause(run: Running, serve: Serve, clock: FakeClock) -> None:
    """Two 503, a reset and a 429 are reported in order with their errors, and the pauses are those that are slept."""
    script = scripted.in_turn(steps.respond_html(503), steps.respond_html(503), steps.reset, BUSY, page(ROWS))
    seen: list[Retry] = []
    client = run.client(serve(script), clock=clock, retrying=Retrying(on_retry=seen.append))
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == ROWS
    assert [type(retry.error) for retry in seen] == [ServerError, ServerError, TransportError, RateLimited]
    assert [retry.attempt for retry in seen] == [1, 2, 3, 4]
    assert [retry.pause for retry in seen] == clock.slept
    assert KEY not in repr(seen)


def test_fault_08_a_function_can_be_given_to_some_calls_only(run: Running, serve: Serve, clock: FakeClock) -> None:
    """A function given to with_options is called for that client's calls, not for those of the client it came from."""
    server = serve(scripted.in_turn(*[steps.respond_html(503), page(ROWS)] * 2))
    seen: list[Retry] = []
    client = run.client(server, clock=clock)
    collect(run, client.with_options(retrying=Retrying(on_retry=seen.append)).reports.clicks("int1", **RANGE))
    collect(run, client.reports.clicks("int1", **RANGE))
    assert (len(seen), server.hits) == (1, 4)


@pytest.mark.parametrize("lane", LANES)
def test_fault_08_errors_end_the_call(run: Running, serve: Serve, clock: FakeClock, tmp_path: Path, lane: str) -> None:
    """The caller's exception reaches the caller in every lane, after one request and no pause."""
    enough = Enough("not today")

    def on_retry(retry: Retry) -> None:
        raise enough

    server = serve(scripted.in_turn(steps.respond_html(503), page(ROWS)))
    client = run.client(server, clock=clock, retrying=Retrying(on_retry=on_retry))
    with pytest.raises(Enough) as caught:
        LANES[lane](run, client.reports.clicks("int1", **RANGE), tmp_path)
    assert caught.value is enough
    assert (server.hits, clock.slept) == (1, [])
    assert list(tmp_path.iterdir()) == []


def test_fault_08_the_client_goes_on_after_such_an_end(run: Running, serve: Serve, clock: FakeClock) -> None:
    """A page that was ended by the caller's exception loses no connection, and its iteration can begin again."""
    failing = iter([Enough()])

    def on_retry(retry: Retry) -> None:
        for error in failing:
            raise error

    first, second = newest_first(4, 3), newest_first(2, 1)
    server = serve(
        scripted.in_turn(page(first, more=True), steps.respond_html(503), page(first, more=True), page(second))
    )
    client = run.client(server, clock=clock, retrying=Retrying(on_retry=on_retry), max_connections=1)
    rows = client.reports.clicks("int1", **RANGE)
    seen: list[Any] = []
    with pytest.raises(Enough):
        run.visit(rows.records(), seen.append)
    assert seen == first
    assert collect(run, rows.records()) == first + second


def test_fault_08_a_function_is_shared_by_all_concurrent_calls(run: Running, serve: Serve, clock: FakeClock) -> None:
    """With many calls at once the function is called for each one's retry exactly once."""
    lock, seen = threading.Lock(), list[Retry]()

    def on_retry(retry: Retry) -> None:
        with lock:
            seen.append(retry)

    server = serve(scripted.in_turn(*[steps.respond_html(503)] * 12, page(ROWS)))
    client = run.client(server, clock=clock, retrying=Retrying(attempts=13, on_retry=on_retry))
    reads = [client.reports.clicks("int1", **RANGE).records() for _ in range(6)]
    assert run.collect_all(reads, at_once=6) == [ROWS] * 6
    assert len(seen) == 12
