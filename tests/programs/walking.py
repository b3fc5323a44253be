"""Iterate rows that a transport repeats without end; print how many, and how many MiB the process grew meanwhile.

Arguments: models|records, sync|async, number of rows.
"""

import asyncio
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import httpx

import metrics24

RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-27"}
WARM = 5000  # rows after which everything is loaded and memory no longer grows
ROW = json.dumps({"status": "approved", "payout": 1.5, "sub_id": "s" * 40, "request_time": "2025-02-01T00:00:00Z"})
PAGE = (
    '{"data":{"data":[%s,{"real_tx_id":"%s"}],"pageInfo":{"endCursor":"%s","hasPreviousPage":true,"hasNextPage":true}}}'
)
ROWS = ",".join([ROW] * 99)
numbers = itertools.count()


def respond(_: httpx.Request) -> httpx.Response:
    """Give a hundred rows, always the same under a fresh cursor."""
    cursor = f"01J{next(numbers):023d}"
    return httpx.Response(200, content=PAGE % (ROWS, cursor, cursor))


def peak() -> float:
    """Give the most memory that the process ever held, in MiB."""
    status = Path("/proc/self/status").read_text("utf-8")  # ru_maxrss would be the parent's, inherited over exec
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def read(lane: str, count: int) -> tuple[int, float]:
    """Read with Client."""
    before, seen = 0.0, 0
    with metrics24.Client(api_key="k", base_url="http://localhost", transport=httpx.MockTransport(respond)) as client:
        rows = client.reports.clicks("i", limit=count, **RANGE)
        for _ in rows if lane == "models" else rows.records():
            seen += 1
            if seen == WARM:
                before = peak()
    return seen, peak() - before


async def read_async(lane: str, count: int) -> tuple[int, float]:
    """Read with AsyncClient."""
    before, seen = 0.0, 0
    transport = httpx.MockTransport(respond)
    async with metrics24.AsyncClient(api_key="k", base_url="http://localhost", transport=transport) as client:
        rows = client.reports.clicks("i", limit=count, **RANGE)
        async for _ in rows if lane == "models" else rows.records():
            seen += 1
            if seen == WARM:
                before = peak()
    return seen, peak() - before


def main(lane: str, mode: str, count: str) -> None:
    """Measure one run."""
    seen, grown = read(lane, int(count)) if mode == "sync" else asyncio.run(read_async(lane, int(count)))
    sys.stdout.write(f"{seen} {grown:.1f}\n")


main(*sys.argv[1:])
