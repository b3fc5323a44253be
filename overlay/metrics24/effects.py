"""What a flow may ask of the world.

A flow is a generator that yields effects and is sent their results. It decides; a driver acts. So every decision is
written once for sync and async, and is tested without network, clock or mock.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from attrs import field, frozen

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
