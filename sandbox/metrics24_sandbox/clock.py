"""The sandbox's clock: real time, or a fixed time that tests move."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Milliseconds since 1970. A clock with a start stands still and moves with `advance` and `tick` alone."""

    def __init__(self, start: str | None = None, *, tick: float = 0.0) -> None:
        self._standing = None if start is None else _milliseconds(start)
        self._step = round(tick * 1000)

    def now(self) -> int:
        """The time."""
        return time.time_ns() // 1_000_000 if self._standing is None else self._standing

    def tick(self) -> None:
        """One request has come in."""
        if self._standing is not None:
            self._standing += self._step

    def advance(self, seconds: float) -> None:
        """Move a standing clock."""
        if self._standing is None:
            raise ValueError("a running clock cannot be moved: give the sandbox a `now`")
        self._standing += round(seconds * 1000)


def iso(moment: int) -> str:
    """A moment as exports and filter groups write it."""
    return f"{datetime.fromtimestamp(moment // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
