"""Flows that run in the background: in a thread, or in a task."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from metrics24.drivers.deadline import Exchange
from metrics24.effects import Flow

T = TypeVar("T")


class Pending(Generic[T]):
    """A flow that runs in a thread of its own."""

    def __init__(self, run: Callable[[Flow[T], Exchange], T], flow: Flow[T]) -> None:
        self._run, self._flow = run, flow
        self._exchange = Exchange()
        self._value: T
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="metrics24-look-ahead", daemon=True)
        self._thread.start()

    def result(self) -> T:
        """Wait for the flow's result."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value

    def cancel(self) -> None:
        """Stop the flow: no further request is sent."""
        self._exchange.abort()
        self._thread.join(0.1)

    def _work(self) -> None:
        try:
            self._value = self._run(self._flow, self._exchange)
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self._error = error


class AsyncPending(Generic[T]):
    """A flow that runs in a task of its own."""

    def __init__(self, running: Coroutine[Any, Any, T]) -> None:
        self._task = asyncio.create_task(running)

    async def result(self) -> T:
        """Wait for the flow's result."""
        return await self._task

    async def cancel(self) -> None:
        """Stop the flow: no further request is sent."""
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.exception()
