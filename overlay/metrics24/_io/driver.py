"""Flows that run in the background, one after the other: in a thread, or in tasks.

One pool of connections for each event loop, closed when the loop ends.

Run flows: the synchronous driver and its asynchronous twin, side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

import httpx

from metrics24._core.effects import Call, Close, Effect, Flow, Instant, Now, Open, RawResponse, Read, Sleep
from metrics24._io.clock import Clock, SystemClock
from metrics24._io.http import HTTPX_ERRORS, Endpoint, open_async_pool, open_pool, send, send_async
from metrics24._io.network import Exchange
from metrics24._io.redaction import redact_logs
from metrics24._io.streams import open_async_stream, open_stream
from metrics24.config import CLOSED
from metrics24.errors import ConfigurationError, Metrics24Error, UsageError

T = TypeVar("T")

_FORKED = (
    "The next page was under way when this process was forked, and arrives in the other one. Begin anew here, with "
    "after= the last row that you have."
)
_PATIENCE = 0.1  # seconds for the thread to notice that it is stopped; it is a daemon, and sends nothing any more


class Prefetch(Generic[T]):
    """A thread that runs flows. It begins with the first of them, since many callers have none.

    Attributes:
        took: the seconds that the last flow took.

    """

    def __init__(self, run: Callable[[Flow[T], Exchange], T]) -> None:
        self._run = run
        self.took = 0.0
        self._exchange = Exchange()
        self._flows: SimpleQueue[Flow[T] | None] = SimpleQueue()
        self._results: SimpleQueue[Callable[[], T]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, flow: Flow[T]) -> T:
        """Run a flow here and now instead."""
        return self._outcome(flow)()

    def start(self, flow: Flow[T]) -> None:
        """Run a flow. Its result must be taken before the next one starts."""
        if self._thread is None or not self._thread.is_alive():  # a fork does not take it along
            self._flows, self._results = SimpleQueue(), SimpleQueue()
            self._thread = threading.Thread(target=self._work, name="metrics24-look-ahead", daemon=True)
            self._thread.start()
        self._flows.put(flow)

    def result(self) -> T:
        """Wait for the flow's result.

        Raises:
            UsageError: the process was forked while the flow ran, so that nobody runs it here.

        """
        if self._results.empty() and not (self._thread and self._thread.is_alive()):
            raise UsageError(_FORKED)
        return self._results.get()()

    def close(self) -> None:
        """Stop the flow that runs, if any: no further request is sent."""
        if self._thread is not None:
            self._exchange.abort()
            self._flows.put(None)
            self._thread.join(_PATIENCE)

    def _work(self) -> None:
        while (flow := self._flows.get()) is not None:
            self._results.put(self._outcome(flow))

    def _outcome(self, flow: Flow[T]) -> Callable[[], T]:
        started = time.perf_counter()
        try:
            value = self._run(flow, self._exchange)
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            return _raising(error)
        finally:
            self.took = time.perf_counter() - started
        return lambda: value


def _raising(error: BaseException) -> Callable[[], Any]:
    def raise_it() -> Any:
        raise error

    return raise_it


class AsyncPrefetch(Generic[T]):
    """Tasks of the running loop that run flows."""

    def __init__(self, run: Callable[[Flow[T]], Coroutine[Any, Any, T]]) -> None:
        self._run = run
        self._task: asyncio.Task[T] | None = None

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow here and now instead."""
        return await self._run(flow)

    def start(self, flow: Flow[T]) -> None:
        """Run a flow. Its result must be taken before the next one starts."""
        self._task = asyncio.create_task(self._run(flow))

    async def result(self) -> T:
        """Wait for the flow's result."""
        if self._task is None:
            raise RuntimeError("nothing was started")
        return await self._task

    async def close(self) -> None:
        """Stop the flow that runs, if any: no further request is sent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.exception()


class LoopPools:
    """Keeps a pool for every event loop that asks for one."""

    def __init__(self, open_pool: Callable[[], httpx.AsyncClient]) -> None:
        self._open_pool = open_pool
        self._keepers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[httpx.AsyncClient]]
        self._keepers = weakref.WeakKeyDictionary()
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient]
        self._clients = weakref.WeakKeyDictionary()

    async def of_this_loop(self) -> httpx.AsyncClient:
        """The running loop's pool."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._forget_ended_loops()
            client = self._open_pool()
            self._clients[loop] = client
            self._keepers[loop] = keeper = _open_until_the_loop_ends(client)
            await anext(keeper)
        return self._clients[loop]

    async def close(self) -> None:
        """Close the pool of the running loop."""
        keeper = self._keepers.pop(asyncio.get_running_loop(), None)
        if keeper is not None:
            await keeper.aclose()

    def _forget_ended_loops(self) -> None:
        """Let go of loops that ended: their connections refer to them, so that weak keys alone would keep them."""
        for reference in self._clients.keyrefs():  # a list, since loops in other threads may add theirs meanwhile
            loop = reference()
            if loop is not None and loop.is_closed():
                self._clients.pop(loop, None)
                self._keepers.pop(loop, None)


async def _open_until_the_loop_ends(client: httpx.AsyncClient) -> AsyncGenerator[httpx.AsyncClient]:
    """Close the client when its event loop ends: loops close the asynchronous generators that began in them."""
    async with client:
        yield client


class Abandoned(Exception):  # noqa: N818 - never leaves the driver
    """A flow was stopped because nobody wants its result any more."""


class Driver:
    """Runs flows with blocking I/O. Safe to share between threads."""

    def __init__(
        self,
        wire: Endpoint,
        *,
        max_connections: int,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        redact_logs()
        self._wire = wire
        self._connections = max_connections
        self._transport = transport
        self.clock: Clock = SystemClock()
        self._lock = threading.Lock()
        self._closed = False
        self._open()

    @property
    def base_url(self) -> str:
        """Where requests go."""
        return self._wire.base_url

    def run(self, flow: Flow[T], exchange: Exchange | None = None) -> T:
        """Run a flow to its end and return its result."""
        exchange = exchange or Exchange()
        try:
            effect = next(flow)
            while not exchange.aborted.is_set():
                try:
                    result = self._perform(effect, exchange)
                except Metrics24Error as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            flow.close()
        raise Abandoned

    def background(self) -> Prefetch[Any]:
        """Somewhere to run flows in while the caller does something else."""
        return Prefetch(self.run)

    def close(self) -> None:
        """Close all connections."""
        self._closed = True
        self._finalizer()

    def _open(self) -> None:
        self._pid = os.getpid()
        self._client = open_pool(self._connections, self._transport)
        self._finalizer = weakref.finalize(self, self._client.close)

    def _ready(self) -> httpx.Client:
        if self._closed:
            raise UsageError(CLOSED)
        if self._pid != os.getpid():
            with self._lock:
                if self._pid != os.getpid():
                    if self._transport is not None:
                        raise ConfigurationError("A client with its own transport cannot be used after a fork.")
                    self._open()
        return self._client

    def _perform(self, effect: Effect[Any], exchange: Exchange) -> object:
        match effect:
            case Call():
                return self._call(effect, exchange)
            case Sleep(seconds):
                self._sleep(seconds, exchange)
            case Now():
                return Instant(self.clock.monotonic(), self.clock.now())
            case Open():
                return open_stream(self._ready(), effect, exchange)
            case Read(stream, timeout):
                return stream.read(timeout, exchange)
            case Close(stream):
                stream.close()
            case _:
                raise TypeError(f"no driver knows {effect!r}")
        return None

    def _sleep(self, seconds: float, exchange: Exchange) -> None:
        if isinstance(self.clock, SystemClock):
            exchange.aborted.wait(seconds)
        else:
            self.clock.sleep(seconds)

    def _call(self, call: Call, exchange: Exchange) -> RawResponse:
        client = self._ready()
        try:
            with exchange.bounded(call.timeout):
                return self._exchange(client, call)
        except HTTPX_ERRORS as error:
            fault = self._wire.attempt(call).fault(error)
        raise fault

    def _exchange(self, client: httpx.Client, call: Call) -> RawResponse:
        response = send(client, self._wire.request(call))
        with contextlib.closing(response):
            body = self._wire.body(response, call)
            if not response.is_stream_consumed:
                for data in response.iter_raw():
                    body.feed(data)
                    if body.full:
                        break
            return self._wire.answer(response, body.content())


class AsyncDriver:
    """Runs flows on the event loop of whoever calls it. Each loop has connections of its own."""

    def __init__(
        self,
        wire: Endpoint,
        *,
        max_connections: int,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        redact_logs()
        self._wire = wire
        self.clock: Clock = SystemClock()
        self._closed = False
        self._pools = LoopPools(lambda: open_async_pool(max_connections, transport))

    @property
    def base_url(self) -> str:
        """Where requests go."""
        return self._wire.base_url

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and return its result."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = await self._perform(effect)
                except Metrics24Error as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            flow.close()

    def background(self) -> AsyncPrefetch[Any]:
        """Somewhere to run flows in while the caller does something else."""
        return AsyncPrefetch(self.run)

    async def close(self) -> None:
        """Close the connections of the running loop."""
        self._closed = True
        await self._pools.close()

    async def _ready(self) -> httpx.AsyncClient:
        if self._closed:
            raise UsageError(CLOSED)
        return await self._pools.of_this_loop()

    async def _perform(self, effect: Effect[Any]) -> object:
        match effect:
            case Call():
                return await self._call(effect)
            case Sleep(seconds):
                await self.clock.sleep_async(seconds)
            case Now():
                return Instant(self.clock.monotonic(), self.clock.now())
            case Open():
                return await open_async_stream(await self._ready(), effect)
            case Read(stream, timeout):
                return await stream.read(timeout)
            case Close(stream):
                await stream.close()
            case _:
                raise TypeError(f"no driver knows {effect!r}")
        return None

    async def _call(self, call: Call) -> RawResponse:
        client = await self._ready()
        try:
            async with asyncio.timeout(call.timeout):
                return await self._exchange(client, call)
        except TimeoutError:
            fault: Metrics24Error = self._wire.attempt(call).timed_out()
        except HTTPX_ERRORS as error:
            fault = self._wire.attempt(call).fault(error)
        raise fault

    async def _exchange(self, client: httpx.AsyncClient, call: Call) -> RawResponse:
        response = await send_async(client, self._wire.request(call))
        async with contextlib.aclosing(response):
            body = self._wire.body(response, call)
            if not response.is_stream_consumed:
                async for data in response.aiter_raw():
                    body.feed(data)
                    if body.full:
                        break
            return self._wire.answer(response, body.content())
