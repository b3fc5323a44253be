"""Whether days that are read at once are so uneven that hardly anything is read at once any more.

The pages of a day come one after the other. So where a few days have most of a range's rows, the rest takes as long as
it would without reading at once. That is told, once, when at least half of what could be read at once stands idle, the
days that are left have more pages than all others, and the longest of them takes another minute or more.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from attrs import frozen

_log = logging.getLogger("metrics24")

LEAST = 60.0
"""Seconds that a rest must take to be told."""

_TRUSTED = 10  # pages of a day by which the rest of it is estimated
_DAY = timedelta(days=1)


@frozen(kw_only=True)
class Stretch:
    """One of the days that are read at once, as far as it was read.

    Attributes:
        pages: how many of its pages have come.
        seconds: how long they took.
        share: which part of the day they cover, from 0 to 1; None as long as that cannot be told.
        ended: whether it was read to its end.

    """

    pages: int
    seconds: float
    share: float | None
    ended: bool

    @property
    def pages_left(self) -> float | None:
        """How many pages it has yet if it is not ended and goes on as before; None if that is not known."""
        if not self.share or self.pages < _TRUSTED:
            return None
        return self.pages * (1 / self.share - 1)


@frozen
class Rest:
    """What is left when most days are read.

    Attributes:
        days: how many days are still being read.
        seconds: how long the longest will take.

    """

    days: int
    seconds: float


def rest_of(stretches: Sequence[Stretch], at_once: int) -> Rest | None:
    """Tell what is left if the days turned out very uneven, by the rule above; None if they did not, or not yet."""
    open_ones = [each for each in stretches if not each.ended]
    left = [(each, pages) for each in open_ones if (pages := each.pages_left) is not None]
    if not open_ones or len(left) < len(open_ones) or len(open_ones) * 2 > min(at_once, len(stretches)):
        return None
    theirs = sum(each.pages + pages for each, pages in left)
    if theirs <= sum(each.pages for each in stretches if each.ended):
        return None
    seconds = max(each.seconds / each.pages * pages for each, pages in left)
    return Rest(len(left), seconds) if seconds >= LEAST else None


def share_of(newest: str | None, last: str | None, border: str | None) -> float | None:
    """Which part of a day lies between its newest row and the last one read; it ends at the older day's newest row.

    Where there is no such row, a day is thought to have 24 hours. None if the times cannot be read.
    """
    begun, reached, end = map(_moment, (newest, last, border))
    if begun is None or reached is None:
        return None
    whole = _DAY if end is None else begun - end
    return min(1.0, max(0.0, (begun - reached) / whole)) if whole > timedelta() else None


def tell(rest: Rest, operation: str, days: int) -> None:
    """Log what is left, and the other way to have it."""
    extra = {"operation": operation, "rest_days": rest.days, "rest_seconds": round(rest.seconds)}
    minutes = max(1, round(rest.seconds / 60))
    _log.info(
        "The days are very uneven: %d of %d have most rows, and what is left of them takes about %d min, since the "
        "pages of a day come one after the other. exports.start(...) may be faster.",
        rest.days,
        days,
        minutes,
        extra=extra,
    )


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
