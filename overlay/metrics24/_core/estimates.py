"""Which way a range of rows is had sooner: page by page, or as a file that the server makes.

The rule, in order. Pages are taken where they need less than two minutes, where the day's exports are used up, where
one export might not hold the rows, and where an export would not take less than half their time. Else the export is.

The pages to come are thought to take as long as the median of those that were seen, the first left out: a connection is
made for it, and the server may have to get ready. Where the pages seen are of several days that are read at once they
come in bursts, and their mean is taken.

How long a server makes an export is not documented. What its list says of finished ones of the kind is the measure:
none takes less than half of those did, and by the row it takes as long as those of 100,000 rows and more. Without any
it is assumed to take a minute, and without large ones a second for every 10,000 rows. The file then arrives and is laid
out at 10,000 rows a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from statistics import fmean, median
from typing import Any

from attrs import frozen

from metrics24._core.downloads import rows_promised
from metrics24._core.export_flows import asked_on, is_of_kind, part
from metrics24.config import Limits

LOOK_AFTER = 10
"""Pages after which the size of a range is estimated."""

_LEAST = 120.0  # seconds by pages that are worth one of the day's few exports
_SURPLUS = 2.0  # by how much an export must be faster: both estimates are rough
_MARGIN = 1.5  # days differ, and an export that is cut is lost
_MAKING, _MADE = 60.0, 10_000.0
_ARRIVING = 10_000.0
_LARGE = 100_000  # rows from which on an export's time tells more of them than of the waiting
_DAY = 86_400.0


@frozen(kw_only=True)
class Glimpse:
    """What the first pages of a walk showed.

    Attributes:
        rows: how many rows they had.
        seconds: how long each of them took.
        newest: the time of the first row, as the server writes it.
        oldest: the time of the last one.

    """

    rows: int
    seconds: tuple[float, ...]
    newest: str | None
    oldest: str | None

    def pace(self, *, in_bursts: bool) -> float:
        """How long a page takes that is not the first one."""
        later = self.seconds[1:] or self.seconds
        return fmean(later) if in_bursts else median(later)


@frozen
class Estimate:
    """What a range is thought to be.

    Attributes:
        rows: its rows.
        seconds: how long those that are not read yet will take page by page.

    """

    rows: int
    seconds: float

    @property
    def is_long(self) -> bool:
        """Whether it is worth thinking of an export."""
        return self.seconds >= _LEAST

    def __str__(self) -> str:
        return f"about {_round(self.rows):,} rows, {span(self.seconds)}"


@frozen
class Past:
    """What the list of exports tells.

    Attributes:
        left: how many exports may still be asked for today.
        made: rows and seconds of finished exports of the kind.

    """

    left: int
    made: tuple[tuple[int, float], ...] = ()


@frozen
class Choice:
    """The way to take, and why, as a sentence."""

    export: bool
    why: str


def by_pages(
    glimpse: Glimpse, start: date, end: date, *, parallel: int = 1, rate: float | None = None
) -> Estimate | None:
    """Estimate a range of which the newest rows were seen; None if they do not tell.

    Older days are thought to be like what was seen. Days that are read at once take as much less time, but for the
    part of it that the glimpse itself had the good of already; more requests a second than `rate` are never sent.
    """
    newest, oldest = _moment(glimpse.newest), _moment(glimpse.oldest)
    if newest is None or oldest is None or oldest > newest or not glimpse.rows:
        return None
    seen = max((newest - oldest).total_seconds(), 1.0)
    left = max((oldest - datetime.combine(start, time())).total_seconds(), 0.0)
    rows_left = glimpse.rows * left / seen
    at_once = min(parallel, (end - start).days + 1)
    had = min(at_once, (newest.date() - oldest.date()).days + 1)
    pages_left = len(glimpse.seconds) * rows_left / glimpse.rows
    seconds = glimpse.pace(in_bursts=had > 1) * pages_left * had / at_once
    paced = 0.0 if rate is None else pages_left / rate
    return Estimate(glimpse.rows + round(rows_left), max(seconds, paced))


def past(exports: Iterable[Mapping[str, Any]], kind: str, limits: Limits, now: datetime) -> Past:
    """Read from the list of exports what is left of the quota, and how fast exports are."""
    listed = list(exports)
    used = sum(1 for each in listed if asked_on(each, now.astimezone(UTC).date()))
    made = tuple(pair for each in listed if is_of_kind(each, kind) and (pair := _made(each)) is not None)
    return Past(max(0, limits.exports_per_day - used), made)


def by_export(rows: int, told: Past) -> float:
    """Estimate the seconds until an export of so many rows is made, has arrived and is laid out."""
    least = median(took for _, took in told.made) if told.made else _MAKING
    paces = [took / size for size, took in told.made if size >= _LARGE]
    making = max(least, rows * median(paces)) if paces else least + rows / _MADE
    return making + rows / _ARRIVING


def choose(estimate: Estimate | None, told: Past, limits: Limits) -> Choice:
    """Choose by the rule above."""
    if estimate is None:
        return Choice(export=False, why="By pages: the rows have no times by which to tell how many there are.")
    if not estimate.is_long:
        return Choice(export=False, why=f"By pages: {estimate}.")
    if not told.left:
        return Choice(
            export=False, why=f"By pages: {estimate}; the day's {limits.exports_per_day} exports are used up."
        )
    if estimate.rows * _MARGIN > limits.export_rows:
        reason = (
            f"one export, which ends at {limits.export_rows:,} rows, may not hold them (exports plan splits a range)"
        )
        return Choice(export=False, why=f"By pages: {estimate}; {reason}.")
    seconds = by_export(estimate.rows, told)
    if seconds * _SURPLUS > estimate.seconds:
        return Choice(export=False, why=f"By pages: {estimate}; an export would hardly be faster ({span(seconds)}).")
    basis = "judged by earlier ones" if told.made else "a guess, as the server tells of no earlier one"
    times = f"{span(seconds)} by an export, {basis}, instead of {span(estimate.seconds)} by pages"
    return Choice(export=True, why=f"By export: about {_round(estimate.rows):,} rows; {times}.")


def unfit(*, limit: int | None, after: str | None, before: str | None) -> str | None:
    """Name what an export knows nothing of: it has all rows of its days, in an order that is not documented."""
    asked = {"limit": limit, "after": after, "before": before}
    return next((name for name, value in asked.items() if value is not None), None)


def span(seconds: float) -> str:
    """Write a length of time, such as ``40 s``, ``12 min`` or ``2.1 h``."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3_600:,.1f} h"


def _round(number: int) -> int:
    """Two digits are all that an estimate has."""
    return round(number, 2 - len(str(number)))


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=None)
    except ValueError:
        return None


def _made(export: Mapping[str, Any]) -> tuple[int, float] | None:
    """Rows and seconds of a finished export; None if the server does not tell both."""
    rows, seconds = rows_promised(export), part(export, "results_meta").get("duration_seconds")
    if not rows or isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _DAY:
        return None
    return rows, float(seconds)
