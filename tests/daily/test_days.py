"""The range of days that is asked for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from metrics24.daily import DayRun

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2025, 2, 3), date(2025, 2, 5), (date(2025, 2, 2), date(2025, 2, 7))),
        (date.min + DAY, date.min + DAY, (date.min, date.min + 3 * DAY)),
        (date.min, date.min, (date.min, date.min + 2 * DAY)),
        (date.max - 2 * DAY, date.max - 2 * DAY, (date.max - 3 * DAY, date.max)),
        (date.max, date.max - DAY, (date.max - DAY, date.max)),
        (date.max, date.max, (date.max - DAY, date.max)),
    ],
)
def test_a_day_more_is_asked_for_before_and_two_after(first: date, last: date, expected: tuple[date, date]) -> None:
    """The days around a range belong to it, whatever the server does with its ends, as far as the calendar goes."""
    assert DayRun(first, last).range == expected
