"""Exports: large CSV files that the server makes, and the Download Center that keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from metrics24.drivers.driver import AsyncDriver, Driver
from metrics24.effects import Flow
from metrics24.filters import Filter
from metrics24.flows.deletion import delete_export
from metrics24.flows.exports import start as start_export
from metrics24.flows.planning import ExportPlan, plan
from metrics24.flows.retry import Policy
from metrics24.flows.storage import mint
from metrics24.flows.waiting import read_export
from metrics24.models import Export
from metrics24.operations import Routes, safe_id
from metrics24.pages.listing import AsyncListing, Listing
from metrics24.pages.source import ListSource
from metrics24.resources.arguments import LARGEST_PAGE, AskedOfList, Day, Sort
from metrics24.resources.export_arguments import Columns, artifact, planned, seconds, wanted
from metrics24.resources.export_job import AsyncExportJob, ExportJob
from metrics24.resources.export_state import Desk, as_export
from metrics24.settings import Limits

Kind = Literal["clicks", "conversions", "impressions"]


class _Exports:
    """What both kinds of exports have."""

    def __init__(self, policy: Policy, routes: Routes, limits: Limits) -> None:
        self._policy, self._routes, self._limits = policy, routes, limits
        self._desk = Desk(policy=policy, routes=routes, limits=limits)

    def _source(self, asked: AskedOfList) -> ListSource:
        return ListSource(query=asked.query("listExports"), policy=self._policy, routes=self._routes)

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
        kind: Kind,
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

    def plan(self, kind: Kind, integration: str, *, start: Day, end: Day) -> ExportPlan:
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
        return Listing(self._source(AskedOfList(filter, sort, limit, page_size)), self._driver)

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
        kind: Kind,
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

    async def plan(self, kind: Kind, integration: str, *, start: Day, end: Day) -> ExportPlan:
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
        return AsyncListing(self._source(AskedOfList(filter, sort, limit, page_size)), self._driver)

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
