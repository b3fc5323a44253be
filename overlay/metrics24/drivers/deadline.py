"""Wall-clock deadlines and cancellation for synchronous requests.

httpx bounds each read, not the whole exchange: a server that drips a byte at a time holds a client for ever. Here
every read and write of a connection asks the exchange that its thread is in how much time is left.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from metrics24.drivers.direct import Metered, wrap_backends


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
