"""A clock that tests move themselves: sleeping takes no time, and is written down."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    """Wall and monotonic time that advance only by sleeping; `jump` moves the wall clock alone."""

    def __init__(self, on_sleep: Callable[["FakeClock"], None] | None = None) -> None:
        self.slept: list[float] = []
        self._wall = START
        self._monotonic = 1000.0
        self._on_sleep = on_sleep
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Give the wall-clock time."""
        return self._wall

    def monotonic(self) -> float:
        """Give seconds that only ever grow."""
        return self._monotonic

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back; monotonic time does not notice."""
        with self._lock:
            self._wall += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Advance both times at once."""
        with self._lock:
            self.slept.append(seconds)
            self._wall += timedelta(seconds=seconds)
            self._monotonic += seconds
        if self._on_sleep is not None:
            self._on_sleep(self)

    async def sleep_async(self, seconds: float) -> None:
        """Do the same for the async driver."""
        self.sleep(seconds)
