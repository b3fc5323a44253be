"""Streams of downloads: opened without a credential, read block by block, closed by the flow that opened them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from metrics24._core.effects import Open, Opened
from metrics24._io.http import HTTP_ERRORS, Attempt, async_chunks, chunks, file_headers, file_request
from metrics24._io.network import Exchange, RemainingBody, remaining_body
from metrics24.errors import Metrics24Error

if TYPE_CHECKING:
    import httpx

BLOCK = 1024 * 1024
_LARGE = BLOCK // 2  # a piece this large is passed on as it is: copying it to add more would cost more than a block
_ALMOST = BLOCK * 15 // 16
_GATHERING = 0.25  # seconds in which to fill a block; a slow connection gives smaller ones, so that progress shows


class _BlockBuffer:
    """Bytes that have arrived and were not passed on yet, and the end of the stream after them."""

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
        """Add bytes that arrived; None is the end."""
        if data is None:
            self.ended = True
        else:
            self._pieces.append(data)
            self._size += len(data)

    @property
    def is_enough(self) -> bool:
        """True if nothing more will come, or the bytes at hand should be passed on now."""
        least = _LARGE if len(self._pieces) == 1 else _ALMOST
        if self.ended or self.problem is not None or self._size >= least:
            return True
        return self._size > 0 and time.monotonic() >= self._until

    @property
    def room(self) -> int:
        """The number of bytes that the block still has room for, at least one."""
        return max(1, BLOCK - self._size)

    def block(self) -> bytes:
        """Return the next bytes, none at the end.

        Raises:
            Metrics24Error: the stream broke off, and all bytes before that were passed on.

        """
        if self.problem is not None and not self._size:
            raise self.problem
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        rest = data[BLOCK:]
        self._pieces, self._size = [rest] if rest else [], len(rest)
        return data[:BLOCK]  # copies only where there is a rest


class _FileStream:
    """The state of a file being read, for both drivers."""

    _rest: RemainingBody | None = None
    _begun = False

    def __init__(self, response: httpx.Response, attempt: Attempt) -> None:
        self._response, self._attempt = response, attempt
        self._buffer = _BlockBuffer()

    def _arrived(self, data: bytes | None) -> bytes | None:
        """After the first bytes, find out if the rest can be read straight from the connection."""
        if data is not None and not self._begun:
            self._begun = True
            connection = self._response.extensions.get("network_stream")
            self._rest = remaining_body(connection, self._response.headers, data)
        return data


class Stream(_FileStream):
    """A file that is being read with blocking I/O."""

    def __init__(self, response: httpx.Response, attempt: Attempt) -> None:
        super().__init__(response, attempt)
        self._chunks: Iterator[bytes] = chunks(response)

    def read(self, seconds: float, exchange: Exchange) -> bytes:
        """Return the next bytes, none at the end. Bytes that arrived before a fault come before the fault."""
        self._buffer.begin()
        try:
            while not self._buffer.is_enough:
                with exchange.bounded(seconds):
                    self._buffer.add(self._next())
        except HTTP_ERRORS as error:
            self._buffer.problem = self._attempt.fault(error)
        return self._buffer.block()

    def _next(self) -> bytes | None:
        if self._rest is not None:
            return self._rest.read(self._buffer.room)
        return self._arrived(next(self._chunks, None))

    def close(self) -> None:
        """Release the connection."""
        self._response.close()


class AsyncStream(_FileStream):
    """A file that is being read on an event loop."""

    def __init__(self, response: httpx.Response, attempt: Attempt) -> None:
        super().__init__(response, attempt)
        self._chunks: AsyncIterator[bytes] = async_chunks(response)

    async def read(self, seconds: float) -> bytes:
        """Return the next bytes, none at the end. Bytes that arrived before a fault come before the fault."""
        self._buffer.begin()
        try:
            while not self._buffer.is_enough:
                async with asyncio.timeout(seconds):
                    self._buffer.add(await self._next())
        except TimeoutError:
            self._buffer.problem = self._attempt.timed_out()
        except HTTP_ERRORS as error:
            self._buffer.problem = self._attempt.fault(error)
        return self._buffer.block()

    async def _next(self) -> bytes | None:
        if self._rest is not None:
            return await self._rest.read_async(self._buffer.room)
        return self._arrived(await anext(self._chunks, None))

    async def close(self) -> None:
        """Release the connection."""
        await self._response.aclose()


def open_stream(transport: httpx.BaseTransport, effect: Open, exchange: Exchange) -> Opened:
    """Request a file and read the head of the response."""
    attempt = Attempt(effect.url.host, "the download", effect.timeout)
    try:
        with exchange.bounded(effect.timeout):
            response = transport.handle_request(file_request(effect))
    except HTTP_ERRORS as error:
        fault = attempt.fault(error)
    else:
        return Opened(response.status_code, file_headers(response), Stream(response, attempt))
    raise fault


async def open_async_stream(transport: httpx.AsyncBaseTransport, effect: Open) -> Opened:
    """Request a file and read the head of the response."""
    attempt = Attempt(effect.url.host, "the download", effect.timeout)
    try:
        async with asyncio.timeout(effect.timeout):
            response = await transport.handle_async_request(file_request(effect))
    except TimeoutError:
        fault: Metrics24Error = attempt.timed_out()
    except HTTP_ERRORS as error:
        fault = attempt.fault(error)
    else:
        return Opened(response.status_code, file_headers(response), AsyncStream(response, attempt))
    raise fault
