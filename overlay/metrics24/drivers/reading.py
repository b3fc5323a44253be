"""Read more at once where much arrives: a connection asks for more after each read that it filled.

httpcore asks for 64 KiB at a time. A large file costs half the work in pieces of 1 MiB; for small answers it would
only cost memory that is never filled, so that each request begins small.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

MOST = 1024 * 1024


class Appetite:
    """How many bytes a connection asks for at once."""

    def __init__(self) -> None:
        self._bytes = 0

    def begin(self) -> None:
        """Begin small, since a request is being sent."""
        self._bytes = 0

    def of(self, max_bytes: int) -> int:
        """How many bytes to ask for where httpcore would ask for `max_bytes`."""
        return max(max_bytes, self._bytes)

    def fed(self, asked: int, arrived: int) -> None:
        """Learn how many bytes arrived of those that were asked for."""
        if arrived == asked:
            self._bytes = min(2 * asked, MOST)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection with an appetite."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner, self._appetite = inner, Appetite()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        asked = self._appetite.of(max_bytes)
        data = await self._inner.read(asked, timeout)
        self._appetite.fed(asked, len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._appetite.begin()
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens connections with an appetite."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> _Stream:
        return _Stream(await self._inner.connect_tcp(host, port, timeout, local_address, socket_options))

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> _Stream:
        return _Stream(await self._inner.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def read_much(client: httpx.AsyncClient) -> None:
    """Give the client's own connections, through proxies included, an appetite.

    httpx has no public way to choose the network backend; the attributes used here are pinned by httpx<0.29.
    """
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.AsyncHTTPTransport):
            pool = transport._pool
            pool._network_backend = _Backend(pool._network_backend)
