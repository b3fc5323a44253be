"""The limit: a bare socket that knows how this very server spells its answers, and nothing else. It is of no other use.

Rows are counted by searching for their first key; files are made from page bytes by Arrow's JSON reader.
"""

from __future__ import annotations

import io
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from bench.job import NotMeasured, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    import pyarrow.parquet as pq

    from bench.job import Job

_LENGTH = re.compile(rb"Content-Length: (\d+)")
_NEXT = re.compile(rb'"endCursor":"(\w+)","hasNextPage":true')
_FIRST = re.compile(rb'"real_tx_id":"(\w+)"')
_AT_ONCE = 50  # pages; the server's rows recur after as many, so that these show every type


def bodies(job: Job) -> Iterator[bytes]:
    """Page by cursor."""
    address = urlsplit(job.url)
    fixed = f"GET {address.path}?{urlencode(job.params)}"
    rest = f" HTTP/1.1\r\nHost: {address.netloc}\r\nAPI-KEY: k\r\n\r\n"
    cursor, name = "", urlencode({job.cursor: ""})
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            connection.sendall(f"{fixed}{cursor}{rest}".encode())
            body = _response(connection)
            yield body
            following = _NEXT.search(body, len(body) - 200)
            if following is None:
                return
            cursor = f"&{name}{following[1].decode()}"


def _response(connection: socket.socket) -> bytes:
    start = connection.recv(1 << 18)
    head, _, body = start.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    if found is None:
        raise ValueError("the server's head is not as known")
    whole = bytearray(int(found[1]))
    whole[: len(body)] = body
    view, at = memoryview(whole), len(body)
    while at < len(whole):
        at += connection.recv_into(view[at:])
    return bytes(whole)


def lines(body: bytes) -> bytes:
    """A page as JSON Lines."""
    rows = body[body.index(b"[") + 1 : body.rindex(b'],"pageInfo"')]
    return rows.replace(b'},{"real_tx_id"', b'}\n{"real_tx_id"') + b"\n"


class Files:
    """JSON Lines or Parquet, some pages at once."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._parquet = path.suffix == ".parquet"
        self._pages: list[bytes] = []
        self._writer: pq.ParquetWriter | None = None

    def write(self, body: bytes) -> None:
        """Take a page."""
        self._pages.append(lines(body))
        if len(self._pages) == _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        text, self._pages = b"".join(self._pages), []
        if not self._parquet:
            self._file.write(text)
        elif text:
            self._write_parquet(text)

    def _write_parquet(self, text: bytes) -> None:
        import pyarrow.json  # noqa: PLC0415 - who counts only should not pay for it
        import pyarrow.parquet as pq  # noqa: PLC0415

        schema = self._writer.schema if self._writer else None
        parsing = pyarrow.json.ParseOptions(explicit_schema=schema)
        table: pa.Table = pyarrow.json.read_json(io.BytesIO(text), parse_options=parsing)
        self._writer = self._writer or pq.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        if self._writer:
            self._writer.close()
        self._file.close()


def run(job: Job) -> Result:
    """Count, or write files."""
    if job.work not in {"count", "jsonl", "parquet"}:
        raise NotMeasured("the limit makes no objects")
    path = Path(job.folder, f"{job.candidate}.{job.work}")
    files = None if job.work == "count" else Files(path)
    rows, read, first, last = 0, 0, b"", b""
    for body in bodies(job):
        rows += body.count(b'"real_tx_id"')
        read += len(body)
        found = None if first else _FIRST.search(body)
        first = found[1] if found else first
        last = body[body.rindex(b'"real_tx_id":"') + 14 :].partition(b'"')[0]
        if files:
            files.write(body)
    if files:
        files.close()
    written = (str(path),) if files else ()
    return Result(rows=rows, first=first.decode(), last=last.decode(), files=written, read=read)
