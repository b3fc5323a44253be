"""Progress of a pull: rows, their rate, and how far back they go."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

from attrs import field, frozen

from metrics24.cli.bars import Showing
from metrics24.cli.text import printable
from metrics24.pages.progress import OnProgress, Progress


@frozen(kw_only=True)
class Course:
    """What is being pulled, and how far along a number of rows or a moment is."""

    table: str
    start: date
    end: date
    limit: int | None
    clock: Callable[[], float] = time.monotonic
    started: float = field(factory=time.monotonic)

    def describe(self, progress: Progress) -> str:
        """Say how far it is, such as ``12,300 rows, 4,100 rows/s, back to 2025-02-03 11:02:44``."""
        seconds = max(self.clock() - self.started, 0.001)
        moment = f", back to {printable(progress.oldest)}" if progress.oldest else ""
        return f"{progress.rows:,} rows, {progress.rows / seconds:,.0f} rows/s{moment}"

    def fraction(self, progress: Progress) -> float | None:
        """Estimate the part that is done from the limit and the oldest time reached; None if neither tells."""
        parts = [] if not self.limit else [progress.rows / self.limit]
        try:
            reached = datetime.fromisoformat(progress.oldest or "").replace(tzinfo=None)
        except ValueError:
            pass
        else:
            end = datetime.combine(self.end, datetime.min.time()) + timedelta(days=1)
            parts.append((end - reached) / (end - datetime.combine(self.start, datetime.min.time())))
        return min(max(0.0, *parts), 1.0) if parts else None


def display(course: Course, *, quiet: bool) -> AbstractContextManager[OnProgress]:
    """Show progress as long as the context lasts; it gives what to call with the progress."""

    def measure(progress: Progress) -> tuple[float | None, float]:
        fraction = course.fraction(progress)
        return None if fraction is None else 1.0, fraction or 0.0

    showing = Showing(
        title=course.table,
        waiting="waiting for the first page",
        describe=course.describe,
        measure=measure,
        clock=course.clock,
        started=course.started,
    )
    return showing.display(quiet=quiet)
