"""A plan loses no day and cuts no export, whether the server counts the last day in or not."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.fake_exports import BEGINNING, export
from metrics24._core.export_flows import PlannedExport, plan
from metrics24.arguments import ReportParams
from metrics24.config import Limits
from metrics24.kinds import CLICKS
from rows.fake_reports import FIRST, HOURLY, READINGS, Reports, day, past, planned, spans
from support.fake_driver import FakeDriver, policy


@pytest.mark.parametrize(
    ("reading", "expected", "included"),
    [
        ("included", [(0, 2), (3, 5), (6, 8), (9, 9)], True),
        ("excluded", [(0, 3), (3, 6), (6, 9)], False),
        ("until midnight", [(0, 3), (3, 6), (6, 9)], False),
    ],
)
def test_ranges_meet_as_the_server_reads_their_ends(
    reading: str, expected: list[tuple[int, int]], included: bool
) -> None:
    """Ranges share their border only where the last day does not count, and each has as many days as fit."""
    found = planned(Reports(HOURLY, [past(240)], reading), export_rows=72)
    assert (spans(found), found.end_included) == (expected, included)
    assert [each.rows for each in found.exports] == [72] * 3 + [24] * (len(expected) - 3)


def test_rows_at_midnight_alone_prove_nothing() -> None:
    """A server that stops at the first moment of the last day has rows there, and the rows of the day tell."""
    borders = [day(number) for number in range(11)]
    assert planned(Reports(borders, reading="until midnight")).end_included is True
    assert planned(Reports([*borders, day(7, 5)], reading="until midnight")).end_included is False
    assert planned(Reports([*borders, day(7, 5)], reading="included")).end_included is True
    assert planned(Reports(borders, reading="excluded")).end_included is False


def test_without_rows_there_is_one_range() -> None:
    """If the samples have no rows there is nothing to split, and nothing to tell the last day by."""
    found = planned(Reports())
    assert (spans(found), found.end_included, found.rows_per_day, found.exports[0].rows) == ([(0, 9)], None, 0, 0)


@pytest.mark.parametrize(
    ("rows", "limit", "expected"), [(1000, 10_001, 100), (1000, 100, 100), (1000, 99, 100), (2000, 150, 200)]
)
def test_a_single_day_is_one_range(rows: int, limit: int, expected: int) -> None:
    """One day cannot be split, and is marked as too large if it may have more rows than an export."""
    [alone] = planned(Reports(HOURLY, [past(rows)]), days=1, export_rows=limit).exports
    assert alone == PlannedExport(FIRST, FIRST, rows=expected, too_large=expected > limit)


def test_days_that_are_too_large_stand_alone_and_are_marked() -> None:
    """When a day alone has more rows than an export may have, each day is a range of its own and says so."""
    found = planned(Reports(HOURLY, [past(999, end="2025-01-03")]), days=3, export_rows=1000)
    assert [each.too_large for each in found.exports] == [False]
    busy = [day(number, 23, 59) + timedelta(seconds=second / 10) for number in range(4) for second in range(300)]
    found = planned(Reports(busy), days=3, export_rows=1000)
    assert [(*span, each.too_large) for span, each in zip(spans(found), found.exports, strict=True)] == [
        (0, 0, True),
        (1, 1, True),
        (2, 2, True),
    ]


def test_few_rows_make_one_range_of_any_length() -> None:
    """One row a year does not make a range longer than the calendar."""
    found = planned(Reports([day(0, 5)], [past(1, start="2024-01-01", end="2024-12-31")]), days=4000)
    assert spans(found) == [(0, 3999)]


def test_a_range_may_end_with_the_calendar() -> None:
    """The last day that there is has no day after it, and needs none."""
    asked = ReportParams(CLICKS, "int1", date(9999, 12, 29), date.max)
    server = Reports([datetime(9999, 12, 31, 5)], [past(30)])
    found = FakeDriver(server).run(plan(asked, Limits(export_rows=4), policy(), {}))
    assert [(each.start.day, each.end.day) for each in found.exports] == [(29, 29), (30, 30), (31, 31)]


@pytest.mark.parametrize(
    ("left", "per_day", "waits"),
    [(0, 10, [0] * 10), (7, 10, [0] * 3 + [1] * 7), (10, 10, [1] * 10), (12, 3, [1] * 3 + [2] * 3 + [3] * 3 + [4])],
)
def test_the_days_quota_is_spread(left: int, per_day: int, waits: list[int]) -> None:
    """Exports that are left today are used first, then the daily quota of the next days."""
    today = [export(f"t{number}", created_at=BEGINNING.isoformat()) for number in range(left)]
    found = planned(
        Reports(HOURLY, [past(240, created_at="2025-01-11T00:00:00Z"), *today]), export_rows=24, exports_per_day=per_day
    )
    assert [each.wait_days for each in found.exports] == waits
    assert found.left_today == max(0, per_day - left)


@pytest.mark.parametrize(
    ("created", "counts"),
    [
        ("2025-03-01T00:00:00Z", True),
        ("2025-03-02T01:00:00+02:00", True),
        ("2025-02-28T23:59:59Z", False),
        ("2025-03-01T01:00:00+02:00", False),
        ("2025-03-01T12:00:00", False),
        (None, False),
    ],
)
def test_exports_of_today_count_against_the_quota(created: str | None, counts: bool) -> None:
    """Days are those of UTC, exports of every kind and integration count, and those of unknown age do not."""
    other = export(type="conversion_logs", integration="int2", status="ERROR", created_at=created)
    assert planned(Reports(exports=[other])).left_today == 10 - counts


@pytest.mark.parametrize(("days", "step"), [(10, 1), (13, 1), (14, 2), (70, 10), (364, 52), (370, 52)])
def test_a_long_range_is_sampled_at_a_few_places(days: int, step: int) -> None:
    """However many days there are, a plan costs few requests, a seventh of the range apart, and none that writes."""
    driver = FakeDriver(Reports())
    asked = ReportParams(CLICKS, "int1", FIRST, FIRST + timedelta(days=days - 1))
    driver.run(plan(asked, Limits(), policy(), {}))
    reads = [dict(call.request.params) for call in driver.calls if call.request.operation == "getClickReport"]
    found = [(date.fromisoformat(each["start_date"]) - FIRST).days for each in reads]
    assert found == [*range(0, days, step)]
    assert {call.request.access for call in driver.calls} == {"read"}


MOMENTS = st.lists(
    st.builds(day, st.integers(0, 14), st.sampled_from([0, 0, 5, 23]), st.sampled_from([0, 0, 7])), max_size=30
)


@given(
    moments=MOMENTS,
    reading=st.sampled_from(READINGS),
    days=st.integers(1, 13),
    rows=st.none() | st.integers(1, 500),
    most=st.integers(1, 400),
    quota=st.integers(1, 5),
)
def test_a_plan_covers_every_row_once(
    *, moments: list[datetime], reading: str, days: int, rows: int | None, most: int, quota: int
) -> None:
    """Under every reading the ranges have all the rows of the whole, and none twice but at a shared midnight."""
    server = Reports(moments, [past(rows)], reading)
    found = planned(server, days, export_rows=most, exports_per_day=quota)
    whole = server.rows(FIRST, FIRST + timedelta(days=days - 1))
    parts = [each for part in found.exports for each in server.rows(part.start, part.end)]
    borders = {day(first) for first, _ in spans(found)} if reading == "until midnight" else set()
    assert {*parts} == {*whole}
    assert [each for each in sorted(parts) if each not in borders] == [
        each for each in sorted(whole) if each not in borders
    ]
    assert (found.exports[0].start, found.exports[-1].end) == (FIRST, FIRST + timedelta(days=days - 1))
    waits = [each.wait_days for each in found.exports]
    assert waits == sorted(waits)
    assert all(waits.count(wait) <= quota for wait in waits)
    if len(found.exports) > 1:
        assert all(each.rows <= most or each.too_large for each in found.exports)
