"""Inject faults into ASGI messages and into the connection below them."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .faults import Fault

    Connection = Callable[[Scope], asyncio.Transport]
    """Finds the connection that a request came in on."""

_AT_ONCE = struct.pack("ii", 1, 0)
_BODIES = {
    "html": ("text/html", "<html><body><h1>Bad gateway</h1></body></html>"),
    "text": ("text/plain", "upstream connect error"),
    "empty": ("application/json", ""),
}


class Mishap:
    """An application that answers each request as its fault has it."""

    def __init__(self, fault: Fault, app: ASGIApp, connection: Connection) -> None:
        self._fault, self._app, self._connection = fault, app, connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        fault, app = self._fault, self._app
        match fault.kind:
            case "reset":
                await _reset(self._connection(scope), receive)
            case "lost":
                await app(scope, receive, _nowhere)
                await _reset(self._connection(scope), receive)
            case "stall":
                await _until_gone(receive)
            case "cut":
                await _cut(app, self._connection(scope), scope, receive, send)
            case "drip":
                await app(scope, receive, _Dripping(send, self._connection(scope), fault.pause))
            case "drip-headers":
                await _drip_headers(self._connection(scope), fault.pause)
            case "strip":
                await app(scope, _Stripped(receive), send)
            case _:
                await _instead(fault)(scope, receive, send)


def _instead(fault: Fault) -> Response:
    """The response sent in place of the real one."""
    if fault.status is None:
        media_type, body = _BODIES.get(fault.kind, ("application/json", fault.value))
        return Response(body, media_type=media_type)
    header = "location" if 300 <= fault.status < 400 else "retry-after"
    headers = {header: fault.value} if fault.value else {}
    return Response(
        f'{{"error":{{"code":"fault","message":"the sandbox was asked for {fault.status}"}}}}',
        fault.status,
        headers,
        "application/json",
    )


async def _reset(transport: asyncio.Transport, receive: Receive) -> None:
    """Close so that the other side sees a reset, not an end."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
    await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(app: ASGIApp, transport: asyncio.Transport, scope: Scope, receive: Receive, send: Send) -> None:
    left = 0

    async def send_half(message: Message) -> None:
        nonlocal left
        if message["type"] == "http.response.start":
            left = int(dict(message["headers"]).get(b"content-length", b"0")) // 2
            await send(message)
        elif left:
            body = message.get("body", b"")[:left]
            left -= len(body)
            await send({"type": "http.response.body", "body": body, "more_body": True})

    await app(scope, receive, send_half)
    transport.close()
    await _until_gone(receive)


async def _drip_headers(transport: asyncio.Transport, pause: float) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Drip: " + b"a" * 100_000:
        if transport.is_closing():
            return
        transport.write(bytes([byte]))
        await asyncio.sleep(pause)


async def _nowhere(message: Message) -> None:
    """A sink for a response that is never sent."""


class _Dripping:
    """Sends a body one byte at a time."""

    def __init__(self, send: Send, transport: asyncio.Transport, pause: float) -> None:
        self._send, self._transport, self._pause = send, transport, pause

    async def __call__(self, message: Message) -> None:
        body = message.get("body", b"")
        for place in range(len(body)):
            if self._transport.is_closing():
                return
            await self._send({"type": "http.response.body", "body": body[place : place + 1], "more_body": True})
            await asyncio.sleep(self._pause)
        await self._send({**message, "body": b""} if body else message)


class _Stripped:
    """Receives a request without its body."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    async def __call__(self) -> Message:
        message = await self._receive()
        while message["type"] == "http.request" and message.get("more_body", False):
            message = await self._receive()
        return message if message["type"] == "http.disconnect" else {**message, "body": b"{}", "more_body": False}
