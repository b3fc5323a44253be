"""One way to say a scenario, two ways to run it: with `Client`, or with `AsyncClient` on an event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, aclosing, closing
from itertools import islice
from typing import Any, Protocol, cast

import httpx

import metrics24
from support.clock import FakeClock
from support.scripted import ScriptedServer

KEY = "k3y-that-must-not-leak-1f9a"  # module level on purpose: a local variable would show up in captured tracebacks
RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-27"}


def make_client(kind: type[Any], origin: ScriptedServer | str, clock: FakeClock | None, options: dict[str, Any]) -> Any:
    """Make a client for a server; with a fake clock its retries cost no time."""
    base_url = origin if isinstance(origin, str) else origin.base_url
    options = {"base_url": base_url, **({} if "token" in options else {"api_key": KEY}), **options}
    return kind(**options) if clock is None else kind._on_clock(clock, **options)


class Running(Protocol):
    """The operations of a scenario, sync or async. `rows` is anything lazily iterable that a client gave."""

    name: str

    def client(self, origin: ScriptedServer | str, *, clock: FakeClock | None = None, **options: Any) -> Any:
        """Open a client that is closed after the test."""

    def result(self, value: Any) -> Any:
        """Give what a method ends in, awaited where it must be."""

    def visit(self, rows: Any, see: Callable[[Any], object]) -> None:
        """Iterate to the end and show each item, so that what was delivered before an error is known."""

    def take(self, rows: Any, count: int) -> list[Any]:
        """Give the first items, then abandon the iteration."""

    def collect_all(self, many: Sequence[Any], at_once: int = 32) -> list[list[Any] | BaseException]:
        """Iterate all of these concurrently; an error stands where its rows would be."""

    def transport(self, **options: Any) -> Any:
        """Give an httpx transport for the client."""


def collect(run: Running, rows: Any) -> list[Any]:
    """Give everything that an iteration delivers."""
    seen: list[Any] = []
    run.visit(rows, seen.append)
    return seen


class Synchronous:
    """Runs a scenario with `Client`."""

    name = "sync"

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def client(self, origin: ScriptedServer | str, *, clock: FakeClock | None = None, **options: Any) -> Any:
        return self._stack.enter_context(make_client(metrics24.Client, origin, clock, options))

    def result(self, value: Any) -> Any:
        return value

    def visit(self, rows: Any, see: Callable[[Any], object]) -> None:
        for item in rows:
            see(item)

    def take(self, rows: Any, count: int) -> list[Any]:
        with closing(iter(rows)) as items:
            return list(islice(items, count))

    def collect_all(self, many: Sequence[Any], at_once: int = 32) -> list[list[Any] | BaseException]:
        def outcome(rows: Iterable[Any]) -> list[Any] | BaseException:
            try:
                return list(rows)
            except metrics24.Metrics24Error as error:
                return error

        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(outcome, many))

    def transport(self, **options: Any) -> Any:
        return httpx.HTTPTransport(**options)


class Asynchronous:
    """Runs a scenario with `AsyncClient`, on one event loop per test."""

    name = "async"

    def __init__(self, stack: ExitStack) -> None:
        self._runner = stack.enter_context(asyncio.Runner())
        self._clients = AsyncExitStack()
        stack.callback(lambda: self._runner.run(self._clients.aclose()))

    def client(self, origin: ScriptedServer | str, *, clock: FakeClock | None = None, **options: Any) -> Any:
        client = make_client(metrics24.AsyncClient, origin, clock, options)
        return self._runner.run(self._clients.enter_async_context(client))

    def result(self, value: Any) -> Any:
        async def settled() -> Any:
            return await cast("Awaitable[Any]", value)

        return self._runner.run(settled())

    def visit(self, rows: Any, see: Callable[[Any], object]) -> None:
        async def all_of_them() -> None:
            async for item in rows:
                see(item)

        self._runner.run(all_of_them())

    def take(self, rows: Any, count: int) -> list[Any]:
        async def some_of_them() -> list[Any]:
            seen: list[Any] = []
            async with aclosing(aiter(rows)) as items:
                while len(seen) < count and (item := await anext(items, None)) is not None:
                    seen.append(item)
            return seen

        return self._runner.run(some_of_them())

    def collect_all(self, many: Sequence[Any], at_once: int = 32) -> list[list[Any] | BaseException]:
        async def everything() -> list[list[Any] | BaseException]:
            turns = asyncio.Semaphore(at_once)

            async def one(rows: Any) -> list[Any]:
                async with turns:
                    return [item async for item in rows]

            return await asyncio.gather(*map(one, many), return_exceptions=True)

        return self._runner.run(everything())

    def transport(self, **options: Any) -> Any:
        return httpx.AsyncHTTPTransport(**options)


def running(mode: str) -> Iterator[Running]:
    """Give the runner for a mode, and close what it opened; meant to be a fixture's body."""
    with ExitStack() as stack:
        yield Synchronous(stack) if mode == "sync" else Asynchronous(stack)
