"""How far a save has come.

Arrow tables as data frames.

One page of rows or items, from which both neighbours can be reached.

Rows and items: lazy, re-iterable, page by page or one by one, into memory or into a file.

The items of a list in numbered pages: rows like any others, which the server also counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, closing
from importlib import import_module
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from attrs import evolve, frozen

from metrics24._core.effects import Flow
from metrics24._core.responses import Table
from metrics24._io.driver import AsyncDriver, Driver
from metrics24._io.prefetch import Source, async_tables, file_for, gathering, tables
from metrics24._rows.decoding import DecodedRow, RowDecoder, maker
from metrics24.arguments import check_parallel
from metrics24.daily import DailyCopy, DailyFiles, DailyOptions, DayRun, OnSaved, Timezone
from metrics24.errors import UsageError
from metrics24.files.atomic import Saved
from metrics24.kinds import time_of
from metrics24.models import factory

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from metrics24._io.prefetch import TableSource


@frozen
class Progress:
    """How far a save has come, after each page.

    Attributes:
        rows: rows so far.
        page_rows: rows of the last page.
        cursor: where to go on with `after=`, None before the first row. None too, like the times, if rows come in no
            order.
        oldest: the time of the oldest row so far, as the server writes it.
        newest: the time of the newest row.

    """

    rows: int = 0
    page_rows: int = 0
    cursor: str | None = None
    oldest: str | None = None
    newest: str | None = None

    def plus(self, records: list[dict[str, Any]], *, ordered: bool = True) -> Progress:
        """The progress after one more page."""
        if not ordered:
            return Progress(self.rows + len(records), len(records))
        if not records:
            return Progress(self.rows, 0, self.cursor, self.oldest, self.newest)
        return Progress(
            rows=self.rows + len(records),
            page_rows=len(records),
            cursor=records[-1].get("real_tx_id") or self.cursor,
            oldest=time_of(records[-1]) or self.oldest,
            newest=self.newest or time_of(records[0]),
        )


OnProgress = Callable[[Progress], object]


def as_polars(table: pyarrow.Table) -> polars.DataFrame:
    """The table as a Polars data frame.

    Raises:
        UsageError: Polars is not installed.

    """
    return cast("polars.DataFrame", _needed("polars").from_arrow(table))


def as_pandas(table: pyarrow.Table) -> pandas.DataFrame:
    """The table as a pandas data frame.

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


T = TypeVar("T")
Record = dict[str, Any]


class _Page(Generic[T]):
    """What both kinds of page have."""

    def __init__(self, source: Source, table: Table) -> None:
        self._source, self._table = source, table
        self._items: list[T] | None = None

    @property
    def items(self) -> list[T]:
        """The page's rows as models, newest first."""
        if self._items is None:
            rows, model = self._table.rows, self._source.model
            kind: type[DecodedRow] | None = type(rows[0]) if rows and isinstance(rows[0], DecodedRow) else None
            make: Callable[[Any], T] = factory(model) if kind is None else maker(model, kind)
            self._items = list(map(make, rows))
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
        """The cursor of the last row; where a limit cut the page, of the last that was kept."""
        return self._table.end_cursor

    @property
    def has_next(self) -> bool:
        """Whether the server says that more rows follow: older ones, in report tables."""
        return self._table.has_next

    @property
    def total(self) -> int | None:
        """How many items the whole list has, as the server says; None where it does not, and in report tables."""
        return self._table.total

    def _neighbour(self, *, after: bool) -> Flow[Table | None]:
        return self._source.neighbour(self._table, after=after)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._table.rows)} rows, has_next={self.has_next})"


class Page(_Page[T]):
    """One page of rows (documentation: "Reports", "Pagination")."""

    def __init__(self, source: Source, table: Table, driver: Driver) -> None:
        super().__init__(source, table)
        self._driver = driver

    def next_page(self) -> Page[T] | None:
        """Fetch the page after this one (older rows, in report tables); None if the server says there is none."""
        return self._made(self._driver.run(self._neighbour(after=True)))

    def previous_page(self) -> Page[T] | None:
        """Fetch the page before this one; None if there is none (the server's own flag is not reliable)."""
        return self._made(self._driver.run(self._neighbour(after=False)))

    def _made(self, table: Table | None) -> Page[T] | None:
        return None if table is None else Page(self._source, table, self._driver)


class AsyncPage(_Page[T]):
    """One page of rows (documentation: "Reports", "Pagination")."""

    def __init__(self, source: Source, table: Table, driver: AsyncDriver) -> None:
        super().__init__(source, table)
        self._driver = driver

    async def next_page(self) -> AsyncPage[T] | None:
        """Fetch the page after this one (older rows, in report tables); None if the server says there is none."""
        return self._made(await self._driver.run(self._neighbour(after=True)))

    async def previous_page(self) -> AsyncPage[T] | None:
        """Fetch the page before this one; None if there is none (the server's own flag is not reliable)."""
        return self._made(await self._driver.run(self._neighbour(after=False)))

    def _made(self, table: Table | None) -> AsyncPage[T] | None:
        return None if table is None else AsyncPage(self._source, table, self._driver)


def _of_days(source: Source, run: DayRun, parallel: int | None) -> Source:
    """Return the source of a run's rows."""
    if parallel is not None:
        check_parallel(parallel)
    table = cast("TableSource", source)  # a DailyCopy knows no other
    start, end = run.range
    query = evolve(table.query, start=start, end=end)
    return evolve(table, query=query, parallel=parallel or table.parallel, ordered=True)


class Rows(Generic[T]):
    """The rows of a report table, newest first. Nothing is fetched until they are iterated; each iteration asks anew.

    Iterating gives models; `records()` gives plain dicts at less cost; `by_page()` gives pages. From page two on the
    next page is fetched while you work on the current one.

    Raises, while iterating:
        StatusError, TransportError: the API refused, or could not be reached.
        PaginationError: going on would lose or double rows.
        ResponseError: an answer is not as documented.

    """

    def __init__(self, source: Source, driver: Driver) -> None:
        self._source, self._driver = source, driver

    def __iter__(self) -> Generator[T]:
        for page in self._pages(self._source.lens()):
            yield from page.items

    def records(self) -> Generator[Record]:
        """Iterate the rows as plain dicts, with every field that the server sent."""
        for page in self.by_page():
            yield from page.records

    def by_page(self) -> Generator[Page[T]]:
        """Iterate page by page."""
        return self._pages(None)

    def _pages(self, lens: RowDecoder | None, *, frugal: bool = False) -> Generator[Page[T]]:
        for table in tables(self._source, self._driver, lens, frugal=frugal):
            yield Page(self._source, table, self._driver)

    def first(self) -> T | None:
        """The newest row, None if there is none."""
        for item in self:
            return item
        return None

    def to_arrow(self) -> pyarrow.Table:
        """All rows as an Arrow table (needs metrics24[tables])."""
        table = gathering(self._source.model)
        for page in self._pages(table.lens, frugal=True):
            table.write(page.records)
        return table.finish()

    def arrow_batches(self) -> Generator[pyarrow.RecordBatch]:
        """The rows as Arrow batches of 1,000 with one schema, however many there are (needs metrics24[tables])."""
        table = gathering(self._source.model)
        for page in self._pages(table.lens):
            table.write(page.records)
            yield from table.batches()
        yield from table.last_batches()

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
        on_progress: OnProgress | None = None,
    ) -> Saved:
        """Save all rows to a .csv, .jsonl or .parquet file. The file appears whole, or not at all.

        Args:
            path: the target; its suffix chooses the format.
            overwrite: replace a target that exists.
            columns: "spec" fixes the columns to those of the API's spec; by default those seen are added.
            spreadsheet_safe: in CSV, put a quote before cells that a spreadsheet would run as a formula.
            on_progress: called after each page.

        Raises:
            UsageError: the format is unknown, the target exists, or its folder does not.
            SaveError: the file could not be written.

        """
        progress = Progress()
        options = {"overwrite": overwrite, "columns": columns, "spreadsheet_safe": spreadsheet_safe}
        with file_for(self._source.model, path, **options) as sink:
            for page in self._pages(sink.lens, frugal=True):
                sink.write(page.records)
                progress = progress.plus(page.records, ordered=self._source.ordered)
                if on_progress is not None:
                    on_progress(progress)
            return sink.commit()

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

        A day is complete if its file's rows were asked for after the day's end. Days are read newest first, and each
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
            parallel: how many requests may be under way at once; by default as the rows were asked for.
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
        )
        copy = DailyCopy(self._source.query, options, on_saved)
        progress = Progress()
        for run in copy.runs:
            rows = type(self)(_of_days(self._source, run, parallel), self._driver)
            with copy.files(run) as files, closing(rows._pages(files.decoder, frugal=True)) as pages:
                for page in pages:
                    progress = progress.plus(files.take(page.records))
                    copy.report()
                    if on_progress is not None:
                        on_progress(progress)
                    if files.done:
                        break
                files.finish()
        return copy.result()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._source.query})"


class AsyncRows(Generic[T]):
    """The rows of a report table, newest first; the asynchronous twin of `Rows`.

    Raises, while iterating:
        StatusError, TransportError: the API refused, or could not be reached.
        PaginationError: going on would lose or double rows.
        ResponseError: an answer is not as documented.

    """

    def __init__(self, source: Source, driver: AsyncDriver) -> None:
        self._source, self._driver = source, driver

    async def __aiter__(self) -> AsyncGenerator[T]:
        async with aclosing(self._pages(self._source.lens())) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    async def records(self) -> AsyncGenerator[Record]:
        """Iterate the rows as plain dicts, with every field that the server sent."""
        async with aclosing(self.by_page()) as pages:
            async for page in pages:
                for record in page.records:
                    yield record

    def by_page(self) -> AsyncGenerator[AsyncPage[T]]:
        """Iterate page by page."""
        return self._pages(None)

    async def _pages(self, lens: RowDecoder | None) -> AsyncGenerator[AsyncPage[T]]:
        async with aclosing(async_tables(self._source, self._driver, lens)) as found:
            async for table in found:
                yield AsyncPage(self._source, table, self._driver)

    async def first(self) -> T | None:
        """The newest row, None if there is none."""
        async with aclosing(aiter(self)) as items:
            async for item in items:
                return item
        return None

    async def to_arrow(self) -> pyarrow.Table:
        """All rows as an Arrow table (needs metrics24[tables])."""
        table = gathering(self._source.model)
        async with aclosing(self._pages(table.lens)) as pages:
            async for page in pages:
                await asyncio.to_thread(table.write, page.records)
        return table.finish()

    async def arrow_batches(self) -> AsyncGenerator[pyarrow.RecordBatch]:
        """The rows as Arrow batches of 1,000 with one schema, however many there are (needs metrics24[tables])."""
        table = gathering(self._source.model)
        async with aclosing(self._pages(table.lens)) as pages:
            async for page in pages:
                await asyncio.to_thread(table.write, page.records)
                for batch in table.batches():
                    yield batch
        for batch in table.last_batches():
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
        on_progress: OnProgress | None = None,
    ) -> Saved:
        """Save all rows to a .csv, .jsonl or .parquet file; see `Rows.save`. Files are written in a thread.

        Raises:
            UsageError: the format is unknown, the target exists, or its folder does not.
            SaveError: the file could not be written.

        """
        progress = Progress()
        options = {"overwrite": overwrite, "columns": columns, "spreadsheet_safe": spreadsheet_safe}
        with file_for(self._source.model, path, **options) as sink:
            async with aclosing(self._pages(sink.lens)) as pages:
                async for page in pages:
                    await asyncio.to_thread(sink.write, page.records)
                    progress = progress.plus(page.records, ordered=self._source.ordered)
                    if on_progress is not None:
                        on_progress(progress)
            return await asyncio.to_thread(sink.commit)

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
        )
        copy = await asyncio.to_thread(DailyCopy, self._source.query, options, on_saved)
        progress = Progress()
        for run in copy.runs:
            rows = type(self)(_of_days(self._source, run, parallel), self._driver)
            with copy.files(run) as files:
                async with aclosing(rows._pages(files.decoder)) as pages:
                    async for page in pages:
                        progress = progress.plus(await asyncio.to_thread(files.take, page.records))
                        copy.report()
                        if on_progress is not None:
                            on_progress(progress)
                        if files.done:
                            break
                await asyncio.to_thread(files.finish)
        return copy.result()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._source.query})"


class Listing(Rows[T]):
    """The items of a list (documentation: "Pagination"). Nothing is fetched until they are iterated.

    An item that comes twice, since the list shifted meanwhile, is delivered once.
    """

    def total(self) -> int | None:
        """How many items the list has, as the server says (one request); None if it does not say."""
        with closing(self.by_page()) as pages:
            return next((page.total for page in pages), None)


class AsyncListing(AsyncRows[T]):
    """The items of a list; the asynchronous twin of `Listing`."""

    async def total(self) -> int | None:
        """How many items the list has, as the server says (one request); None if it does not say."""
        async with aclosing(self.by_page()) as pages:
            async for page in pages:
                return page.total
        return None
