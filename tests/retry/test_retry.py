"""When a request is sent again, after how long, and when not."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from functools import partial

import pytest

from metrics24._core.retry import RateLimiter, RetryBudget, send
from metrics24.errors import (
    Metrics24Error,
    RateLimited,
    RequestTimeout,
    ResponseError,
    ServerError,
    TransportError,
)
from support.fake_driver import NOON, READ, WRITE, FakeDriver, Outcome, always, in_turn, policy, raw

FAULTS: dict[str, tuple[Callable[[], Outcome], bool, bool]] = {
    "connection refused": (lambda: TransportError("x", sent=False), True, True),
    "connection lost": (lambda: TransportError("x"), True, False),
    "timeout": (lambda: RequestTimeout("x"), True, False),
    "timeout before sending": (lambda: RequestTimeout("x", sent=False), True, True),
    "certificate": (lambda: TransportError("x", sent=False, permanent=True), False, False),
    "unreadable": (lambda: ResponseError("x"), False, False),
    "redirect": (lambda: raw(302), False, False),
    **{str(status): (partial(raw, status), True, False) for status in (408, 500, 502, 503, 504, *range(520, 525))},
    "429": (lambda: raw(429), True, True),
    **{str(status): (partial(raw, status), False, False) for status in (400, 401, 402, 403, 404, 409, 501, 505, 525)},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("access", ["read", "write"])
def test_what_is_tried_again_is_a_table(fault: str, access: str) -> None:
    """A read is repeated where it can help, a write only where it surely did not happen."""
    outcome, reads, writes = FAULTS[fault]
    repeated, request = (reads, READ) if access == "read" else (writes, WRITE)
    driver = FakeDriver(in_turn(outcome(), raw(body={"ok": 1})))
    if repeated:
        assert driver.run(send(request, policy())).json() == {"ok": 1}
    else:
        with pytest.raises(Metrics24Error):
            driver.run(send(request, policy()))
    assert len(driver.calls) == 1 + repeated


@pytest.mark.parametrize(
    ("status", "pauses"), [(503, [0.5, 1, 2, 4, 8, 16, 20, 20]), (429, [1, 2, 4, 8, 16, 20, 20, 20])]
)
def test_pauses_double_up_to_twenty_seconds(status: int, pauses: list[float]) -> None:
    """The longest pause doubles from half a second, from a whole one on 429, and stops at twenty."""
    driver = FakeDriver(always(lambda: raw(status)))
    with pytest.raises(Metrics24Error):
        driver.run(send(READ, policy(attempts=9, deadline=1000)))
    assert driver.slept == pauses


def test_pauses_are_drawn_from_zero_on() -> None:
    """The jitter is full: each pause is drawn between nothing and the longest."""
    drawn: list[tuple[float, float]] = []

    def uniform(least: float, most: float) -> float:
        drawn.append((least, most))
        return least

    driver = FakeDriver(in_turn(raw(503), raw(503), raw()))
    driver.run(send(READ, policy(uniform=uniform)))
    assert drawn == [(0.0, 0.5), (0.0, 1.0)]
    assert driver.slept == [0.0, 0.0]


RETRY_AFTER = {
    "seconds": ("7", 7.0),
    "fraction": ("0.25", 0.25),
    "zero": ("0", 0.0),
    "date": (format_datetime(NOON + timedelta(seconds=1042)), 42.0),
    "date in the past": (format_datetime(NOON), 0.0),
    "date without a zone": ("Sat, 01 Mar 2025 12:00:30 -0000", 0.5),
    "zone beyond all calendars": ("Mon, 01 Jan 2025 00:00:00 +99999999999999999", 0.5),
    "negative": ("-3", 0.5),
    "infinite": ("inf", 0.5),
    "overflow": ("1e400", 0.5),
    "no number": ("nan", 0.5),
    "impossible date": ("Tue, 99 Foo 2025 00:00:00 GMT", 0.5),
    "garbage": ("soon", 0.5),
    "blank": (" ", 0.5),
}


@pytest.mark.parametrize("said", RETRY_AFTER)
def test_retry_after_is_honoured_where_it_makes_sense(said: str) -> None:
    """Seconds and dates are waited for, and what is neither gives way to the usual pause."""
    text, pause = RETRY_AFTER[said]
    driver = FakeDriver(in_turn(raw(503, headers=[("Retry-After", text)]), raw()))
    driver.run(send(READ, policy()))
    assert driver.slept == [pause]


@pytest.mark.parametrize("seconds", [120, 99999])
def test_fault_07_a_wait_up_to_the_deadline_is_not_begun(seconds: int) -> None:
    """A server that asks for all the time that is left, or more, is RateLimited at once, with what it asked for."""
    driver = FakeDriver(always(lambda: raw(429, headers=[("Retry-After", str(seconds))])))
    with pytest.raises(RateLimited) as caught:
        driver.run(send(READ, policy(deadline=120)))
    assert (caught.value.retry_after, driver.slept, len(driver.calls)) == (seconds, [], 1)


@pytest.mark.parametrize("deadline", [70, 62])
def test_an_attempt_gets_what_is_left_of_the_deadline(deadline: float) -> None:
    """The last attempts' timeouts shrink to the seconds that the call still has, also below one."""
    driver = FakeDriver(always(lambda: RequestTimeout("x")), taking=1000)
    with pytest.raises(RequestTimeout):
        driver.run(send(READ, policy(timeout=30, deadline=deadline)))
    assert [call.timeout for call in driver.calls] == [30, 30, pytest.approx(deadline - 61.5)]
    assert driver.now - 1000 == pytest.approx(deadline)


def test_an_empty_budget_ends_retries() -> None:
    """Two tokens allow two retries for all calls together, and the error says why there is no third."""
    shared = policy(attempts=100, deadline=10_000, budget=RetryBudget(2))
    driver = FakeDriver(always(lambda: raw(503)))
    with pytest.raises(ServerError) as caught:
        driver.run(send(READ, shared))
    with pytest.raises(ServerError):
        driver.run(send(READ, shared))
    assert len(driver.calls) == 3 + 1
    assert "too many retries" in caught.value.__notes__[0]


def test_success_refills_the_budget_by_half() -> None:
    """Two successes pay for one retry, and the bucket never holds more than at first."""
    budget = RetryBudget(1)
    budget.give_back()
    assert (budget.take(), budget.take()) == (True, False)
    driver = FakeDriver(always(raw))
    for _ in range(2):
        driver.run(send(READ, policy(budget=budget)))
    assert (budget.take(), budget.take()) == (True, False)


def test_a_wait_that_the_server_asked_for_costs_no_token() -> None:
    """Retry-After spreads the load by itself, so an empty budget does not forbid it."""
    driver = FakeDriver(in_turn(raw(429, headers=[("Retry-After", "1")]), raw()))
    assert driver.run(send(READ, policy(budget=RetryBudget(0)))).status_code == 200


def test_the_rate_spaces_requests_out() -> None:
    """At two a second, requests of one client start half a second apart, retries included."""
    paced = policy(rate_limiter=RateLimiter(2), uniform=lambda least, _: least)
    driver = FakeDriver(in_turn(raw(), raw(503), raw(), raw()))
    for _ in range(3):
        driver.run(send(READ, paced))
    assert [pause for pause in driver.slept if pause] == [0.5, 0.5, 0.5]


def test_the_rate_saves_nothing_up_and_gives_no_turn_at_the_deadline() -> None:
    """After a pause one request may start at once and the next one waits; a turn comes before the deadline or never."""
    limiter = RateLimiter(10)
    assert [limiter.reserve(now, 9) for now in (0.0, 5.0, 5.0)] == [0.0, 0.0, pytest.approx(0.1)]
    limiter = RateLimiter(2)
    assert [limiter.reserve(0.0, within) for within in (9.0, 0.5, 0.75)] == [0.0, None, 0.5]


def test_a_turn_beyond_the_deadline_is_not_waited_for() -> None:
    """A rate that has no turn before the deadline ends the call at once, unsent, and takes no turn from others."""
    paced = policy(rate_limiter=RateLimiter(0.01), deadline=60)
    driver = FakeDriver(always(raw))
    driver.run(send(READ, paced))
    for _ in range(2):
        with pytest.raises(RequestTimeout, match="rate=") as caught:
            driver.run(send(READ, paced))
        assert not caught.value.sent
    assert (len(driver.calls), driver.slept) == (1, [])
    driver.now += 50
    assert driver.run(send(READ, paced)).status_code == 200
    assert driver.slept == [50]
