"""Progress of a pull: rows, their rate, and how far back they go.

Progress of an export: the server's work, then bytes, their rate and rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from metrics24.cli.output import Showing, printable, size
from metrics24.rows import OnProgress, Progress


@frozen(kw_only=True)
class Course:
    """The running pull, and how far along a number of rows or a moment is."""

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


if TYPE_CHECKING:  # loads the HTTP client, which a help has no use for
    from metrics24._core.export_flows import WaitProgress
    from metrics24.export_job import DownloadProgress

    Step = WaitProgress | DownloadProgress | str
    """A look at the export, a block of its file, or the words for what is done now."""
    OnStep = Callable[[Step], object]


@define(kw_only=True)
class DownloadCourse:
    """The running download, and its speed.

    Attributes:
        title: what it is.
        clock: seconds that only ever grow.

    """

    title: str
    clock: Callable[[], float] = time.monotonic
    started: float = field(init=False)
    _before: tuple[float, int] | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.started = self.clock()

    def describe(self, step: Step) -> str:
        """Say how far it is, such as ``12.3 MB of 45.0 MB, 3.1 MB/s, 12,300 rows``."""
        if isinstance(step, str):
            return step
        if (seconds := getattr(step, "seconds", None)) is not None:
            from metrics24.models import ArtifactStatus  # noqa: PLC0415  loads what showing help does not need

            status = str(getattr(step, "status", ""))
            if status == ArtifactStatus.COMPLETED:
                return f"made after {seconds:,.0f} s, downloading"
            return f"{printable(status)} for {seconds:,.0f} s"
        return self._arrived(step)  # type: ignore[arg-type]  # told apart without loading their modules

    def _arrived(self, step: DownloadProgress) -> str:
        """Count only what arrived in this process towards the rate: a resumed download begins with a part of it."""
        if self._before is None:
            self._before = self.clock(), step.bytes
        since, bytes_before = self._before
        elapsed = self.clock() - since
        rate = f", {size(round((step.bytes - bytes_before) / elapsed))}/s" if elapsed > 0 else ""
        whole = "" if step.total is None else f" of {size(step.total)}"
        return f"{size(step.bytes)}{whole}{rate}, {step.rows:,} rows"


def display_download(course: DownloadCourse, *, quiet: bool) -> AbstractContextManager[OnStep]:
    """Show progress as long as the context lasts; it gives what to call with each step."""
    showing: Showing[Step] = Showing(
        title=course.title,
        waiting="waiting for the server",
        describe=course.describe,
        measure=lambda step: (getattr(step, "total", None), getattr(step, "bytes", 0)),
        clock=course.clock,
        started=course.started,
        timed=True,
    )
    return showing.display(quiet=quiet)
