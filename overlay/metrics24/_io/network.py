"""Connections that keep wall-clock deadlines, on httpcore's public network interface.

httpcore bounds each read, not the whole exchange: a server that drips a byte at a time holds a client for ever. Here
every wait of a connection is bounded by the time that is left to its thread's exchange. Asynchronous connections need
no such bound, since asyncio can cancel them.

Both kinds count the bytes that they receive, so that the rest of a large file can be read straight from its connection:
httpcore's parser copies every byte three times, and a body whose length is known needs no parser.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpcore

NETWORK_ERRORS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.RemoteProtocolError)
_KEEP_ALIVE = 5.0  # seconds that a connection may idle before it is closed
_LEAST_REST = 1024 * 1024  # bytes; for a shorter rest, a connection that can be used again is worth more
_LONGEST_HEAD = 128 * 1024  # more than httpcore accepts


class Exchange:
    """A request under way in one thread; another thread may abort it."""

    def __init__(self) -> None:
        self.aborted = threading.Event()
        self._deadline = float("inf")
        self._stream: httpcore.NetworkStream | None = None

    @contextmanager
    def bounded(self, seconds: float) -> Iterator[None]:
        """Make this the exchange of the current thread, for `seconds` at most."""
        self._deadline = time.monotonic() + seconds
        _current.exchange = self
        try:
            yield
        finally:
            del _current.exchange
            self._stream = None

    def seconds_to_wait(self, stream: httpcore.NetworkStream | None, timeout: float | None) -> float | None:
        """Return how long the thread may wait for `stream` now: `timeout`, or what is left of the exchange.

        Raises:
            httpcore.ReadTimeout: nothing is left, or the exchange was aborted.

        """
        self._stream = stream  # first: abort() marks the exchange, then wakes the stream that it finds here
        left = self._deadline - time.monotonic()
        if left <= 0 or self.aborted.is_set():
            raise httpcore.ReadTimeout("the time for the whole exchange is up")
        return left if timeout is None else min(timeout, left)

    def seconds_to_connect(self, timeout: float | None) -> float | None:
        """Do the same as `seconds_to_wait` while nothing was sent, with an error that says so.

        Raises:
            httpcore.ConnectTimeout: nothing is left, or the exchange was aborted.

        """
        try:
            return self.seconds_to_wait(None, timeout)
        except httpcore.ReadTimeout as error:
            raise httpcore.ConnectTimeout(str(error)) from None

    def abort(self) -> None:
        """End the exchange now: wake the thread that waits, and let it do nothing more."""
        self.aborted.set()
        stream = self._stream
        sock = stream.get_extra_info("socket") if stream is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Unbounded(Exchange):
    """The exchange of a thread that is in no other; it ends no wait."""

    def seconds_to_wait(self, _: httpcore.NetworkStream | None, timeout: float | None) -> float | None:
        return timeout


class _OfThread(threading.local):
    exchange: Exchange = _Unbounded()


_current = _OfThread()


class Metered:
    """A connection that counts the bytes it receives.

    Attributes:
        received: the number of bytes that have arrived since the last request was sent.

    """

    received = 0


class MeteredStream(httpcore.NetworkStream, Metered):
    """A connection whose waits end with the exchange of its thread."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, _current.exchange.seconds_to_wait(self._inner, timeout))
        self.received += len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.received = 0
        self._inner.write(buffer, _current.exchange.seconds_to_wait(self._inner, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> MeteredStream:
        seconds = _current.exchange.seconds_to_connect(timeout)
        return MeteredStream(self._inner.start_tls(ssl_context, server_hostname, seconds))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections that keep the deadlines of exchanges."""

    def __init__(self, inner: httpcore.NetworkBackend | None = None) -> None:
        self._inner = inner or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> MeteredStream:
        """Try the host's addresses one after the other, all within the timeout."""
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        started = time.monotonic()
        for address in _addresses(host, port):
            left = None if timeout is None else max(timeout - (time.monotonic() - started), 0.001)
            seconds = _current.exchange.seconds_to_connect(left)
            try:
                return MeteredStream(self._inner.connect_tcp(address, port, seconds, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem


def _addresses(host: str, port: int) -> list[str]:
    """Return every address of a host. Nothing can shorten the time limits of the system's resolver."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class AsyncMeteredStream(httpcore.AsyncNetworkStream, Metered):
    """A connection of an event loop."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as httpcore calls it
        data = await self._inner.read(max_bytes, timeout)
        self.received += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self.received = 0
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> AsyncMeteredStream:
        return AsyncMeteredStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class AsyncMeteredBackend(httpcore.AsyncNetworkBackend):
    """Opens connections on the running event loop."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncMeteredStream:
        inner = await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return AsyncMeteredStream(inner)


def open_pool(context: ssl.SSLContext, connections: int, proxy: httpcore.Proxy | None) -> httpcore.ConnectionPool:
    """Make a pool of connections that keep the deadlines of exchanges."""
    return httpcore.ConnectionPool(
        ssl_context=context,
        proxy=proxy,
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=_KEEP_ALIVE,
        network_backend=DeadlineBackend(),
    )


def open_async_pool(
    context: ssl.SSLContext, connections: int, proxy: httpcore.Proxy | None
) -> httpcore.AsyncConnectionPool:
    """Make a pool of connections for one event loop."""
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        proxy=proxy,
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=_KEEP_ALIVE,
        network_backend=AsyncMeteredBackend(),
    )


class RemainingBody:
    """The rest of a body, read straight from its connection, which cannot be used again afterwards."""

    def __init__(self, connection: Any, left: int) -> None:
        self._connection, self._left = connection, left

    def read(self, most: int) -> bytes | None:
        """Return the next bytes, `most` at most; None at the end.

        Raises:
            httpcore.RemoteProtocolError: the connection ended before the body did.

        """
        return self._count(self._connection.read(min(self._left, most))) if self._left else None

    async def read_async(self, most: int) -> bytes | None:
        """Do the same as `read` on an event loop."""
        return self._count(await self._connection.read(min(self._left, most))) if self._left else None

    def _count(self, data: bytes) -> bytes:
        if not data:
            raise httpcore.RemoteProtocolError(f"the connection was closed with {self._left} bytes of the body missing")
        self._left -= len(data)
        return data


def remaining_body(connection: object, headers: Mapping[str, str], first: bytes) -> RemainingBody | None:
    """Return the rest of a body after its `first` bytes; None if it must come through httpcore's parser.

    It must if the connection is not one of ours, or if more came over it than the head and those bytes: then
    something in between has read ahead, or changes the bytes.
    """
    length = headers.get("content-length", "")
    if not isinstance(connection, Metered) or "transfer-encoding" in headers or not length.isdecimal():
        return None
    left = int(length[:19]) - len(first)
    read_ahead = not 0 < connection.received - len(first) <= _LONGEST_HEAD
    return None if read_ahead or left < _LEAST_REST else RemainingBody(connection, left)
