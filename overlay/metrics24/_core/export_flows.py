"""What the server says of an export, read with care: much of it is not documented.

Wait for an export (documentation: "Get Download Center Export").

Ask for exports, once, and recognize those that were asked for before (documentation: "Download Clicks" and so on).

A day has few exports. So a request is never repeated unless it surely did not happen, and an export is taken for an
earlier answer only if the server repeats everything that was asked.

Split a range of days so that no export is cut and the day's quota holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from statistics import mean
from typing import Any

from attrs import evolve, frozen

from metrics24._core.downloads import rows_promised
from metrics24._core.effects import Flow, Now, Sleep, ask
from metrics24._core.pagination import NumberedPaginator, fetch
from metrics24._core.requests import Routes, build
from metrics24._core.responses import Table, quoted, read_single
from metrics24._core.retry import Policy, send
from metrics24._core.writes import SentWrite, delete, may_have_happened, understood
from metrics24.arguments import ListParams, ReportParams, safe_id
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
    warn,
)
from metrics24.filters import Filter
from metrics24.kinds import KINDS, time_of
from metrics24.models import ArtifactStatus, factory

_EQUAL = "equalvalues"


def created_at(export: Mapping[str, Any]) -> datetime | None:
    """When an export was asked for; None if the server does not say, or not in which time zone."""
    try:
        created = datetime.fromisoformat(str(export.get("created_at")))
        return created.astimezone(UTC) if created.tzinfo else None
    except (ValueError, OverflowError):
        return None


def asked_on(export: Mapping[str, Any], day: date) -> bool:
    """Whether an export was asked for on a day, as UTC has it; not if the server does not say."""
    created = created_at(export)
    return created is not None and created.date() == day


def has_failed(export: Mapping[str, Any]) -> bool:
    """Whether an export will never have a file."""
    return export.get("status") in (ArtifactStatus.ERROR, ArtifactStatus.CANCELED)


def has_id(export: Mapping[str, Any]) -> bool:
    """Whether an export has an id by which it can be asked for."""
    identity = export.get("id")
    try:
        return isinstance(identity, str | int) and bool(safe_id(str(identity), "id"))
    except UsageError:
        return False


def is_of_kind(export: Mapping[str, Any], kind: str) -> bool:
    """Whether an export holds rows of a kind. The documentation names types for two of the three kinds."""
    return re.match(rf"{kind.removesuffix('s')}s?([^a-z]|$)", str(export.get("type")).lower()) is not None


def names_in(export: Mapping[str, Any]) -> Iterator[str]:
    """The names under which the server knows an export's file, the likeliest first."""
    file = part(export, "artifact")
    for name in (export.get("artifact_name"), file.get("name")):
        if isinstance(name, str) and name:
            yield name


def part(export: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within an export; an empty one where there is none."""
    value = export.get(name)
    return value if isinstance(value, dict) else {}


def columns_named(options: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """A list of names, also one that stands there as null (empty) or as one text; None if there is none."""
    if name not in options:
        return None
    match options[name]:
        case None | "":
            return ()
        case str() as text:
            return tuple(text.split(","))
        case list() as names:
            return tuple(map(str, names))
    return None


def filters_named(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """The filters that the server repeats, by name and operator; None if it does not, or in another shape."""
    if "filters" not in options:
        return None
    filters = options["filters"] or {}
    return {name: by for name, by in filters.items() if by} if isinstance(filters, dict) else None


def narrowing(export: Mapping[str, Any]) -> dict[str, Any]:
    """To which values the rows of an export were narrowed, by column, but for its own integration.

    Values of any other shape than the documented one are there as they are.
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
    """Whether an export may lack rows of its days, since it was filtered."""
    return bool(narrowing(export) or part(export, "export_list_options").get("filters"))


Record = dict[str, Any]

_FILE_DUE = 60.0  # seconds after COMPLETED until the file's name must be there
_GOING_ON = frozenset({ArtifactStatus.PENDING, ArtifactStatus.IN_PROGRESS})


@frozen
class WaitProgress:
    """How long an export has been waited for, after each look.

    Attributes:
        export_id: the export.
        status: its state, as the server says.
        seconds: since the waiting began.

    """

    export_id: str
    status: str
    seconds: float


def read_export(export_id: str, policy: Policy, routes: Routes) -> Flow[Record]:
    """Read one export. Its id stays the one that was asked with, whatever the server repeats."""
    answer = yield from send(build("getExport", routes, export_id=export_id), policy)
    return {**read_single(answer, "getExport", policy.notices), "id": export_id}


class StatusWatch:
    """One wait for one export: looks at it in growing intervals until it has a file."""

    def __init__(self, export: Record, waiting: Waiting, policy: Policy, routes: Routes) -> None:
        self.export = export
        self._waiting, self._policy, self._routes = waiting, policy, routes
        self._id = str(export["id"])
        self._pause = waiting.first
        self._started: float | None = None
        self._complete_since: float | None = None
        self._strange: set[str] = set()

    @property
    def done(self) -> bool:
        """Whether the export has a file."""
        return is_complete(self.export) and next(names_in(self.export), None) is not None

    def next_look(self) -> Flow[WaitProgress]:
        """Wait a while, then look.

        Raises:
            ExportFailed: the server could not make the export, or it says that it did and names no file for a minute.
            ExportCanceled: the export was canceled on the server.
            ExportTimeout: it is not ready in time; it goes on.

        """
        now = (yield from ask(Now())).monotonic
        if self._started is None:
            self._started = now
        # The answer to the request may lack the file's name although the file is there: then look without waiting.
        if not is_complete(self.export) or self._complete_since is not None:
            yield from self._sleep(now, self._started)
        try:
            self.export = yield from read_export(self._id, self._policy, self._routes)
        except Metrics24Error as error:
            if not isinstance(error, NotFound):
                error.add_note(f"The export {self._id} goes on all the same; take it up again with exports.resume(id).")
            raise
        now = (yield from ask(Now())).monotonic
        self._judge(now)
        return WaitProgress(self._id, status_of(self.export), now - self._started)

    def _sleep(self, now: float, started: float) -> Flow[None]:
        left = started + self._waiting.timeout - now
        if left <= 0:
            raise ExportTimeout(
                f"The export {self._id} was not ready within {self._waiting.timeout:g} s (it is "
                f"{quoted(status_of(self.export))}). Nothing is lost: it goes on, and exports.resume({self._id!r}) "
                "takes it up again; nothing was deleted.",
                export_id=self._id,
            )
        yield from ask(Sleep(min(self._pause, left)))
        self._pause = min(self._pause * self._waiting.factor, self._waiting.max)

    def _judge(self, now: float) -> None:
        """Notice an end other than a file, and a state that nobody knows."""
        status = status_of(self.export)
        raise_if_failed(self.export)
        if is_complete(self.export):
            self._complete_since = now if self._complete_since is None else self._complete_since
            if not self.done and now - self._complete_since >= _FILE_DUE:
                raise ExportFailed(
                    f"The server says that the export {self._id} is complete, and does not name its file, for "
                    f"{_FILE_DUE:g} s now. Look at it again later with exports.resume({self._id!r}).",
                    export_id=self._id,
                )
            return
        self._complete_since = None
        if status not in _GOING_ON and status not in self._strange:
            self._strange.add(status)
            warn(
                f"The export {self._id} is in a state that the API's documentation does not know: {quoted(status)!r}. "
                "It is waited for all the same.",
                UnexpectedAnswerWarning,
            )


def status_of(export: Record) -> str:
    """The state of an export, as the server says."""
    return str(export.get("status") or "in an unknown state")


def is_complete(export: Record) -> bool:
    """Whether the server says that an export is complete."""
    return export.get("status") == ArtifactStatus.COMPLETED


def raise_if_failed(export: Record) -> None:
    """Raise the error that an export ended with, if it did."""
    identity, status = str(export["id"]), export.get("status")
    if status == ArtifactStatus.ERROR:
        said = export.get("error")
        reason = f": {quoted(said)}" if said and isinstance(said, str) else ""
        raise ExportFailed(
            f"The server could not make the export {identity}{reason}. Ask for fewer days or columns, or report it "
            "with the export's id.",
            export_id=identity,
        )
    if status == ArtifactStatus.CANCELED:
        raise ExportCanceled(
            f"The export {identity} was canceled on the server. Ask for it again if you need it.", export_id=identity
        )


_DEFAULT_DELIMITER = ","
_MOST_PAGES = 100


@frozen(kw_only=True)
class ExportRequest:
    """What an export shall hold."""

    kind: str
    integration: str
    fields: tuple[str, ...]
    extra_parameters: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    delimiter: str | None = None
    filter: Filter | None = None

    @property
    def operation(self) -> str:
        """The operation that asks for it."""
        return KINDS[self.kind].export

    def is_repeated_by(self, export: Mapping[str, Any]) -> bool:
        """Whether the server's answer repeats all of it. What the answer lacks is not equal.

        Dates that were left out are the server's to choose, so they never are.
        """
        options, days = part(export, "export_list_options"), part(export, "reports_query_option")
        return (
            has_id(export)
            and is_of_kind(export, self.kind)
            and export.get("integration") == self.integration
            and None not in {self.start, self.end}
            and (days.get("start_date"), days.get("end_date")) == (str(self.start), str(self.end))
            and columns_named(options, "fields") == self.fields
            and columns_named(options, "extra_parameters") == self.extra_parameters
            and part(export, "format").get("delimiter") == (self.delimiter or _DEFAULT_DELIMITER)
            and filters_named(options) == self._filters()
            and all(self._filters().get(name, {}).get("eq") == values for name, values in narrowing(export).items())
        )

    def _filters(self) -> dict[str, dict[str, list[str]]]:
        filters: dict[str, dict[str, list[str]]] = {}
        for condition in () if self.filter is None else self.filter.conditions:
            filters.setdefault(condition.name, {})[condition.operator or "eq"] = list(condition.values)
        return filters


def start(wanted: ExportRequest, within: float, policy: Policy, routes: Routes) -> Flow[Record]:
    """Take an equal export that is at most `within` seconds old, or else ask for one."""
    found = (yield from find(wanted, within, policy, routes)) if within else None
    return found or (yield from request(wanted, policy, routes))


def request(wanted: ExportRequest, policy: Policy, routes: Routes) -> Flow[Record]:
    """Ask for an export and return how the server describes it.

    Raises:
        AmbiguousWrite: the answer was lost, and no export is surely the one that was asked for.
        RequestFailed, RateLimited: the day's exports are used up, among other reasons.

    """
    witness = SentWrite()
    try:
        answer = yield from witness.watch(send(_request(wanted, routes), policy))
        export = read_single(answer, wanted.operation, policy.notices)
        if has_id(export):
            policy.made.claim(wanted.operation, export["id"])
            return export
        raise ResponseError(f"The answer to {wanted.operation} names no export.", operation=wanted.operation)
    except Metrics24Error as error:
        if not may_have_happened(error):
            _advise(wanted, error)
            raise
        cause = error
    return (yield from _adopt(wanted, policy, routes, witness, cause))


def find(wanted: ExportRequest, within: float, policy: Policy, routes: Routes) -> Flow[Record | None]:
    """Find the newest export, at most `within` seconds old, that is equal to what is wanted and has not failed."""
    now = (yield from ask(Now())).wall
    found: list[tuple[datetime, Record]] = []
    for export in (yield from every_export(policy, routes)):
        created = created_at(export)
        recent = created is not None and now - created <= timedelta(seconds=within)
        if created is not None and recent and not has_failed(export) and wanted.is_repeated_by(export):
            found.append((created, export))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def every_export(policy: Policy, routes: Routes) -> Flow[list[Record]]:
    """Read the list of exports, within bounds."""
    walk = NumberedPaginator(ListParams("listExports"), policy, routes)
    exports: list[Record] = []
    while not walk.done and walk.pages < _MOST_PAGES:
        page = yield from walk.next_page()
        exports += page.rows
    return exports


def _request(wanted: ExportRequest, routes: Routes) -> Any:
    """The request. Lists of names are sent with commas between; the only place that decides this."""
    return build(
        wanted.operation,
        routes,
        integration_id=wanted.integration,
        delimiter=wanted.delimiter,
        start_date=wanted.start,
        end_date=wanted.end,
        fields=",".join(wanted.fields),
        extra_parameters=",".join(wanted.extra_parameters),
        filter_=wanted.filter,
    )


def _adopt(
    wanted: ExportRequest, policy: Policy, routes: Routes, witness: SentWrite, cause: Metrics24Error
) -> Flow[Record]:
    """Find the export that was asked for, after the answer was lost."""
    lost = f"An export of {wanted.kind} was asked for, and the answer was lost ({type(cause).__name__})"
    try:
        exports = yield from witness.watch(every_export(policy, routes))
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"{lost}; the list of exports could not be read either ({error}). Look at exports.list() before you ask "
            "again: each request counts against the day's quota."
        ) from error
    new = [export for export in exports if not witness.saw_before(export.get("created_at"))]
    made = partial(policy.made.knows, wanted.operation)
    equal = [export for export in new if wanted.is_repeated_by(export) and not made(export["id"])]
    if len(equal) == 1 and policy.made.claim(wanted.operation, equal[0]["id"]):
        return equal[0]
    raise AmbiguousWrite(
        f"{lost}; of {len(new)} exports that are new since then, {len(equal)} are surely what was asked for. See "
        ".candidates and exports.list(), and go on with exports.resume(id), before you ask again: each request counts "
        "against the day's quota.",
        candidates=[factory("Export")(export) for export in new],
    ) from cause


def _advise(wanted: ExportRequest, error: Metrics24Error) -> None:
    match error:
        case BadRequest() if not wanted.extra_parameters:
            error.add_note("No extra_parameters were named; if the API wants at least one, name it.")
        case RequestFailed() | RateLimited():
            error.add_note(
                "If the day's exports are used up, go on tomorrow, or take an export that exists: reuse=SECONDS."
            )


RowRecord = Mapping[str, Any]
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


def plan(query: ReportParams, kind: str, limits: Limits, policy: Policy, routes: Routes) -> Flow[ExportPlan]:
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


def _density(export: RowRecord, most: int) -> float:
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


def _samples(query: ReportParams, policy: Policy, routes: Routes) -> Flow[dict[date, Table]]:
    """The newest rows of some days. Whether the last day counts is not known yet, so two are asked for at a time."""
    step = max(1, ((query.end - query.start).days + 1) // _SAMPLES)
    pages: dict[date, Table] = {}
    for number in range(query.start.toordinal(), query.end.toordinal() + 1, step):
        day = date.fromordinal(number)
        pages[day] = yield from fetch(evolve(query, start=day, end=_next(day)), policy, routes)
    return pages


def _end_included(
    query: ReportParams, samples: Mapping[date, Table], policy: Policy, routes: Routes
) -> Flow[bool | None]:
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


def is_midnight(row: RowRecord) -> bool:
    """Whether a row stands at the very start of its day, as those of the last one do for servers that stop there."""
    at = moment(row)
    return at is not None and at.time().replace(microsecond=0) == time()


def _rate(page: Table) -> float:
    moments = [at for row in page.rows if (at := moment(row)) is not None]
    if len(moments) < 2 or not page.has_next:
        return float(len(page.rows))
    seconds = (max(moments) - min(moments)).total_seconds()
    return len(moments) / max(seconds, 1.0) * _DAY


def moment(row: RowRecord) -> datetime | None:
    """When a row happened, in the zone in which it is written; None where it does not say so in an understood form."""
    try:
        return datetime.fromisoformat(time_of(row) or "").replace(tzinfo=None)
    except ValueError:
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


def delete_export(export_id: str, policy: Policy, routes: Routes) -> Flow[None]:
    """Delete an export and its file (documentation: "Delete Download Center Export")."""
    return delete(
        f"export {export_id!r}",
        lambda: understood(build("deleteExport", routes, export_id=export_id), policy),
        lambda: read_export(export_id, policy, routes),
        policy,
    )
