"""Download an export's file from its signed URL: resume it where it broke off, and check that it is whole.

The signed URL is requested when it is needed, and again when storage no longer accepts it. Storage never sees a
credential of the API. A body that is not the file (an error, a web page, an encoding that was not requested) is
refused. The bodies of storage's errors are not kept, since they repeat the signed request.
"""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from attrs import frozen

from metrics24._core.effects import Close, Flow, Now, Open, Opened, RawResponse, Read, SignedUrl, Sleep, ask
from metrics24._core.requests import Routes, build
from metrics24._core.responses import failure, read_single
from metrics24._core.retry import Policy, send
from metrics24.errors import (
    IntegrityError,
    Metrics24Error,
    ResponseError,
    SecurityError,
    StatusError,
    TransportError,
    TruncatedExportWarning,
    warn,
)

_log = logging.getLogger("metrics24")

_STALE_URL = frozenset({400, 401, 403, 404, 410})
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_MOST_FRUITLESS = 5
_MOST_REFUSALS = 2
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)")
_STRONG_ETAG = re.compile(r'"[!#-~]{0,1000}"')  # what cannot be sent back as a header is of no use
_ERROR_HEAD = 4096
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_PAGE = "Storage sent a web page instead of the file. It was not saved; try again later."
_STEP = 1024 * 1024
_GZIP = 31  # zlib's window bits for "gzip, with its header and checksum"


# Storage


def request_url(artifact_name: str, policy: Policy, routes: Routes) -> Flow[str]:
    """Request a file's signed URL (documentation: "Get Download Center Export URL")."""
    response = yield from send(build("getExportUrl", routes, artifact_name=artifact_name), policy)
    url = read_single(response, "getExportUrl", policy.notices).get("url")
    if not isinstance(url, str) or not url:
        raise ResponseError(
            "The response to getExportUrl holds no URL. The API has changed, and the spec must follow.",
            operation="getExportUrl",
            path="$.url",
        )
    return url


@frozen
class ContentRange:
    """The first byte and the size of the whole file, as a Content-Range gives them; None where it does not."""

    first: int | None
    size: int | None

    @classmethod
    def read(cls, opened: Opened) -> ContentRange:
        """Read the Content-Range of a response."""
        found = _CONTENT_RANGE.fullmatch(opened.headers.get("content-range", "").strip())
        if found is None:
            return cls(None, None)
        return cls(int(found[1]) if found[1] else None, int(found[2]) if found[2] != "*" else None)

    @property
    def begins_file(self) -> bool:
        """True if the part begins where the file does, and says how large the file is."""
        return self.first == 0 and self.size is not None


def length_of(opened: Opened) -> int | None:
    """Return the announced length of a response."""
    length = opened.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 19 else None


def strong_etag(etag: str) -> str:
    """Return the ETag if it is strong, so that it vouches for every byte, and can be sent back; else empty text."""
    return etag if _STRONG_ETAG.fullmatch(etag) else ""


def is_packed(opened: Opened) -> bool:
    """Return True if the file comes as gzip, as it does if it is stored that way.

    Raises:
        IntegrityError: it comes in another encoding, or is a web page.

    """
    kind = opened.headers.get("content-type", "").lower()
    if "html" in kind or "xml" in kind:
        raise IntegrityError(_PAGE)
    coding = opened.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "", "gzip", "x-gzip"}:
        raise IntegrityError("Storage sent the file in an encoding that was not requested, so it was not saved.")
    return "gzip" in coding


def refuse_page(beginning: bytes) -> bool:
    """Refuse a file that begins like HTML or XML, as no column's name does; return True if any text has come.

    Raises:
        IntegrityError: it is a web page.

    """
    text = beginning.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        raise IntegrityError(_PAGE)
    return bool(text)


def error_code(body: bytes) -> str:
    """Return the code of a storage error from its XML; empty if there is none."""
    found = _CODE.search(body[:_ERROR_HEAD])
    return found[1].decode() if found else ""


def refusal(opened: Opened, code: str, now: datetime) -> Metrics24Error:
    """Return the error for a response that holds no file."""
    status = opened.status_code
    if 300 <= status < 400:
        return SecurityError("Storage redirected the download, which was not followed. Report that to support.")
    error = failure(RawResponse(status, opened.headers, b""), "the download", now)
    if not isinstance(error, StatusError):
        return IntegrityError(f"Storage responded with status {status} instead of the file. Try again later.")
    reason = f" ({code})" if code else ""
    error.args = (
        f"Storage responded to the download with status {status}{reason}. Exports are kept for a while only: see with "
        "exports.get(id) if this one is still there, and try again later.",
    )
    return error


# Unpacking and integrity


class Gzip:
    """A gzip stream of one or more members."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP)

    @property
    def complete(self) -> bool:
        """True if the stream has come to its end."""
        return self._inflate.eof

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Unpack the next bytes and yield them in pieces of 1 MiB at most.

        Raises:
            IntegrityError: they are not gzip, or damaged.

        """
        try:
            while True:
                if self._inflate.eof and data:
                    self._inflate = zlib.decompressobj(_GZIP)
                piece = self._inflate.decompress(data, _STEP)
                if piece:
                    yield piece
                data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
                if not data and (self._inflate.eof or len(piece) < _STEP):
                    return
        except zlib.error:
            raise IntegrityError("The file arrived damaged: it cannot be unpacked. Try again later.") from None


_REMEDY = (
    "What has arrived, if anything, is kept in the .part beside the target: delete that to fetch the whole file again, "
    "or accept it as it is with verify=False (--no-verify)."
)


class RowCounter(Protocol):
    """The counts that were taken while a file arrived."""

    @property
    def records(self) -> int:
        """The number of records, without the header."""

    open_quote: bool
    ended: bool


def rows_promised(export: Mapping[str, Any]) -> int | None:
    """Return the number of rows that the server promised; None if it gives no sensible number."""
    meta = export.get("results_meta")
    total = meta.get("total") if isinstance(meta, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None


def check_whole(counted: RowCounter, export: Mapping[str, Any]) -> None:
    """Check a file against the number of rows that the server promised.

    Raises:
        IntegrityError: it ends in the middle of a line, or has another number of rows.

    """
    identity, promised = export.get("id"), rows_promised(export)
    if counted.open_quote or not counted.ended:
        raise IntegrityError(
            f"The file of export {identity} ends in the middle of a line, as if it was cut off. {_REMEDY}"
        )
    if promised is not None and counted.records != promised:
        raise IntegrityError(
            f"The file of export {identity} has {counted.records} rows, and the server says {promised}. {_REMEDY}"
        )


def warn_if_cut(rows: int, export: Mapping[str, Any], limit: int) -> None:
    """Warn if an export has as many rows as the server lets one have: there may have been more."""
    if rows >= limit:
        warn(
            f"The export {export.get('id')} has {rows} rows, which is the most that one may have: the server will have "
            "left out the rest. Request fewer days at once; exports.plan(...) says how to split them.",
            TruncatedExportWarning,
        )


# The download


@frozen
class Block:
    """Bytes of the file and their offset. A block at 0 after others means that the file starts over.

    A block is empty only if the file became empty meanwhile.
    """

    offset: int
    data: bytes


class Download:
    """One download, block by block; it may begin at an `offset` of the file that has this `etag`.

    A download that cannot rewind, because the reader has consumed its blocks, survives a restart only if the file is
    surely the same; then it goes on where it broke off.
    """

    def __init__(
        self,
        artifact_name: str,
        policy: Policy,
        routes: Routes,
        *,
        offset: int = 0,
        etag: str = "",
        rewinds: bool = True,
    ) -> None:
        self._name, self._policy, self._routes, self._rewinds = artifact_name, policy, routes, rewinds
        self._etag = strong_etag(etag)
        self.size: int | None = None
        self._position = self._furthest = offset
        self._url: SignedUrl | None = None
        self._stream: Any = None
        self._gzip: Gzip | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._fruitless = self._refusals = 0
        self._ended = False
        self._begun = offset > 0

    @property
    def etag(self) -> str:
        """The ETag of the file that the last block belongs to; empty if no download could resume there.

        A compressed file cannot be resumed: storage counts the compressed bytes.
        """
        return "" if self._gzip else self._etag

    def next_block(self) -> Flow[Block | None]:
        """Fetch the next bytes; None at the end of the file.

        Raises:
            TransportError: the download broke off again and again without progress.
            StatusError: storage refuses even a new URL.
            SecurityError: the URL is unsafe, or storage redirects.
            IntegrityError: storage sends something other than the file, or the wrong part of it.

        """
        while not self._ended:
            for piece in self._pieces:
                block = self._placed(piece)
                if block is not None:
                    return block
            if self._stream is None:
                yield from self._open()
                continue
            try:
                data = yield from ask(Read(self._stream, self._policy.timeout))
            except TransportError as error:
                yield from self._retry(error)
                continue
            if data:
                self._pieces = iter((data,)) if self._gzip is None else self._gzip.unpack(data)
            else:
                yield from self._finish()
        if self._rewinds and self._furthest and not self._position:
            self._furthest = 0
            return Block(0, b"")
        return None

    def close(self) -> Flow[None]:
        """Release the connection; must be called at the end, also after an error."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            yield from ask(Close(stream))

    def _placed(self, piece: bytes) -> Block | None:
        """Place a piece in the file; None if it was returned before."""
        start = self._position
        if not self._begun:
            self._begun = refuse_page(piece)
        self._position += len(piece)
        if self.size is not None and self._gzip is None and self._position > self.size:
            raise IntegrityError(f"Storage sent more than the {self.size} bytes that it announced; try again later.")
        known = 0 if self._rewinds else max(0, min(self._furthest - start, len(piece)))
        if self._position > self._furthest:
            self._furthest = self._position
            for _ in range(2 * self._fruitless):  # progress is the success that pays retries back, by halves
                self._policy.budget.give_back()
            self._fruitless = self._refusals = 0
        return Block(start + known, piece[known:]) if known < len(piece) else None

    def _finish(self) -> Flow[None]:
        """Handle the end of the stream: the end of the file, or a broken connection."""
        yield from self.close()
        whole = self._gzip.complete if self._gzip else self.size is None or self._position == self.size
        if whole:
            self._ended = True
        else:
            yield from self._retry(TransportError("The download ended before the whole file was there."))

    def _open(self) -> Flow[None]:
        """Request the file from the byte where it broke off."""
        if self._url is None:
            self._url = SignedUrl.read((yield from request_url(self._name, self._policy, self._routes)))
        if not self.etag:
            self._position = 0
        offset = self._position
        try:
            opened = yield from ask(Open(self._url, self._policy.timeout, offset, self.etag))
        except TransportError as error:
            yield from self._retry(error)
            return
        self._stream = opened.stream
        status, part = opened.status_code, ContentRange.read(opened)
        if status == 200 or (status == 206 and not offset and part.begins_file):
            self._start_over(opened)
        elif status == 206:
            yield from self._continue(opened, offset)
        elif status == 416 and offset:
            yield from self._past_the_end(opened, offset)
        else:
            yield from self._refused(opened)

    def _start_over(self, opened: Opened) -> None:
        """Take the whole file: it is the first time, the file changed, or storage serves no parts."""
        packed, etag = is_packed(opened), strong_etag(opened.headers.get("etag", ""))
        if not self._rewinds and self._furthest and (not etag or etag != self._etag):
            raise IntegrityError(
                "The download had to start over, and the file may have changed: bytes that were read already cannot "
                "be taken back. Read it again, or use save(), which can start over."
            )
        self._etag, self._position, self._begun = etag, 0, False
        self._gzip = Gzip() if packed else None
        self.size = None if packed else ContentRange.read(opened).size or length_of(opened)

    def _continue(self, opened: Opened, offset: int) -> Flow[None]:
        """Take a part, which must be the rest of the file that was begun, or the beginning of the rest."""
        part = ContentRange.read(opened)
        if not offset or part.first != offset:
            raise IntegrityError(
                f"The file was requested from byte {offset} on, and storage sent another part of it. The bytes that "
                "have arrived are kept; try again later."
            )
        if is_packed(opened) or self._is_another(opened):
            yield from self.close()
            self._restart()
            return
        size = self.size if part.size is None else part.size
        if size is None or size <= offset:
            raise IntegrityError(
                f"The file was requested from byte {offset} on, and storage does not say how large it is. The bytes "
                "that have arrived are kept; try again later."
            )
        self.size = size

    def _past_the_end(self, opened: Opened, offset: int) -> Flow[None]:
        """Handle an offset at or past the end: the file is complete, or it is another one."""
        yield from self.close()
        if ContentRange.read(opened).size == offset and not self._is_another(opened):
            self.size, self._ended = offset, True
        else:
            self._restart()

    def _is_another(self, opened: Opened) -> bool:
        """Return True if the file is not the one that was begun; storage that ignores If-Range may send another."""
        resized = self.size is not None and ContentRange.read(opened).size not in {None, self.size}
        return resized or opened.headers.get("etag", self._etag) != self._etag

    def _restart(self) -> None:
        """Start over with the next attempt."""
        self._etag, self._position, self.size = "", 0, None

    def _refused(self, opened: Opened) -> Flow[None]:
        """Drop the URL, pause, or raise the error that storage sent."""
        error = refusal(opened, (yield from self._code(opened)), (yield from ask(Now())).wall)
        yield from self.close()
        self._url = None
        if opened.status_code in _STALE_URL and self._refusals < _MOST_REFUSALS:
            self._refusals += 1
        elif opened.status_code in _TRANSIENT:
            yield from self._retry(error)
        else:
            raise error

    def _code(self, opened: Opened) -> Flow[str]:
        """Read the code of storage's error. The rest repeats the signed request, so no frame keeps it."""
        try:
            return error_code((yield from ask(Read(opened.stream, self._policy.timeout))))
        except TransportError:
            return ""

    def _retry(self, error: Metrics24Error) -> Flow[None]:
        """Pause before the next attempt, or raise the error if there must not be another."""
        yield from self.close()
        self._fruitless += 1
        permanent = isinstance(error, TransportError) and error.permanent
        if permanent or self._fruitless > _MOST_FRUITLESS or not self._policy.budget.take():
            raise error
        _log.info("download: broke off at byte %d (%s), going on", self._position, type(error).__name__)
        yield from ask(Sleep(self._policy.backoff(self._fruitless)))
