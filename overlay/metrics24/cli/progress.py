"""Progress of a pull: rows, their rate, and how far back they go.

Progress of an export: the server's work, then bytes, their rate and rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from attrs import field, frozen

from metrics24.cli.export_commands import ExportProgress
from metrics24.cli.output import Output
from metrics24.rows import OnProgress, Progress


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
        moment = f", back to {progress.oldest}" if progress.oldest else ""
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


@contextmanager
def display(course: Course, *, quiet: bool) -> Iterator[OnProgress]:
    """Show progress as long as the context lasts; it gives what to call with the progress."""
    with Output(quiet=quiet).progress(course.table, "waiting for the first page", clock=course.clock) as show:
        yield lambda progress: show(course.describe(progress), course.fraction(progress))


@contextmanager
def display_download(title: str, *, quiet: bool) -> Iterator[Callable[[Any], None]]:
    """Show progress as long as the context lasts; it gives what to call with each step."""
    with Output(quiet=quiet).progress(title, "waiting for the server", timed=True) as show:
        steps = ExportProgress(show)
        yield lambda step: show(step, None) if isinstance(step, str) else steps(step)
