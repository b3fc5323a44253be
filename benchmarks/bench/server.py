"""A server that is not the bottleneck: prints its address, and serves tables and one export until it is ended.

How many pages a table has, and after how many milliseconds it answers, stands in the integration's name. The rows are
spread evenly over ten days, so that a day can be asked for by itself. Arguments: the file and the rows of an export.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from bench.job import DAYS, FIRST_DAY, LAST_DAY
from bench.pages import EMPTY, Template, blocks
from metrics24_api.operation_table import OPERATIONS

_TABLE = re.compile(rb"=bench-(\d+)-(\d+)[& ]")
_CURSOR = re.compile(rb"=(\d{8})\d\d[0-9A-Z]{16}[& ]")
_RANGE = re.compile(rb"=(\d{4}-\d\d-\d\d)")
_EXPORT = re.compile(rb"[/=](small|large)\b")
_FILE = b"/storage/"
_SMALL = b"real_tx_id\r\n1\r\n"


def path_of(operation: str) -> re.Pattern[bytes]:
    """A pattern of an operation's path."""
    return re.compile(re.sub(r"\{[^{}]*\}", "[^/ ?]+", OPERATIONS[operation].path).encode())


def day_of(number: int, pages: int) -> int:
    """The day of a page, 0 being the last one, since newer rows come first."""
    return next(day for day in range(DAYS) if number < (day + 1) * pages // DAYS)


class Server:
    """One thread per connection."""

    def __init__(self, file: Path | None = None, rows: int = 0) -> None:
        self._templates = [Template(rows) for rows in blocks()]
        self._file, self._rows = file, rows
        self._last = date.fromisoformat(LAST_DAY)
        self._one, self._url = path_of("getExport"), path_of("getExportUrl")
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        """Serve for good."""
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = b""
        with connection, suppress(OSError):
            while data := connection.recv(65536):
                head += data
                if head.endswith(b"\r\n\r\n"):
                    target = head.split(b" ", 2)[1] + b" "
                    head = b""
                    self._response(connection, target)

    def _response(self, connection: socket.socket, target: bytes) -> None:
        table = _TABLE.search(target)
        if table:
            if latency := int(table[2]):
                time.sleep(latency / 1000)
            connection.sendall(whole(self._page(int(table[1]), target)))
        elif target.startswith(_FILE):
            self._send_file(connection, target)
        elif self._url.match(target):
            url = f"{self.base_url}{_FILE.decode()}{_EXPORT.findall(target)[-1].decode()}.csv?X-Signature=1"
            connection.sendall(whole(json.dumps({"url": url}).encode()))
        elif self._one.match(target):
            name = _EXPORT.findall(target)[-1].decode()
            connection.sendall(whole(json.dumps(self._export(name)).encode()))
        else:
            connection.sendall(whole(b"{}", status="404 Not Found"))

    def _page(self, pages: int, target: bytes) -> bytes | bytearray:
        days = sorted(found.decode() for found in _RANGE.findall(target)) or [FIRST_DAY, LAST_DAY]
        newest, oldest = ((self._last - date.fromisoformat(day)).days for day in (days[-1], days[0]))
        begin, end = max(newest, 0) * pages // DAYS, min(oldest + 1, DAYS) * pages // DAYS
        cursor = _CURSOR.search(target)
        number = int(cursor[1]) + 1 if cursor else begin
        if number >= end:
            return EMPTY
        day = (self._last - timedelta(days=day_of(number, pages))).isoformat()
        return self._templates[number % len(self._templates)].filled(number, day, more=number + 1 < end)

    def _export(self, name: str) -> dict[str, object]:
        return {
            "id": name,
            "integration": "acmeshop01",
            "organization": "acmegroup1",
            "type": "click_logs",
            "status": "COMPLETED",
            "artifact_name": f"{name}.csv",
            "results_meta": {"total": self._rows if name == "large" else 1},
        }

    def _send_file(self, connection: socket.socket, target: bytes) -> None:
        if self._file is None or b"small" in target:
            connection.sendall(whole(_SMALL, kind="text/csv"))
            return
        with self._file.open("rb") as file:
            size = self._file.stat().st_size
            head = f'HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nETag: "v1"\r\nContent-Length: {size}\r\n\r\n'
            connection.sendall(head.encode())
            connection.sendfile(file)


def whole(body: bytes | bytearray, *, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A response, head and body, in one piece."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def main(file: str = "", rows: str = "0") -> None:
    """Serve until the process is ended."""
    server = Server(Path(file) if file else None, int(rows))
    print(server.base_url, flush=True)
    server.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
