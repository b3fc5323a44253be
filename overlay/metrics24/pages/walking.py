"""The pages of a walk as they come: one after the other, or several at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing

from metrics24.drivers.driver import AsyncDriver, Driver
from metrics24.drivers.pending import AsyncPending, Pending
from metrics24.pages.parallel import Tasks, Threads
from metrics24.pages.source import Source
from metrics24.responses import Table
from metrics24.sinks import Lens


def tables(source: Source, driver: Driver, lens: Lens | None) -> Generator[Table]:
    """Give page after page; from page two on the next one is under way meanwhile."""
    fan = source.fan(lens)
    if fan is not None:
        yield from Threads(driver, fan).tables()
        return
    walk = source.walk(lens)
    ahead: Pending[Table] | None = None
    try:
        while ahead is not None or not walk.done:
            table = driver.run(walk.next_page()) if ahead is None else ahead.result()
            ahead = driver.start(walk.next_page()) if walk.looks_ahead else None
            yield table
    finally:
        if ahead is not None:
            ahead.cancel()
        walk.finish()


async def async_tables(source: Source, driver: AsyncDriver, lens: Lens | None) -> AsyncGenerator[Table]:
    """Give page after page; from page two on the next one is under way meanwhile."""
    fan = source.fan(lens)
    if fan is not None:
        async with aclosing(Tasks(driver, fan).tables()) as found:
            async for table in found:
                yield table
        return
    walk = source.walk(lens)
    ahead: AsyncPending[Table] | None = None
    try:
        while ahead is not None or not walk.done:
            table = await (driver.run(walk.next_page()) if ahead is None else ahead.result())
            ahead = driver.start(walk.next_page()) if walk.looks_ahead else None
            yield table
    finally:
        if ahead is not None:
            await ahead.cancel()
        walk.finish()
