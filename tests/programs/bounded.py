"""Ask once for rows; print how it ended and the peak of memory in MiB. Arguments: sync|async, base URL."""

import asyncio
import resource
import sys
import tracemalloc
from typing import Any

import metrics24

RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-27"}
CEILING = 3 * 1024**3  # a client without bounds must fail here, not take the machine with it


def ask(url: str) -> object:
    """Read the first page with Client."""
    with metrics24.Client(api_key="k", base_url=url, retrying=metrics24.Retrying(attempts=1)) as client:
        return client.reports.clicks("int1", **RANGE).first()


async def ask_async(url: str) -> object:
    """Read the first page with AsyncClient."""
    retrying = metrics24.Retrying(attempts=1)
    async with metrics24.AsyncClient(api_key="k", base_url=url, retrying=retrying) as client:
        return await client.reports.clicks("int1", **RANGE).first()


def main(mode: str, url: str) -> None:
    """Measure one call."""
    resource.setrlimit(resource.RLIMIT_AS, (CEILING, CEILING))
    tracemalloc.start()
    try:
        first = ask(url) if mode == "sync" else asyncio.run(ask_async(url))
        outcome = type(first).__name__
    except metrics24.Metrics24Error as error:
        outcome = type(error).__name__
    sys.stdout.write(f"{outcome} {tracemalloc.get_traced_memory()[1] / 2**20:.0f}\n")


main(*sys.argv[1:])
