"""Read the rest of a large file straight from its connection.

httpcore's parser copies every byte three times and takes its time for each of many small reads. Where the length of a
body is known, nothing in it needs a parser. httpx hands out the connection for such uses (its extension
"network_stream"); such a connection is used for nothing afterwards.

Wall-clock deadlines and cancellation for synchronous requests.

httpx bounds each read, not the whole exchange: a server that drips a byte at a time holds a client for ever. Here
every read and write of a connection asks the exchange that its thread is in how much time is left.
"""

# ruff: noqa: ASYNC109 - the time limits are parameters of methods of httpcore

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore
import httpx

_LEAST = 1024 * 1024  # bytes left: for less, a connection that can be used again is worth more
_LONGEST_HEAD = 128 * 1024  # more than httpcore takes


class Metered:
    """A connection of our own.

    Attributes:
        received: bytes that came since the last request was sent over it.

    """

    received = 0


class RemainingBody:
    """What is left of a body, to be read from its connection.

    Attributes:
        left: how many bytes.

    """

    def __init__(self, left: int) -> None:
        self.left = left

    def took(self, data: bytes) -> bytes:
        """Count what came.

        Raises:
            httpx.RemoteProtocolError: nothing, though some is left.

        """
        if not data:
            raise httpx.RemoteProtocolError(f"the connection was closed with {self.left} bytes of the body missing")
        self.left -= len(data)
        return data


def rest_of(response: httpx.Response, first: bytes) -> RemainingBody | None:
    """What follows after the `first` bytes of a body; None where it must come through httpx.

    So it must where the connection is not one of ours, or where more came over it than the head and those bytes: then
    something in between has read ahead, or changes what it hands on.
    """
    network = response.extensions.get("network_stream")
    length = response.headers.get("content-length", "")
    if not isinstance(network, Metered) or "transfer-encoding" in response.headers or not length.isdecimal():
        return None
    left = int(length[:19]) - len(first)
    read_ahead = not 0 < network.received - len(first) <= _LONGEST_HEAD
    return None if read_ahead or left < _LEAST else RemainingBody(left)


def read(response: httpx.Response, rest: RemainingBody, most: int) -> bytes | None:
    """The next bytes of the rest, at most so many; None at its end."""
    try:
        network = response.extensions["network_stream"]
        return rest.took(network.read(min(rest.left, most))) if rest.left else None
    except (httpcore.TimeoutException, httpcore.NetworkError) as error:
        raise _as_httpx(error) from error


async def read_async(response: httpx.Response, rest: RemainingBody, most: int) -> bytes | None:
    """The next bytes of the rest, at most so many; None at its end."""
    try:
        network = response.extensions["network_stream"]
        return rest.took(await network.read(min(rest.left, most))) if rest.left else None
    except (httpcore.TimeoutException, httpcore.NetworkError) as error:
        raise _as_httpx(error) from error


def _as_httpx(error: Exception) -> httpx.TransportError:
    kind = httpx.ReadTimeout if isinstance(error, httpcore.TimeoutException) else httpx.ReadError
    return kind(str(error))


class _AsyncStream(httpcore.AsyncNetworkStream, Metered):
    """An asynchronous connection that is metered."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._inner.read(max_bytes, timeout)
        self.received += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.received = 0
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> _AsyncStream:
        return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    """Opens connections that are metered."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> _AsyncStream:
        return _AsyncStream(await self._inner.connect_tcp(host, port, timeout, local_address, socket_options))

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> _AsyncStream:
        return _AsyncStream(await self._inner.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def meter(client: httpx.AsyncClient) -> None:
    """Make the connections of the client's own transports metered; synchronous ones are where they keep deadlines."""
    wrap_backends(client, _AsyncBackend)


def wrap_backends(client: httpx.Client | httpx.AsyncClient, wrap: Callable[[Any], Any]) -> None:
    """Let the client's own transports, proxies included, open their connections by another backend.

    httpx has no public way to choose the network backend; the attributes used here are pinned by httpx<0.29 and by a
    test that drips.
    """
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport | httpx.AsyncHTTPTransport):
            pool: Any = transport._pool
            pool._network_backend = wrap(pool._network_backend)


class Exchange:
    """A request under way in one thread; another thread may abort it."""

    def __init__(self) -> None:
        self.aborted = threading.Event()
        self._deadline = float("inf")
        self._stream: httpcore.NetworkStream | None = None

    @contextlib.contextmanager
    def bounded(self, seconds: float) -> Iterator[None]:
        """Make this the thread's exchange, for `seconds` at most."""
        self._deadline = time.monotonic() + seconds
        _of_thread.exchange = self
        try:
            yield
        finally:
            _of_thread.exchange = None
            self._stream = None

    def remaining(self) -> float:
        """Seconds that are left.

        Raises:
            httpcore.ReadTimeout: none, or the exchange was aborted.

        """
        left = self._deadline - time.monotonic()
        if left <= 0 or self.aborted.is_set():
            raise httpcore.ReadTimeout("the time for the whole exchange is up")
        return left

    def watch(self, stream: httpcore.NetworkStream) -> None:
        """Remember the stream that the thread is about to wait for."""
        self._stream = stream

    def abort(self) -> None:
        """End the exchange now: wake the thread that waits, and let it do nothing more."""
        self.aborted.set()
        stream = self._stream
        sock = stream.get_extra_info("socket") if stream is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _OfThread(threading.local):
    exchange: Exchange | None = None


_of_thread = _OfThread()


def _seconds(timeout: float | None) -> float | None:
    exchange = _of_thread.exchange
    if exchange is None:
        return timeout
    left = exchange.remaining()
    return left if timeout is None else min(timeout, left)


def _seconds_to_connect(timeout: float | None) -> float | None:
    try:
        return _seconds(timeout)
    except httpcore.ReadTimeout as error:
        raise httpcore.ConnectTimeout(str(error)) from None


def _addresses(host: str, port: int) -> list[str]:
    """Every address of a host. The system's resolver has time limits of its own, which nothing here can shorten."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _Stream(httpcore.NetworkStream, Metered):
    """A connection whose waits end with the exchange that its thread is in."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._announce()
        data = self._inner.read(max_bytes, _seconds(timeout))
        self.received += len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._announce()
        self.received = 0
        self._inner.write(buffer, _seconds(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _seconds(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _announce(self) -> None:
        if _of_thread.exchange is not None:
            _of_thread.exchange.watch(self._inner)


class _Backend(httpcore.NetworkBackend):
    """Opens connections that keep the deadline."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> _Stream:
        """Try the host's addresses one after the other, all within the one time."""
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        started = time.monotonic()
        for address in _addresses(host, port):
            left = None if timeout is None else max(timeout - (time.monotonic() - started), 0.001)
            try:
                inner = self._inner.connect_tcp(address, port, _seconds_to_connect(left), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _Stream(inner)
        raise problem

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> _Stream:
        return _Stream(self._inner.connect_unix_socket(path, _seconds(timeout), socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


def keep_deadlines(client: httpx.Client) -> None:
    """Make the client's own transports, proxies included, keep the deadlines of exchanges."""
    wrap_backends(client, _Backend)
