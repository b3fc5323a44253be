"""What a flow may ask of the world.

A flow is a generator that yields effects and is sent their results. It decides; a driver acts. So every decision is
written once for sync and async, and is tested without network, clock or mock.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from urllib.parse import urlsplit

from attrs import field, frozen

from metrics24.errors import SecurityError
from metrics24.settings import Secret, is_loopback

if TYPE_CHECKING:
    import httpx

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Effect(Generic[T_co]):
    """Something a driver does for a flow; `T_co` is what it answers."""

    __slots__ = ()


Flow = Generator[Effect[Any], Any, T]


@frozen
class Request:
    """One request to the API, without credential and host: the driver adds both.

    `effect` says whether it reads or writes, which decides whether it may be sent twice.
    """

    operation: str
    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: object = None
    effect: Literal["read", "write"] = "read"


@frozen
class RawResponse:
    """An answer as it came.

    Attributes:
        status_code: the HTTP status.
        headers: the headers; names are case-insensitive.
        content: the body, decompressed (bytes).

    """

    status_code: int
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """Decode the body as JSON.

        Raises:
            ValueError: the body is not JSON.

        """
        return json.loads(self.content)


@frozen
class Call(Effect[RawResponse]):
    """Send `request`; the whole answer must arrive within `timeout` seconds of wall-clock time.

    Raises TransportError or RequestTimeout into the flow.
    """

    request: Request
    timeout: float


@frozen(eq=False)
class SignedUrl:
    """A URL that opens a file to whoever holds it: its query is a credential, and is kept like one."""

    location: str
    signature: Secret | None = field(repr=False)

    @classmethod
    def read(cls, url: object) -> SignedUrl:
        """Check what the server gave as a URL.

        Raises:
            SecurityError: it is no URL, has user info, or would send the file unencrypted.

        """
        remedy = "It was not used. The server, or something between you and it, sent it: report that to support."
        if not isinstance(url, str) or not all("!" <= character <= "~" for character in url):
            raise SecurityError(f"The download's address is not a URL. {remedy}")
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise SecurityError(f"The download's address is not a URL. {remedy}") from None
        if not host or parts.scheme not in {"http", "https"}:
            raise SecurityError(f"The download's address is no web address. {remedy}")
        if parts.scheme == "http" and not is_loopback(host):
            raise SecurityError(f"The download's address at {host} is plain http, which anyone can read on. {remedy}")
        if "@" in parts.netloc:
            raise SecurityError(f"The download's address at {host} has user info in it. {remedy}")
        signature = Secret(parts.query, "the signature of a download") if parts.query else None
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path or '/'}", signature)

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.location).netloc

    def reveal(self) -> str:
        """The URL itself."""
        return self.location if self.signature is None else f"{self.location}?{self.signature.reveal()}"


@frozen
class Opened:
    """A file's answer, as far as its head; `stream` is the driver's own, for `Read` and `Close`."""

    status_code: int
    headers: httpx.Headers = field(repr=False)
    stream: Any = field(repr=False)


@frozen
class Open(Effect[Opened]):
    """Ask storage for a file from `offset` on, without a credential; its head must arrive within `timeout` seconds.

    From an offset above 0 on only if the file still has this `etag`; otherwise storage sends it whole.
    """

    url: SignedUrl
    timeout: float
    offset: int = 0
    etag: str = ""


@frozen
class Read(Effect[bytes]):
    """Read the next bytes of a file, nothing at its end; some must arrive within `timeout` seconds."""

    stream: Any
    timeout: float


@frozen
class Close(Effect[None]):
    """Let go of a file, read to its end or not."""

    stream: Any


@frozen
class Sleep(Effect[None]):
    """Wait for `seconds`."""

    seconds: float


@frozen
class Instant:
    """A moment: `monotonic` seconds to measure with, `wall` time to compare with what servers say."""

    monotonic: float
    wall: datetime


@frozen
class Now(Effect[Instant]):
    """What time it is."""


def ask(effect: Effect[T]) -> Flow[T]:
    """Yield one effect and return what the driver answers, typed."""
    answer: T = yield effect
    return answer
