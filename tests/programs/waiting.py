"""Read until interrupted; print when the interrupt was through. Arguments: sync|async, base URL, target file or -."""

import asyncio
import sys
import time
from typing import Any

import metrics24

RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-27"}


def read(url: str, target: str) -> None:
    """Read or save with Client."""
    with metrics24.Client(api_key="k", base_url=url, timeout=60) as client:
        rows = client.reports.clicks("int1", **RANGE)
        if target != "-":
            rows.save(target)
        for _ in rows:
            continue


async def read_async(url: str, target: str) -> None:
    """Read or save with AsyncClient."""
    async with metrics24.AsyncClient(api_key="k", base_url=url, timeout=60) as client:
        rows = client.reports.clicks("int1", **RANGE)
        if target != "-":
            await rows.save(target)
        async for _ in rows:
            continue


def main(mode: str, url: str, target: str) -> None:
    """Read; the only good end is the interrupt."""
    try:
        read(url, target) if mode == "sync" else asyncio.run(read_async(url, target))
    except KeyboardInterrupt:
        sys.stdout.write(f"interrupted {time.monotonic()}\n")


main(*sys.argv[1:])
