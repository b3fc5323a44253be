"""Rows and items: lazy, re-iterable, page by page or one by one, into memory or into a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from metrics24.drivers.driver import AsyncDriver, Driver
from metrics24.pages.frames import as_pandas, as_polars
from metrics24.pages.page import AsyncPage, Page
from metrics24.pages.progress import OnProgress, Progress
from metrics24.pages.source import Source, file_for, gathering
from metrics24.pages.walking import async_tables, tables
from metrics24.sinks import Lens, Saved

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

T = TypeVar("T")
Record = dict[str, Any]


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

    def _pages(self, lens: Lens | None, *, frugal: bool = False) -> Generator[Page[T]]:
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

    async def _pages(self, lens: Lens | None) -> AsyncGenerator[AsyncPage[T]]:
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._source.query})"
