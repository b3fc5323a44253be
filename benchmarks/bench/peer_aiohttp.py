"""Hand-written: aiohttp and orjson. One session; the next page is asked for before this one is worked on."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from bench.job import DAYS, LAST_DAY
from bench.works import Row, doing

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.job import Job, Result


async def fetch(session: aiohttp.ClientSession, job: Job, params: dict[str, str]) -> Any:
    """One page."""
    async with session.get(job.url, params=params) as response:
        response.raise_for_status()
        return orjson.loads(await response.read())["data"]


async def pull(session: aiohttp.ClientSession, job: Job, params: dict[str, str], take: Callable[[Any], None]) -> None:
    """Page by cursor."""
    page = await fetch(session, job, params)
    while page["pageInfo"]["hasNextPage"]:
        coming = asyncio.create_task(fetch(session, job, {**params, job.cursor: page["pageInfo"]["endCursor"]}))
        await asyncio.sleep(0)  # so that the request is on its way
        take(page["data"])
        page = await coming
    take(page["data"])


async def in_turn(job: Job) -> Result:
    """The whole range, one page after the other."""
    work = doing(job, orjson.dumps)
    async with aiohttp.ClientSession(headers={"API-KEY": "k"}) as session:
        await pull(session, job, job.params, work.take)
    return work.close()


async def by_day(job: Job) -> Result:
    """Ten days at once; the rows are put in order at the end."""
    work = doing(job, orjson.dumps)
    days = [(date.fromisoformat(LAST_DAY) - timedelta(days=back)).isoformat() for back in range(DAYS)]
    kept: list[list[list[Row]]] = [[] for _ in days]
    async with aiohttp.ClientSession(headers={"API-KEY": "k"}) as session, asyncio.TaskGroup() as group:
        for day, pages in zip(days, kept, strict=True):
            params = {**job.params, **dict.fromkeys(job.day_params, day)}
            group.create_task(pull(session, job, params, pages.append))
    for rows in (rows for pages in kept for rows in pages if rows):
        work.take(rows)
    return work.close()


def run(job: Job) -> Result:
    """Run the loop."""
    return asyncio.run(by_day(job) if job.options.get("parallel") else in_turn(job))
