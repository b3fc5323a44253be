"""The rest of a large file, read straight from its connection, if nothing lies in between."""

import asyncio

import httpcore
import pytest

from metrics24._io.network import NETWORK_ERRORS, Metered, RemainingBody, remaining_body

MIB = 1024 * 1024
FIRST = b"x" * 1000
HEAD = 300


class Wire(httpcore.NetworkStream, Metered):
    """A connection that holds so many bytes, or fails."""

    def __init__(self, left: int = 0, *, received: int = HEAD + len(FIRST), error: Exception | None = None) -> None:
        self.left, self.received, self._error = left, received, error

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Give what is asked for, as far as there is any."""
        del timeout
        if self._error is not None:
            raise self._error
        data = b"y" * min(max_bytes, self.left)
        self.left -= len(data)
        return data


class AsyncWire(httpcore.AsyncNetworkStream, Metered):
    """The same for an event loop."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self.received = wire, wire.received

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        """Give what is asked for, as far as there is any."""
        return self._wire.read(max_bytes, timeout)


def rest(network: object, **headers: str) -> RemainingBody | None:
    """Return the rest of a body that came over a connection with these headers."""
    return remaining_body(network, {name.replace("_", "-"): value for name, value in headers.items()}, FIRST)


def sizes(mode: str, wire: Wire, length: int) -> list[int]:
    """Read the rest of a body, and return the size of each piece."""
    body = rest(wire if mode == "sync" else AsyncWire(wire), content_length=str(length))
    assert body is not None
    found: list[int] = []
    while data := body.read(MIB) if mode == "sync" else asyncio.run(body.read_async(MIB)):
        found.append(len(data))
    return found


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_rest_comes_in_large_pieces_and_ends_at_its_length(mode: str) -> None:
    """Reads take no more than they may, and never a byte beyond the announced length."""
    wire = Wire(3 * MIB)
    assert sizes(mode, wire, len(FIRST) + 2 * MIB + 5) == [MIB, MIB, 5]
    assert wire.left == MIB - 5


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (Wire(MIB), httpcore.RemoteProtocolError),
        (Wire(error=httpcore.ReadTimeout("late")), httpcore.ReadTimeout),
        (Wire(error=httpcore.ReadError("reset")), httpcore.ReadError),
    ],
)
def test_a_connection_that_fails_is_a_network_error(mode: str, wire: Wire, expected: type[Exception]) -> None:
    """A connection that closes early, is late or breaks raises an error that drivers know."""
    assert issubclass(expected, NETWORK_ERRORS)
    with pytest.raises(expected):
        sizes(mode, wire, len(FIRST) + 2 * MIB)


@pytest.mark.parametrize(
    ("network", "headers"),
    [
        (None, {"content_length": str(3 * MIB)}),
        (object(), {"content_length": str(3 * MIB)}),
        (Wire(), {}),
        (Wire(), {"content_length": "many"}),
        (Wire(), {"content_length": f"{3 * MIB}, {3 * MIB}"}),
        (Wire(), {"content_length": str(3 * MIB), "transfer_encoding": "chunked"}),
        (Wire(), {"content_length": str(len(FIRST) + MIB - 1)}),
        (Wire(received=3 * MIB), {"content_length": str(3 * MIB)}),
        (Wire(received=0), {"content_length": str(3 * MIB)}),
    ],
)
def test_all_else_comes_through_the_parser(network: object, headers: dict[str, str]) -> None:
    """So do bodies of unknown length, short ones, and what something in between may have read ahead or changed."""
    assert rest(network, **headers) is None
