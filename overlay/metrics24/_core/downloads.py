"""Where a file is, and what storage answers. Bodies of its errors are not kept, since they repeat what was signed.

Unpack a gzip stream in bounded steps.

Whether a downloaded CSV file is whole (documentation: "Download Clicks" and so on).

Download an export's file: resumed where it broke off, and never anything but the file.

The signed URL is minted when it is needed and again when storage no longer takes it. Storage never sees a credential.
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

STALE_URL = frozenset({400, 401, 403, 404, 410})
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})

_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)")
_STRONG_ETAG = re.compile(r'"[!#-~]{0,1000}"')  # what cannot be sent back as a header is of no use
_ERROR_HEAD = 4096
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_PAGE = "Storage sent a page instead of the file, which was not saved. Try again later."


@frozen
class RangeReply:
    """What a Content-Range says: the first byte, and the size of the whole file; None for what it does not say."""

    first: int | None
    size: int | None


def mint(artifact_name: str, policy: Policy, routes: Routes) -> Flow[str]:
    """Ask for a file's signed URL (documentation: "Get Download Center Export URL")."""
    answer = yield from send(build("getExportUrl", routes, artifact_name=artifact_name), policy)
    url = read_single(answer, "getExportUrl", policy.notices).get("url")
    if not isinstance(url, str) or not url:
        raise ResponseError(
            "The answer to getExportUrl holds no URL. The API has changed, and the spec must follow.",
            operation="getExportUrl",
            path="$.url",
        )
    return url


def part_of(opened: Opened) -> RangeReply:
    """Read the Content-Range of an answer."""
    found = _CONTENT_RANGE.fullmatch(opened.headers.get("content-range", "").strip())
    if found is None:
        return RangeReply(None, None)
    return RangeReply(int(found[1]) if found[1] else None, int(found[2]) if found[2] != "*" else None)


def is_beginning(opened: Opened) -> bool:
    """Whether a part begins where the file does, and says how large the whole is."""
    part = part_of(opened)
    return part.first == 0 and part.size is not None


def length_of(opened: Opened) -> int | None:
    """The announced length of an answer."""
    length = opened.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 19 else None


def strong_etag(opened: Opened) -> str:
    """An ETag that vouches for every byte of the file; a weak one does not."""
    etag: str = opened.headers.get("etag", "")
    return usable(etag)


def usable(etag: str) -> str:
    """The ETag, if it is a strong one that can be sent back; otherwise nothing."""
    return etag if _STRONG_ETAG.fullmatch(etag) else ""


def is_packed(opened: Opened) -> bool:
    """Whether the file comes in gzip, as files do that are stored so.

    Raises:
        IntegrityError: it comes in another packing, or it is a page for people.

    """
    kind = opened.headers.get("content-type", "").lower()
    if "html" in kind or "xml" in kind:
        raise IntegrityError(_PAGE)
    coding = opened.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "", "gzip", "x-gzip"}:
        raise IntegrityError("Storage packed the file in a way that was not asked for, so it was not saved.")
    return "gzip" in coding


def refuse_page(beginning: bytes) -> bool:
    """Refuse what begins like HTML or XML: no column's name does. Whether there was anything but blanks to tell by.

    Raises:
        IntegrityError: it does.

    """
    text = beginning.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        raise IntegrityError(_PAGE)
    return bool(text)


def error_code(body: bytes) -> str:
    """Storage's word for an error, out of its XML; nothing where there is none."""
    found = _CODE.search(body[:_ERROR_HEAD])
    return found[1].decode() if found else ""


def refusal(opened: Opened, code: str, now: datetime) -> Metrics24Error:
    """The error that an answer without a file stands for."""
    status = opened.status_code
    if 300 <= status < 400:
        return SecurityError("Storage sent elsewhere for the file, which is not followed. Report that to support.")
    error = failure(RawResponse(status, opened.headers, b""), "the download", now)
    if not isinstance(error, StatusError):
        return IntegrityError(f"Storage answered with status {status}, which is no file. Try again later.")
    said = f" ({code})" if code else ""
    error.args = (
        f"Storage answered the download with status {status}{said}. Exports are kept for a while only: see with "
        "exports.get(id) whether this one is still there, and try again later.",
    )
    return error


_STEP = 1024 * 1024
_GZIP = 31  # zlib's window bits for "gzip, with its header and checksum"


class Gzip:
    """A gzip stream, of one member or more."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP)

    @property
    def complete(self) -> bool:
        """Whether the stream has come to its end."""
        return self._inflate.eof

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Unpack the next bytes, in pieces of 1 MiB at most.

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
            raise IntegrityError("The file arrived damaged: its packing does not open. Try again later.") from None


_REMEDY = (
    "What has arrived, if anything, is kept in the .part beside the target: delete that to fetch the file anew, or "
    "accept it as it is with verify=False (--no-verify)."
)


class RowCounter(Protocol):
    """What was counted while a file arrived."""

    @property
    def records(self) -> int:
        """Records, without the header."""

    open_quote: bool
    ended: bool


def rows_promised(export: Mapping[str, Any]) -> int | None:
    """How many rows the server says an export has; None if it says nothing that can be."""
    meta = export.get("results_meta")
    total = meta.get("total") if isinstance(meta, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None


def check_whole(counted: RowCounter, export: Mapping[str, Any]) -> None:
    """Hold a file against what the server says of the export.

    Raises:
        IntegrityError: it ends in the middle of a line, or has another number of rows.

    """
    identity, promised = export.get("id"), rows_promised(export)
    if counted.open_quote or not counted.ended:
        raise IntegrityError(
            f"The file of export {identity} ends in the middle of a line, as if it had been cut. {_REMEDY}"
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
            "left out the rest. Ask for fewer days at once; exports.plan(...) says how to split them.",
            TruncatedExportWarning,
        )


_log = logging.getLogger("metrics24")

_MOST_FRUITLESS = 5
_MOST_REFUSALS = 2


@frozen
class Block:
    """Bytes of the file, and where in it they belong. One at 0 after others means that all begins anew.

    It is empty only where the file became empty meanwhile.
    """

    offset: int
    data: bytes


class Download:
    """One download, block by block; it may begin at an `offset` of the file that has this `etag`.

    Where it cannot `rewind`, since what was given cannot be taken back, a file that begins anew is given from where it
    broke off, if it is surely the same.
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
        self._etag = usable(etag)
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
        """The version of the file that the last block belongs to; empty where nobody could go on from there.

        So it is for a packed file: storage counts the packed bytes.
        """
        return "" if self._gzip else self._etag

    def next_block(self) -> Flow[Block | None]:
        """Fetch the next bytes; None at the end of the file.

        Raises:
            TransportError: it breaks off, five times without having come further.
            StatusError: storage refuses also a URL that is new.
            SecurityError: the URL could give the file away, or storage sends elsewhere.
            IntegrityError: what comes is not the file, or not the right part of it.

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
                yield from self._begin_again(error)
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
        """Let go of the connection. To be called at the end, whatever the end is."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            yield from ask(Close(stream))

    def _placed(self, piece: bytes) -> Block | None:
        """Where a piece belongs; None if it was given before."""
        start = self._position
        if not self._begun:
            self._begun = refuse_page(piece)
        self._position += len(piece)
        if self.size is not None and self._gzip is None and self._position > self.size:
            raise IntegrityError(f"Storage sent more than the {self.size} bytes that it announced; try again later.")
        known = 0 if self._rewinds else max(0, min(self._furthest - start, len(piece)))
        if self._position > self._furthest:
            self._furthest = self._position
            for _ in range(2 * self._fruitless):  # coming further is the success that pays retries back, by halves
                self._policy.budget.give_back()
            self._fruitless = self._refusals = 0
        return Block(start + known, piece[known:]) if known < len(piece) else None

    def _finish(self) -> Flow[None]:
        """The stream ended: so did the file, or it was cut."""
        yield from self.close()
        whole = self._gzip.complete if self._gzip else self.size is None or self._position == self.size
        if whole:
            self._ended = True
        else:
            yield from self._begin_again(TransportError("The download ended before the whole file was there."))

    def _open(self) -> Flow[None]:
        """Ask storage for the file from where it broke off."""
        if self._url is None:
            self._url = SignedUrl.read((yield from mint(self._name, self._policy, self._routes)))
        if not self.etag:
            self._position = 0
        asked = self._position
        try:
            opened = yield from ask(Open(self._url, self._policy.timeout, asked, self.etag))
        except TransportError as error:
            yield from self._begin_again(error)
            return
        self._stream = opened.stream
        if opened.status_code == 200 or (opened.status_code == 206 and not asked and is_beginning(opened)):
            self._start_over(opened)
        elif opened.status_code == 206:
            yield from self._continue(opened, asked)
        elif opened.status_code == 416 and asked:
            yield from self._past_the_end(opened, asked)
        else:
            yield from self._refused(opened)

    def _start_over(self, opened: Opened) -> None:
        """Storage sends the whole file: it is the first time, the file changed, or storage knows no parts."""
        packed, etag = is_packed(opened), strong_etag(opened)
        if not self._rewinds and self._furthest and (not etag or etag != self._etag):
            raise IntegrityError(
                "The file begins anew, and may be another one, in the middle of reading it: what was given cannot be "
                "taken back. Read it again, or use save(), which can begin anew."
            )
        self._etag, self._position, self._begun = etag, 0, False
        self._gzip = Gzip() if packed else None
        self.size = None if packed else part_of(opened).size or length_of(opened)

    def _continue(self, opened: Opened, asked: int) -> Flow[None]:
        """Storage sends a part: it must be the rest, or its beginning, of the file that was begun."""
        part = part_of(opened)
        if not asked or part.first != asked:
            raise IntegrityError(
                f"Storage was asked for the file from byte {asked} on and sent another part of it. What is there is "
                "kept; try again later."
            )
        if is_packed(opened) or self._is_another(opened):
            yield from self.close()
            self._forget()
            return
        size = self.size if part.size is None else part.size
        if size is None or size <= asked:
            raise IntegrityError(
                f"Storage does not say how large the file is that it was asked for from byte {asked} on. What is there "
                "is kept; try again later."
            )
        self.size = size

    def _past_the_end(self, opened: Opened, asked: int) -> Flow[None]:
        """Storage has nothing from there on: all is there already, or the file is another."""
        yield from self.close()
        if part_of(opened).size == asked and not self._is_another(opened):
            self.size, self._ended = asked, True
        else:
            self._forget()

    def _is_another(self, opened: Opened) -> bool:
        """Whether storage says that the file is not the one that was begun, as one that ignores If-Range may."""
        resized = self.size is not None and part_of(opened).size not in {None, self.size}
        return resized or opened.headers.get("etag", self._etag) != self._etag

    def _forget(self) -> None:
        """Begin anew with the next attempt."""
        self._etag, self._position, self.size = "", 0, None

    def _refused(self, opened: Opened) -> Flow[None]:
        """Storage answered with an error: its URL may be too old, or storage is not well."""
        error = refusal(opened, (yield from self._code(opened)), (yield from ask(Now())).wall)
        yield from self.close()
        self._url = None
        if opened.status_code in STALE_URL and self._refusals < _MOST_REFUSALS:
            self._refusals += 1
        elif opened.status_code in TRANSIENT:
            yield from self._begin_again(error)
        else:
            raise error

    def _code(self, opened: Opened) -> Flow[str]:
        """Read storage's word for its error. The rest repeats what was signed, and no frame of a traceback keeps it."""
        try:
            return error_code((yield from ask(Read(opened.stream, self._policy.timeout))))
        except TransportError:
            return ""

    def _begin_again(self, error: Metrics24Error) -> Flow[None]:
        """Pause before the next attempt; raises the error if it comes to nothing."""
        yield from self.close()
        self._fruitless += 1
        permanent = isinstance(error, TransportError) and error.permanent
        if permanent or self._fruitless > _MOST_FRUITLESS or not self._policy.budget.take():
            raise error
        _log.info("download: broke off at byte %d (%s), going on", self._position, type(error).__name__)
        yield from ask(Sleep(self._policy.backoff(self._fruitless)))
