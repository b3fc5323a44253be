"""Exports in the Download Center: read, start, wait for, plan and delete them.

An account may request few exports a day. So a request is repeated only if it surely did not happen, and an existing
export is taken for a requested one only if the server repeats every parameter of the request. Much of an export's
record is not documented, so every field may be missing or of another type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from statistics import mean
from typing import Any

from attrs import evolve, frozen

from metrics24._core.downloads import rows_promised
from metrics24._core.effects import Flow, Now, Request, Sleep, ask
from metrics24._core.pagination import NumberedPaginator, fetch
from metrics24._core.requests import Routes, build
from metrics24._core.responses import Table, read_single
from metrics24._core.retry import Policy, send
from metrics24._core.writes import SentWrite, delete, may_have_happened, send_json
from metrics24.arguments import ExportParams, ListParams, ReportParams, safe_id
from metrics24.config import Limits, Waiting
from metrics24.errors import (
    AmbiguousWrite,
    BadRequest,
    ExportCanceled,
    ExportFailed,
    ExportTimeout,
    Metrics24Error,
    NotFound,
    RateLimited,
    RequestFailed,
    ResponseError,
    UnexpectedAnswerWarning,
    UsageError,
    quoted,
    warn,
)
from metrics24.kinds import time_of
from metrics24.models import ArtifactStatus, factory

Record = dict[str, Any]

_EQUAL = "equalvalues"
_FILE_DUE = 60.0  # seconds after COMPLETED until the file's name must be there
_GOING_ON = frozenset({ArtifactStatus.PENDING, ArtifactStatus.IN_PROGRESS})
_DEFAULT_DELIMITER = ","
_MOST_PAGES = 100
_SAMPLES = 7
_MARGIN = 2.0  # samples see the end of a day, and days differ
_DAY = 86_400.0


# Records of exports


def created_at(export: Mapping[str, Any]) -> datetime | None:
    """Return the time at which an export was requested; None if the server does not say, or gives no time zone."""
    try:
        created = datetime.fromisoformat(str(export.get("created_at")))
        return created.astimezone(UTC) if created.tzinfo else None
    except (ValueError, OverflowError):
        return None


def requested_on(export: Mapping[str, Any], day: date) -> bool:
    """Return True if an export was surely requested on a day of UTC."""
    created = created_at(export)
    return created is not None and created.date() == day


def status_of(export: Mapping[str, Any]) -> str:
    """Return the status of an export as the server says it."""
    return str(export.get("status") or "in an unknown state")


def is_complete(export: Mapping[str, Any]) -> bool:
    """Return True if the server says that an export is complete."""
    return export.get("status") == ArtifactStatus.COMPLETED


def has_failed(export: Mapping[str, Any]) -> bool:
    """Return True if an export will never have a file."""
    return export.get("status") in (ArtifactStatus.ERROR, ArtifactStatus.CANCELED)


def raise_if_failed(export: Mapping[str, Any]) -> None:
    """Raise the error that an export ended with, if it did."""
    identity, status = str(export["id"]), export.get("status")
    if status == ArtifactStatus.ERROR:
        problem = export.get("error")
        reason = f": {quoted(problem)}" if problem and isinstance(problem, str) else ""
        raise ExportFailed(
            f"The server could not make the export {identity}{reason}. Request fewer days or columns, or report it "
            "with the export's id.",
            export_id=identity,
        )
    if status == ArtifactStatus.CANCELED:
        raise ExportCanceled(
            f"The export {identity} was canceled on the server. Start it again if you need it.", export_id=identity
        )


def has_id(export: Mapping[str, Any]) -> bool:
    """Return True if an export has an id by which it can be requested."""
    identity = export.get("id")
    try:
        return isinstance(identity, str | int) and bool(safe_id(str(identity), "id"))
    except UsageError:
        return False


def is_of_kind(export: Mapping[str, Any], kind: str) -> bool:
    """Return True if an export holds rows of a kind. The documentation names the types of two of the three kinds."""
    return re.match(rf"{kind.removesuffix('s')}s?([^a-z]|$)", str(export.get("type")).lower()) is not None


def names_in(export: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names under which the server may know an export's file, the likeliest first."""
    for name in (export.get("artifact_name"), part(export, "artifact").get("name")):
        if isinstance(name, str) and name:
            yield name


def part(export: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object within an export; an empty one where there is none."""
    value = export.get(name)
    return value if isinstance(value, dict) else {}


def narrowing(export: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values to which an export's rows were narrowed, by column, except its own integration.

    Values whose shape is not the documented one are kept as they are.
    """
    filters = part(export, "reports_query_option").get("filters") or {}
    if not isinstance(filters, dict):
        return {"": filters}
    found: dict[str, Any] = {}
    for name, by in filters.items():
        used = {word: values for word, values in by.items() if values} if isinstance(by, dict) else by
        values = used[_EQUAL] if isinstance(used, dict) and used.keys() == {_EQUAL} else used
        if values and values != [export.get("integration")]:
            found[name] = values
    return found


def is_narrowed(export: Mapping[str, Any]) -> bool:
    """Return True if an export was filtered, so that it may lack rows of its days."""
    return bool(narrowing(export) or part(export, "export_list_options").get("filters"))


def repeats(export: Mapping[str, Any], params: ExportParams) -> bool:
    """Return True if an export repeats every parameter of a request. A parameter that it lacks differs.

    A request without both days never matches, since the server chose them.
    """
    options, days = part(export, "export_list_options"), part(export, "reports_query_option")
    filters: dict[str, dict[str, list[str]]] = {}
    for condition in () if params.filter is None else params.filter.conditions:
        filters.setdefault(condition.name, {})[condition.operator or "eq"] = list(condition.values)
    return (
        has_id(export)
        and is_of_kind(export, params.kind.name)
        and export.get("integration") == params.integration
        and None not in {params.start, params.end}
        and (days.get("start_date"), days.get("end_date")) == (str(params.start), str(params.end))
        and _names_under(options, "fields") == params.fields
        and _names_under(options, "extra_parameters") == params.extra_parameters
        and part(export, "format").get("delimiter") == (params.delimiter or _DEFAULT_DELIMITER)
        and _filters_under(options) == filters
        and all(filters.get(name, {}).get("eq") == values for name, values in narrowing(export).items())
    )


def _names_under(options: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """Return a list of names, which may be written as null (empty) or as one text; None if there is none."""
    match options.get(name, ...):
        case None | "":
            return ()
        case str() as text:
            return tuple(text.split(","))
        case list() as names:
            return tuple(map(str, names))
    return None


def _filters_under(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the filters that the server repeats, by name and operator; None if absent or of another shape."""
    if "filters" not in options:
        return None
    filters = options["filters"] or {}
    return {name: by for name, by in filters.items() if by} if isinstance(filters, dict) else None


# Reading and deleting


def read_export(export_id: str, policy: Policy, routes: Routes) -> Flow[Record]:
    """Read one export. It keeps the id by which it was requested, whatever the server repeats."""
    response = yield from send(build("getExport", routes, export_id=export_id), policy)
    return {**read_single(response, "getExport", policy.notices), "id": export_id}


def every_export(policy: Policy, routes: Routes) -> Flow[list[Record]]:
    """Read the list of exports, a hundred pages at most."""
    paginator = NumberedPaginator(ListParams("listExports"), policy, routes)
    exports: list[Record] = []
    while not paginator.done and paginator.pages < _MOST_PAGES:
        page = yield from paginator.next_page()
        exports += page.rows
    return exports


def delete_export(export_id: str, policy: Policy, routes: Routes) -> Flow[None]:
    """Delete an export and its file (documentation: "Delete Download Center Export")."""
    return delete(
        f"export {export_id!r}",
        lambda: send_json(build("deleteExport", routes, export_id=export_id), policy),
        lambda: read_export(export_id, policy, routes),
        policy,
    )


# Starting (documentation: "Download Clicks", "Download Conversions", "Download Impressions")


def start(params: ExportParams, policy: Policy, routes: Routes) -> Flow[Record]:
    """Take an equal export that is at most `params.reuse` seconds old, or else request one."""
    found = (yield from find(params, policy, routes)) if params.reuse else None
    return found or (yield from request(params, policy, routes))


def find(params: ExportParams, policy: Policy, routes: Routes) -> Flow[Record | None]:
    """Find the newest equal export that is at most `params.reuse` seconds old and has not failed."""
    now = (yield from ask(Now())).wall
    found: list[tuple[datetime, Record]] = []
    for export in (yield from every_export(policy, routes)):
        created = created_at(export)
        if created is None or (now - created).total_seconds() > params.reuse or has_failed(export):
            continue
        if repeats(export, params):
            found.append((created, export))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def request(params: ExportParams, policy: Policy, routes: Routes) -> Flow[Record]:
    """Request an export, once, and return its record.

    Raises:
        AmbiguousWrite: the response was lost, and no export is surely the requested one.
        RequestFailed, RateLimited: the day's exports are used up, among other reasons.

    """
    operation, sent = params.kind.export, SentWrite()
    try:
        response = yield from sent.watch(send(_request(params, routes), policy))
        export = read_single(response, operation, policy.notices)
        if not has_id(export):
            raise ResponseError(f"The response to {operation} has no id of an export.", operation=operation)
    except Metrics24Error as error:
        if not may_have_happened(error):
            _advise(params, error)
            raise
        cause = error
    else:
        policy.created_ids.claim(operation, export["id"])
        return export
    return (yield from _adopt(params, policy, routes, sent, cause))


def _request(params: ExportParams, routes: Routes) -> Request:
    """Build the request. Lists of names become text with commas; only this function decides so."""
    return build(
        params.kind.export,
        routes,
        integration_id=params.integration,
        delimiter=params.delimiter,
        start_date=params.start,
        end_date=params.end,
        fields=",".join(params.fields),
        extra_parameters=",".join(params.extra_parameters),
        filter_=params.filter,
    )


def _adopt(
    params: ExportParams, policy: Policy, routes: Routes, sent: SentWrite, cause: Metrics24Error
) -> Flow[Record]:
    """Find the requested export after the response was lost: the only new one that equals the request."""
    operation = params.kind.export
    lost = f"An export of {params.kind.name} was requested, and the response was lost ({type(cause).__name__})"
    try:
        exports = yield from sent.watch(every_export(policy, routes))
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"{lost}; the list of exports could not be read either ({error}). Look at exports.list() before you start "
            "it again: each request counts against the day's quota."
        ) from error
    new = [export for export in exports if not sent.may_be_older(export.get("created_at"))]
    equal = [each for each in new if repeats(each, params) and not policy.created_ids.knows(operation, each["id"])]
    if len(equal) == 1 and policy.created_ids.claim(operation, equal[0]["id"]):
        return equal[0]
    raise AmbiguousWrite(
        f"{lost}. Of {len(new)} exports that are new since then, {len(equal)} are surely the requested one. See "
        ".candidates and exports.list(), and go on with exports.resume(id), before you start it again: each request "
        "counts against the day's quota.",
        candidates=[factory("Export")(export) for export in new],
    ) from cause


def _advise(params: ExportParams, error: Metrics24Error) -> None:
    match error:
        case BadRequest() if not params.extra_parameters:
            error.add_note("No extra_parameters were named; if the API wants at least one, name it.")
        case RequestFailed() | RateLimited():
            error.add_note(
                "If the day's exports are used up, go on tomorrow, or take an export that exists: reuse=SECONDS."
            )


# Waiting (documentation: "Get Download Center Export")


@frozen
class WaitProgress:
    """The state of an export that a caller waits for, after each poll.

    Attributes:
        export_id: the export.
        status: its status, as the server says it.
        seconds: the time since the wait began.

    """

    export_id: str
    status: str
    seconds: float


class StatusWatch:
    """One wait for one export: polls it at growing intervals until it has a file."""

    def __init__(self, export: Record, waiting: Waiting, policy: Policy, routes: Routes) -> None:
        self.export = export
        self._waiting, self._policy, self._routes = waiting, policy, routes
        self._id = str(export["id"])
        self._pause = waiting.first
        self._started: float | None = None
        self._complete_since: float | None = None
        self._warned: set[str] = set()

    @property
    def done(self) -> bool:
        """True if the export has a file."""
        return is_complete(self.export) and next(names_in(self.export), None) is not None

    def poll(self) -> Flow[WaitProgress]:
        """Pause, then read the export.

        Raises:
            ExportFailed: the server could not make the export, or has called it complete for a minute without naming
                its file.
            ExportCanceled: the export was canceled on the server.
            ExportTimeout: it was not ready in time; it goes on.

        """
        now = (yield from ask(Now())).monotonic
        if self._started is None:
            self._started = now
        # The response to the request may lack the file's name although the file exists: then poll without a pause.
        if not is_complete(self.export) or self._complete_since is not None:
            yield from self._sleep(self._started + self._waiting.timeout - now)
        try:
            self.export = yield from read_export(self._id, self._policy, self._routes)
        except Metrics24Error as error:
            if not isinstance(error, NotFound):
                error.add_note(f"The export {self._id} goes on all the same; exports.resume(id) takes it up again.")
            raise
        now = (yield from ask(Now())).monotonic
        self._judge(now)
        return WaitProgress(self._id, status_of(self.export), now - self._started)

    def _sleep(self, left: float) -> Flow[None]:
        if left <= 0:
            raise ExportTimeout(
                f"The export {self._id} was not ready within {self._waiting.timeout:g} s (it is "
                f"{quoted(status_of(self.export))}). Nothing is lost: it goes on, and exports.resume({self._id!r}) "
                "takes it up again.",
                export_id=self._id,
            )
        yield from ask(Sleep(min(self._pause, left)))
        self._pause = min(self._pause * self._waiting.factor, self._waiting.max)

    def _judge(self, now: float) -> None:
        """Raise for an export that will have no file, and warn of a status that is not documented."""
        status = status_of(self.export)
        raise_if_failed(self.export)
        if is_complete(self.export):
            self._complete_since = now if self._complete_since is None else self._complete_since
            if not self.done and now - self._complete_since >= _FILE_DUE:
                raise ExportFailed(
                    f"The server says that the export {self._id} is complete, but has not named its file for "
                    f"{_FILE_DUE:g} s. Look at it again later with exports.resume({self._id!r}).",
                    export_id=self._id,
                )
            return
        self._complete_since = None
        if status not in _GOING_ON and status not in self._warned:
            self._warned.add(status)
            warn(
                f"The export {self._id} has a status that the API does not document: {quoted(status)!r}. The wait goes "
                "on all the same.",
                UnexpectedAnswerWarning,
            )


# Planning: split a range of days so that no export is cut at the row limit and the day's quota holds


@frozen
class PlannedExport:
    """One export of a plan.

    Attributes:
        start: its first day.
        end: its last day.
        rows: the expected number of rows, at most.
        wait_days: the day on which to request it, so that the day's quota holds: 0 is today.
        too_large: True if one day alone may exceed the limit, so that only filters can split it further.

    """

    start: date
    end: date
    rows: int
    wait_days: int = 0
    too_large: bool = False


@frozen
class ExportPlan:
    """The exports that give all rows of a range of days, none of them cut.

    Attributes:
        exports: what to request, oldest days first.
        rows_per_day: the estimate that the plan rests on.
        basis: the source of the estimate.
        left_today: exports that can still be requested today, according to the list of exports.
        end_included: True if the server includes the last day of a range, which is not documented; ranges then end
            the day before the next one begins, otherwise on the same day. None, planned like True, if the samples had
            no rows to find out.

    """

    exports: tuple[PlannedExport, ...]
    rows_per_day: int
    basis: str
    left_today: int
    end_included: bool | None


def plan(params: ReportParams, limits: Limits, policy: Policy, routes: Routes) -> Flow[ExportPlan]:
    """Estimate the rows a day, from earlier exports of the same kind or samples of the report table, then split."""
    now = (yield from ask(Now())).wall.astimezone(UTC)
    exports = yield from every_export(policy, routes)
    theirs = [each for each in exports if each.get("integration") == params.integration]
    alike = [each for each in theirs if is_of_kind(each, params.kind.name)]
    samples = yield from _samples(params, policy, routes)
    per_day = max((_rows_per_day(each, limits.export_rows) for each in alike), default=0.0)
    basis = "earlier exports of this integration"
    if not per_day:
        per_day, basis = mean(map(_rate, samples.values())) * _MARGIN, "samples of the report table, doubled"
    included = yield from _end_included(params, samples, policy, routes)
    left = max(0, limits.exports_per_day - sum(1 for each in exports if requested_on(each, now.date())))
    ranges = _ranges(params.start, params.end, max(1, int(limits.export_rows / per_day)) if per_day else None, included)
    planned = [_planned(first, last, per_day, limits.export_rows, included) for first, last in ranges]
    return ExportPlan(tuple(_scheduled(planned, left, limits.exports_per_day)), round(per_day), basis, left, included)


def _rows_per_day(export: Mapping[str, Any], limit: int) -> float:
    """Return the rows a day of a finished export; 0 if unknown, as for one that was filtered or cut at the limit."""
    rows, days = rows_promised(export) or 0, part(export, "reports_query_option")
    if is_narrowed(export) or rows == limit:
        return 0.0
    try:
        start, end = (date.fromisoformat(str(days.get(name))) for name in ("start_date", "end_date"))
    except ValueError:
        return 0.0
    return rows / ((end - start).days + 1) if end >= start else 0.0


def _samples(params: ReportParams, policy: Policy, routes: Routes) -> Flow[dict[date, Table]]:
    """Read the newest rows of some days, two days at a time: it is not known yet if a range's last day counts."""
    step = max(1, ((params.end - params.start).days + 1) // _SAMPLES)
    pages: dict[date, Table] = {}
    for number in range(params.start.toordinal(), params.end.toordinal() + 1, step):
        day = date.fromordinal(number)
        pages[day] = yield from fetch(evolve(params, start=day, end=_next(day)), policy, routes)
    return pages


def _end_included(
    params: ReportParams, samples: Mapping[date, Table], policy: Policy, routes: Routes
) -> Flow[bool | None]:
    """Find out if a range of one day has rows: if two days together have rows, one of them must.

    Rows at midnight prove little, since a server may stop at the last day's midnight.
    """
    included = None
    for day, page in samples.items():
        if not page.rows:
            continue
        rows = (yield from fetch(evolve(params, start=day, end=day), policy, routes)).rows
        rows += (yield from fetch(evolve(params, start=_next(day), end=_next(day)), policy, routes)).rows
        if any(not is_midnight(row) for row in rows):
            return True
        if not rows or any(not is_midnight(row) for row in page.rows):
            return False
        included = True
    return included


def _next(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _rate(page: Table) -> float:
    """Extrapolate a page of a day's newest rows to rows a day."""
    moments = [at for row in page.rows if (at := moment(row)) is not None]
    if len(moments) < 2 or not page.has_next:
        return float(len(page.rows))
    seconds = (max(moments) - min(moments)).total_seconds()
    return len(moments) / max(seconds, 1.0) * _DAY


def moment(row: Mapping[str, Any]) -> datetime | None:
    """Return the time of a row in the zone in which it is written; None if it has no readable time."""
    try:
        return datetime.fromisoformat(time_of(row) or "").replace(tzinfo=None)
    except ValueError:
        return None


def is_midnight(row: Mapping[str, Any]) -> bool:
    """Return True if a row's time is the very start of a day."""
    at = moment(row)
    return at is not None and at.time().replace(microsecond=0) == time()


def _ranges(start: date, end: date, days: int | None, included: bool | None) -> Iterator[tuple[date, date]]:
    """Cut a range into ranges of so many days that neither lose nor share one, as the server counts the last day."""
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


def _scheduled(planned: Iterable[PlannedExport], left: int, per_day: int) -> Iterator[PlannedExport]:
    for index, each in enumerate(planned):
        yield each if index < left else evolve(each, wait_days=1 + (index - left) // per_day)
