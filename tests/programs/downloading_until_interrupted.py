"""Fetch an export until interrupted, say when that was through, and stay. Arguments: sync|async, base URL, target|-."""

import asyncio
import fcntl
import sys
import time
from contextlib import aclosing, closing
from pathlib import Path

import metrics24

WAITING = metrics24.Waiting(first=0.1, factor=600, max=60)
"""A first look at once, and the next one in a minute."""


def say(target: str) -> None:
    """Say when the interrupt was through, and whether another process could go on."""
    now, part = time.monotonic(), Path(f"{target}.part")
    if part.exists():
        with part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    sys.stdout.write(f"{now}\n")
    sys.stdout.flush()


def tell(what: object) -> bool:
    """Say that a block is there."""
    if isinstance(what, metrics24.DownloadProgress | bytes):
        sys.stdout.write("block\n")
        sys.stdout.flush()
    return True


def fetch(url: str, target: str) -> None:
    """Fetch with Client."""
    with metrics24.Client(api_key="k", base_url=url, timeout=60) as client:
        job = client.exports.resume("exp_1")
        try:
            with closing(job.iter_bytes()) as blocks:  # an interrupt in `tell` leaves the iteration where it is
                if target != "-":
                    job.save(target, waiting=WAITING, on_progress=tell)
                for block in blocks:
                    tell(block)
        except KeyboardInterrupt:
            say(target)
            time.sleep(60)


async def fetch_async(url: str, target: str) -> None:
    """Fetch with AsyncClient."""
    async with metrics24.AsyncClient(api_key="k", base_url=url, timeout=60) as client:
        job = await client.exports.resume("exp_1")
        try:
            async with aclosing(job.iter_bytes()) as blocks:
                if target != "-":
                    await job.save(target, waiting=WAITING, on_progress=tell)
                async for block in blocks:
                    tell(block)
        except asyncio.CancelledError:
            say(target)
            await asyncio.sleep(60)


def main(mode: str, url: str, target: str) -> None:
    """Fetch; the only good end is to be told to go."""
    fetch(url, target) if mode == "sync" else asyncio.run(fetch_async(url, target))


main(*sys.argv[1:])
