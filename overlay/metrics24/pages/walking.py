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

_WORTH_A_THREAD = 0.005  # seconds that a page takes to come


def tables(source: Source, driver: Driver, lens: Lens | None, *, frugal: bool = False) -> Generator[Table]:
    """Give page after page; from page two on the next one is under way meanwhile.

    If they are `frugal`, only where pages take a while to come. Otherwise two threads that share one interpreter lose
    more by taking turns than they win, if what is done with a page takes no longer than a page.
    """
    fan = source.fan(lens)
    if fan is not None:
        yield from Threads(driver, fan).tables()
        return
    walk = source.walk(lens)
    background: Background[Table] = driver.background()
    ahead = False
    try:
        while ahead or not walk.done:
            table = background.result() if ahead else background.run(walk.next_page())
            ahead = walk.looks_ahead and (background.took > _WORTH_A_THREAD or not frugal)
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
            table = await (background.result() if ahead else background.run(walk.next_page()))
            ahead = walk.looks_ahead
            if ahead:
                background.start(walk.next_page())
            yield table
    finally:
        await background.close()
        walk.finish()
