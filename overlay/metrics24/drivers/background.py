"""Flows that run in the background, one after the other: in a thread, or in tasks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from metrics24.drivers.deadline import Exchange
from metrics24.effects import Flow
from metrics24.errors import UsageError

T = TypeVar("T")

_FORKED = (
    "The next page was under way when this process was forked, and arrives in the other one. Begin anew here, with "
    "after= the last row that you have."
)
_PATIENCE = 0.1  # seconds for the thread to notice that it is stopped; it is a daemon, and sends nothing any more


class Background(Generic[T]):
    """A thread that runs flows. It begins with the first of them, since many callers have none.

    Attributes:
        took: the seconds that the last flow took.

    """

    def __init__(self, run: Callable[[Flow[T], Exchange], T]) -> None:
        self._run = run
        self.took = 0.0
        self._exchange = Exchange()
        self._flows: SimpleQueue[Flow[T] | None] = SimpleQueue()
        self._results: SimpleQueue[Callable[[], T]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, flow: Flow[T]) -> T:
        """Run a flow here and now instead."""
        return self._outcome(flow)()

    def start(self, flow: Flow[T]) -> None:
        """Run a flow. Its result must be taken before the next one starts."""
        if self._thread is None or not self._thread.is_alive():  # a fork does not take it along
            self._flows, self._results = SimpleQueue(), SimpleQueue()
            self._thread = threading.Thread(target=self._work, name="metrics24-look-ahead", daemon=True)
            self._thread.start()
        self._flows.put(flow)

    def result(self) -> T:
        """Wait for the flow's result.

        Raises:
            UsageError: the process was forked while the flow ran, so that nobody runs it here.

        """
        if self._results.empty() and not (self._thread and self._thread.is_alive()):
            raise UsageError(_FORKED)
        return self._results.get()()

    def close(self) -> None:
        """Stop the flow that runs, if any: no further request is sent."""
        if self._thread is not None:
            self._exchange.abort()
            self._flows.put(None)
            self._thread.join(_PATIENCE)

    def _work(self) -> None:
        while (flow := self._flows.get()) is not None:
            self._results.put(self._outcome(flow))

    def _outcome(self, flow: Flow[T]) -> Callable[[], T]:
        started = time.perf_counter()
        try:
            value = self._run(flow, self._exchange)
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            return _raising(error)
        finally:
            self.took = time.perf_counter() - started
        return lambda: value


def _raising(error: BaseException) -> Callable[[], Any]:
    def raise_it() -> Any:
        raise error

    return raise_it


class AsyncBackground(Generic[T]):
    """Tasks of the running loop that run flows."""

    def __init__(self, run: Callable[[Flow[T]], Coroutine[Any, Any, T]]) -> None:
        self._run = run
        self._task: asyncio.Task[T] | None = None

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow here and now instead."""
        return await self._run(flow)

    def start(self, flow: Flow[T]) -> None:
        """Run a flow. Its result must be taken before the next one starts."""
        self._task = asyncio.create_task(self._run(flow))

    async def result(self) -> T:
        """Wait for the flow's result."""
        if self._task is None:
            raise RuntimeError("nothing was started")
        return await self._task

    async def close(self) -> None:
        """Stop the flow that runs, if any: no further request is sent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.exception()
