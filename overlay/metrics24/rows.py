"""Rows and items as users hold them: lazy and re-iterable, one by one or by page, into memory or into a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, closing
from datetime import date, datetime
from importlib import import_module
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, cast

from attrs import evolve, frozen

from metrics24._core.effects import Flow
from metrics24._core.export_flows import WaitProgress
from metrics24._core.pagination import NumberedPaginator, Paginator
from metrics24._core.requests import Routes
from metrics24._core.responses import Table
from metrics24._core.retry import Policy
from metrics24._io.driver import AsyncDriver, Driver
from metrics24._io.prefetch import ParallelReader, ParallelTasks, ParallelThreads, prefetched, prefetched_async
from metrics24._rows.decoding import ModelMaker, NextDecoder, dicts, models_of
from metrics24._rows.schema import file_columns
from metrics24.arguments import ListParams, ReportParams
from metrics24.config import Waiting
from metrics24.daily import DailyCopy, DailyFiles, DailyOptions, OnSaved, Timezone
from metrics24.errors import UsageError
from metrics24.files.atomic import Saved
from metrics24.files.writers import ArrowRows, FileWriter, open_writer
from metrics24.kinds import time_of
from metrics24.models import item_model
from metrics24.via_export import ExportSave

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from metrics24.export_job import DownloadProgress
    from metrics24.exports import AsyncExports, Exports

T = TypeVar("T")
Record = dict[str, Any]


@frozen
class Progress:
    """The progress of a save, after each page.

    Attributes:
        rows: rows so far.
        page_rows: rows of the last page.
        cursor: the cursor to go on from with `after=`, None before the first row.
        oldest: the time of the oldest row so far, as the server writes it.
        newest: the time of the newest row.

    """

    rows: int = 0
    page_rows: int = 0
    cursor: str | None = None
    oldest: str | None = None
    newest: str | None = None

    def plus(self, records: list[dict[str, Any]]) -> Progress:
        """Return the progress after one more page."""
        if not records:
            return evolve(self, page_rows=0)
        return Progress(
            rows=self.rows + len(records),
            page_rows=len(records),
            cursor=records[-1].get("real_tx_id") or self.cursor,
            oldest=time_of(records[-1]) or self.oldest,
            newest=self.newest or time_of(records[0]),
        )

    def remaining(self, start: date, seconds: float, *, parallel: int = 1) -> float | None:
        """Estimate how many seconds the rest of a range takes, as if its older days were like the rows so far.

        Args:
            start: the first day of the range.
            seconds: how long the rows so far took.
            parallel: how many requests are under way at once.

        Returns:
            None if the rows do not say how far they reach.

        """
        newest, oldest = _moment(self.newest), _moment(self.oldest)
        if newest is None or oldest is None or oldest > newest:
            return None
        reached = max((newest - oldest).total_seconds(), 1.0)
        left = max((oldest - datetime.combine(start, datetime.min.time())).total_seconds(), 0.0)
        at_once = min(parallel, (newest.date() - start).days + 1)
        begun = min(at_once, (newest.date() - oldest.date()).days + 1)  # the days that shared those seconds
        return seconds * left / reached * begun / max(at_once, 1)


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=None)
    except ValueError:
        return None


OnProgress = Callable[[Progress], object]
OnSaveProgress = OnProgress | Callable[["Progress | WaitProgress | DownloadProgress"], object]


def as_polars(table: pyarrow.Table) -> polars.DataFrame:
    """Return the table as a Polars data frame.

    Raises:
        UsageError: Polars is not installed.

    """
    return cast("polars.DataFrame", _needed("polars").from_arrow(table))


def as_pandas(table: pyarrow.Table) -> pandas.DataFrame:
    """Return the table as a pandas data frame.

    Raises:
        UsageError: pandas is not installed.

    """
    _needed("pandas")
    return cast("pandas.DataFrame", table.to_pandas())


def _needed(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise UsageError(f"{name} is not installed: pip install 'metrics24[{name}]'.") from None


def _open_file(model: str, path: str | PathLike[str], **options: Any) -> FileWriter:
    chosen = options.pop("columns")
    if chosen not in {None, "spec"}:
        raise UsageError(f"columns is 'spec' or left out, not {chosen!r}.")
    return open_writer(path, columns=file_columns(model), fixed=chosen == "spec", **options)


def _is_via_export(via: object, reuse: float, waiting: Waiting | None) -> bool:
    if via not in {"pages", "export"}:
        raise UsageError(f"via is 'pages' or 'export', not {via!r}.")
    if via == "pages" and (reuse or waiting is not None):
        raise UsageError("reuse and waiting go with via='export' alone; leave them out.")
    return via == "export"


def _no_exports() -> None:
    """Return no exports: only the rows of reports are ever saved through one."""


def _ignore_progress(_: object) -> None:
    """Ignore progress that the caller does not follow."""


class _Rows(Generic[T]):
    """The part of rows that is the same for both kinds of client."""

    _driver: Any

    def __init__(
        self,
        params: ReportParams | ListParams,
        policy: Policy,
        routes: Routes,
        driver: Any,
        exports: Callable[[], Any] = _no_exports,
    ) -> None:
        self._params, self._policy, self._routes, self._driver = params, policy, routes, driver
        self._exports = exports

    @property
    def _model(self) -> str:
        params = self._params
        return params.kind.model if isinstance(params, ReportParams) else item_model(params.operation)

    def _paginator(self, next_decoder: NextDecoder = dicts) -> Paginator | NumberedPaginator:
        if isinstance(self._params, ReportParams):
            return Paginator(self._params, self._policy, self._routes, next_decoder)
        return NumberedPaginator(self._params, self._policy, self._routes)

    def _parallel_reader(self, next_decoder: NextDecoder) -> ParallelReader | None:
        """Return a reader of several days at once, if the caller wants one and there are several days."""
        params = self._params
        if isinstance(params, ListParams) or params.parallel == 1 or params.limit == 0 or params.start == params.end:
            return None
        return ParallelReader(params, self._policy, self._routes, next_decoder)

    def _with(self, params: ReportParams) -> Self:
        """Return the rows of other parameters."""
        return type(self)(params, self._policy, self._routes, self._driver, self._exports)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._params})"


class _Page(Generic[T]):
    """The part of a page that is the same for both kinds of client."""

    _rows: _Rows[T]

    def __init__(self, table: Table) -> None:
        self._table = table
        self._items: list[T] | None = None

    @property
    def items(self) -> list[T]:
        """The page's rows as models, newest first."""
        if self._items is None:
            self._items = models_of(self._rows._model, self._table.rows)
        return self._items

    @property
    def records(self) -> list[Record]:
        """The page's rows as plain dicts, with every field that the server sent."""
        return self._table.rows

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first row; None on pages of lists, which have numbers."""
        return self._table.start_cursor

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last row; if a limit cut the page, of the last that was kept."""
        return self._table.end_cursor

    @property
    def has_next(self) -> bool:
        """True if the server says that more rows follow: older ones, in report tables."""
        return self._table.has_next

    @property
    def total(self) -> int | None:
        """The number of items of the whole list, as the server says; None if it does not, and in report tables."""
        return self._table.total

    def _neighbour(self, *, after: bool) -> Flow[Table | None]:
        return self._rows._paginator().neighbour(self._table, after=after)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._table.rows)} rows, has_next={self.has_next})"


class Page(_Page[T]):
    """One page of rows (documentation: "Reports", "Pagination")."""

    def __init__(self, rows: Rows[T], table: Table) -> None:
        super().__init__(table)
        self._rows: Rows[T] = rows

    def next_page(self) -> Page[T] | None:
        """Fetch the page after this one (older rows, in report tables); None if the server says there is none."""
        return self._fetch(after=True)

    def previous_page(self) -> Page[T] | None:
        """Fetch the page before this one; None if there is none (the server's own flag is not reliable)."""
        return self._fetch(after=False)

    def _fetch(self, *, after: bool) -> Page[T] | None:
        table = self._rows._driver.run(self._neighbour(after=after))
        return None if table is None else Page(self._rows, table)


class AsyncPage(_Page[T]):
    """One page of rows (documentation: "Reports", "Pagination")."""

    def __init__(self, rows: AsyncRows[T], table: Table) -> None:
        super().__init__(table)
        self._rows: AsyncRows[T] = rows

    async def next_page(self) -> AsyncPage[T] | None:
        """Fetch the page after this one (older rows, in report tables); None if the server says there is none."""
        return await self._fetch(after=True)

    async def previous_page(self) -> AsyncPage[T] | None:
        """Fetch the page before this one; None if there is none (the server's own flag is not reliable)."""
        return await self._fetch(after=False)

    async def _fetch(self, *, after: bool) -> AsyncPage[T] | None:
        table = await self._rows._driver.run(self._neighbour(after=after))
        return None if table is None else AsyncPage(self._rows, table)


class Rows(_Rows[T]):
    """The rows of a report table, newest first. Nothing is fetched until they are iterated, and then each time again.

    Iterating gives models; `records()` gives plain dicts at less cost; `by_page()` gives pages. From page two on the
    next page is fetched while you work on the current one.

    Raises, while iterating:
        StatusError, TransportError: the API refused, or could not be reached.
        PaginationError: going on would lose or double rows.
        ResponseError: a response is not as documented.

    """

    _driver: Driver

    def __iter__(self) -> Generator[T]:
        models = ModelMaker(self._model)
        for table in self._tables(lambda: models.decoder):
            yield from models.make(table.rows)

    def records(self) -> Generator[Record]:
        """Iterate the rows as plain dicts, with every field that the server sent."""
        for table in self._tables():
            yield from table.rows

    def by_page(self) -> Generator[Page[T]]:
        """Iterate page by page."""
        for table in self._tables():
            yield Page(self, table)

    def _tables(self, next_decoder: NextDecoder = dicts, *, frugal: bool = False) -> Generator[Table]:
        reader = self._parallel_reader(next_decoder)
        if reader is not None:
            return ParallelThreads(reader, self._driver).tables()
        return prefetched(self._paginator(next_decoder), self._driver, frugal=frugal)

    def first(self) -> T | None:
        """The newest row, None if there is none."""
        for item in self:
            return item
        return None

    def to_arrow(self) -> pyarrow.Table:
        """All rows as an Arrow table (needs metrics24[tables])."""
        rows = ArrowRows(columns=file_columns(self._model))
        for table in self._tables(lambda: rows.decoder, frugal=True):
            rows.write(table.rows)
        return rows.finish()

    def arrow_batches(self) -> Generator[pyarrow.RecordBatch]:
        """The rows as Arrow batches of 1,000 with one schema, however many there are (needs metrics24[tables])."""
        rows = ArrowRows(columns=file_columns(self._model))
        for table in self._tables(lambda: rows.decoder):
            rows.write(table.rows)
            yield from rows.batches()
        yield from rows.last_batches()

    def to_polars(self) -> polars.DataFrame:
        """All rows as a Polars data frame (needs metrics24[polars])."""
        return as_polars(self.to_arrow())

    def to_pandas(self) -> pandas.DataFrame:
        """All rows as a pandas data frame (needs metrics24[pandas])."""
        return as_pandas(self.to_arrow())

    def save(
        self,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        columns: Literal["spec"] | None = None,
        spreadsheet_safe: bool = False,
        via: Literal["pages", "export"] = "pages",
        reuse: float = 0,
        waiting: Waiting | None = None,
        on_progress: OnSaveProgress | None = None,
    ) -> Saved:
        """Save all rows to a .csv, .jsonl or .parquet file. The file appears whole, or not at all.

        Args:
            path: the target; its suffix chooses the format.
            overwrite: replace a target that exists.
            columns: "spec" fixes the columns to those of the API's spec; by default those seen are added.
            spreadsheet_safe: in CSV, put a quote before cells that a spreadsheet would run as a formula.
            via: "pages" reads page by page; "export" has the server make one CSV file (documentation: "Download
                Clicks" and its like), which is faster for very many rows and counts against the day's exports. The
                columns are the same; see `metrics24.via_export` for what differs.
            reuse: with via="export", take an equal export that was requested at most so many seconds ago.
            waiting: with via="export", how long to wait for the file, and how often to look.
            on_progress: called after each page; with via="export" also after each look at the export
                (`WaitProgress`) and each block of its file (`DownloadProgress`).

        Raises:
            UsageError: the format is unknown, the target exists, or its folder does not; or the rows have a limit or
                a cursor, of which an export knows nothing.
            SaveError: the file could not be written.
            RequestFailed, RateLimited, AmbiguousWrite: the export was refused, or its response was lost.
            ExportTimeout, ExportFailed, ExportCanceled: the export did not come.
            IntegrityError: the export lacks rows, or is not the report table. Its download is kept.

        """
        options: dict[str, Any] = {"overwrite": overwrite, "columns": columns, "spreadsheet_safe": spreadsheet_safe}
        if _is_via_export(via, reuse, waiting):
            saving = ExportSave(self._params, path, reuse=reuse, **options)
            return self._save_via_export(saving, waiting or Waiting(), on_progress)
        progress = Progress()
        with _open_file(self._model, path, **options) as file:
            for table in self._tables(lambda: file.decoder, frugal=True):
                file.write(table.rows)
                progress = progress.plus(table.rows)
                if on_progress is not None:
                    on_progress(progress)
            return file.commit()

    def _save_via_export(self, saving: ExportSave, waiting: Waiting, on_progress: OnSaveProgress | None) -> Saved:
        tell: Callable[[Any], object] = on_progress or _ignore_progress
        progress, sample = Progress(), list[Record]()
        for table in self._with(saving.sample)._tables():
            sample += table.rows
            progress = progress.plus(table.rows)
            tell(progress)
        job = cast("Exports", self._exports()).start(**saving.request(sample))
        tell(WaitProgress(job.id, job.status, 0.0))
        download = saving.download(job)
        if not download.is_file():  # it appears only when it is whole
            job.save(download, waiting=waiting, on_progress=tell)
        with saving.conversion(job.refresh(), download) as conversion:
            while (rows := conversion.write_block()) is not None:
                tell(Progress(rows=conversion.rows, page_rows=rows))
            return conversion.commit()

    def save_daily(
        self,
        folder: str | PathLike[str],
        *,
        format: Literal["parquet", "csv", "jsonl"] = "parquet",
        refresh_last: int = 0,
        timezone: Timezone = None,
        columns: Literal["spec"] | None = None,
        spreadsheet_safe: bool = False,
        parallel: int | None = None,
        on_saved: OnSaved | None = None,
        on_progress: OnProgress | None = None,
    ) -> DailyFiles:
        """Save each day to a file of its own, such as ``clicks-2025-02-01.parquet``; skip days that are complete.

        A day is complete if its file's rows were requested after the day's end. Days are read newest first, and each
        file appears whole; those that were saved before an error or an interrupt stay, and the next call reads the
        others. See `metrics24.daily`.

        Args:
            folder: where the files go; created if it is missing. A hidden file in it names the rows it holds.
            format: of the files: "parquet", "csv" or "jsonl".
            refresh_last: read so many days at the end of the range again, since verdicts change for days.
            timezone: the name of the time zone in which days end, such as "UTC", or a tzinfo. By default a day is
                over when it is over everywhere on Earth.
            columns: "spec" fixes the columns to those of the API's spec; by default those seen are added.
            spreadsheet_safe: in CSV, put a quote before cells that a spreadsheet would run as a formula.
            parallel: the number of requests under way at once; by default that of these rows.
            on_saved: called with each day's file when it is there, so that it is known what an error leaves.
            on_progress: called after each page.

        Raises:
            UsageError: the rows have a limit or a cursor, the last day has not begun, or the folder holds other rows.
            SaveError: a file could not be written.
            ResponseError: a row has no time that says its day.
            PaginationError: rows do not come newest first, so that no day is known to be complete.

        """
        options = DailyOptions(
            folder=folder,
            format=format,
            refresh_last=refresh_last,
            timezone=timezone,
            columns=columns,
            spreadsheet_safe=spreadsheet_safe,
            parallel=parallel,
        )
        copy = DailyCopy(self._params, options, on_saved)
        progress = Progress()
        for run in copy.runs:
            rows = self._with(copy.params_of(run))
            with copy.files(run) as files, closing(rows._tables(lambda: files.decoder, frugal=True)) as tables:
                for table in tables:
                    progress = progress.plus(files.take(table.rows))
                    copy.report()
                    if on_progress is not None:
                        on_progress(progress)
                    if files.done:
                        break
                files.finish()
        return copy.result()


class AsyncRows(_Rows[T]):
    """The rows of a report table, newest first; the asynchronous twin of `Rows`.

    Raises, while iterating:
        StatusError, TransportError: the API refused, or could not be reached.
        PaginationError: going on would lose or double rows.
        ResponseError: a response is not as documented.

    """

    _driver: AsyncDriver

    async def __aiter__(self) -> AsyncGenerator[T]:
        models = ModelMaker(self._model)
        async with aclosing(self._tables(lambda: models.decoder)) as tables:
            async for table in tables:
                for item in models.make(table.rows):
                    yield item

    async def records(self) -> AsyncGenerator[Record]:
        """Iterate the rows as plain dicts, with every field that the server sent."""
        async with aclosing(self._tables()) as tables:
            async for table in tables:
                for record in table.rows:
                    yield record

    async def by_page(self) -> AsyncGenerator[AsyncPage[T]]:
        """Iterate page by page."""
        async with aclosing(self._tables()) as tables:
            async for table in tables:
                yield AsyncPage(self, table)

    def _tables(self, next_decoder: NextDecoder = dicts) -> AsyncGenerator[Table]:
        reader = self._parallel_reader(next_decoder)
        if reader is not None:
            return ParallelTasks(reader, self._driver).tables()
        return prefetched_async(self._paginator(next_decoder), self._driver)

    async def first(self) -> T | None:
        """The newest row, None if there is none."""
        async with aclosing(aiter(self)) as items:
            async for item in items:
                return item
        return None

    async def to_arrow(self) -> pyarrow.Table:
        """All rows as an Arrow table (needs metrics24[tables])."""
        rows = ArrowRows(columns=file_columns(self._model))
        async with aclosing(self._tables(lambda: rows.decoder)) as tables:
            async for table in tables:
                await asyncio.to_thread(rows.write, table.rows)
        return rows.finish()

    async def arrow_batches(self) -> AsyncGenerator[pyarrow.RecordBatch]:
        """The rows as Arrow batches of 1,000 with one schema, however many there are (needs metrics24[tables])."""
        rows = ArrowRows(columns=file_columns(self._model))
        async with aclosing(self._tables(lambda: rows.decoder)) as tables:
            async for table in tables:
                await asyncio.to_thread(rows.write, table.rows)
                for batch in rows.batches():
                    yield batch
        for batch in rows.last_batches():
            yield batch

    async def to_polars(self) -> polars.DataFrame:
        """All rows as a Polars data frame (needs metrics24[polars])."""
        return as_polars(await self.to_arrow())

    async def to_pandas(self) -> pandas.DataFrame:
        """All rows as a pandas data frame (needs metrics24[pandas])."""
        return as_pandas(await self.to_arrow())

    async def save(
        self,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        columns: Literal["spec"] | None = None,
        spreadsheet_safe: bool = False,
        via: Literal["pages", "export"] = "pages",
        reuse: float = 0,
        waiting: Waiting | None = None,
        on_progress: OnSaveProgress | None = None,
    ) -> Saved:
        """Save all rows to a .csv, .jsonl or .parquet file; see `Rows.save`. Files are written in a thread.

        Raises:
            UsageError: the format is unknown, the target exists, or its folder does not.
            SaveError: the file could not be written.
            RequestFailed, RateLimited, AmbiguousWrite: the export was refused, or its response was lost.
            ExportTimeout, ExportFailed, ExportCanceled: the export did not come.
            IntegrityError: the export lacks rows, or is not the report table. Its download is kept.

        """
        options: dict[str, Any] = {"overwrite": overwrite, "columns": columns, "spreadsheet_safe": spreadsheet_safe}
        if _is_via_export(via, reuse, waiting):
            saving = ExportSave(self._params, path, reuse=reuse, **options)
            return await self._save_via_export(saving, waiting or Waiting(), on_progress)
        progress = Progress()
        with _open_file(self._model, path, **options) as file:
            async with aclosing(self._tables(lambda: file.decoder)) as tables:
                async for table in tables:
                    await asyncio.to_thread(file.write, table.rows)
                    progress = progress.plus(table.rows)
                    if on_progress is not None:
                        on_progress(progress)
            return await asyncio.to_thread(file.commit)

    async def _save_via_export(self, saving: ExportSave, waiting: Waiting, on_progress: OnSaveProgress | None) -> Saved:
        tell: Callable[[Any], object] = on_progress or _ignore_progress
        progress, sample = Progress(), list[Record]()
        async with aclosing(self._with(saving.sample)._tables()) as tables:
            async for table in tables:
                sample += table.rows
                progress = progress.plus(table.rows)
                tell(progress)
        job = await cast("AsyncExports", self._exports()).start(**saving.request(sample))
        tell(WaitProgress(job.id, job.status, 0.0))
        download = saving.download(job)
        if not download.is_file():  # it appears only when it is whole
            await job.save(download, waiting=waiting, on_progress=tell)
        with saving.conversion(await job.refresh(), download) as conversion:
            while (rows := await asyncio.to_thread(conversion.write_block)) is not None:
                tell(Progress(rows=conversion.rows, page_rows=rows))
            return await asyncio.to_thread(conversion.commit)

    async def save_daily(
        self,
        folder: str | PathLike[str],
        *,
        format: Literal["parquet", "csv", "jsonl"] = "parquet",
        refresh_last: int = 0,
        timezone: Timezone = None,
        columns: Literal["spec"] | None = None,
        spreadsheet_safe: bool = False,
        parallel: int | None = None,
        on_saved: OnSaved | None = None,
        on_progress: OnProgress | None = None,
    ) -> DailyFiles:
        """Save each day to a file of its own; see `Rows.save_daily`. Files are written in a thread.

        Raises:
            UsageError: the rows have a limit or a cursor, the last day has not begun, or the folder holds other rows.
            SaveError: a file could not be written.
            ResponseError: a row has no time that says its day.
            PaginationError: rows do not come newest first, so that no day is known to be complete.

        """
        options = DailyOptions(
            folder=folder,
            format=format,
            refresh_last=refresh_last,
            timezone=timezone,
            columns=columns,
            spreadsheet_safe=spreadsheet_safe,
            parallel=parallel,
        )
        copy = await asyncio.to_thread(DailyCopy, self._params, options, on_saved)
        progress = Progress()
        for run in copy.runs:
            rows = self._with(copy.params_of(run))
            with copy.files(run) as files:
                async with aclosing(rows._tables(lambda: files.decoder)) as tables:
                    async for table in tables:
                        progress = progress.plus(await asyncio.to_thread(files.take, table.rows))
                        copy.report()
                        if on_progress is not None:
                            on_progress(progress)
                        if files.done:
                            break
                await asyncio.to_thread(files.finish)
        return copy.result()


class Listing(Rows[T]):
    """The items of a list (documentation: "Pagination"). Nothing is fetched until they are iterated.

    An item that comes twice, since the list shifted meanwhile, is delivered once.
    """

    def total(self) -> int | None:
        """Return the number of items of the list, as the server says (one request); None if it does not say."""
        with closing(self.by_page()) as pages:
            return next((page.total for page in pages), None)


class AsyncListing(AsyncRows[T]):
    """The items of a list; the asynchronous twin of `Listing`."""

    async def total(self) -> int | None:
        """Return the number of items of the list, as the server says (one request); None if it does not say."""
        async with aclosing(self.by_page()) as pages:
            async for page in pages:
                return page.total
        return None
