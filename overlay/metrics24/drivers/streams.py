"""Files being read from storage: opened without a credential, read block by block, closed by whoever opened them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import httpx

from metrics24.drivers.deadline import Exchange
from metrics24.drivers.faults import HTTPX_ERRORS, Attempt
from metrics24.drivers.redaction import without_secrets
from metrics24.drivers.wire import file_request
from metrics24.effects import Open, Opened
from metrics24.errors import Metrics24Error

BLOCK = 1024 * 1024
_GATHERING = 0.25  # seconds in which to fill a block; a slow connection gives smaller ones, so that progress shows


class _Gathered:
    """A block in the making, and why the stream ended after it."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._size = 0
        self._until = time.monotonic() + _GATHERING

    def take(self, data: bytes) -> bool:
        """Add what arrived; whether that is enough for a block."""
        self.parts.append(data)
        self._size += len(data)
        return self._size >= BLOCK or time.monotonic() >= self._until

    def block(self) -> bytes:
        """All that arrived."""
        return b"".join(self.parts)


class Stream:
    """A file being read with blocking I/O."""

    def __init__(self, response: httpx.Response, attempt: Attempt) -> None:
        self._response, self._attempt = response, attempt
        self._chunks: Iterator[bytes] = iter([response.content]) if response.is_stream_consumed else response.iter_raw()
        self._problem: Metrics24Error | None = None

    def read(self, seconds: float, exchange: Exchange) -> bytes:
        """The next bytes, nothing at the end. What arrived before a fault is given before the fault."""
        if self._problem is not None:
            raise self._problem
        gathered = _Gathered()
        try:
            while True:
                with exchange.bounded(seconds):
                    data = next(self._chunks, b"")
                if not data or gathered.take(data):
                    return gathered.block()
        except HTTPX_ERRORS as error:
            self._problem = self._attempt.fault(error)
        if not gathered.parts:
            raise self._problem
        return gathered.block()

    def close(self) -> None:
        """Let the connection go."""
        self._response.close()


class AsyncStream:
    """A file being read on an event loop."""

    def __init__(self, response: httpx.Response, attempt: Attempt) -> None:
        self._response, self._attempt = response, attempt
        consumed = response.is_stream_consumed
        self._chunks: AsyncIterator[bytes] = _once(response.content) if consumed else response.aiter_raw()
        self._problem: Metrics24Error | None = None

    async def read(self, seconds: float) -> bytes:
        """The next bytes, nothing at the end. What arrived before a fault is given before the fault."""
        if self._problem is not None:
            raise self._problem
        gathered = _Gathered()
        try:
            while True:
                async with asyncio.timeout(seconds):
                    data = await anext(self._chunks, b"")
                if not data or gathered.take(data):
                    return gathered.block()
        except TimeoutError:
            self._problem = self._attempt.timed_out()
        except HTTPX_ERRORS as error:
            self._problem = self._attempt.fault(error)
        if not gathered.parts:
            raise self._problem
        return gathered.block()

    async def close(self) -> None:
        """Let the connection go."""
        await self._response.aclose()


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def open_stream(client: httpx.Client, effect: Open, exchange: Exchange) -> Opened:
    """Ask for a file and read the head of the answer."""
    attempt = _attempt(effect)
    try:
        with exchange.bounded(effect.timeout):
            response = client.send(file_request(client, effect), stream=True)
    except HTTPX_ERRORS as error:
        fault = attempt.fault(error)
    else:
        return Opened(response.status_code, _headers(response), Stream(response, attempt))
    raise fault


async def open_async_stream(client: httpx.AsyncClient, effect: Open) -> Opened:
    """Ask for a file and read the head of the answer."""
    attempt = _attempt(effect)
    try:
        async with asyncio.timeout(effect.timeout):
            response = await client.send(file_request(client, effect), stream=True)
    except TimeoutError:
        fault: Metrics24Error = attempt.timed_out()
    except HTTPX_ERRORS as error:
        fault = attempt.fault(error)
    else:
        return Opened(response.status_code, _headers(response), AsyncStream(response, attempt))
    raise fault


def _attempt(effect: Open) -> Attempt:
    return Attempt(effect.url.host, "the download", effect.timeout)


def _headers(response: httpx.Response) -> httpx.Headers:
    """The headers, without what storage repeats of the URL.

    Transports for tests may give answers that are read and unpacked already; then the headers must not say otherwise.
    """
    headers = httpx.Headers([(name, without_secrets(value)) for name, value in response.headers.raw])
    if response.is_stream_consumed and "content-encoding" in headers:
        del headers["content-encoding"]
        headers.pop("content-length", None)
    return headers
