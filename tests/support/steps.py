"""Steps for the scripted server: well-formed responses, and the many ways of failing to give one."""

import functools
import gzip
import itertools
import json
import zlib
from collections.abc import Iterable, Iterator
from http import HTTPStatus

from support.scripted import Exchange, Step

Headers = Iterable[tuple[str, str]]
MIB = 1024 * 1024


def _head(status: int, headers: Headers) -> bytes:
    reason = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def respond(
    body: bytes = b"", *, status: int = 200, headers: Headers = (), content_type: str = "application/json"
) -> Step:
    """Answer whole, with its length."""

    def step(exchange: Exchange) -> None:
        own = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        exchange.send(_head(status, [*own, *headers]) + body)

    return step


def respond_json(value: object, *, status: int = 200, headers: Headers = ()) -> Step:
    """Answer with a value as JSON."""
    return respond(json.dumps(value).encode(), status=status, headers=headers)


def respond_html(status: int = 200) -> Step:
    """Answer with a page that a proxy might have written."""
    return respond(b"<!doctype html><h1>Nothing to see</h1>", status=status, content_type="text/html")


def redirect(location: str, status: int = 302) -> Step:
    """Send the client elsewhere."""
    return respond(b"{}", status=status, headers=[("Location", location)])


def reset(exchange: Exchange) -> None:
    """Abort the connection although the request was read."""
    exchange.reset()


def silence(exchange: Exchange) -> None:
    """Never answer."""
    exchange.wait_for_peer()


def garbage(exchange: Exchange) -> None:
    """Send bytes that are no HTTP at all."""
    exchange.send(b"\x00\xff SSH-2.0 hello\r\n\r\n")
    exchange.hang_up()


def cut_short(body: bytes) -> Step:
    """Announce the whole body and close half-way."""

    def step(exchange: Exchange) -> None:
        exchange.send(_head(200, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]))
        exchange.send(body[: len(body) // 2])
        exchange.hang_up()

    return step


def cut_chunks(body: bytes) -> Step:
    """Send half of a chunked body and close before its end mark."""

    def step(exchange: Exchange) -> None:
        exchange.send(_head(200, [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]))
        exchange.send(_chunk(body[: len(body) // 2]))
        exchange.hang_up()

    return step


def _drip(exchange: Exchange, drops: Iterator[bytes], interval: float) -> None:
    exchange.hang_up()
    while exchange.pause(interval):
        exchange.send(next(drops))


def drip_headers(interval: float) -> Step:
    """Send a header that never ends, a byte at a time."""

    def step(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        _drip(exchange, itertools.repeat(b"a"), interval)

    return step


def drip_body(interval: float, *, status: int = 200) -> Step:
    """Send a body that never ends, a byte at a time."""

    def step(exchange: Exchange) -> None:
        exchange.send(_head(status, [("Content-Type", "application/json"), ("Content-Length", "1000000")]))
        _drip(exchange, itertools.repeat(b" "), interval)

    return step


def stream(blocks: Iterable[bytes], *, status: int = 200, headers: Headers = ()) -> Step:
    """Send blocks, chunked, for as long as the client takes them."""

    def step(exchange: Exchange) -> None:
        own = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]
        exchange.send(_head(status, [*own, *headers]))
        for block in blocks:
            exchange.send(_chunk(block))
        exchange.send(_chunk(b""))

    return step


def endless(*, status: int = 200) -> Step:
    """Send a body without an end, as fast as the client reads."""
    return stream(itertools.repeat(b" " * 65536), status=status)


@functools.cache
def _packed_blanks(mebibytes: int, layers: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    packed = b"".join([*(packer.compress(b" " * MIB) for _ in range(mebibytes)), packer.flush()])
    for _ in range(1, layers):
        packed = gzip.compress(packed)
    return packed


def gzip_bomb(mebibytes: int, *, layers: int = 1, status: int = 200) -> Step:
    """Send that many mebibytes of blanks, gzip-compressed a thousandfold, once per layer."""
    headers = [("Content-Encoding", ", ".join(["gzip"] * layers))]

    def step(exchange: Exchange) -> None:
        respond(_packed_blanks(mebibytes, layers), status=status, headers=headers)(exchange)

    return step
