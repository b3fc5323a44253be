"""The pages of a walk as they come: one after the other, or several at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing

from metrics24.drivers.background import AsyncBackground, Background
from metrics24.drivers.driver import AsyncDriver, Driver
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
    background: Background[Table] = driver.background()
    ahead = False
    try:
        while ahead or not walk.done:
            table = background.result() if ahead else driver.run(walk.next_page())
            ahead = walk.looks_ahead
            if ahead:
                background.start(walk.next_page())
            yield table
    finally:
        background.close()
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
    background: AsyncBackground[Table] = driver.background()
    ahead = False
    try:
        while ahead or not walk.done:
            table = await (background.result() if ahead else driver.run(walk.next_page()))
            ahead = walk.looks_ahead
            if ahead:
                background.start(walk.next_page())
            yield table
    finally:
        await background.close()
        walk.finish()
