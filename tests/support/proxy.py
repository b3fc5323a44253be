"""A small proxy on loopback: it opens tunnels (CONNECT), passes plain requests on, and keeps what it could read."""

import contextlib
import selectors
import socket
import threading
from base64 import b64encode
from socketserver import BaseRequestHandler, TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_LOCKED = b'HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm="p"\r\nContent-Length: 0\r\n\r\n'


class _Handler(BaseRequestHandler):
    server: "_Listener"

    def handle(self) -> None:
        head = self._head()
        if not head:
            return
        self.server.heads.append(head.decode("latin-1"))
        method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
        if self.server.password.encode() not in head:
            self.request.sendall(_LOCKED)
            return
        origin = urlsplit(f"//{target}" if method == "CONNECT" else target)
        with socket.create_connection((origin.hostname or "", origin.port or 80)) as upstream:
            self.server.opened(upstream)
            if method == "CONNECT":
                self.request.sendall(_ESTABLISHED)
            else:
                upstream.sendall(head)
            self._relay(upstream)

    def _head(self) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = self.request.recv(65536)
            if not data:
                return b""
            head += data
        self.server.carried.append(head)
        return head

    def _relay(self, upstream: socket.socket) -> None:
        ends = {self.request: upstream, upstream: self.request}
        with selectors.DefaultSelector() as ready:
            for end in ends:
                ready.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    source: Any = key.fileobj
                    data = source.recv(65536)
                    if not data:
                        return
                    self.server.carried.append(data)
                    ends[source].sendall(data)


class _Listener(ThreadingMixIn, TCPServer):
    daemon_threads = False  # joined on close, so that no thread outlives its test
    allow_reuse_address = True

    def __init__(self, password: str) -> None:
        self.password = password
        self.heads: list[str] = []
        self.carried: list[bytes] = []
        self._sockets: list[socket.socket] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def opened(self, connection: socket.socket) -> None:
        self._sockets.append(connection)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.opened(connection)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of peers that went away."""

    def hang_up_all(self) -> None:
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Proxy:
    """The proxy, as a context manager; with `user` it serves only those who log in."""

    def __init__(self, user: str = "", password: str = "") -> None:
        login = f"{user}:{password}"
        self._listener = _Listener(b64encode(login.encode()).decode() if user else "")
        self._login = f"{login}@" if user else ""
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """The proxy's URL."""
        return f"http://{self._login}127.0.0.1:{self._listener.server_address[1]}"

    @property
    def asked(self) -> list[str]:
        """The first line of every request to the proxy."""
        return [head.partition("\r\n")[0] for head in self._listener.heads]

    @property
    def carried(self) -> bytes:
        """Every byte that the proxy could read, in both directions."""
        return b"".join(self._listener.carried)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._listener.hang_up_all()
        self._listener.server_close()
        self._thread.join()
