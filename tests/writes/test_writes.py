"""The meaning of a lost response to a write, and the recognition of its result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from metrics24._core.effects import Flow, RawResponse
from metrics24._core.retry import CreatedIds, send
from metrics24._core.writes import SentWrite, differing, may_have_happened
from metrics24.errors import (
    BadRequest,
    Metrics24Error,
    RateLimited,
    RequestFailed,
    RequestTimeout,
    ResponseError,
    SecurityError,
    ServerError,
    StatusError,
    TransportError,
)
from support.fake_driver import NOON, WRITE, FakeDriver, Outcome, in_turn, policy, raw

BEGINNING = NOON + timedelta(seconds=1000)  # what the client's wall clock says when a flow begins


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (TransportError("x"), True),
        (TransportError("x", sent=False), False),
        (RequestTimeout("x"), True),
        (ResponseError("x"), True),
        (ServerError("x", status_code=500), True),
        (ServerError("x", status_code=504), True),
        (StatusError("x", status_code=408), True),
        (BadRequest("x", status_code=400), False),
        (RequestFailed("x", status_code=402), False),
        (StatusError("x", status_code=409), False),
        (RateLimited("x", status_code=429), False),
        (SecurityError("x"), False),
    ],
)
def test_only_what_is_no_response_leaves_the_fate_open(problem: Metrics24Error, expected: bool) -> None:
    """A refusal is a response; a broken connection, a server error and an unreadable body are not."""
    assert may_have_happened(problem) is expected


def watched(*outcomes: Outcome, taking: float = 0.0) -> SentWrite:
    """Send a write that ends with these outcomes, and give what was noted of it."""
    write = SentWrite()
    driver = FakeDriver(in_turn(*outcomes), taking=taking)
    try:
        driver.run(write.watch(send(WRITE, policy())))
    except Metrics24Error:
        return write
    return write


def dated(seconds: float, status: int = 200) -> RawResponse:
    """An answer that was written so many seconds after the client's beginning, by the server's clock."""
    return raw(status, headers=[("Date", format_datetime(BEGINNING + timedelta(seconds=seconds), usegmt=True))])


@pytest.mark.parametrize(
    ("created", "before"),
    [(timedelta(0), False), (timedelta(seconds=-1), False), (timedelta(seconds=-2), True), (timedelta(hours=1), False)],
)
def test_the_wall_clock_judges_where_the_server_gives_no_date(created: timedelta, before: bool) -> None:
    """Without a Date header a thing is older if it was created more than a second before the client sent the write."""
    assert watched(TransportError("x")).may_be_older((BEGINNING + created).isoformat()) is before


@pytest.mark.parametrize("skew", [-7200.0, 0.0, 86400.0])
@pytest.mark.parametrize("status", [200, 503])
def test_the_servers_clock_judges_where_it_can_be_read(skew: float, status: int) -> None:
    """However wrong the client's clock is, what counts is the server's time less the time since the write was sent."""
    write = watched(dated(skew + 10, status), taking=10)
    sent = BEGINNING + timedelta(seconds=skew)
    assert not write.may_be_older(sent.isoformat())
    assert not write.may_be_older((sent - timedelta(seconds=1)).isoformat())
    assert write.may_be_older((sent - timedelta(seconds=2)).isoformat())


def test_the_last_attempt_is_what_counts() -> None:
    """A thing that others create while a write waits for its turn is older than the write."""
    write = watched(raw(429, headers=[("Retry-After", "60")]), TransportError("x"))
    assert write.may_be_older((BEGINNING + timedelta(seconds=30)).isoformat())
    assert not write.may_be_older((BEGINNING + timedelta(seconds=60)).isoformat())


@pytest.mark.parametrize("created", [None, 12, "", "yesterday", "2030-01-01T00:00:00", ["2030-01-01T00:00:00Z"]])
def test_what_says_nothing_of_its_age_counts_as_older(created: object) -> None:
    """A creation time that is absent, unreadable or without a zone proves nothing, nor does any without a write."""
    assert watched(TransportError("x")).may_be_older(created)
    assert SentWrite().may_be_older("2030-01-01T00:00:00Z")


@pytest.mark.parametrize("date", ["", "soon", "Thu, 99 Foo 2025 00:00:00 GMT", "Sat, 01 Mar 2025 12:00:00 -0000"])
def test_a_date_that_cannot_be_read_is_none(date: str) -> None:
    """If the Date header is unreadable or without a zone, the wall clock judges."""
    write = watched(raw(headers=[("Date", date)]))
    assert not write.may_be_older(BEGINNING.isoformat())
    assert write.may_be_older((BEGINNING - timedelta(seconds=5)).isoformat())


def test_watching_changes_nothing() -> None:
    """A watched flow gets every response and error, gives its result, and is closed with its watcher."""
    ended: list[str] = []

    def flow() -> Flow[str]:
        try:
            yield from send(WRITE, policy(attempts=1))
        except ServerError:
            answer = yield from send(WRITE, policy())
            return f"then {answer.status_code}"
        finally:
            ended.append("closed")
        return "never"

    assert FakeDriver(in_turn(raw(500), raw(201))).run(SentWrite().watch(flow())) == "then 201"
    abandoned = SentWrite().watch(flow())
    next(abandoned)
    abandoned.close()
    assert ended == ["closed", "closed"]


@pytest.mark.parametrize(
    ("sent", "found", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1}, {}, ["a"]),
        ({"a": None}, {}, []),
        ({"a": None}, {"a": []}, ["a"]),
        ({"a": []}, {"a": None}, ["a"]),
        ({"a": True}, {"a": 1}, ["a"]),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, ["a"]),
        ({"s": ["x", "y"]}, {"s": ["y", "x"]}, []),
        ({"s": ["x"]}, {"s": ["x", "y"]}, ["s"]),
        ({"s": ["x"]}, {"s": "x"}, ["s"]),
        ({"s": [{"x": 1, "y": 2}]}, {"s": [{"y": 2, "x": 1}]}, []),
        ({"a": [{"x": 1, "y": None}]}, {"a": [{"y": None, "x": 1}]}, []),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}, ["a", "b"]),
    ],
)
def test_values_are_compared_as_json(sent: dict[str, Any], found: dict[str, Any], expected: list[str]) -> None:
    """Absent equals null alone, true is not 1, and order counts except in sets."""
    assert differing(sent, found, frozenset({"s"})) == expected


def test_an_id_is_the_work_of_one_call() -> None:
    """An id can be claimed once for an operation, also by many threads, and the oldest of a thousand are forgotten."""
    created = CreatedIds()
    claims = [created.claim("create", 7), created.claim("create", "7"), created.claim("export", 7)]
    assert (claims, created.knows("create", "7"), created.knows("create", "8")) == ([True, False, True], True, False)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: created.claim("create", "g1"), range(200))) == 1
    created = CreatedIds()
    for number in range(1001):
        created.claim("create", number)
    assert [created.knows("create", number) for number in (0, 1, 1000)] == [False, True, True]
