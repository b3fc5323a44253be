"""A raw HTTP/1.1 server on loopback that answers each request as a script says, however badly."""

import os
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs


@attrs.frozen
class Received:
    """One request as it arrived: query pairs decoded and in order, header names in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str] = attrs.field(repr=False)  # they hold the credential, and tests print their locals
    body: bytes

    def parameter(self, name: str) -> str | None:
        """Give the value of a query parameter, None where it was not sent."""
        return dict(self.query).get(name)


class Exchange:
    """The connection on which a request came, as a step may use it."""

    def __init__(self, request: Received, handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        self.request = request
        self._handler = handler
        self._closing = closing

    def send(self, data: bytes) -> None:
        """Send these bytes as they are."""
        self._handler.wfile.write(data)

    def hang_up(self) -> None:
        """Close the connection in an orderly way once the step returns."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """Abort the connection, so that the peer sees a reset and no orderly end."""
        self.hang_up()
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self._handler.connection.detach())  # close() alone would wait for the handler's file objects

    def wait_for_peer(self) -> None:
        """Block until the peer, or the server's end, closes the connection."""
        self.hang_up()
        while self._handler.connection.recv(1024):
            pass

    def pause(self, seconds: float) -> bool:
        """Wait between two drips; False once the server is being closed."""
        return not self._closing.wait(seconds)


Step = Callable[[Exchange], None]
Script = Callable[[Received], Step]


def in_turn(*steps: Step) -> Script:
    """Answer with these steps one after the other; the last one answers whatever else comes."""
    lock = threading.Lock()
    left = list(steps)

    def script(_: Received) -> Step:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return script


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Listener"

    def _serve(self) -> None:
        self.server.answer(self._received(), self)

    def _received(self) -> Received:
        target = urlsplit(self.path)
        return Received(
            method=self.command,
            path=unquote(target.path),
            query=tuple(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length", 0))),
        )

    do_GET = do_POST = do_PATCH = do_DELETE = do_CONNECT = _serve  # noqa: N815 - the names that the base class looks up

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests read `requests` instead."""


class _Listener(ThreadingMixIn, TCPServer):
    daemon_threads = False  # joined on close, so that no thread outlives its test
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, script: Script, tls: ssl.SSLContext | None) -> None:
        self.script = script
        self.requests: list[Received] = []
        self.connections = 0
        self.failures: list[BaseException] = []
        self.closing = threading.Event()
        self._tls = tls
        self._open: set[Any] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def answer(self, request: Received, handler: _Handler) -> None:
        with self._lock:
            self.requests.append(request)
        self.script(request)(Exchange(request, handler, self.closing))

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:  # the handshake waits for the first read, which happens in the handler's thread
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self.connections += 1
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):  # a peer that went away is part of many scripts
            self.failures.append(error)

    def hang_up_all(self) -> None:
        self.closing.set()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # reset by its script, or closed by the peer


class ScriptedServer:
    """The server, as a context manager; a failure inside its script is raised when it closes."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self._listener = _Listener(script, tls)
        self._scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.005})

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.server_address[1])

    @property
    def base_url(self) -> str:
        """The origin to give to a client."""
        host = "localhost" if self._scheme == "https" else "127.0.0.1"
        return f"{self._scheme}://{host}:{self.port}"

    @property
    def requests(self) -> list[Received]:
        """Every request so far, in order of arrival."""
        return list(self._listener.requests)

    @property
    def hits(self) -> int:
        """The number of requests that arrived."""
        return len(self._listener.requests)

    @property
    def connections(self) -> int:
        """The number of connections that were accepted, those that never sent a request included."""
        return self._listener.connections

    def close(self) -> None:
        """Stop listening, end every connection, join every thread."""
        self._listener.shutdown()
        self._listener.hang_up_all()
        self._listener.server_close()
        self._thread.join()
        if self._listener.failures:
            raise self._listener.failures[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


Serve = Callable[..., ScriptedServer]
"""Starts scripted servers that are closed after the clients of the same test."""
