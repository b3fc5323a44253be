"""Progress of an export: the server's work, then bytes, their rate and rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from attrs import define, field

from metrics24.cli.bars import Showing
from metrics24.cli.text import printable, size

if TYPE_CHECKING:  # loads the HTTP client, which a help has no use for
    from metrics24.flows.waiting import WaitProgress
    from metrics24.resources.export_state import DownloadProgress

    Step = WaitProgress | DownloadProgress | str
    """A look at the export, a block of its file, or the words for what is done now."""
    OnStep = Callable[[Step], object]


@define(kw_only=True)
class Course:
    """What is being fetched, and how fast it arrives.

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


def display(course: Course, *, quiet: bool) -> AbstractContextManager[OnStep]:
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
