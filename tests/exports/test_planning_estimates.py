"""The rows a day that a plan assumes: from earlier exports, or from the newest rows of some days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from exports.fake_exports import Record, changed
from metrics24._core.export_flows import plan
from metrics24.arguments import ReportParams
from metrics24.config import Limits
from metrics24.kinds import CLICKS
from rows.fake_reports import FIRST, HOURLY, Reports, day, past, planned
from support.fake_driver import FakeDriver, policy


@pytest.mark.parametrize(
    ("exports", "expected"),
    [
        ([past(1000)], 100),
        ([past(10), past(1000), past(500)], 100),
        ([past(None), past(30)], 3),
        ([past(1000), past(2000, start="soon")], 100),
        ([past(1000, end="2025-01-01")], 1000),
        ([past(1000), past(9_000, reports_query_option__filters={"offer_id": {"equalvalues": ["o"]}})], 100),
        ([past(500, export_list_options__filters={"status": {"eq": ["x"]}}), past(20)], 2),
        ([past(5_000), past(10_000)], 500),
        ([past(9_000, integration="int2"), past(20)], 2),
        ([past(9_000, type="conversion_logs"), past(20)], 2),
    ],
)
def test_earlier_exports_tell_the_rows_a_day(exports: list[Record], expected: int) -> None:
    """The densest export of the same kind and integration counts, if it was neither filtered nor cut."""
    found = planned(Reports(HOURLY, exports), export_rows=10_000)
    assert (found.rows_per_day, found.basis) == (expected, "earlier exports of this integration")


@pytest.mark.parametrize(
    "record",
    [
        past(None),
        past(0),
        past(10_000),
        past(1000, start="2025-01-10", end="2025-01-01"),
        past(1000, start="soon"),
        changed(past(1000), {"reports_query_option": None}),
        changed(past(1000), {"reports_query_option": {}}),
        changed(past(1000), {"results_meta": None}),
    ],
)
def test_exports_that_tell_nothing_leave_it_to_samples(record: Record) -> None:
    """Without an earlier export to go by, the rate of the newest rows of some days is doubled."""
    found = planned(Reports(HOURLY, [record]), export_rows=10_000)
    assert found.basis == "samples of the report table, doubled"
    assert found.rows_per_day == 2 * (9 * 48 + 48) / 10


@pytest.mark.parametrize("column", ["request_time", "conversion_time", "impression_time", "click_time"])
def test_samples_take_the_rate_of_the_newest_rows(column: str) -> None:
    """A full page of rows a second apart stands for a day of such seconds, whatever the column of the time is."""
    server = Reports([day(0, 12) + timedelta(seconds=second) for second in range(200)])
    server.column = column
    assert planned(server, days=1).rows_per_day == round(100 / 99 * 86400 * 2)


def test_two_rows_are_enough_for_a_rate() -> None:
    """A page of two rows a minute apart, with more behind it, stands for a day of such minutes."""
    server = Reports([day(0, 12, minute) for minute in range(3)])
    asked = ReportParams(CLICKS, "int1", FIRST, FIRST, page_size=2)
    assert FakeDriver(server).run(plan(asked, Limits(), policy(), {})).rows_per_day == 2 * 86400 / 60 * 2


def test_samples_without_a_span_are_counted() -> None:
    """Rows without times stand for themselves, and prove the day; rows of one moment stand for a second."""
    server = Reports([day(0, 12) + timedelta(seconds=second) for second in range(200)])
    server.column = "when"
    found = planned(server, days=1, kind="conversions")
    assert (found.rows_per_day, found.end_included) == (200, True)
    assert planned(Reports([day(0, 12)] * 200), days=1).rows_per_day == 100 * 86400 * 2
