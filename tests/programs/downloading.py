"""Save an export, and die on the way if told so. Arguments: sync|async, base URL, target, then any of:

full=BYTES (no file may grow beyond that, as on a full disk), kill=BYTES (SIGKILL once so many have arrived), overwrite.
"""

import asyncio
import os
import resource
import signal
import sys
from typing import Any

import metrics24


class Deadly:
    """Kills the process once enough has arrived."""

    def __init__(self, limit: str) -> None:
        self._limit = int(limit or 2**62)

    def __call__(self, progress: object) -> None:
        if isinstance(progress, metrics24.DownloadProgress) and progress.bytes >= self._limit:
            os.kill(os.getpid(), signal.SIGKILL)


def save(url: str, target: str, **options: Any) -> metrics24.Saved:
    """Save with Client."""
    with metrics24.Client(api_key="k", base_url=url, timeout=2) as client:
        return client.exports.resume("exp_1").save(target, **options)


async def save_async(url: str, target: str, **options: Any) -> metrics24.Saved:
    """Save with AsyncClient."""
    async with metrics24.AsyncClient(api_key="k", base_url=url, timeout=2) as client:
        return await (await client.exports.resume("exp_1")).save(target, **options)


def main(mode: str, url: str, target: str, *told: str) -> None:
    """Save, and say how it ended."""
    facts = dict(each.partition("=")[::2] for each in told)
    if "full" in facts:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(facts["full"]),) * 2)
    options = {"overwrite": "overwrite" in facts, "on_progress": Deadly(facts.get("kill", ""))}
    try:
        saved = save(url, target, **options) if mode == "sync" else asyncio.run(save_async(url, target, **options))
    except metrics24.Metrics24Error as error:
        sys.stdout.write(f"{type(error).__name__}: {error}\n")
    else:
        sys.stdout.write(f"saved {saved.bytes}\n")


main(*sys.argv[1:])
