"""Run flows: the synchronous driver and its asynchronous twin, side by side."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import weakref
from typing import Any, TypeVar

import httpx

from metrics24.drivers.background import AsyncBackground, Background
from metrics24.drivers.clock import Clock, SystemClock
from metrics24.drivers.deadline import Exchange
from metrics24.drivers.faults import HTTPX_ERRORS
from metrics24.drivers.loops import LoopPools
from metrics24.drivers.pools import open_async_pool, open_pool, send, send_async
from metrics24.drivers.redaction import redact_logs
from metrics24.drivers.streams import open_async_stream, open_stream
from metrics24.drivers.wire import Wire
from metrics24.effects import Call, Close, Effect, Flow, Instant, Now, Open, RawResponse, Read, Sleep
from metrics24.errors import ConfigurationError, Metrics24Error, UsageError
from metrics24.settings import CLOSED

T = TypeVar("T")


class Abandoned(Exception):  # noqa: N818 - never leaves the driver
    """A flow was stopped because nobody wants its result any more."""


class Driver:
    """Runs flows with blocking I/O. Safe to share between threads."""

    def __init__(
        self,
        wire: Wire,
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

    def background(self) -> Background[Any]:
        """Somewhere to run flows in while the caller does something else."""
        return Background(self.run)

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
        wire: Wire,
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

    def background(self) -> AsyncBackground[Any]:
        """Somewhere to run flows in while the caller does something else."""
        return AsyncBackground(self.run)

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
