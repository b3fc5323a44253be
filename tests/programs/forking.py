"""Use a client, fork, use it in both processes at once; each prints how it went. Arguments: sync|async, base URL."""

import asyncio
import os
import sys
from typing import Any

import metrics24

RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-27"}


async def collect(client: metrics24.AsyncClient, integration: str) -> list[object]:
    """Read with AsyncClient."""
    return [record async for record in client.reports.clicks(integration, page_size=3, **RANGE).records()]


def outcome(client: metrics24.Client | metrics24.AsyncClient, integration: str) -> str:
    """Read several times, and say whether every row was the integration's own."""
    try:
        for _ in range(5):
            if isinstance(client, metrics24.Client):
                rows: list[object] = list(client.reports.clicks(integration, page_size=3, **RANGE).records())
            else:
                rows = asyncio.run(collect(client, integration))
            if [row["offer"] for row in rows if isinstance(row, dict)] != [integration] * 10:
                return "wrong rows"
    except metrics24.Metrics24Error as error:
        return type(error).__name__
    return "right rows"


def main(mode: str, url: str) -> None:
    """Fork after the first use, when connections are open."""
    kind = metrics24.Client if mode == "sync" else metrics24.AsyncClient
    client = kind(api_key="k", base_url=url)
    before = outcome(client, "before")
    child = os.fork()
    who = "parent" if child else "child"
    os.write(1, f"{who}: {before}, {outcome(client, who)}\n".encode())
    if not child:
        os._exit(0)
    os.waitpid(child, 0)


main(*sys.argv[1:])
