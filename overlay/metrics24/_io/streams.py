"""Files being read from storage: opened without a credential, read block by block, closed by whoever opened them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import httpx

from metrics24._core.effects import Open, Opened
from metrics24._io.http import HTTPX_ERRORS, Attempt, file_request
from metrics24._io.network import Exchange, RemainingBody, read, read_async, rest_of
from metrics24._io.redaction import without_secrets
from metrics24.errors import Metrics24Error

BLOCK = 1024 * 1024
_LARGE = BLOCK // 2  # a piece that is given as it is; copying it to put more behind it would cost more than a block
_ALMOST = BLOCK * 15 // 16
_GATHERING = 0.25  # seconds in which to fill a block; a slow connection gives smaller ones, so that progress shows


class _BlockBuffer:
    """What has arrived and was not given yet, and how the stream ended after it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._until = 0.0
        self.problem: Metrics24Error | None = None
        self.ended = False

    def begin(self) -> None:
        """Begin to gather a block."""
        self._until = time.monotonic() + _GATHERING

    def add(self, data: bytes | None) -> None:
        """Add what arrived; None is the end."""
        if data is None:
            self.ended = True
        else:
            self._pieces.append(data)
            self._size += len(data)

    @property
    def is_enough(self) -> bool:
        """Whether nothing more will come, or what is there should be given first."""
        least = _LARGE if len(self._pieces) == 1 else _ALMOST
        if self.ended or self.problem is not None or self._size >= least:
            return True
        return self._size > 0 and time.monotonic() >= self._until

    @property
    def room(self) -> int:
        """How many bytes the block still has room for, at least one."""
        return max(1, BLOCK - self._size)

    def block(self) -> bytes:
        """The next bytes, nothing at the end.

        Raises:
            Metrics24Error: the stream broke off, and all that came before was given.

        """
        if self.problem is not None and not self._size:
            raise self.problem
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        rest = data[BLOCK:]
        self._pieces, self._size = [rest] if rest else [], len(rest)
        return data[:BLOCK]  # copies only where there is a rest


class Stream:
    """A file being read with blocking I/O."""

    def __init__(self, response: httpx.Response, attempt: Attempt) -> None:
        self._response, self._attempt = response, attempt
        self._chunks: Iterator[bytes] = iter([response.content]) if response.is_stream_consumed else response.iter_raw()
        self._arrived = _BlockBuffer()
        self._begun = False
        self._rest: RemainingBody | None = None

    def read(self, seconds: float, exchange: Exchange) -> bytes:
        """The next bytes, nothing at the end. What arrived before a fault is given before the fault."""
        self._arrived.begin()
        try:
            while not self._arrived.is_enough:
                with exchange.bounded(seconds):
                    data = self._next()
                self._arrived.add(data)
        except HTTPX_ERRORS as error:
            self._arrived.problem = self._attempt.fault(error)
        return self._arrived.block()

    def _next(self) -> bytes | None:
        if self._rest is not None:
            return read(self._response, self._rest, self._arrived.room)
        data = next(self._chunks, None)
        if data is not None and not self._begun:
            self._begun, self._rest = True, rest_of(self._response, data)
        return data

    def close(self) -> None:
        """Let the connection go."""
        self._response.close()


class AsyncStream:
    """A file being read on an event loop."""

    def __init__(self, response: httpx.Response, attempt: Attempt) -> None:
        self._response, self._attempt = response, attempt
        consumed = response.is_stream_consumed
        self._chunks: AsyncIterator[bytes] = _once(response.content) if consumed else response.aiter_raw()
        self._arrived = _BlockBuffer()
        self._begun = False
        self._rest: RemainingBody | None = None

    async def read(self, seconds: float) -> bytes:
        """The next bytes, nothing at the end. What arrived before a fault is given before the fault."""
        self._arrived.begin()
        try:
            while not self._arrived.is_enough:
                async with asyncio.timeout(seconds):
                    data = await self._next()
                self._arrived.add(data)
        except TimeoutError:
            self._arrived.problem = self._attempt.timed_out()
        except HTTPX_ERRORS as error:
            self._arrived.problem = self._attempt.fault(error)
        return self._arrived.block()

    async def _next(self) -> bytes | None:
        if self._rest is not None:
            return await read_async(self._response, self._rest, self._arrived.room)
        data = await anext(self._chunks, None)
        if data is not None and not self._begun:
            self._begun, self._rest = True, rest_of(self._response, data)
        return data

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
