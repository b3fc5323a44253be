"""Drivers: loops, closed clients, proxies, the parts of httpx they lean on, and bodies in the making."""

import asyncio
import gc
import gzip
import ssl
import threading
import weakref
from typing import Any

import httpcore
import httpx
import pytest

from metrics24 import AsyncClient, Client, ResponseError, TransportError, UsageError
from metrics24._core.effects import Effect, Flow
from metrics24._io.driver import AsyncDriver, Driver, SystemClock
from metrics24._io.http import ERROR_LIMIT, BodyReader, Endpoint
from metrics24._io.network import DeadlineBackend, Exchange
from metrics24.config import resolve_credential
from support.running import Running, make_client
from support.scripted import ScriptedServer
from support.tables import Table, newest_first

RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-27"}
EMPTY = b'{"data":{"data":[],"pageInfo":{"startCursor":"","endCursor":"","hasNextPage":false}}}'
WIRE = Endpoint("http://localhost:1", resolve_credential("k", None, {}))


def test_recorders_can_step_in(run: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tools that replace the sending method of httpx's transports, as vcrpy does, see the client's requests."""
    seen: list[str] = []

    def record(_: object, request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(200, content=EMPTY)

    async def record_async(_: object, request: httpx.Request) -> httpx.Response:
        return record(_, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", record)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", record_async)
    client = run.client("https://api.metrics24.invalid")
    assert run.result(client.reports.clicks("i", **RANGE).first()) is None
    assert len(seen) == 1


def test_each_loop_has_connections_of_its_own() -> None:
    """One AsyncClient serves one event loop after the other, and keeps none but the last."""
    with ScriptedServer(Table(newest_first(3, 1))) as server:
        client = make_client(AsyncClient, server, None, {})
        loops = []
        for _ in range(3):

            async def first() -> str:
                loops.append(weakref.ref(asyncio.get_running_loop()))
                return str((await client.reports.clicks("i", **RANGE).first()).real_tx_id)

            assert asyncio.run(first())
        gc.collect()
        assert [loop() for loop in loops[:-1]] == [None, None]
        assert server.connections == 3


def test_loops_in_many_threads_do_not_meet() -> None:
    """Loops that run at once in several threads share a client and no connection."""
    with ScriptedServer(Table(newest_first(3, 1))) as server:
        client = make_client(AsyncClient, server, None, {})
        found: list[int] = []

        async def read() -> None:
            found.append(len([row async for row in client.reports.clicks("i", page_size=1, **RANGE)]))

        threads = [threading.Thread(target=asyncio.run, args=[read()]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [3] * 8


async def test_an_effect_that_no_driver_knows_is_an_error() -> None:
    """Both drivers refuse an unknown effect, and no driver runs a flow once it is closed."""

    def unknown() -> Flow[None]:
        yield Effect[None]()

    driver, twin = Driver(WIRE, max_connections=1), AsyncDriver(WIRE, max_connections=1)
    with pytest.raises(TypeError, match="no driver knows"):
        driver.run(unknown())
    with pytest.raises(TypeError, match="no driver knows"):
        await twin.run(unknown())
    driver.close()
    await twin.close()
    with pytest.raises(UsageError, match="closed"):
        driver._ready()


def test_a_client_that_is_forgotten_closes_its_connections() -> None:
    """Without close(), connections go with the client."""
    with ScriptedServer(Table(newest_first(3, 1))) as server:
        client = make_client(Client, server, None, {})
        client.reports.clicks("i", **RANGE).first()
        finalizer = client._driver._finalizer
        del client
        gc.collect()
        assert not finalizer.alive


def test_an_exchange_ends_with_its_time() -> None:
    """No time is left after the deadline or an abort, which needs no connection."""
    exchange = Exchange()
    with exchange.bounded(60):
        left = exchange.seconds_to_wait(None, None)
        assert left is not None
        assert 0 < left <= 60
        assert exchange.seconds_to_wait(None, 5) == 5
        exchange.abort()
        with pytest.raises(httpcore.ReadTimeout):
            exchange.seconds_to_wait(None, None)
    with Exchange().bounded(-1), pytest.raises(httpcore.ConnectTimeout):
        DeadlineBackend(httpcore.MockBackend([])).connect_tcp("localhost", 1)


def test_connections_outside_an_exchange_are_left_alone() -> None:
    """Streams made without a deadline pass everything through."""
    stream = DeadlineBackend(httpcore.MockBackend([b"hello"])).connect_tcp("localhost", 1, 5)
    stream.write(b"x", 1)
    assert (stream.read(5), stream.get_extra_info("socket")) == (b"hello", None)
    stream.start_tls(ssl.create_default_context()).close()


async def test_the_machines_clock_moves() -> None:
    """Time goes on while it is slept, in both ways."""
    clock = SystemClock()
    before, wall = clock.monotonic(), clock.now()
    clock.sleep(0.001)
    await clock.sleep_async(0.001)
    assert clock.monotonic() - before >= 0.002
    assert clock.now() > wall


def body(encoding: str = "", *, is_error: bool = False) -> BodyReader:
    """Begin a body."""
    return BodyReader("getClick", encoding=encoding, is_error=is_error)


def test_packed_bodies_come_unpacked() -> None:
    """Gzip arrives byte by byte and in several members, and unpacks to the whole."""
    collected = body(" GZIP ")
    for byte in gzip.compress(b"hello ") + gzip.compress(b"world"):
        collected.feed(bytes([byte]))
    assert collected.content() == b"hello world"
    assert body("gzip").content() == b""


def test_damaged_and_foreign_bodies_are_refused() -> None:
    """A body that is cut or damaged is TransportError, and an encoding that was not requested is ResponseError."""
    cut = body("gzip")
    cut.feed(gzip.compress(b"hello" * 99)[:-9])
    with pytest.raises(TransportError, match="too early"):
        cut.content()
    with pytest.raises(TransportError, match="damaged"):
        body("gzip").feed(b"no gzip")
    with pytest.raises(ResponseError, match="not requested"):
        body("br")


def test_the_body_of_an_error_is_kept_as_far_as_it_goes() -> None:
    """An error's body is cut at its limit, and cut, damaged or foreign packing hides no status."""
    long, damaged, foreign = body(is_error=True), body("gzip", is_error=True), body("br", is_error=True)
    long.feed(b"x" * ERROR_LIMIT * 2)
    damaged.feed(gzip.compress(b"hello" * 99)[:-9])
    damaged.feed(b"\xff" * 99)
    foreign.feed(b"as sent")
    assert (len(long.content()), long.full, foreign.content()) == (ERROR_LIMIT, True, b"as sent")
    assert damaged.content().startswith(b"hello")
