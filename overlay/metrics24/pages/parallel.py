"""Several flows of one walk at once: in threads, or in tasks. Stopping it stops them all, and nothing more is sent."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Generator

from metrics24.drivers.deadline import Exchange
from metrics24.drivers.driver import Abandoned, AsyncDriver, Driver
from metrics24.flows.shards import Piece
from metrics24.pages.fan import Fan
from metrics24.responses import Table

_PATIENCE = 0.1  # seconds for threads to notice that they are stopped; they are daemons, and send nothing any more


class Threads:
    """Runs a fan's flows in threads; pages come out in the thread that iterates."""

    def __init__(self, driver: Driver, fan: Fan) -> None:
        self._driver, self._fan = driver, fan
        lock = threading.Lock()
        self._to_do, self._given = threading.Condition(lock), threading.Condition(lock)
        self._exchanges: set[Exchange] = set()
        self._stopped = False

    def tables(self) -> Generator[Table]:
        """Give page after page."""
        threads = [
            threading.Thread(target=self._work, name=f"metrics24-parallel-{number}", daemon=True)
            for number in range(self._fan.parallel)
        ]
        try:
            for thread in threads:
                thread.start()
            while (piece := self._next()) is not None:
                yield self._fan.table(piece)
        finally:
            self._stop(threads)

    def _next(self) -> Piece | None:
        with self._given:
            while not self._fan.done:
                if (piece := self._fan.take()) is not None:
                    return piece
                if not self._fan.done:
                    self._given.wait()
        return None

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        exchange = Exchange()
        with self._to_do:
            while not self._stopped and (found := self._fan.next_flow()) is None:
                self._to_do.wait()
            if self._stopped or found is None:
                return False
            shard, flow = found
            self._exchanges.add(exchange)
            self._to_do.notify()  # there may be more to do
        answer: Table | BaseException
        try:
            answer = self._driver.run(flow, exchange)
        except Abandoned:
            return False
        except BaseException as error:  # noqa: BLE001 - raised where its rows would be
            answer = error
        with self._to_do:
            self._exchanges.discard(exchange)
            if isinstance(answer, Table):
                self._fan.arrived(shard, answer)
            else:
                self._fan.failed(shard, answer)
            self._to_do.notify()
            self._given.notify()
        return True

    def _stop(self, threads: list[threading.Thread]) -> None:
        with self._to_do:
            self._stopped = True
            under_way = list(self._exchanges)
            self._to_do.notify_all()
        for exchange in under_way:  # all, before one of them lets a connection go that another is waiting for
            exchange.aborted.set()
        for exchange in under_way:
            exchange.abort()
        until = time.monotonic() + _PATIENCE
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        self._fan.finish()


class Tasks:
    """Runs a fan's flows in tasks of the running loop."""

    def __init__(self, driver: AsyncDriver, fan: Fan) -> None:
        self._driver, self._fan = driver, fan
        self._changed = asyncio.Condition()

    async def tables(self) -> AsyncGenerator[Table]:
        """Give page after page."""
        tasks = [asyncio.create_task(self._work()) for _ in range(self._fan.parallel)]
        try:
            while (piece := await self._next()) is not None:
                yield self._fan.table(piece)
        finally:
            await self._stop(tasks)

    async def _next(self) -> Piece | None:
        async with self._changed:
            while not self._fan.done:
                if (piece := self._fan.take()) is not None:
                    return piece
                if not self._fan.done:
                    await self._changed.wait()
        return None

    async def _work(self) -> None:
        while True:
            async with self._changed:
                while (found := self._fan.next_flow()) is None:
                    await self._changed.wait()
            shard, flow = found
            answer: Table | Exception
            try:
                answer = await self._driver.run(flow)
            except Exception as error:  # noqa: BLE001 - raised where its rows would be
                answer = error
            async with self._changed:
                if isinstance(answer, Table):
                    self._fan.arrived(shard, answer)
                else:
                    self._fan.failed(shard, answer)
                self._changed.notify_all()

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()
        self._fan.finish()
