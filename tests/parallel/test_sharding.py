"""Days that are read at once: the ranges that are asked for, their borders, and their ends."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from metrics24 import Retry
from metrics24._core.effects import RawResponse, Request
from metrics24._core.parallel import ranges
from metrics24._core.retry import AdaptiveConcurrency
from metrics24.config import Retrying
from metrics24.errors import Forbidden, PaginationError, RateLimited, ServerError, StatusError
from parallel.fake_days import FakeReader, days, served
from support.days import Days, at, numbered, row
from support.fake_driver import Outcome, Script, policy, raw
from support.tables import Row

NOONS = [at(day, 43_200) for day in range(6)]


def unless(table: Days, **others: Any) -> Script:
    """Answer from a table, but requests for some ranges, such as ``_03_04``, with what stands there."""

    def script(request: Request) -> Outcome:
        asked = dict(request.params)
        other = others.get(f"_{asked['start_date'][-2:]}_{asked['end_date'][-2:]}")
        return served(table)(request) if other is None else other() if callable(other) else other

    return script


def test_ranges_are_two_days_each_newest_first() -> None:
    """Ranges overlap by a day, the last is what older ones would share, and a single day cannot be cut."""
    found = [(each.start.day, each.end.day, each.limit, each.page_size) for each in ranges(days(3, limit=7))]
    assert found == [(3, 4, None, 7), (2, 3, None, 7), (1, 2, None, 7), (1, 1, None, 7)]
    assert {each.page_size for each in ranges(days(3, limit=1))} == {1}
    assert [len(ranges(days(last))) for last in (0, 1, 2)] == [1, 2, 3]


def test_a_border_that_is_met_costs_no_request() -> None:
    """If last days count whole, each range is requested once and no other is."""
    reader = FakeReader(served(Days(numbered(NOONS))), days(4))
    assert [each["real_tx_id"] for each in reader.read()] == ["r4", "r3", "r2", "r1", "r0"]
    assert sorted(reader.asked) == [("01", "01"), ("01", "02"), ("02", "03"), ("03", "04"), ("04", "05")]


def test_a_border_that_is_not_met_is_proven_to_be_none() -> None:
    """If last days do not count, what two ranges would share is requested, and is empty."""
    reader = FakeReader(served(Days(numbered(NOONS), "exclusive")), days(3))
    assert [each["real_tx_id"] for each in reader.read()] == ["r2", "r1", "r0"]
    ends = [("01", "01"), ("01", "02"), ("02", "02"), ("02", "03"), ("03", "03"), ("03", "04")]
    assert sorted(set(reader.asked)) == ends
    sizes = [dict(call.request.params)["page[size]"] for call in reader.driver.calls]
    assert [size for size, ends in zip(sizes, reader.asked, strict=True) if ends in {("02", "02"), ("03", "03")}] == [
        "1",
        "1",
    ]


@pytest.mark.parametrize("column", ["request_time", "conversion_time", "click_time", "impression_time"])
def test_a_border_is_met_by_its_time_whatever_the_columns_name_is(column: str) -> None:
    """Each kind of report has a time of its own, and any of them lets a border be met without a further request."""
    rows: list[tuple[datetime, Row]] = [
        (moment, {"real_tx_id": f"r{moment.day}", column: moment.isoformat()}) for moment in NOONS
    ]
    reader = FakeReader(served(Days(rows)), days(2))
    assert [each["real_tx_id"] for each in reader.read()] == ["r3", "r2", "r1"]
    assert sorted(reader.asked) == [("01", "01"), ("01", "02"), ("02", "03")]


LATE = raw(429, headers=[("Retry-After", "9999")])
Odd = dict[str, Outcome]


@pytest.mark.parametrize(
    ("reading", "last", "odd", "error", "rows"),
    [
        ("exclusive", 3, dict.fromkeys(("_01_01", "_02_02", "_03_03"), raw(400)), None, ["r2", "r1", "r0"]),
        ("exclusive", 3, {"_03_03": raw(403)}, Forbidden, ["r2"]),
        ("inclusive", 5, {"_03_04": raw(403)}, Forbidden, ["r5", "r4", "r3"]),
        ("inclusive", 2, {"_02_03": LATE}, RateLimited, []),
    ],
    ids=["400 to a day", "no proof", "an error", "a refusal until later"],
)
def test_fault_29_odd_responses_to_a_range_stand_where_its_rows_would_be(
    reading: str, last: int, odd: Odd, error: type[Exception] | None, rows: list[str]
) -> None:
    """A 400 to a range of no length means no rows; an error comes once, after all newer rows."""
    reader = FakeReader(unless(Days(numbered(NOONS), reading), **odd), days(last), parallel=1)
    with pytest.raises(error) if error else nullcontext():
        reader.read()
    assert [each["real_tx_id"] for each in reader.rows] == rows
    if error:
        [failed] = odd
        assert reader.asked.count((failed[1:3], failed[4:])) == 1
        assert ("01", "02") not in reader.asked or last < 5


def changing(table: Days, moment: datetime, **columns: object) -> Script:
    """Answer from a table whose row at a moment changes once its day was read as the older one."""

    def script(request: Request) -> RawResponse:
        found = served(table)(request)
        assert isinstance(found, RawResponse)
        if dict(request.params)["end_date"] == moment.date().isoformat():
            table.rows = [(when, {**each, **columns} if when == moment else each) for when, each in table.rows]
        return found

    return script


def test_fault_29_a_border_that_changed_meanwhile_is_an_error() -> None:
    """A row whose verdict changes between two ranges is given once, and the doubtful rows not at all."""
    table = Days([(moment, row(moment, "same", status="approved")) for moment in NOONS])
    reader = FakeReader(
        changing(table, NOONS[2], status="rejected"), days(3, page_size=1), parallel=4, pick=lambda _: -1
    )
    with pytest.raises(PaginationError, match="without parallel=") as caught:
        reader.read()
    assert [each["status"] for each in reader.rows] == ["approved", "rejected"]
    assert caught.value.cursor == "same"


@pytest.mark.parametrize("missing", ["real_tx_id", "request_time"])
def test_rows_that_cannot_be_told_apart_are_an_error(missing: str) -> None:
    """A border without an id or a time is never taken for met: equal rows may stand on many days."""
    rows = [(moment, {**row(moment, "same"), missing: None}) for moment in NOONS]
    reader = FakeReader(served(Days(rows)), days(3))
    with pytest.raises(PaginationError):
        reader.read()
    assert reader.rows == [rows[3][1], rows[2][1]]


@pytest.mark.parametrize("reading", ["exclusive", "midnight"])
def test_without_ids_ranges_that_share_nothing_are_joined(reading: str) -> None:
    """If no row is in two ranges, none needs an id."""
    rows = [(moment, {**row(moment, ""), "real_tx_id": None}) for moment in NOONS]
    assert FakeReader(served(Days(rows, reading)), days(3)).read() == [rows[2][1], rows[1][1], rows[0][1]]


def test_null_for_no_rows_is_read_like_an_empty_page() -> None:
    """A page that is written unusually, with null for its rows, is a page without rows."""
    info = {"startCursor": "", "endCursor": "", "hasPreviousPage": False, "hasNextPage": False}
    nothing = raw(body={"data": {"data": None, "pageInfo": info}})
    reader = FakeReader(unless(Days(numbered(NOONS[3:])), _02_03=nothing), days(3))
    assert [each["real_tx_id"] for each in reader.read()] == ["r0"]


@pytest.mark.parametrize(
    ("moments", "size", "parallel"), [([at(4, 5), at(4, 3)], 1, 9), ([at(3, 5), at(0, 5)], 100, 1)]
)
def test_a_page_says_if_rows_follow(moments: list[datetime], size: int, parallel: int) -> None:
    """Only the last page with rows has no next one, once all older days are known to be empty."""
    last = moments[0].day - 1
    reader = FakeReader(
        served(Days(numbered(moments))), days(last, page_size=size), parallel=parallel, pick=lambda _: -1
    )
    assert (len(reader.read()), reader.has_next) == (2, [True, False])


@pytest.mark.parametrize(("attempts", "hits"), [(3, 9), (2, 6), (1, 1)])
def test_fault_29_too_many_requests_are_repeated_more_slowly(attempts: int, hits: int) -> None:
    """A page that was refused for all its attempts gets two more chances, unless no attempt was to be repeated."""
    retries: list[Retry] = []
    rules = evolve(policy(), retrying=Retrying(attempts=attempts, on_retry=retries.append))
    reader = FakeReader(unless(Days(numbered(NOONS)), _01_02=raw(429)), days(2), rules=rules)
    with pytest.raises(RateLimited):
        reader.read()
    assert reader.asked.count(("01", "02")) == hits
    assert [each.attempt for each in retries] == [*range(1, attempts)] * (hits // attempts)


def error(kind: type[StatusError]) -> StatusError:
    """An error of a kind."""
    return kind("x", status_code=0, operation="x", request_id=None, body=b"", headers={})


def test_pressure_halves_and_grows() -> None:
    """A 429 halves the limit once for all requests of its time, answers raise it slowly, other errors say nothing."""
    pressure = AdaptiveConcurrency("getClickReport", 8)
    assert pressure.failed(error(ServerError), pressure.era) == 0
    early = pressure.era
    assert [pressure.failed(error(RateLimited), era) for era in (early, early, early)] == [1, 1, 1]
    assert pressure.limit == 4
    assert pressure.failed(error(RateLimited), 1) == 2
    assert pressure.limit == 2
    for _ in range(3):
        pressure.succeeded()
    assert pressure.limit == 3


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 32))
def test_pressure_stays_within_its_bounds(events: list[bool], most: int) -> None:
    """Whatever comes, between one and the most that was allowed may be under way."""
    pressure = AdaptiveConcurrency("getClickReport", most)
    for refused in events:
        if refused:
            pressure.failed(error(RateLimited), pressure.era)
        else:
            pressure.succeeded()
        assert 1 <= pressure.limit <= most


def test_fewer_are_under_way_after_a_429(caplog: pytest.LogCaptureFixture) -> None:
    """Refused requests make the reading slower, the rows are the same, and the limit found is logged."""
    table, left = Days(numbered(NOONS)), [raw(429), raw(429)]

    def script(request: Request) -> Outcome:
        return left.pop() if left else served(table)(request)

    reader = FakeReader(script, days(5), parallel=4)
    with caplog.at_level("INFO", "metrics24"):
        assert len(reader.read()) == 6
    found = [vars(record)["at_once"] for record in caplog.records if "at_once" in vars(record)]
    assert found[:2] == [2, 1]
    assert len(found) == 3
    assert found[2] > 1  # responses let it grow again
    assert caplog.messages[-1].startswith("The server accepted ")
