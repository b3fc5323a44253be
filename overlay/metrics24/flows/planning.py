"""Split a range of days so that no export is cut and the day's quota holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from statistics import mean
from typing import Any

from attrs import evolve, frozen

from metrics24.effects import Flow, Now, ask
from metrics24.flows.export_records import asked_on, is_narrowed, is_of_kind
from metrics24.flows.exports import every_export
from metrics24.flows.integrity import rows_promised
from metrics24.flows.paging import Query, fetch
from metrics24.flows.retry import Policy
from metrics24.operations import Routes
from metrics24.responses import Table
from metrics24.settings import Limits

Record = Mapping[str, Any]

TABLES = {
    "clicks": "getClickReport",
    "conversions": "getConversionReport",
    "impressions": "getImpressionReport",
}
_SAMPLES = 7
_MARGIN = 2.0  # samples see the end of a day, and days differ
_DAY = 86_400.0


@frozen
class PlannedExport:
    """One export of a plan.

    Attributes:
        start: its first day.
        end: its last day.
        rows: how many rows to expect, at most.
        wait_days: on which day to ask for it, so that the day's quota holds: 0 is today.
        too_large: whether one day alone may exceed the limit, so that only filters can split it further.

    """

    start: date
    end: date
    rows: int
    wait_days: int = 0
    too_large: bool = False


@frozen
class ExportPlan:
    """How to export a range of days without a cut file.

    Attributes:
        exports: what to ask for, oldest days first.
        rows_per_day: the estimate that it rests on.
        basis: where the estimate comes from.
        left_today: exports that can still be asked for today, as far as the list of exports tells.
        end_included: whether the server counts the last day of a range in, which is not documented: one range ends the
            day before the next begins, or on the same. None where there were no rows to tell; then the former.

    """

    exports: tuple[PlannedExport, ...]
    rows_per_day: int
    basis: str
    left_today: int
    end_included: bool | None


def plan(query: Query, kind: str, limits: Limits, policy: Policy, routes: Routes) -> Flow[ExportPlan]:
    """Estimate the rows a day, then split: by earlier exports of the same kind, or by samples of the report table."""
    now = (yield from ask(Now())).wall.astimezone(UTC)
    exports = yield from every_export(policy, routes)
    alike = [each for each in exports if is_of_kind(each, kind) and each.get("integration") == query.integration]
    samples = yield from _samples(query, policy, routes)
    per_day = max((_density(each, limits.export_rows) for each in alike), default=0.0)
    basis = "earlier exports of this integration"
    if not per_day:
        per_day, basis = mean(map(_rate, samples.values())) * _MARGIN, "samples of the report table, doubled"
    included = yield from _end_included(query, samples, policy, routes)
    left = max(0, limits.exports_per_day - sum(1 for each in exports if asked_on(each, now.date())))
    ranges = _ranges(query.start, query.end, max(1, int(limits.export_rows / per_day)) if per_day else None, included)
    planned = [_planned(first, last, per_day, limits.export_rows, included) for first, last in ranges]
    scheduled = tuple(_scheduled(planned, left, limits.exports_per_day))
    return ExportPlan(scheduled, round(per_day), basis, left, included)


def _density(export: Record, most: int) -> float:
    """Rows a day of a finished export; 0 if it does not tell, as one that was filtered or cut does not."""
    rows = rows_promised(export) or 0
    if is_narrowed(export) or rows == most:
        return 0.0
    days = export.get("reports_query_option")
    try:
        start, end = (date.fromisoformat(str(dict(days or {})[name])) for name in ("start_date", "end_date"))
    except (TypeError, KeyError, ValueError):
        return 0.0
    return rows / ((end - start).days + 1) if end >= start else 0.0


def _samples(query: Query, policy: Policy, routes: Routes) -> Flow[dict[date, Table]]:
    """The newest rows of some days. Whether the last day counts is not known yet, so two are asked for at a time."""
    step = max(1, ((query.end - query.start).days + 1) // _SAMPLES)
    pages: dict[date, Table] = {}
    for number in range(query.start.toordinal(), query.end.toordinal() + 1, step):
        day = date.fromordinal(number)
        pages[day] = yield from fetch(evolve(query, start=day, end=_next(day)), policy, routes)
    return pages


def _end_included(query: Query, samples: Mapping[date, Table], policy: Policy, routes: Routes) -> Flow[bool | None]:
    """Find out whether a range of one day has rows: of two days that have some together, one must.

    Rows at midnight may stem from a server that stops there, so they say the least.
    """
    included = None
    for day, page in samples.items():
        if not page.rows:
            continue
        rows = (yield from fetch(evolve(query, start=day, end=day), policy, routes)).rows
        rows += (yield from fetch(evolve(query, start=_next(day), end=_next(day)), policy, routes)).rows
        if any(not is_midnight(row) for row in rows):
            return True
        if not rows or any(not is_midnight(row) for row in page.rows):
            return False
        included = True
    return included


def _next(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def is_midnight(row: Record) -> bool:
    """Whether a row stands at the very start of its day, as those of the last one do for servers that stop there."""
    at = moment(row)
    return at is not None and at.time().replace(microsecond=0) == time()


def _rate(page: Table) -> float:
    moments = [at for row in page.rows if (at := moment(row)) is not None]
    if len(moments) < 2 or not page.has_next:
        return float(len(page.rows))
    seconds = (max(moments) - min(moments)).total_seconds()
    return len(moments) / max(seconds, 1.0) * _DAY


def moment(row: Record) -> datetime | None:
    """When a row happened, in the zone in which it is written; None where it does not say so in an understood form."""
    for name in ("request_time", "conversion_time", "impression_time", "click_time"):
        try:
            return datetime.fromisoformat(row[name]).replace(tzinfo=None)
        except (KeyError, TypeError, ValueError):
            continue
    return None


def _ranges(start: date, end: date, days: int | None, included: bool | None) -> Iterator[tuple[date, date]]:
    """Cut a range into ranges of so many days that lose none and share none, as the server counts the last one."""
    if days is None or start == end:
        yield start, end
        return
    length, gap = (days, 0) if included is False else (days - 1, 1)
    last = start + timedelta(days=min(length, (end - start).days))
    yield start, last
    while last < end:
        start = last + timedelta(days=gap)
        last = start + timedelta(days=min(length, (end - start).days))
        yield start, last


def _planned(start: date, end: date, per_day: float, limit: int, included: bool | None) -> PlannedExport:
    days = max(1, (end - start).days + (included is not False))
    return PlannedExport(start, end, round(per_day * days), too_large=per_day > limit)


def _scheduled(parts: Iterable[PlannedExport], left: int, per_day: int) -> Iterator[PlannedExport]:
    for index, part in enumerate(parts):
        yield part if index < left else evolve(part, wait_days=1 + (index - left) // per_day)
