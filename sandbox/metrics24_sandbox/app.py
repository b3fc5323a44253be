"""The API origin: one route per path of the spec, one handler per operationId."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.routing import Route, Router

from .problems import ApiError
from .requests import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .access import Doorkeeper, Turnstile
    from .replies import Handler, Reply
    from .spec import Operation, Spec
    from .surroundings import Surroundings


def build(
    spec: Spec,
    handlers: Mapping[str, Handler],
    surroundings: Surroundings,
    doorkeeper: Doorkeeper,
    turnstile: Turnstile,
) -> ASGIApp:
    """The application; LookupError unless spec and handlers name the same operations."""
    unmatched = handlers.keys() ^ spec.operations.keys()
    if unmatched:
        raise LookupError(f"spec and sandbox do not agree on these operations: {', '.join(sorted(unmatched))}")
    paths: dict[str, _Path] = {}
    for operation in spec.operations.values():
        endpoint = _Endpoint(operation, handlers[operation.id], surroundings, doorkeeper, turnstile)
        paths.setdefault(operation.path, _Path(surroundings, {})).methods[operation.method] = endpoint
    literal_first = sorted(paths, key=lambda path: path.count("{"))
    routes = [Route(path, paths[path]) for path in literal_first]
    return Router(routes, redirect_slashes=False, default=partial(_no_such_path, surroundings))


class _Path:
    """Everything under one path: dispatches by method, so that 405 can name all of them."""

    def __init__(self, surroundings: Surroundings, methods: dict[str, _Endpoint]) -> None:
        self._shared, self.methods = surroundings, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self.methods.get(scope["method"])
        if endpoint is not None:
            await self._shared.serve(endpoint.operation.id, endpoint, scope, receive, send)
            return
        allowed = {"Allow": ", ".join(sorted(self.methods))}
        problem = ApiError(405, "method_not_allowed", "no operation has this path with this method", allowed)
        await self._shared.serve("", self._shared.refuse(problem), scope, receive, send)


async def _no_such_path(shared: Surroundings, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        problem = ApiError(404, "no_route", "no operation has this path")
        await shared.serve("", shared.refuse(problem), scope, receive, send)


class _Endpoint:
    """One operation: from the request to the response."""

    def __init__(
        self,
        operation: Operation,
        handler: Handler,
        surroundings: Surroundings,
        doorkeeper: Doorkeeper,
        turnstile: Turnstile,
    ) -> None:
        self.operation = operation
        self._handler, self._shared, self._doorkeeper, self._turnstile = handler, surroundings, doorkeeper, turnstile
        self._reader = Reader(operation)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = self._shared.response(await self._reply(Request(scope, receive)))
        except ApiError as problem:
            response = self._shared.refuse(problem)
        await response(scope, receive, send)

    async def _reply(self, request: Request) -> Reply:
        behaviour = self._shared.behaviour.told(request.headers)
        if behaviour.latency:
            await asyncio.sleep(behaviour.latency)
        credential = self._doorkeeper.admit(request.headers)
        now = self._shared.clock.now()
        self._turnstile.pass_through(credential, behaviour.rate_limit, now)
        body = await request.body()
        call = self._reader.read(request.path_params, request.url.query, body, behaviour, now)
        return await self._handler(call)
