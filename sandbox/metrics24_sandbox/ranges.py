"""From dates to the stretch of time that a report or an export covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .data.timeline import DAY, Window
from .problems import bad_request
from .world import EPOCH

if TYPE_CHECKING:
    from datetime import date

    from .options import EndDate

_SECOND = 1000


def window(start: date, end: date, end_date: EndDate, now: int) -> Window:
    """The time from the start of one day to another, never beyond now; 400 if the dates are reversed."""
    if start > end:
        raise bad_request(f"the start date {start} is after the end date {end}")
    last = day_number(end) * DAY
    stop = {"inclusive": last + DAY, "exclusive": last, "midnight": last + _SECOND}[end_date]
    begin = day_number(start) * DAY
    return Window(begin, max(begin, min(stop, now + 1)))


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH).days
