"""Progress of an export on stderr: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import click
from attrs import define, field

from metrics24.cli.progress import SECONDS_BETWEEN_LINES
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
            return f"{printable(str(getattr(step, 'status', '')))} for {seconds:,.0f} s"
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
    if quiet or sys.stderr is None:
        return nullcontext(_show_nothing)
    return _live(course) if sys.stderr.isatty() else _lines(course)


def _show_nothing(_: Step) -> None:
    """Be quiet."""


@contextmanager
def _live(course: Course) -> Iterator[OnStep]:
    from rich import progress as bars  # noqa: PLC0415  takes longer to load than the rest of the command line
    from rich.console import Console  # noqa: PLC0415  likewise

    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(bar_width=10),
        bars.TextColumn("{task.fields[state]}", markup=False),
        bars.TimeElapsedColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(course.title, total=None, state="waiting for the server")

        def update(step: Step) -> None:
            bar.update(
                task,
                total=getattr(step, "total", None),
                completed=getattr(step, "bytes", 0),
                state=course.describe(step),
            )

        yield update


@contextmanager
def _lines(course: Course) -> Iterator[OnStep]:
    due = course.started + SECONDS_BETWEEN_LINES

    def update(step: Step) -> None:
        nonlocal due
        text = course.describe(step)
        if course.clock() >= due:
            due = course.clock() + SECONDS_BETWEEN_LINES
            click.echo(f"{course.title}: {text}", err=True)

    yield update
