"""Drivers run flows: they perform each effect that a flow yields and send back its result or error.

`Driver` blocks, `AsyncDriver` runs on an event loop; their methods correspond one by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from metrics24._core.effects import Call, Close, Effect, Flow, Instant, Now, Open, RawResponse, Read, Sleep
from metrics24._io.http import (
    HTTP_ERRORS,
    AsyncEnvironmentTransport,
    Endpoint,
    Environment,
    EnvironmentTransport,
    async_chunks,
    chunks,
)
from metrics24._io.network import Exchange
from metrics24._io.redaction import redact_logs
from metrics24._io.streams import open_async_stream, open_stream
from metrics24.config import CLOSED
from metrics24.errors import ConfigurationError, Metrics24Error, UsageError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


class Clock(Protocol):
    """The clock of a driver; tests may bring their own."""

    def now(self) -> datetime:
        """Return the wall-clock time, with its time zone."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait for `seconds`."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the wall-clock time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the seconds of the machine's monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await asyncio.sleep(seconds)


class Abandoned(Exception):  # noqa: N818 - never leaves the driver
    """A flow was stopped because its result is no longer needed."""


class Driver:
    """Runs flows with blocking I/O. Safe to share between threads.

    Raises:
        ConfigurationError: the environment's certificates or proxies cannot be used.

    """

    def __init__(
        self, endpoint: Endpoint, *, max_connections: int, transport: httpx.BaseTransport | None = None
    ) -> None:
        redact_logs()
        self._endpoint = endpoint
        self._connections = max_connections
        self._own_transport = transport
        self.clock: Clock = SystemClock()
        self._lock = threading.Lock()
        self._closed = False
        self._open()

    @property
    def base_url(self) -> str:
        """The address that requests go to."""
        return self._endpoint.base_url

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

    def close(self) -> None:
        """Close all connections."""
        self._closed = True
        self._finalizer()

    def _open(self) -> None:
        self._pid = os.getpid()
        self._transport = self._own_transport or EnvironmentTransport(Environment.read(), self._connections)
        self._finalizer = weakref.finalize(self, self._transport.close)

    def _ready(self) -> httpx.BaseTransport:
        if self._closed:
            raise UsageError(CLOSED)
        if self._pid != os.getpid():
            with self._lock:
                if self._pid != os.getpid():
                    if self._own_transport is not None:
                        raise ConfigurationError("A client with its own transport cannot be used after a fork.")
                    self._open()
        return self._transport

    def _perform(self, effect: Effect[Any], exchange: Exchange) -> object:
        match effect:
            case Call():
                return self._call(effect, exchange)
            case Sleep(seconds):
                if isinstance(self.clock, SystemClock):
                    exchange.aborted.wait(seconds)
                else:
                    self.clock.sleep(seconds)
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

    def _call(self, call: Call, exchange: Exchange) -> RawResponse:
        transport = self._ready()
        try:
            with (
                exchange.bounded(call.timeout),
                contextlib.closing(transport.handle_request(self._endpoint.request(call))) as response,
            ):
                body = self._endpoint.body(response, call)
                for data in chunks(response):
                    body.feed(data)
                    if body.full:
                        break
                return self._endpoint.response(response, body.content())
        except HTTP_ERRORS as error:
            fault = self._endpoint.attempt(call).fault(error)
        raise fault


class AsyncDriver:
    """Runs flows on the event loop of the caller. Each loop has connections of its own.

    Raises:
        ConfigurationError: the environment's certificates or proxies cannot be used.

    """

    def __init__(
        self, endpoint: Endpoint, *, max_connections: int, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        redact_logs()
        self._endpoint = endpoint
        self.clock: Clock = SystemClock()
        self._closed = False
        if transport is not None:
            self._transports = LoopTransports(lambda: transport)
        else:
            environment = Environment.read()
            self._transports = LoopTransports(lambda: AsyncEnvironmentTransport(environment, max_connections))

    @property
    def base_url(self) -> str:
        """The address that requests go to."""
        return self._endpoint.base_url

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

    async def close(self) -> None:
        """Close the connections of the running loop."""
        self._closed = True
        await self._transports.close()

    async def _ready(self) -> httpx.AsyncBaseTransport:
        if self._closed:
            raise UsageError(CLOSED)
        return await self._transports.of_this_loop()

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
        transport = await self._ready()
        try:
            async with (
                asyncio.timeout(call.timeout),
                contextlib.aclosing(await transport.handle_async_request(self._endpoint.request(call))) as response,
            ):
                body = self._endpoint.body(response, call)
                async for data in async_chunks(response):
                    body.feed(data)
                    if body.full:
                        break
                return self._endpoint.response(response, body.content())
        except TimeoutError:
            fault: Metrics24Error = self._endpoint.attempt(call).timed_out()
        except HTTP_ERRORS as error:
            fault = self._endpoint.attempt(call).fault(error)
        raise fault


class LoopTransports:
    """One transport for each event loop, closed when the loop ends: connections belong to a loop."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._make = make
        self._opened: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[httpx.AsyncBaseTransport, AsyncGenerator[None]]
        ] = weakref.WeakKeyDictionary()

    async def of_this_loop(self) -> httpx.AsyncBaseTransport:
        """Return the running loop's transport."""
        loop = asyncio.get_running_loop()
        found = self._opened.get(loop)
        if found is None:
            self._forget_ended_loops()
            transport = self._make()
            found = self._opened[loop] = transport, _open_until_the_loop_ends(transport)
            await anext(found[1])
        return found[0]

    async def close(self) -> None:
        """Close the transport of the running loop."""
        found = self._opened.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found[1].aclose()

    def _forget_ended_loops(self) -> None:
        """Drop loops that have ended: their connections refer to them, so weak keys alone would keep them."""
        for reference in self._opened.keyrefs():  # a list, since loops in other threads may add theirs meanwhile
            loop = reference()
            if loop is not None and loop.is_closed():
                self._opened.pop(loop, None)


async def _open_until_the_loop_ends(transport: httpx.AsyncBaseTransport) -> AsyncGenerator[None]:
    """Close the transport with its event loop, which closes the asynchronous generators that began in it."""
    async with transport:
        yield
