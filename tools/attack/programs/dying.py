"""Save a file, and die at a named point if told so. Argument: a JSON object.

`what` is download or rows, `mode` sync or async, `url` the API, `target` the file, `overwrite` whether it may be there,
and `point` where to die; where it is empty, every point that is passed is printed. Points are the calls by which the
client reaches the disk and the network, which are wrapped here from outside: "before fsync 1", "after response 2".
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

import metrics24

CALLS = ("open", "fsync", "link", "replace", "unlink")
RANGE = ("int_1", "2025-02-01", "2025-02-02")


class Points:
    """Counts the points that are passed, and kills the process at one of them."""

    def __init__(self, deadly: str) -> None:
        self._deadly = deadly
        self.passed: list[str] = []
        self._count: Counter[str] = Counter()
        self._turn = threading.Lock()

    def reach(self, name: str) -> None:
        """Pass a point."""
        with self._turn:
            self._count[name] += 1
            self.passed.append(f"{name} {self._count[name]}")
            if self.passed[-1] == self._deadly:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Wrap a function, so that there is a point before it and one after it."""

        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.reach(f"before {name}")
            result = real(*arguments, **options)
            self.reach(f"after {name}")
            return result

        return wrapped

    def around_async(self, real: Callable[..., Awaitable[Any]], name: str) -> Callable[..., Any]:
        """Wrap a coroutine function."""

        async def wrapped(*arguments: Any, **options: Any) -> Any:
            self.reach(f"before {name}")
            result = await real(*arguments, **options)
            self.reach(f"after {name}")
            return result

        return wrapped

    def block(self, _: object) -> None:
        """Pass the point after a block."""
        self.reach("block")


def download(client: Any, told: dict[str, Any], points: Points) -> Any:
    """Save an export that is complete."""
    return client.exports.resume("exp_1").save(told["target"], overwrite=told["overwrite"], on_progress=points.block)


async def download_async(client: Any, told: dict[str, Any], points: Points) -> Any:
    """Save an export that is complete."""
    job = await client.exports.resume("exp_1")
    return await job.save(told["target"], overwrite=told["overwrite"], on_progress=points.block)


def rows(client: Any, told: dict[str, Any], _: Points) -> Any:
    """Save rows of a report table."""
    integration, start, end = RANGE
    asked = client.reports.clicks(integration, start=start, end=end, page_size=100)
    return asked.save(told["target"], overwrite=told["overwrite"])


async def in_loop(told: dict[str, Any], points: Points, options: dict[str, Any]) -> None:
    """Save with AsyncClient."""
    async with metrics24.AsyncClient(**options) as client:
        await (download_async if told["what"] == "download" else rows)(client, told, points)


def main(words: str) -> None:
    """Save, and say which points were passed."""
    told = json.loads(words)
    points = Points(told["point"])
    for name in CALLS:
        setattr(os, name, points.around(getattr(os, name), name))
    httpx.HTTPTransport.handle_request = points.around(httpx.HTTPTransport.handle_request, "response")  # type: ignore[method-assign]
    asynchronous = httpx.AsyncHTTPTransport
    asynchronous.handle_async_request = points.around_async(asynchronous.handle_async_request, "response")  # type: ignore[method-assign]
    options: dict[str, Any] = {"api_key": "k", "base_url": told["url"], "timeout": 10}
    if told["mode"] == "async":
        asyncio.run(in_loop(told, points, options))
    else:
        with metrics24.Client(**options) as client:
            (download if told["what"] == "download" else rows)(client, told, points)
    sys.stdout.write("\n".join(points.passed))


main(*sys.argv[1:])
