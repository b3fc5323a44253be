"""Serving ASGI applications on sockets of their own, in one background thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Scope

_START = 10.0
_LAST_PORT = 65_535


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. OSError if the address is taken, ValueError if it is no port."""
    if not 0 <= port <= _LAST_PORT:
        raise ValueError(f"a port is 0 to {_LAST_PORT}, not {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def origin(listener: socket.socket) -> str:
    """The URL under which a socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class BackgroundServers:
    """Applications that are served, each on its own socket, from `start` to `stop`."""

    def __init__(self) -> None:
        self._servers: dict[socket.socket, uvicorn.Server] = {}
        self._thread = threading.Thread(target=self._run, name="metrics24-sandbox", daemon=True)
        self._started: Future[asyncio.AbstractEventLoop] = Future()

    def start(self, served: Mapping[socket.socket, ASGIApp]) -> None:
        """Begin to serve. The sockets listen already, so that requests are answered from now on."""
        self._servers = {listener: uvicorn.Server(_config(app)) for listener, app in served.items()}
        self._thread.start()
        self._loop = self._started.result(_START)

    def stop(self) -> None:
        """Drop all connections and stop; returns once the thread has ended."""
        self._loop.call_soon_threadsafe(self._drop_everything)
        self._thread.join()

    def call(self, function: Callable[[], None]) -> None:
        """Have a function called between two steps of the applications, in their thread, and wait for it."""

        async def step() -> None:
            function()

        asyncio.run_coroutine_threadsafe(step(), self._loop).result(_START)

    def connection(self, scope: Scope) -> asyncio.Transport:
        """The connection that a request came in on."""
        for server in self._servers.values():
            for protocol in server.server_state.connections:
                if isinstance(protocol, H11Protocol) and protocol.client == scope["client"]:
                    return protocol.transport
        raise ConnectionError("the connection is gone")

    def _drop_everything(self) -> None:
        for server in self._servers.values():
            server.should_exit = server.force_exit = True
            for protocol in list(server.server_state.connections):
                protocol.transport.abort()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._started.set_result(asyncio.get_running_loop())
        await asyncio.gather(*[server.serve([listener]) for listener, server in self._servers.items()])


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        lifespan="off",
        proxy_headers=False,
        log_config=None,
        # Connections that break on purpose are no news; real errors are logged by the applications.
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        http="h11",
        ws="none",
        loop="asyncio",
    )
