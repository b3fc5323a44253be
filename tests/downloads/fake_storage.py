"""Storage for flows that a fake driver runs: it keeps versions of a file, and answers as its script has it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx
from attrs import field, frozen

from metrics24._core.downloads import Block, Download
from metrics24._core.effects import Close, Open, Opened, Read, Request
from metrics24.errors import Metrics24Error, RequestTimeout, TransportError
from support.fake_driver import FakeDriver, Outcome, policy, raw

LINK = "https://storage.example/f.csv?signature=s3cret"
FILE = b"real_tx_id,status\n" + b"".join(b"%026d,approved\n" % number for number in range(40))
NEWER = FILE.replace(b"approved", b"rejected")
HALF = len(FILE) // 2
CUT = "cut"
"""The end of a stream without an error, although more bytes were announced."""


@frozen
class Reply:
    """One answer of storage: its head, and what each read of its body gives."""

    status: int = 200
    headers: dict[str, str] = field(factory=dict)
    body: tuple[bytes | Metrics24Error, ...] = ()


Answer = Reply | Metrics24Error
Behaviour = Callable[[Open], Answer]


def whole(data: bytes = FILE, *, etag: str = '"v1"', ends: Iterable[Any] = (), **headers: str) -> Behaviour:
    """Answer as storage does that knows parts; `ends` are where bodies break off, and how (see `broken`)."""
    left = iter(ends)

    def answer(asked: Open) -> Answer:
        head = {**({"etag": etag} if etag else {}), "accept-ranges": "bytes", **headers}
        start = asked.offset if asked.offset and asked.etag == etag else 0
        if start and start >= len(data):
            return Reply(416, {**head, "content-range": f"bytes */{len(data)}"})
        body = broken(data[start:], next(left, None))
        head["content-length"] = str(len(data) - start)
        if not start:
            return Reply(200, head, body)
        return Reply(206, {**head, "content-range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, body)

    return answer


def broken(data: bytes, after: int | tuple[int, str] | None) -> tuple[bytes | Metrics24Error, ...]:
    """Break data off after so many bytes: by a fault, or without a word where `CUT` says so."""
    if after is None:
        return (data,)
    place, how = after if isinstance(after, tuple) else (after, "")
    given = (data[:place],) if place else ()
    return given if how == CUT else (*given, TransportError("broke off"))


def packed(data: bytes = FILE, *, etag: str = '"v1"', ends: Iterable[Any] = (), coding: str = "gzip") -> Behaviour:
    """Answer with a file that is stored in gzip."""
    return whole(gzip.compress(data), etag=etag, ends=ends, **{"content-encoding": coding})


def replies(*answers: Answer | Behaviour) -> Behaviour:
    """Give these answers one after the other; asking once more than that is a bug."""
    left = iter(answers)

    def answer(asked: Open) -> Answer:
        found = next(left, None)
        assert found is not None, "storage was asked once more"
        return found if isinstance(found, Reply | Metrics24Error) else found(asked)

    return answer


class Files(FakeDriver):
    """Plays the driver's part, files included. `opened` has what was asked of storage."""

    def __init__(self, storage: Behaviour, script: Callable[[Request], Outcome] | None = None, **options: Any) -> None:
        super().__init__(script or (lambda _: raw(body={"url": LINK})), **options)
        self._storage = storage
        self._streams: dict[int, Iterator[bytes | Metrics24Error]] = {}
        self.opened: list[Open] = []
        self.reads = 0

    @property
    def leaked(self) -> int:
        """The number of files that are still open."""
        return len(self._streams)

    def _perform(self, effect: object) -> object:
        match effect:
            case Open():
                return self._open(effect)
            case Read(stream, seconds):
                return self._read(stream, seconds)
            case Close(stream):
                del self._streams[stream]
                return None
        return super()._perform(effect)

    def _open(self, effect: Open) -> Opened:
        self.opened.append(effect)
        answer = self._storage(effect)
        if isinstance(answer, Metrics24Error):
            raise answer
        number = len(self.opened)
        self._streams[number] = iter(answer.body)
        return Opened(answer.status, httpx.Headers(answer.headers, encoding="latin-1"), number)

    def _read(self, stream: int, seconds: float) -> bytes:
        self.reads += 1
        data = next(self._streams[stream], b"")
        if isinstance(data, RequestTimeout):
            self.now += seconds
        if isinstance(data, Metrics24Error):
            raise data
        return data


def asked(driver: Files) -> list[tuple[int, str]]:
    """From where, and of which version, storage was asked."""
    return [(each.offset, each.etag if each.offset else "") for each in driver.opened]


def minted(driver: Files) -> int:
    """Count the signed URLs that were requested."""
    return len(driver.calls)


def download(**options: Any) -> Download:
    """Begin to download a file."""
    rules = options.pop("policy", None) or policy()
    return Download("f.csv", rules, {}, **options)


class Kept:
    """The bytes of a download, placed as a file writer places them."""

    def __init__(self, data: bytes = b"", etag: str = "") -> None:
        self.data, self.etag = data, etag
        self.blocks: list[Block] = []

    def take(self, driver: Files, flow: Download, most: int = 10_000) -> Kept:
        """Run a download to its end, and let go of the file whatever the end is."""
        try:
            while (block := driver.run(flow.next_block())) is not None:
                self.place(block, flow.etag)
                assert len(self.blocks) <= most, "a loop"
        finally:
            driver.run(flow.close())
        return self

    def place(self, block: Block, etag: str) -> None:
        """Put a block where it belongs: at the end, or at 0 in place of all."""
        self.blocks.append(block)
        assert block.offset in {0, len(self.data)}
        self.data = self.data[: block.offset] + block.data
        self.etag = etag


def downloaded(storage: Behaviour, **options: Any) -> bytes:
    """Download a file from such a storage."""
    return Kept().take(Files(storage), download(**options)).data
