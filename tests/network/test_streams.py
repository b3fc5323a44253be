"""Streams of files: their blocks, faults and deadlines, and answers that test transports have read already."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from metrics24 import RequestTimeout, TransportError
from metrics24._core.effects import Close, Flow, Open, Read, SignedUrl, ask
from metrics24._io.driver import AsyncDriver, Driver
from metrics24._io.http import Endpoint
from metrics24._io.streams import BLOCK
from metrics24.config import resolve_credential
from support import steps
from support.scripted import Exchange, ScriptedServer, Step, in_turn
from support.storage import LARGE, both, sent

WIRE = Endpoint("http://localhost:1", resolve_credential("k", None, {}))
ELSEWHERE = "http://localhost:1/x"


class Seen:
    """A received file: status, headers, blocks."""

    def __init__(self) -> None:
        self.status, self.headers = 0, httpx.Headers()
        self.blocks: list[bytes] = []
        self.errors: list[TransportError] = []

    @property
    def whole(self) -> bytes:
        """All that was read."""
        return b"".join(self.blocks)


def reading(url: str, seen: Seen, *, timeout: float = 5.0, attempts: int = 1) -> Flow[None]:
    """Read a file to its end, or so many errors."""
    opened = yield from ask(Open(SignedUrl.read(url), timeout))
    seen.status, seen.headers = opened.status_code, opened.headers
    try:
        while len(seen.errors) < attempts:
            try:
                block = yield from ask(Read(opened.stream, timeout))
            except TransportError as error:
                seen.errors.append(error)
                continue
            if not block:
                return
            seen.blocks.append(block)
    finally:
        yield from ask(Close(opened.stream))


Reader = Callable[..., Seen]


@pytest.fixture(params=["sync", "async"])
def read(request: pytest.FixtureRequest) -> Reader:
    """Read a file with a driver of either kind."""

    def read(url: str, *, transport: Any = None, **options: Any) -> Seen:
        seen = Seen()
        if request.param == "sync":
            driver = Driver(WIRE, max_connections=1, transport=transport)
            try:
                driver.run(reading(url, seen, **options))
            finally:
                driver.close()
            return seen

        async def run() -> None:
            driver = AsyncDriver(WIRE, max_connections=1, transport=transport)
            try:
                await driver.run(reading(url, seen, **options))
            finally:
                await driver.close()

        asyncio.run(run())
        return seen

    return read


def test_blocks_have_one_mebibyte_at_most_and_few_are_smaller(read: Reader) -> None:
    """A file comes in blocks of half a MiB to one, whatever the network cuts it into, and a last one with the rest."""
    with ScriptedServer(in_turn(steps.respond(LARGE))) as server:
        seen = read(server.base_url)
    assert (seen.whole, max(map(len, seen.blocks)) <= BLOCK) == (LARGE, True)
    assert len(seen.blocks) <= 2 * len(LARGE) // BLOCK + 3


def test_a_slow_file_comes_in_small_blocks(read: Reader) -> None:
    """A file that drips is given several times a second, so that progress shows before a mebibyte is there."""

    def drip(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
        for _ in range(20):
            exchange.send(b"x")
            exchange.pause(0.05)

    with ScriptedServer(in_turn(drip)) as server:
        seen = read(server.base_url)
    assert seen.whole == b"x" * 20
    assert 3 <= len(seen.blocks) <= 7


def stalls(exchange: Exchange) -> None:
    """Send some and fall silent."""
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
    exchange.wait_for_peer()


ENDS: dict[str, tuple[Step, type[TransportError]]] = {
    "cut": (both(sent(200, [("Content-Length", "100")], b"some"), Exchange.hang_up), TransportError),
    "stall": (stalls, RequestTimeout),
    "bad chunk": (
        both(sent(200, [("Transfer-Encoding", "chunked")], b"4\r\nsome\r\nzz\r\n"), Exchange.hang_up),
        TransportError,
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_arrived_before_a_fault_is_given_before_it(read: Reader, end: str) -> None:
    """The bytes before a cut or a stall come first, then the error, which every further read raises again."""
    step, kind = ENDS[end]
    with ScriptedServer(in_turn(step)) as server:
        seen = read(server.base_url, timeout=0.3, attempts=3)
        assert server.base_url.removeprefix("http://") in str(seen.errors[0])
    assert (seen.whole, [type(error) for error in seen.errors]) == (b"some", [kind] * 3)


@pytest.mark.parametrize("step", [steps.silence, steps.drip_headers(0.02)], ids=["silence", "drip"])
def test_the_head_of_a_file_has_a_deadline(read: Reader, step: Step) -> None:
    """A storage that does not answer, or drips its headers, is a RequestTimeout at the timeout."""
    with ScriptedServer(in_turn(step)) as server:
        started = time.monotonic()
        with pytest.raises(RequestTimeout):
            read(server.base_url, timeout=0.3)
        assert time.monotonic() - started < 2


def test_each_read_has_a_deadline_even_within_a_chunk_that_drips(read: Reader) -> None:
    """A chunk's head that never ends is a RequestTimeout at the timeout, though bytes keep coming."""

    def drip(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while exchange.pause(0.02):
            exchange.send(b"0")

    with ScriptedServer(in_turn(drip)) as server:
        started = time.monotonic()
        seen = read(server.base_url, timeout=0.3)
    assert [type(error) for error in seen.errors] == [RequestTimeout]
    assert time.monotonic() - started < 2


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in pieces of a test's choice."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece

    def close(self) -> None:
        """Nothing to let go."""

    async def aclose(self) -> None:
        """Nothing to let go."""


def mock(**answer: Any) -> httpx.MockTransport:
    """A transport for tests, as users have it."""
    return httpx.MockTransport(lambda _: httpx.Response(200, **answer))


def test_an_answer_that_a_transport_has_read_already_is_cut_into_blocks(read: Reader) -> None:
    """An answer from a mock, whose body is there at once, comes in blocks of 1 MiB at most as well."""
    seen = read(ELSEWHERE, transport=mock(content=LARGE))
    assert (seen.whole, [len(block) for block in seen.blocks[:-1]]) == (LARGE, [BLOCK] * (len(LARGE) // BLOCK))
    assert seen.headers["content-length"] == str(len(LARGE))


def test_an_answer_that_a_transport_has_unpacked_does_not_say_that_it_is_packed(read: Reader) -> None:
    """An answer whose body was unpacked on arrival has neither its coding nor its length in the headers any more."""
    packed = {"content": gzip.compress(LARGE), "headers": {"Content-Encoding": "gzip"}}
    seen = read(ELSEWHERE, transport=mock(**packed))
    assert seen.whole == LARGE
    assert {"content-encoding", "content-length"} & {*seen.headers} == set()


@pytest.mark.parametrize("pieces", [[], [b""], [b"", b"ab", b"", b"c", b""], [b"a" * 3 * BLOCK, b"b"]])
def test_empty_pieces_are_not_the_end(read: Reader, pieces: list[bytes]) -> None:
    """A stream ends where it ends, not where a transport hands over nothing."""
    seen = read(ELSEWHERE, transport=mock(stream=Pieces(*pieces)))
    assert seen.whole == b"".join(pieces)
    assert all(len(block) <= BLOCK for block in seen.blocks)


def test_an_error_of_a_transport_comes_after_the_blocks_before_it(read: Reader) -> None:
    """Ten blocks that a transport hands over in quarters are given whole before the error that follows them."""

    def failing() -> Iterator[bytes]:
        yield from [b"x" * (BLOCK // 4)] * 40
        raise httpx.ReadError("gone")

    class Failing(Pieces):
        def __iter__(self) -> Iterator[bytes]:
            yield from failing()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in failing():
                yield piece

    seen = read(ELSEWHERE, transport=mock(stream=Failing()))
    assert ([len(block) for block in seen.blocks], len(seen.errors)) == ([BLOCK] * 10, 1)
