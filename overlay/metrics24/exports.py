"""The documented filters of the list of exports, by names that editors complete; generated from the spec.

What exports are asked for, checked before anything is sent.

Exports: large CSV files that the server makes, and the Download Center that keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Unpack, cast

from attrs import frozen

from metrics24._core.downloads import mint
from metrics24._core.effects import Flow
from metrics24._core.export_flows import (
    ExportPlan,
    ExportRequest,
    delete_export,
    plan,
    read_export,
)
from metrics24._core.export_flows import start as start_export
from metrics24._core.requests import EXPORT_FILTERS, ExportFilterFields, Routes
from metrics24._core.retry import Policy
from metrics24._io.driver import AsyncDriver, Driver
from metrics24.arguments import (
    LARGEST_PAGE,
    Day,
    ListParams,
    ReportParams,
    Sort,
    as_day,
    checked_filter,
    in_order,
    safe_id,
)
from metrics24.config import Limits
from metrics24.errors import FilterError, UsageError
from metrics24.export_job import AsyncExportJob, ExportJob, JobActions, as_export
from metrics24.filters import Filter, field, join
from metrics24.kinds import KINDS, KindName
from metrics24.models import Export
from metrics24.rows import AsyncListing, Listing


def export_filter(**fields: Unpack[ExportFilterFields]) -> Filter:
    """Filter `exports.list` by what its documentation names ("List Download Center Exports"); all must hold.

        metrics24.export_filter(status="ERROR", offer_ids=["o1", "o2"], results_meta_total_gte=100)

    Anything else is `metrics24.field(...)`; join the two with `&`.

    Args:
        fields: what to filter by. Names in the plural take one value or several, of which one must match; days are
            dates or ISO text, and only the exact day matches; sizes are rows, durations are seconds.

    Raises:
        FilterError: an unknown name, or a value of the wrong type; nothing was sent.

    """
    joined = join(_condition(name, value) for name, value in cast("dict[str, Any]", fields).items())
    if joined is None:
        raise FilterError(f"export_filter needs at least one of {', '.join(EXPORT_FILTERS)}; or leave filter= out.")
    return joined


def _condition(name: str, value: Any) -> Filter:
    known = EXPORT_FILTERS.get(name)
    if known is None:
        raise FilterError(f"Exports have no documented filter {name!r}; known are {', '.join(EXPORT_FILTERS)}.")
    column = field(known.field)
    match known.type:
        case "array":
            return column.any_of(*_texts(name, value))
        case "integer":
            wanted: int | str = _whole(name, value)
        case _:
            wanted = _day(name, value) if known.format == "date" else _text(name, value)
    return column.op(known.operator or "eq", wanted)


def _texts(name: str, value: object) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [_text(name, value)]
    return [_text(name, each) for each in value]


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise FilterError(f"{name} takes text that is not empty, not {value!r}.")
    return value


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise FilterError(f"{name} takes a whole number, not {value!r}.")
    return value


def _day(name: str, value: object) -> str:
    """A day as the API compares it: as text, so that only the one spelling matches."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise FilterError(f"{name} takes a day: a datetime.date, or ISO text like 2025-02-01, not {value!r}.")
    return day.isoformat()


_LONGEST = 1e9  # some thirty years
_OF_EXPORTS = frozenset(each.field for each in EXPORT_FILTERS.values() if "." in each.field)
_NAME = re.compile(r"[^,\x00-\x1f\x7f\ud800-\udfff]+")
_DELIMITER = re.compile(r'[^"\r\n\ud800-\udfff]')


@frozen
class Columns:
    """How the file shall look, as it was given."""

    fields: Iterable[str]
    extra_parameters: Iterable[str]
    delimiter: str | None


def wanted(
    kind: str, integration: str, columns: Columns, *, start: Day | None, end: Day | None, filter: Filter | None
) -> ExportRequest:
    """The arguments of an export.

    Raises:
        UsageError: one of them makes no sense.

    """
    first = None if start is None else as_day(start, "start")
    last = None if end is None else as_day(end, "end")
    if first is not None and last is not None:
        in_order(first, last)
    fields, delimiter = _names("fields", columns.fields), columns.delimiter
    if not fields:
        raise UsageError("fields is empty; name the columns that the file shall have.")
    if delimiter is not None and (not isinstance(delimiter, str) or not _DELIMITER.fullmatch(delimiter)):
        raise UsageError(f"delimiter must be one character, and no quote or line break, not {delimiter!r}.")
    return ExportRequest(
        kind=_kind(kind),
        integration=safe_id(integration, "integration"),
        fields=fields,
        extra_parameters=_names("extra_parameters", columns.extra_parameters),
        start=first,
        end=last,
        delimiter=delimiter,
        filter=_of_rows(filter),
    )


def planned(kind: str, integration: str, start: Day, end: Day) -> ReportParams:
    """The report table that a plan samples.

    Raises:
        UsageError: an argument makes no sense.

    """
    return ReportParams(KINDS[_kind(kind)], integration, start, end)


def artifact(name: object) -> str:
    """The name of a file on the server.

    Raises:
        UsageError: it is not text, or empty.

    """
    if not isinstance(name, str) or not name:
        raise UsageError(
            "artifact_name must be text that is not empty: an export's .artifact_name, once it is complete."
        )
    return name


def seconds(name: str, value: object) -> float:
    """A number of seconds.

    Raises:
        UsageError: it is none, below 0, or too large to be meant.

    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST:
        raise UsageError(f"{name} must be a number of seconds, from 0 to {_LONGEST:g}, not {value!r}.")
    return float(value)


def _of_rows(filter_: object) -> Filter | None:
    """A filter of rows: what only exports have would be ignored at best, and an export of everything costs the same."""
    checked = checked_filter(filter_)
    for condition in () if checked is None else checked.conditions:
        if condition.name in _OF_EXPORTS:
            raise UsageError(
                f"filter names {condition.name!r}, which exports have and rows have not: export_filter is for "
                "exports.list, and the days of an export are start and end."
            )
    return checked


def _kind(kind: object) -> str:
    if not isinstance(kind, str) or kind not in KINDS:
        raise UsageError(f"There are exports of {', '.join(KINDS)}, not of {kind!r}.")
    return kind


def _names(what: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise UsageError(f"{what} must be a list of names like ['real_tx_id', 'status'], not {given!r}.")
    names = tuple(given)
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.strip():
            raise UsageError(f"{what} holds {name!r}, which is no name: text without commas and line breaks.")
    if len(set(names)) < len(names):
        raise UsageError(f"{what} names a column twice; name each once.")
    return names


class _Exports:
    """What both kinds of exports have."""

    def __init__(self, policy: Policy, routes: Routes, limits: Limits) -> None:
        self._policy, self._routes, self._limits = policy, routes, limits
        self._desk = JobActions(policy=policy, routes=routes, limits=limits)

    def _read(self, export_id: str) -> Flow[dict[str, Any]]:
        return read_export(safe_id(export_id, "export_id"), self._policy, self._routes)

    def _delete(self, export_id: str) -> Flow[None]:
        return delete_export(safe_id(export_id, "export_id"), self._policy, self._routes)

    def _mint(self, name: str) -> Flow[str]:
        return mint(artifact(name), self._policy, self._routes)


class Exports(_Exports):
    """Exports (documentation: "Download Clicks", "Download Conversions", "Download Impressions", "DownloadCenter").

    Raises, besides what each method says:
        UsageError: an argument is wrong; nothing was sent.
        StatusError, TransportError: the API refused, or could not be reached.

    """

    def __init__(self, policy: Policy, routes: Routes, limits: Limits, driver: Driver) -> None:
        super().__init__(policy, routes, limits)
        self._driver = driver

    def start(
        self,
        kind: KindName,
        integration: str,
        *,
        fields: Iterable[str],
        extra_parameters: Iterable[str] = (),
        start: Day | None = None,
        end: Day | None = None,
        delimiter: str | None = None,
        filter: Filter | None = None,
        reuse: float = 0,
    ) -> ExportJob:
        """Ask the server for a CSV file. Each request counts against the day's quota.

        Args:
            kind: "clicks", "conversions" or "impressions".
            integration: the integration's id.
            fields: the columns, in order.
            extra_parameters: names of extra parameters that shall become columns.
            start: the first day, a date or ISO text. The API demands neither day, and does not document what it takes
                without one: the days are the server's choice then, so that such an export is never found again, neither
                by `reuse` nor after a lost answer.
            end: the last day.
            delimiter: what separates the cells, a comma by default.
            filter: conditions on the rows, built with `field`; `export_filter` is for the list of exports.
            reuse: take an export that was asked for at most so many seconds ago, if the server repeats all of the
                above for it and both days are given; 0 never does.

        Raises:
            RequestFailed, RateLimited: the day's exports are used up, among other reasons.
            AmbiguousWrite: the answer was lost, and no export is surely the one that was asked for.

        """
        columns = Columns(fields, extra_parameters, delimiter)
        asked = wanted(kind, integration, columns, start=start, end=end, filter=filter)
        record = self._driver.run(start_export(asked, seconds("reuse", reuse), self._policy, self._routes))
        return ExportJob(record, self._desk, self._driver)

    def resume(self, export_id: str) -> ExportJob:
        """Take up an export by its id, from another process, tomorrow (one request).

        Raises:
            NotFound: there is no such export.

        """
        return ExportJob(self._driver.run(self._read(export_id)), self._desk, self._driver)

    def plan(self, kind: KindName, integration: str, *, start: Day, end: Day) -> ExportPlan:
        """Say how to split a range of days so that no export is cut at the row limit and the day's quota holds.

        Reads only: the list of exports, and the newest rows of some days. Both limits are those of `Limits`.
        """
        query = planned(kind, integration, start, end)
        return self._driver.run(plan(query, kind, self._limits, self._policy, self._routes))

    def list(
        self,
        *,
        filter: Filter | None = None,
        sort: Sort | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> Listing[Export]:
        """All exports (documentation: "List Download Center Exports"); `export_filter` has the documented filters.

        Args:
            filter: conditions built with `field` or `export_filter`.
            sort: columns such as ("-created_at", "type"); "-" sorts descending.
            limit: how many at most.
            page_size: exports per request, 1 to 100.

        """
        params = ListParams("listExports", None, filter, sort, limit, page_size)
        return Listing(params, self._policy, self._routes, self._driver)

    def get(self, export_id: str) -> Export:
        """One export (documentation: "Get Download Center Export").

        Raises:
            NotFound: there is no such export.

        """
        return as_export(self._driver.run(self._read(export_id)))

    def delete(self, export_id: str) -> None:
        """Delete an export and its file (documentation: "Delete Download Center Export").

        Raises:
            NotFound: there is no such export.
            AmbiguousWrite: the answer was lost again and again, and the export is still there.

        """
        self._driver.run(self._delete(export_id))

    def url(self, artifact_name: str) -> str:
        """The signed URL of a file (documentation: "Get Download Center Export URL"). Whoever has it has the file.

        Raises:
            NotFound: there is no such file.

        """
        return self._driver.run(self._mint(artifact_name))


class AsyncExports(_Exports):
    """Exports; the asynchronous twin of `Exports`, with the same arguments.

    Raises, besides what each method says:
        UsageError: an argument is wrong; nothing was sent.
        StatusError, TransportError: the API refused, or could not be reached.

    """

    def __init__(self, policy: Policy, routes: Routes, limits: Limits, driver: AsyncDriver) -> None:
        super().__init__(policy, routes, limits)
        self._driver = driver

    async def start(
        self,
        kind: KindName,
        integration: str,
        *,
        fields: Iterable[str],
        extra_parameters: Iterable[str] = (),
        start: Day | None = None,
        end: Day | None = None,
        delimiter: str | None = None,
        filter: Filter | None = None,
        reuse: float = 0,
    ) -> AsyncExportJob:
        """Ask the server for a CSV file; see `Exports.start`. Each request counts against the day's quota.

        Raises:
            RequestFailed, RateLimited: the day's exports are used up, among other reasons.
            AmbiguousWrite: the answer was lost, and no export is surely the one that was asked for.

        """
        columns = Columns(fields, extra_parameters, delimiter)
        asked = wanted(kind, integration, columns, start=start, end=end, filter=filter)
        record = await self._driver.run(start_export(asked, seconds("reuse", reuse), self._policy, self._routes))
        return AsyncExportJob(record, self._desk, self._driver)

    async def resume(self, export_id: str) -> AsyncExportJob:
        """Take up an export by its id, from another process, tomorrow (one request); see `Exports.resume`."""
        return AsyncExportJob(await self._driver.run(self._read(export_id)), self._desk, self._driver)

    async def plan(self, kind: KindName, integration: str, *, start: Day, end: Day) -> ExportPlan:
        """Say how to split a range of days so that no export is cut at the row limit and the day's quota holds.

        Reads only: the list of exports, and the newest rows of some days. Both limits are those of `Limits`.
        """
        query = planned(kind, integration, start, end)
        return await self._driver.run(plan(query, kind, self._limits, self._policy, self._routes))

    def list(
        self,
        *,
        filter: Filter | None = None,
        sort: Sort | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncListing[Export]:
        """All exports (documentation: "List Download Center Exports"); see `Exports.list`."""
        params = ListParams("listExports", None, filter, sort, limit, page_size)
        return AsyncListing(params, self._policy, self._routes, self._driver)

    async def get(self, export_id: str) -> Export:
        """One export (documentation: "Get Download Center Export"); see `Exports.get`."""
        return as_export(await self._driver.run(self._read(export_id)))

    async def delete(self, export_id: str) -> None:
        """Delete an export and its file (documentation: "Delete Download Center Export").

        Raises:
            NotFound: there is no such export.
            AmbiguousWrite: the answer was lost again and again, and the export is still there.

        """
        await self._driver.run(self._delete(export_id))

    async def url(self, artifact_name: str) -> str:
        """The signed URL of a file (documentation: "Get Download Center Export URL"); see `Exports.url`."""
        return await self._driver.run(self._mint(artifact_name))
