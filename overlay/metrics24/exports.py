"""Exports: large CSV files that the server makes, and the Download Center that keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Unpack, cast

from metrics24._core.downloads import request_url
from metrics24._core.effects import Flow
from metrics24._core.export_flows import ExportPlan, delete_export, plan, read_export
from metrics24._core.export_flows import start as start_export
from metrics24._core.requests import Routes
from metrics24._core.retry import Policy
from metrics24._io.driver import AsyncDriver, Driver
from metrics24.arguments import (
    LARGEST_PAGE,
    Day,
    ExportParams,
    ListParams,
    ReportParams,
    Sort,
    artifact_name,
    as_day,
    items,
    kind_of_rows,
    safe_id,
    text,
    whole_number,
)
from metrics24.config import Limits
from metrics24.errors import FilterError, UsageError
from metrics24.export_job import AsyncExportJob, ExportJob, ExportSettings, as_export
from metrics24.filters import Filter, field, join
from metrics24.kinds import KindName
from metrics24.models import EXPORT_FILTERS, Export, ExportFilterFields
from metrics24.rows import AsyncListing, Listing


def export_filter(**fields: Unpack[ExportFilterFields]) -> Filter:
    """Filter `exports.list` by the documented properties ("List Download Center Exports"); all must hold.

        metrics24.export_filter(status="ERROR", offer_ids=["o1", "o2"], results_meta_total_gte=100)

    For other properties use `metrics24.field(...)`; join the two with `&`.

    Args:
        fields: the properties to filter by. Names in the plural take one value or several, of which one must match;
            days are dates or ISO text, and only the exact day matches; sizes are rows, durations are seconds.

    Raises:
        FilterError: an unknown name, or a value of the wrong type; nothing was sent.

    """
    try:
        joined = join(_condition(name, value) for name, value in cast("dict[str, Any]", fields).items())
    except FilterError:
        raise
    except UsageError as error:
        raise FilterError(str(error)) from None
    if joined is None:
        raise FilterError(f"export_filter needs at least one of {', '.join(EXPORT_FILTERS)}; or leave filter= out.")
    return joined


def _condition(name: str, value: Any) -> Filter:
    known = EXPORT_FILTERS.get(name)
    if known is None:
        raise FilterError(f"Exports have no documented filter {name!r}; known are {', '.join(EXPORT_FILTERS)}.")
    column = field(known.field)
    if known.type == "array":
        values = [value] if isinstance(value, str) or not isinstance(value, Iterable) else items(value, name)
        return column.any_of(*(text(each, name) for each in values))
    expected: int | str | date
    if known.type == "integer":
        expected = whole_number(value, name)
    else:  # days are compared as text, so that only the one spelling matches
        expected = as_day(value, name) if known.format == "date" else text(value, name)
    return column.op(known.operator or "eq", expected)


class _Exports:
    """The flows that `Exports` and `AsyncExports` run."""

    def __init__(self, policy: Policy, routes: Routes, limits: Limits) -> None:
        self._policy, self._routes, self._limits = policy, routes, limits
        self._settings = ExportSettings(policy=policy, routes=routes, limits=limits)

    def _read(self, export_id: str) -> Flow[dict[str, Any]]:
        return read_export(safe_id(export_id, "export_id"), self._policy, self._routes)

    def _delete(self, export_id: str) -> Flow[None]:
        return delete_export(safe_id(export_id, "export_id"), self._policy, self._routes)

    def _url(self, name: str) -> Flow[str]:
        return request_url(artifact_name(name, "artifact_name"), self._policy, self._routes)

    def _plan(self, kind: str, integration: str, start: Day, end: Day) -> Flow[ExportPlan]:
        params = ReportParams(kind_of_rows(kind, "kind"), integration, start, end)
        return plan(params, self._limits, self._policy, self._routes)


class Exports(_Exports):
    """Exports (documentation: "Download Clicks", "Download Conversions", "Download Impressions", "DownloadCenter").

    Raises, besides the errors of each method:
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
        """Request a CSV file from the server. Each request counts against the day's quota.

        Args:
            kind: "clicks", "conversions" or "impressions".
            integration: the integration's id.
            fields: the columns, in order.
            extra_parameters: names of extra parameters to add as columns.
            start: the first day, a date or ISO text. The API requires neither day and does not document its defaults:
                without both, the server chooses, so such an export is never found again, neither by `reuse` nor after
                a lost response.
            end: the last day.
            delimiter: the character that separates the fields of a line, a comma by default.
            filter: conditions on the rows, built with `field`; `export_filter` is for the list of exports.
            reuse: take an export that was requested at most so many seconds ago, if the server repeats all of the
                above for it and both days are given; 0 never does.

        Raises:
            RequestFailed, RateLimited: the day's exports are used up, among other reasons.
            AmbiguousWrite: the response was lost, and no export is surely the requested one.

        """
        params = ExportParams(
            kind=kind,
            integration=integration,
            fields=fields,
            extra_parameters=extra_parameters,
            start=start,
            end=end,
            delimiter=delimiter,
            filter=filter,
            reuse=reuse,
        )
        record = self._driver.run(start_export(params, self._policy, self._routes))
        return ExportJob(record, self._settings, self._driver)

    def resume(self, export_id: str) -> ExportJob:
        """Resume an export by its id, also in another process or on another day (one request).

        Raises:
            NotFound: there is no such export.

        """
        return ExportJob(self._driver.run(self._read(export_id)), self._settings, self._driver)

    def plan(self, kind: KindName, integration: str, *, start: Day, end: Day) -> ExportPlan:
        """Split a range of days so that no export is cut at the row limit and the day's quota holds.

        Only reads: the list of exports, and the newest rows of some days. Both limits are those of `Limits`.
        """
        return self._driver.run(self._plan(kind, integration, start, end))

    def list(
        self,
        *,
        filter: Filter | None = None,
        sort: Sort | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> Listing[Export]:
        """Return all exports, lazily (documentation: "List Download Center Exports").

        Args:
            filter: conditions built with `export_filter`, which has the documented ones, or with `field`.
            sort: columns such as ("-created_at", "type"); "-" sorts descending.
            limit: the most exports to give; None for all.
            page_size: exports per request, 1 to 100.

        """
        params = ListParams("listExports", None, filter, sort, limit, page_size)
        return Listing(params, self._policy, self._routes, self._driver)

    def get(self, export_id: str) -> Export:
        """Read one export (documentation: "Get Download Center Export").

        Raises:
            NotFound: there is no such export.

        """
        return as_export(self._driver.run(self._read(export_id)))

    def delete(self, export_id: str) -> None:
        """Delete an export and its file (documentation: "Delete Download Center Export").

        Raises:
            NotFound: there is no such export.
            AmbiguousWrite: the response was lost again and again, and the export is still there.

        """
        self._driver.run(self._delete(export_id))

    def url(self, artifact_name: str) -> str:
        """Request the signed URL of a file (documentation: "Get Download Center Export URL").

        Anyone who has the URL can download the file.

        Raises:
            NotFound: there is no such file.

        """
        return self._driver.run(self._url(artifact_name))


class AsyncExports(_Exports):
    """Exports; the asynchronous twin of `Exports`, with the same arguments.

    Raises, besides the errors of each method:
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
        """Request a CSV file from the server; see `Exports.start`. Each request counts against the day's quota.

        Raises:
            RequestFailed, RateLimited: the day's exports are used up, among other reasons.
            AmbiguousWrite: the response was lost, and no export is surely the requested one.

        """
        params = ExportParams(
            kind=kind,
            integration=integration,
            fields=fields,
            extra_parameters=extra_parameters,
            start=start,
            end=end,
            delimiter=delimiter,
            filter=filter,
            reuse=reuse,
        )
        record = await self._driver.run(start_export(params, self._policy, self._routes))
        return AsyncExportJob(record, self._settings, self._driver)

    async def resume(self, export_id: str) -> AsyncExportJob:
        """Resume an export by its id, also in another process or on another day; see `Exports.resume`."""
        return AsyncExportJob(await self._driver.run(self._read(export_id)), self._settings, self._driver)

    async def plan(self, kind: KindName, integration: str, *, start: Day, end: Day) -> ExportPlan:
        """Split a range of days so that no export is cut at the row limit and the day's quota holds.

        Only reads: the list of exports, and the newest rows of some days. Both limits are those of `Limits`.
        """
        return await self._driver.run(self._plan(kind, integration, start, end))

    def list(
        self,
        *,
        filter: Filter | None = None,
        sort: Sort | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncListing[Export]:
        """Return all exports, lazily (documentation: "List Download Center Exports"); see `Exports.list`."""
        params = ListParams("listExports", None, filter, sort, limit, page_size)
        return AsyncListing(params, self._policy, self._routes, self._driver)

    async def get(self, export_id: str) -> Export:
        """Read one export (documentation: "Get Download Center Export"); see `Exports.get`."""
        return as_export(await self._driver.run(self._read(export_id)))

    async def delete(self, export_id: str) -> None:
        """Delete an export and its file (documentation: "Delete Download Center Export").

        Raises:
            NotFound: there is no such export.
            AmbiguousWrite: the response was lost again and again, and the export is still there.

        """
        await self._driver.run(self._delete(export_id))

    async def url(self, artifact_name: str) -> str:
        """Request the signed URL of a file (documentation: "Get Download Center Export URL"); see `Exports.url`."""
        return await self._driver.run(self._url(artifact_name))
