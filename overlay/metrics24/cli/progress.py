"""Progress on stderr: a line that moves on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime, timedelta

import click
from attrs import field, frozen

from metrics24.cli.text import printable
from metrics24.pages.progress import OnProgress, Progress

SECONDS_BETWEEN_LINES = 5.0


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
    if quiet or sys.stderr is None:
        return nullcontext(_show_nothing)
    if sys.stderr.isatty():
        return _live(course)
    return _lines(course)


def _show_nothing(_: Progress) -> None:
    """Be quiet."""


@contextmanager
def _live(course: Course) -> Iterator[OnProgress]:
    from rich import progress as bars  # noqa: PLC0415  takes longer to load than the rest of the command line
    from rich.console import Console  # noqa: PLC0415  likewise

    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(bar_width=10),
        bars.TextColumn("{task.fields[state]}", markup=False),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(course.table, total=None, state="waiting for the first page")

        def update(progress: Progress) -> None:
            fraction = course.fraction(progress)
            total = None if fraction is None else 1.0
            bar.update(task, total=total, completed=fraction or 0.0, state=course.describe(progress))

        yield update


@contextmanager
def _lines(course: Course) -> Iterator[OnProgress]:
    due = course.started + SECONDS_BETWEEN_LINES

    def update(progress: Progress) -> None:
        nonlocal due
        if course.clock() >= due:
            due = course.clock() + SECONDS_BETWEEN_LINES
            click.echo(f"{course.table}: {course.describe(progress)}", err=True)

    yield update
