"""Where pages wait to be given: as bytes in memory, and beyond that in a file without a name.

A walk of several days at once, as far as threads and tasks have it in common.

A question to a report table or a list, and the shapes its rows can take.

Several flows of one walk at once: in threads, or in tasks. Stopping it stops them all, and nothing more is sent.

The pages of a walk as they come: one after the other, or several at once.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from os import PathLike
from typing import IO, Any, Protocol

import httpx
from attrs import field, frozen

from metrics24._core.effects import Flow, RawResponse
from metrics24._core.pagination import (
    CURSOR_FIELD,
    Audit,
    ListQuery,
    NumberedPaginator,
    Paginator,
    TableQuery,
    neighbour,
    numbered_neighbour,
)
from metrics24._core.parallel import Shard, ShardPage, ShardQueue, ranges
from metrics24._core.requests import Routes
from metrics24._core.responses import Table, read_table
from metrics24._core.retry import Policy
from metrics24._io.driver import Abandoned, AsyncDriver, AsyncPrefetch, Driver, Prefetch
from metrics24._io.network import Exchange
from metrics24._rows.decoding import RowDecoder, model_lens
from metrics24.errors import SaveError, UsageError
from metrics24.files.writers import ArrowRows, FileWriter, open_writer
from metrics24.models import columns, item_model, row_model

MOST_IN_MEMORY = 64 * 1024 * 1024

Ticket = bytes | tuple[int, int]
"""The bytes themselves, or where in the file they begin and how many they are."""


class SpillBuffer:
    """Keeps the bytes of pages until they are taken; safe to share between threads.

    The file is the system's: it has no name that could be left behind, and vanishes with the process at the latest. It
    is used anew from its beginning whenever nothing is left in it.
    """

    def __init__(self, most: int = MOST_IN_MEMORY) -> None:
        self._most = most
        self._in_memory = self._in_file = self._end = 0
        self._file: IO[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def put(self, content: bytes) -> Ticket:
        """Keep a page; what is answered takes it back.

        Raises:
            SaveError: it does not fit into memory, and the file cannot be written.

        """
        with self._lock:
            if self._closed or self._in_memory + len(content) <= self._most:
                self._in_memory += len(content)
                return content
            try:
                return self._spilled(content)
            except OSError as error:
                problem = error.strerror
        raise SaveError(
            f"Pages that wait to be read fill the memory they may take, and the folder for temporary files cannot hold "
            f"more ({problem}). Make room in {tempfile.gettempdir()}, set TMPDIR to another folder, or ask with a "
            "smaller parallel=."
        )

    def take(self, ticket: Ticket) -> bytes:
        """Give a page back, and forget it."""
        with self._lock:
            if isinstance(ticket, bytes):
                self._in_memory -= len(ticket)
                return ticket
            start, length = ticket
            file = self._opened()
            file.seek(start)
            content = file.read(length)
            self._in_file -= 1
            if not self._in_file:
                self._end = 0
                file.truncate(0)
            return content

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()

    def _spilled(self, content: bytes) -> tuple[int, int]:
        file = self._opened()
        file.seek(self._end)
        file.write(content)
        place = (self._end, len(content))
        self._end += len(content)
        self._in_file += 1
        return place

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="metrics24-")  # noqa: SIM115 - closed by close()
        return self._file


class ParallelReader:
    """What is under way and what waits to be given. Not safe to share: whoever runs it holds a lock.

    Pages wait as bytes and are decoded when they are given, so that rows take no memory before somebody wants them.
    """

    def __init__(
        self,
        shards: ShardQueue,
        query: TableQuery,
        policy: Policy,
        lens: RowDecoder | None,
        *,
        parallel: int,
        shelf: SpillBuffer | None = None,
    ) -> None:
        self.parallel = parallel
        self._shards, self._query, self._policy, self._lens = shards, query, policy, lens
        self._shelf = shelf or SpillBuffer()
        self._audit = Audit(query.filter)
        self._remaining = query.limit

    @property
    def done(self) -> bool:
        """Whether nothing is left to be given."""
        return self._shards.done or self._remaining == 0

    def next_flow(self) -> tuple[Shard, Flow[Table]] | None:
        """What to run next, None as long as there is nothing."""
        shard = self._shards.next_to_ask()
        return None if shard is None else (shard, shard.flow())

    def arrived(self, shard: Shard, table: Table) -> None:
        """Take in what a flow answered."""
        try:
            self._shards.arrived(shard, table, self._shelf.put(shard.content()))
        except Exception as error:  # noqa: BLE001 - raised where the rows would be, and no thread ends unseen
            self.failed(shard, error)

    def failed(self, shard: Shard, error: BaseException) -> None:
        """Take in that a flow failed."""
        self._shards.failed(shard, error)

    def take(self) -> ShardPage | None:
        """The next page to give that has rows, None if it is not there yet or nothing is left."""
        while (piece := self._shards.take()) is not None and not piece.rows:
            self._shelf.take(piece.ticket)
        return piece

    def table(self, piece: ShardPage) -> Table:
        """Decode a page that was taken; needs no lock."""
        answer = RawResponse(200, httpx.Headers(), self._shelf.take(piece.ticket))
        table = read_table(answer, self._query.operation, self._policy.notices, self._lens)
        count = piece.rows if self._remaining is None else min(piece.rows, self._remaining)
        rows = table.rows[:count]
        self._remaining = None if self._remaining is None else self._remaining - count
        self._audit.see(rows)
        if count == len(table.rows):
            return Table(rows, table.start_cursor, table.end_cursor, piece.has_next)
        return Table(rows, table.start_cursor, rows[-1].get(CURSOR_FIELD), has_next=True)

    def finish(self) -> None:
        """Let go of the pages, and report what was noticed on the way."""
        self._shelf.close()
        self._shards.finish()
        self._audit.report()


class AnyPaginator(Protocol):
    """One walk from the first page to the last."""

    done: bool

    @property
    def looks_ahead(self) -> bool:
        """Whether the next page is worth fetching before it is asked for."""

    def next_page(self) -> Flow[Table]:
        """Fetch the next page."""

    def finish(self) -> None:
        """Report what was noticed on the way."""


class Source(Protocol):
    """A question, and how to put it."""

    @property
    def query(self) -> object:
        """What is asked."""

    @property
    def model(self) -> str:
        """The name of the rows' model."""

    @property
    def ordered(self) -> bool:
        """Whether pages come in the server's order."""

    def lens(self) -> RowDecoder:
        """What rows are best decoded into on their way to models."""

    def walk(self, lens: RowDecoder | None = None) -> AnyPaginator:
        """A new walk from the first row to the last, its rows decoded into what the lens has."""

    def fan(self, lens: RowDecoder | None = None) -> ParallelReader | None:
        """A new walk of several parts at once; None if it is to be walked plainly."""

    def neighbour(self, page: Table, *, after: bool) -> Flow[Table | None]:
        """Fetch the page after or before `page`."""


@frozen(kw_only=True)
class TableSource:
    """A question to a report table."""

    query: TableQuery
    policy: Policy = field(repr=False)
    routes: Routes = field(repr=False)
    parallel: int = 1
    ordered: bool = True

    @property
    def model(self) -> str:
        """The name of the rows' model."""
        return row_model(self.query.operation)

    def lens(self) -> RowDecoder:
        """What rows are best decoded into on their way to models."""
        return model_lens(self.model)

    def walk(self, lens: RowDecoder | None = None) -> Paginator:
        """A new walk from the newest row to the oldest, its rows decoded into what the lens has."""
        return Paginator(self.query, self.policy, self.routes, lens)

    def fan(self, lens: RowDecoder | None = None) -> ParallelReader | None:
        """A new walk of several days at once, if that was asked for and there are several."""
        if self.parallel == 1 or self.query.limit == 0 or len(ranges(self.query)) < 2:
            return None
        shards = ShardQueue(self.query, self.policy, self.routes, parallel=self.parallel, ordered=self.ordered)
        return ParallelReader(shards, self.query, self.policy, lens, parallel=self.parallel)

    def neighbour(self, page: Table, *, after: bool) -> Flow[Table | None]:
        """Fetch the page of older or newer rows."""
        return neighbour(self.query, self.policy, self.routes, page, older=after)


@frozen(kw_only=True)
class ListSource:
    """A question to a list in numbered pages."""

    query: ListQuery
    policy: Policy = field(repr=False)
    routes: Routes = field(repr=False)
    ordered: bool = True

    @property
    def model(self) -> str:
        """The name of the items' model."""
        return item_model(self.query.operation)

    def lens(self) -> RowDecoder:
        """Nothing special: lists are short."""
        return RowDecoder()

    def walk(self, _: RowDecoder | None = None) -> NumberedPaginator:
        """A new walk from the first page to the last. Lists are short: their items are dicts."""
        return NumberedPaginator(self.query, self.policy, self.routes)

    def fan(self, _: RowDecoder | None = None) -> None:
        """Lists are short: there is nothing to do at once."""

    def neighbour(self, page: Table, *, after: bool) -> Flow[Table | None]:
        """Fetch the page with the next number, or the one before."""
        return numbered_neighbour(self.query, self.policy, self.routes, page, after=after)


def file_for(model: str, path: str | PathLike[str], **options: Any) -> FileWriter:
    """Open a file for the rows of a model."""
    chosen = options.pop("columns")
    if chosen not in {None, "spec"}:
        raise UsageError(f"columns is 'spec' or left out, not {chosen!r}.")
    return open_writer(path, columns=columns(model), fixed=chosen == "spec", **options)


def gathering(model: str) -> ArrowRows:
    """Gather rows of a model in an Arrow table."""
    return ArrowRows(columns=columns(model))


_PATIENCE = 0.1  # seconds for threads to notice that they are stopped; they are daemons, and send nothing any more


class ParallelThreads:
    """Runs a fan's flows in threads; pages come out in the thread that iterates."""

    def __init__(self, driver: Driver, fan: ParallelReader) -> None:
        self._driver, self._fan = driver, fan
        lock = threading.Lock()
        self._to_do, self._given = threading.Condition(lock), threading.Condition(lock)
        self._exchanges: set[Exchange] = set()
        self._stopped = False

    def tables(self) -> Generator[Table]:
        """Give page after page."""
        threads = [
            threading.Thread(target=self._work, name=f"metrics24-parallel-{number}", daemon=True)
            for number in range(self._fan.parallel)
        ]
        try:
            for thread in threads:
                thread.start()
            while (piece := self._next()) is not None:
                yield self._fan.table(piece)
        finally:
            self._stop(threads)

    def _next(self) -> ShardPage | None:
        with self._given:
            while not self._fan.done:
                if (piece := self._fan.take()) is not None:
                    return piece
                if not self._fan.done:
                    self._given.wait()
        return None

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        exchange = Exchange()
        with self._to_do:
            while not self._stopped and (found := self._fan.next_flow()) is None:
                self._to_do.wait()
            if self._stopped or found is None:
                return False
            shard, flow = found
            self._exchanges.add(exchange)
            self._to_do.notify()  # there may be more to do
        answer: Table | BaseException
        try:
            answer = self._driver.run(flow, exchange)
        except Abandoned:
            return False
        except BaseException as error:  # noqa: BLE001 - raised where its rows would be
            answer = error
        with self._to_do:
            self._exchanges.discard(exchange)
            if isinstance(answer, Table):
                self._fan.arrived(shard, answer)
            else:
                self._fan.failed(shard, answer)
            self._to_do.notify()
            self._given.notify()
        return True

    def _stop(self, threads: list[threading.Thread]) -> None:
        with self._to_do:
            self._stopped = True
            under_way = list(self._exchanges)
            self._to_do.notify_all()
        for exchange in under_way:  # all, before one of them lets a connection go that another is waiting for
            exchange.aborted.set()
        for exchange in under_way:
            exchange.abort()
        until = time.monotonic() + _PATIENCE
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        self._fan.finish()


class ParallelTasks:
    """Runs a fan's flows in tasks of the running loop."""

    def __init__(self, driver: AsyncDriver, fan: ParallelReader) -> None:
        self._driver, self._fan = driver, fan
        self._changed = asyncio.Condition()

    async def tables(self) -> AsyncGenerator[Table]:
        """Give page after page."""
        tasks = [asyncio.create_task(self._work()) for _ in range(self._fan.parallel)]
        try:
            while (piece := await self._next()) is not None:
                yield self._fan.table(piece)
        finally:
            await self._stop(tasks)

    async def _next(self) -> ShardPage | None:
        async with self._changed:
            while not self._fan.done:
                if (piece := self._fan.take()) is not None:
                    return piece
                if not self._fan.done:
                    await self._changed.wait()
        return None

    async def _work(self) -> None:
        while True:
            async with self._changed:
                while (found := self._fan.next_flow()) is None:
                    await self._changed.wait()
            shard, flow = found
            answer: Table | Exception
            try:
                answer = await self._driver.run(flow)
            except Exception as error:  # noqa: BLE001 - raised where its rows would be
                answer = error
            async with self._changed:
                if isinstance(answer, Table):
                    self._fan.arrived(shard, answer)
                else:
                    self._fan.failed(shard, answer)
                self._changed.notify_all()

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()
        self._fan.finish()


_WORTH_A_THREAD = 0.005  # seconds that a page takes to come


def tables(source: Source, driver: Driver, lens: RowDecoder | None, *, frugal: bool = False) -> Generator[Table]:
    """Give page after page; from page two on the next one is under way meanwhile.

    If they are `frugal`, only where pages take a while to come. Otherwise two threads that share one interpreter lose
    more by taking turns than they win, if what is done with a page takes no longer than a page.
    """
    fan = source.fan(lens)
    if fan is not None:
        yield from ParallelThreads(driver, fan).tables()
        return
    walk = source.walk(lens)
    background: Prefetch[Table] = driver.prefetch()
    ahead = False
    try:
        while ahead or not walk.done:
            table = background.result() if ahead else background.run(walk.next_page())
            ahead = walk.looks_ahead and (background.took > _WORTH_A_THREAD or not frugal)
            if ahead:
                background.start(walk.next_page())
            yield table
    finally:
        background.close()
        walk.finish()


async def async_tables(source: Source, driver: AsyncDriver, lens: RowDecoder | None) -> AsyncGenerator[Table]:
    """Give page after page; from page two on the next one is under way meanwhile."""
    fan = source.fan(lens)
    if fan is not None:
        async with aclosing(ParallelTasks(driver, fan).tables()) as found:
            async for table in found:
                yield table
        return
    walk = source.walk(lens)
    background: AsyncPrefetch[Table] = driver.prefetch()
    ahead = False
    try:
        while ahead or not walk.done:
            table = await (background.result() if ahead else background.run(walk.next_page()))
            ahead = walk.looks_ahead
            if ahead:
                background.start(walk.next_page())
            yield table
    finally:
        await background.close()
        walk.finish()
