"""Fetch pages before they are needed: the next page of a paginator, or the pages of several days in parallel."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import IO, Any

import httpx

from metrics24._core.effects import Flow, RawResponse
from metrics24._core.pagination import CURSOR_FIELD, FilterAudit, NumberedPaginator, Paginator
from metrics24._core.parallel import Shard, ShardPage, ShardQueue
from metrics24._core.requests import Routes
from metrics24._core.responses import Table, read_table
from metrics24._core.retry import Policy
from metrics24._io.driver import Abandoned, AsyncDriver, Driver
from metrics24._io.network import Exchange
from metrics24._rows.decoding import NextDecoder, dicts
from metrics24.arguments import ReportParams
from metrics24.errors import SaveError, UsageError

MOST_IN_MEMORY = 64 * 1024 * 1024
_WORTH_A_THREAD = 0.005  # seconds; a page that arrives sooner is not worth one
_PATIENCE = 0.1  # seconds for threads to notice that they are stopped; they are daemons, and send nothing any more
_FORKED = (
    "The next page was under way when this process was forked, and arrives in the other one. Begin again here, and "
    "pass the last row's id as after=."
)


def prefetched(paginator: Paginator | NumberedPaginator, driver: Driver, *, frugal: bool = False) -> Generator[Table]:
    """Yield page after page; from page two on, fetch the next page while one is used.

    If `frugal`, only if pages take a while to arrive: for a caller that uses a page as fast as it comes, two threads
    that share one interpreter lose more by taking turns than they win.
    """
    prefetch = Prefetch(driver)
    try:
        while prefetch.under_way or not paginator.done:
            table, seconds = prefetch.result() if prefetch.under_way else _timed(driver, paginator.next_page())
            if paginator.prefetches and (seconds > _WORTH_A_THREAD or not frugal):
                prefetch.start(paginator.next_page())
            yield table
    finally:
        prefetch.close()
        paginator.finish()


async def prefetched_async(paginator: Paginator | NumberedPaginator, driver: AsyncDriver) -> AsyncGenerator[Table]:
    """Yield page after page; from page two on, fetch the next page while one is used."""
    task: asyncio.Task[Table] | None = None
    try:
        while task is not None or not paginator.done:
            table = await (driver.run(paginator.next_page()) if task is None else task)
            task = asyncio.create_task(driver.run(paginator.next_page())) if paginator.prefetches else None
            yield table
    finally:
        if task is not None:
            await _cancel([task])
        paginator.finish()


def _timed(driver: Driver, flow: Flow[Table], exchange: Exchange | None = None) -> tuple[Table, float]:
    started = time.perf_counter()
    table = driver.run(flow, exchange)
    return table, time.perf_counter() - started


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for their end; their errors are no longer of interest."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()


class Prefetch:
    """Fetches one page at a time in a thread, which starts with the first such page: short tables need none.

    Attributes:
        under_way: True if a page was started and its result not taken yet.

    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._thread: threading.Thread | None = None
        self.under_way = False

    def start(self, flow: Flow[Table]) -> None:
        """Fetch a page. Its result must be taken before the next one starts."""
        if self._thread is None or not self._thread.is_alive():  # a fork does not copy the thread
            self._exchange = Exchange()
            self._flows: SimpleQueue[tuple[Flow[Table], Future[tuple[Table, float]]] | None] = SimpleQueue()
            self._thread = threading.Thread(target=self._work, name="metrics24-prefetch", daemon=True)
            self._thread.start()
        self._page: Future[tuple[Table, float]] = Future()
        self._flows.put((flow, self._page))
        self.under_way = True

    def result(self) -> tuple[Table, float]:
        """Wait for the page; return it and the seconds that fetching it took.

        Raises:
            UsageError: the process was forked while the page was under way, so it will never arrive here.

        """
        self.under_way = False
        if not self._page.done() and not (self._thread and self._thread.is_alive()):
            raise UsageError(_FORKED)
        return self._page.result()

    def close(self) -> None:
        """Stop the page that is under way, if any: no further request is sent."""
        if self._thread is not None:
            self._exchange.abort()
            self._flows.put(None)
            self._thread.join(_PATIENCE)

    def _work(self) -> None:
        while (job := self._flows.get()) is not None:
            flow, page = job
            try:
                page.set_result(_timed(self._driver, flow, self._exchange))
            except BaseException as error:  # noqa: BLE001 - raised where the result is taken
                page.set_exception(error)


Ticket = bytes | tuple[int, int]
"""The bytes themselves, or their offset in the file and their number."""


class SpillBuffer:
    """Keeps the bytes of pages until they are taken: in memory, and beyond that in a file. Safe to share by threads.

    The file has no name that could be left behind, and vanishes with the process at the latest. It is written from its
    beginning again whenever nothing is left in it.
    """

    def __init__(self, most: int = MOST_IN_MEMORY) -> None:
        self._most = most
        self._in_memory = self._in_file = self._end = 0
        self._file: IO[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def put(self, content: bytes) -> Ticket:
        """Keep a page; return the ticket that takes it back.

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
            f"more ({problem}). Make room in {tempfile.gettempdir()}, set TMPDIR to another folder, or use a smaller "
            "parallel=."
        )

    def take(self, ticket: Ticket) -> bytes:
        """Return a page and remove it from the buffer."""
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
        """Delete the file; pages that arrive later stay in memory."""
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
    """The pages of a table's shards: those under way, and those that wait to be delivered. Needs a lock if shared.

    Pages wait as bytes and are decoded when they are delivered, so that rows take no memory before they are used.
    """

    def __init__(
        self,
        params: ReportParams,
        policy: Policy,
        routes: Routes,
        next_decoder: NextDecoder = dicts,
        buffer: SpillBuffer | None = None,
    ) -> None:
        self.parallel = params.parallel
        self._params, self._policy, self._next_decoder = params, policy, next_decoder
        self._shards = ShardQueue(params, policy, routes)
        self._buffer = buffer or SpillBuffer()
        self._audit = FilterAudit(params.filter)
        self._remaining = params.limit

    @property
    def done(self) -> bool:
        """True if nothing is left to deliver."""
        return self._shards.done or self._remaining == 0

    def next_flow(self) -> tuple[Shard, Flow[Table]] | None:
        """Return a shard and its next flow to run; None if there is none now."""
        shard = self._shards.next_to_request()
        return None if shard is None else (shard, shard.flow())

    def arrived(self, shard: Shard, table: Table) -> None:
        """Accept the page that a flow returned."""
        try:
            self._shards.arrived(shard, table, self._buffer.put(shard.content()))
        except Exception as error:  # noqa: BLE001 - raised where the rows would be, and no thread ends unseen
            self.failed(shard, error)

    def failed(self, shard: Shard, error: BaseException) -> None:
        """Accept that a flow failed."""
        self._shards.failed(shard, error)

    def take(self) -> ShardPage | None:
        """Return the next page that has rows, None if it has not arrived yet or nothing is left."""
        while (page := self._shards.take()) is not None and not page.rows:
            self._buffer.take(page.ticket)
        return page

    def table(self, page: ShardPage) -> Table:
        """Decode a page that was taken; needs no lock."""
        response = RawResponse(200, httpx.Headers(), self._buffer.take(page.ticket))
        table = read_table(response, self._params.operation, self._policy.notices, self._next_decoder())
        count = page.rows if self._remaining is None else min(page.rows, self._remaining)
        rows = table.rows[:count]
        self._remaining = None if self._remaining is None else self._remaining - count
        self._audit.check(rows)
        if count == len(table.rows):
            return Table(rows, table.start_cursor, table.end_cursor, page.has_next)
        return Table(rows, table.start_cursor, rows[-1].get(CURSOR_FIELD), has_next=True)

    def finish(self) -> None:
        """Drop the pages that are left; warn of an ignored filter, and log refused requests."""
        self._buffer.close()
        self._shards.finish()
        self._audit.report()


class ParallelThreads:
    """Runs a parallel reader's flows in threads; pages are delivered in the thread that iterates."""

    def __init__(self, reader: ParallelReader, driver: Driver) -> None:
        self._reader, self._driver = reader, driver
        lock = threading.Lock()
        self._to_do, self._ready = threading.Condition(lock), threading.Condition(lock)
        self._exchanges: set[Exchange] = set()
        self._stopped = False

    def tables(self) -> Generator[Table]:
        """Yield page after page."""
        threads = [
            threading.Thread(target=self._work, name=f"metrics24-parallel-{number}", daemon=True)
            for number in range(self._reader.parallel)
        ]
        try:
            for thread in threads:
                thread.start()
            while (page := self._next()) is not None:
                yield self._reader.table(page)
        finally:
            self._stop(threads)

    def _next(self) -> ShardPage | None:
        with self._ready:
            while not self._reader.done:
                if (page := self._reader.take()) is not None:
                    return page
                if not self._reader.done:
                    self._ready.wait()
        return None

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        exchange = Exchange()
        with self._to_do:
            while not self._stopped and (found := self._reader.next_flow()) is None:
                self._to_do.wait()
            if self._stopped or found is None:
                return False
            shard, flow = found
            self._exchanges.add(exchange)
            self._to_do.notify()  # there may be more to do
        outcome: Table | BaseException
        try:
            outcome = self._driver.run(flow, exchange)
        except Abandoned:
            return False
        except BaseException as error:  # noqa: BLE001 - raised where its rows would be
            outcome = error
        with self._to_do:
            self._exchanges.discard(exchange)
            if isinstance(outcome, Table):
                self._reader.arrived(shard, outcome)
            else:
                self._reader.failed(shard, outcome)
            self._to_do.notify()
            self._ready.notify()
        return True

    def _stop(self, threads: list[threading.Thread]) -> None:
        with self._to_do:
            self._stopped = True
            under_way = list(self._exchanges)
            self._to_do.notify_all()
        for exchange in under_way:  # all, before one of them frees a connection that another is waiting for
            exchange.aborted.set()
        for exchange in under_way:
            exchange.abort()
        until = time.monotonic() + _PATIENCE
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        self._reader.finish()


class ParallelTasks:
    """Runs a parallel reader's flows in tasks of the running loop."""

    def __init__(self, reader: ParallelReader, driver: AsyncDriver) -> None:
        self._reader, self._driver = reader, driver
        self._changed = asyncio.Condition()

    async def tables(self) -> AsyncGenerator[Table]:
        """Yield page after page."""
        tasks = [asyncio.create_task(self._work()) for _ in range(self._reader.parallel)]
        try:
            while (page := await self._next()) is not None:
                yield self._reader.table(page)
        finally:
            await _cancel(tasks)
            self._reader.finish()

    async def _next(self) -> ShardPage | None:
        async with self._changed:
            while not self._reader.done:
                if (page := self._reader.take()) is not None:
                    return page
                if not self._reader.done:
                    await self._changed.wait()
        return None

    async def _work(self) -> None:
        while True:
            async with self._changed:
                while (found := self._reader.next_flow()) is None:
                    await self._changed.wait()
            shard, flow = found
            outcome: Table | Exception
            try:
                outcome = await self._driver.run(flow)
            except Exception as error:  # noqa: BLE001 - raised where its rows would be
                outcome = error
            async with self._changed:
                if isinstance(outcome, Table):
                    self._reader.arrived(shard, outcome)
                else:
                    self._reader.failed(shard, outcome)
                self._changed.notify_all()
