"""Effects: the requests, downloads, pauses and times that flows ask drivers for.

A flow is a generator that yields effects and is sent their results. It decides; a driver acts. So every decision is
written once for sync and async, and is tested without network, clock or mock.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

from metrics24.config import Secret, is_loopback
from metrics24.errors import SecurityError

if TYPE_CHECKING:
    import httpx


T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Effect(Generic[T_co]):
    """Something that a driver does for a flow; `T_co` is the type of its result."""

    __slots__ = ()


Flow = Generator[Effect[Any], Any, T]


@frozen
class Request:
    """One request to the API, without credential and host: the driver adds both.

    `access` separates reads, which may be sent twice, from writes.
    """

    operation: str
    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: object = None
    access: Literal["read", "write"] = "read"


@frozen
class RawResponse:
    """A response as the server sent it.

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
    """Send `request`; the whole response must arrive within `timeout` seconds of wall-clock time.

    Raises TransportError or RequestTimeout into the flow.
    """

    request: Request
    timeout: float


_LONGEST_URL = 16_384
_LONGEST_HOST = 255
_SECRET_LENGTH = 16  # characters; a value of at least this length in a signed query may be a secret


@frozen(eq=False)
class SignedUrl:
    """A URL that opens a file without another credential; its query is a credential and is protected like one.

    `values` are the long values in the query, decoded: servers may repeat them one by one.
    """

    location: str
    signature: Secret | None = field(repr=False)
    values: tuple[Secret, ...] = field(default=(), repr=False)

    @classmethod
    def read(cls, url: object) -> SignedUrl:
        """Check a URL that the server sent.

        Raises:
            SecurityError: it is not a URL, has user info, or would send the file unencrypted.

        """
        problem = _problem_of(url)
        if problem is not None:
            del url  # or it would be in the traceback
            raise SecurityError(
                f"The download's address {problem}, so it was not used. The server, or something between you and it, "
                "sent this address: report that to support."
            )
        parts = urlsplit(str(url))
        signature = Secret(parts.query, "the signature of a download") if parts.query else None
        long = [value for _, value in parse_qsl(parts.query) if len(value) >= _SECRET_LENGTH and _is_plain(value)]
        values = tuple(Secret(value, "a part of the signature of a download") for value in long)
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path or '/'}", signature, values)

    @property
    def host(self) -> str:
        """The host and port, for messages."""
        return urlsplit(self.location).netloc

    def reveal(self) -> str:
        """Return the URL itself."""
        return self.location if self.signature is None else f"{self.location}?{self.signature.reveal()}"


def _problem_of(url: object) -> str | None:
    """Return the reason to refuse a URL, if any. Raising it here would leave the URL in the traceback."""
    if not isinstance(url, str) or len(url) > _LONGEST_URL or not _is_plain(url):
        return "is not a URL"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not host or len(host) > _LONGEST_HOST or parts.scheme not in {"http", "https"}:
        return "is not a web address"
    if "@" in parts.netloc:
        return f"at {host} has user info in it"
    if parts.scheme == "http" and not is_loopback(host):
        return f"at {host} is plain http, which others can read on the way"
    return None


def _is_plain(text: str) -> bool:
    return all("!" <= character <= "~" for character in text)


@frozen
class Opened:
    """The head of the response to a download; `stream` is the driver's own, for `Read` and `Close`."""

    status_code: int
    headers: httpx.Headers = field(repr=False)
    stream: Any = field(repr=False)


@frozen
class Open(Effect[Opened]):
    """Request a file from `offset` on, without a credential; the head must arrive within `timeout` seconds.

    Above offset 0, storage sends the rest only if the file still has this `etag`, otherwise the whole file.
    """

    url: SignedUrl
    timeout: float
    offset: int = 0
    etag: str = ""


@frozen
class Read(Effect[bytes]):
    """Read the next bytes of a file, none at its end; some must arrive within `timeout` seconds."""

    stream: Any
    timeout: float


@frozen
class Close(Effect[None]):
    """Close a file, whether or not it was read to its end."""

    stream: Any


@frozen
class Sleep(Effect[None]):
    """Wait for `seconds`."""

    seconds: float


@frozen
class Instant:
    """A moment: `monotonic` seconds to measure with, `wall` time to compare with a server's times."""

    monotonic: float
    wall: datetime


@frozen
class Now(Effect[Instant]):
    """Read the clock."""


def ask(effect: Effect[T]) -> Flow[T]:
    """Yield one effect and return the driver's result, typed."""
    result: T = yield effect
    return result
