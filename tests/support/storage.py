"""A storage that holds one file: served by Range and If-Range, behind URLs that expire, however badly."""

import re
import threading
from collections.abc import Callable

from support import steps
from support.scripted import Exchange, Received, Step
from support.steps import Headers

MIB = 1024 * 1024
SIGNATURE = "s1gn4ture-that-must-not-leak-77c2"
ETAG = '"v1"'

_FIRST = re.compile(r"bytes=(\d+)-")
_NOT_OPEN = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>Request has expired</Message></Error>"


def csv_file(rows: int, width: int = 20) -> bytes:
    """Give a CSV file of so many rows, each some `width` bytes long and unlike the others."""
    lines = (f"{number:09d},{'x' * max(0, width - 12)}\r\n" for number in range(rows))
    return ("real_tx_id,status\r\n" + "".join(lines)).encode()


LARGE = csv_file(40_000, 80)  # some 3 MiB, so that it comes in several blocks


Fault = Callable[["Storage", Received], Step]
"""A fault with which storage responds to one request."""


class Storage:
    """The script of a storage that holds one file. `fail_next` says what the next requests meet, one after the other.

    Attributes:
        content, etag: the file, which may become another while it is read.
        asked: the first byte that each request asked for.
        reached, gone: set once a request is held, and once its peer went away.

    """

    def __init__(self, content: bytes, etag: str = ETAG) -> None:
        self.content, self.etag = content, etag
        self.headers: dict[str, str] = {}
        self.asked: list[int] = []
        self.gone, self.reached = threading.Event(), threading.Event()
        self._faults: list[Fault] = []
        self._open: set[str] = set()
        self._minted = 0
        self._lock = threading.Lock()

    def fail_next(self, *faults: Fault) -> None:
        """Queue faults."""
        self._faults += faults

    def sign(self) -> str:
        """Give a query that opens the file."""
        with self._lock:
            self._minted += 1
            query = f"X-Date=20250210&X-Signature={SIGNATURE}-{self._minted}"
            self._open.add(query)
            return query

    def expire(self) -> None:
        """Let no URL open the file any more that was given so far."""
        self._open.clear()

    def hold(self, exchange: Exchange) -> None:
        """Say nothing until the peer goes away."""
        self.reached.set()
        try:
            exchange.wait_for_peer()
        finally:  # who goes away with bytes unread resets the connection
            self.gone.set()

    def __call__(self, request: Received) -> Step:
        """Answer one request."""
        self.asked.append(self.wanted(request))
        if self._faults:
            return self._faults.pop(0)(self, request)
        return self.answer(request)

    def answer(self, request: Received) -> Step:
        """Answer well."""
        return self.refusal(request) or self.part(request, len(self.content))

    def refusal(self, request: Received) -> Step | None:
        """Answer a URL that opens nothing."""
        query = "&".join(f"{name}={value}" for name, value in request.query)
        if query in self._open:
            return None
        return steps.respond(_NOT_OPEN % b"AccessDenied", status=403, content_type="application/xml")

    def wanted(self, request: Received) -> int:
        """The first byte that is asked for, and that the file as it is now may be asked for."""
        found = _FIRST.fullmatch(request.headers.get("range", ""))
        return int(found[1]) if found and request.headers.get("if-range", self.etag) == self.etag else 0

    def part(self, request: Received, count: int, then: Step | None = None) -> Step:
        """Announce all that is asked for and send at most `count` bytes of it; `then` something else may follow."""
        first = self.wanted(request)
        if first and first >= len(self.content):
            return steps.respond(b"", status=416, headers=[("Content-Range", f"bytes */{len(self.content)}")])
        body = self.content[first:]
        headers = {"ETag": self.etag, "Content-Length": str(len(body)), "Content-Type": "text/csv", **self.headers}
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(self.content) - 1}/{len(self.content)}"
        step = sent(206 if first else 200, [*headers.items()], body[:count])
        return step if then is None else both(step, then)


def constant(step: Step) -> Fault:
    """Answer with this step, whatever is asked."""
    return lambda _, __: step


def sent(status: int, headers: Headers, body: bytes) -> Step:
    """Send a head and a body that may not agree."""

    def step(exchange: Exchange) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers)]
        exchange.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)

    return step


def both(first: Step, second: Step) -> Step:
    """Do one thing, then another."""

    def step(exchange: Exchange) -> None:
        first(exchange)
        second(exchange)

    return step


def cut(count: int) -> Fault:
    """Close after so many bytes, although more were announced."""
    return lambda storage, request: storage.part(request, count, Exchange.hang_up)


def reset(count: int) -> Fault:
    """Reset after so many bytes."""
    return lambda storage, request: storage.part(request, count, steps.reset)


def stall(count: int) -> Fault:
    """Send so many bytes, then nothing until the peer goes away."""
    return lambda storage, request: storage.part(request, count, storage.hold)


def ends(count: int) -> Fault:
    """Send so many bytes of the file without saying how many, and end in an orderly way, as if that were all."""

    def answered(storage: Storage, _: Received) -> Step:
        head = sent(200, [("Content-Type", "text/csv"), ("Connection", "close")], storage.content[:count])
        return both(head, Exchange.hang_up)

    return answered


def whole(storage: Storage, _: Received) -> Step:
    """Send the whole file whatever was asked for."""
    headers = [("ETag", storage.etag), ("Content-Length", str(len(storage.content)))]
    return sent(200, headers, storage.content)


def ranged(content_range: str, body: bytes | None = None, **headers: str) -> Fault:
    """Answer 206 with this Content-Range and, unless told otherwise, with what was asked for."""

    def answered(storage: Storage, request: Received) -> Step:
        data = storage.content[storage.wanted(request) :] if body is None else body
        own = {"ETag": storage.etag, "Content-Length": str(len(data)), "Content-Range": content_range, **headers}
        return sent(206, [(name.replace("_", "-"), value) for name, value in own.items()], data)

    return answered


def expired(storage: Storage, request: Received) -> Step:
    """Find that the URL, and all others given so far, have expired."""
    storage.expire()
    return storage.answer(request)
