"""Objects shared by all requests of a sandbox, on both origins."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import count
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from .journal import Seen
from .mishaps import Mishap
from .problems import ApiError
from .replies import NO_BODY, Reply
from .world import mint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .clock import Clock
    from .faults import FaultBook
    from .journal import Journal
    from .mishaps import Connection
    from .options import Behaviour

_log = logging.getLogger("metrics24_sandbox")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Time, memory and mishaps."""

    seed: int
    clock: Clock
    journal: Journal
    faults: FaultBook
    behaviour: Behaviour
    connection: Connection
    _numbers: Iterator[int] = field(default_factory=count)

    async def serve(self, name: str, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Note a request, let it meet its fault if there is one, and have it answered."""
        request = Request(scope, receive)
        self.clock.tick()
        names = tuple(sorted(request.headers.keys()))
        self.journal.note(Seen(name, request.method, request.url.path, request.url.query, names))
        try:
            fault = self.faults.next(name, request)
        except ApiError as problem:
            await self.refuse(problem)(scope, receive, send)
            return
        try:
            await (app if fault is None else Mishap(fault, app, self.connection))(scope, receive, send)
        except Exception:
            _log.exception("%s failed", name or "a request")
            raise

    def response(self, reply: Reply, headers: dict[str, str] | None = None) -> Response:
        """A reply as bytes, with a date and a number of its own."""
        now = self.clock.now()
        stamps = {
            "Date": formatdate(now / 1000, usegmt=True),
            "X-Request-Id": mint(self.seed, now, "request", next(self._numbers)),
        }
        if reply.body is NO_BODY:
            return Response(None, reply.status, stamps)
        body = json.dumps(reply.body, separators=(",", ":"))
        return Response(body, reply.status, stamps | (headers or {}), "application/json")

    def refuse(self, problem: ApiError) -> Response:
        """A problem as a response."""
        return self.response(Reply(problem.body(), problem.status), problem.headers)
