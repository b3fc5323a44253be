"""How progress is shown on stderr: a bar that moves on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Generic, TypeVar

import click
from attrs import frozen

S = TypeVar("S")

SECONDS_BETWEEN_LINES = 5.0


@frozen(kw_only=True)
class Showing(Generic[S]):
    """What is shown of steps of one kind.

    Attributes:
        title: what it is that makes progress.
        waiting: what is said before the first step.
        describe: says how far a step is; asked for every step, in their order.
        measure: the whole and the part that is done, as numbers; None for a whole that nobody knows.
        clock: seconds that only ever grow.
        started: what the clock said in the beginning.
        timed: whether a bar shows the time since then.

    """

    title: str
    waiting: str
    describe: Callable[[S], str]
    measure: Callable[[S], tuple[float | None, float]]
    clock: Callable[[], float]
    started: float
    timed: bool = False

    def display(self, *, quiet: bool) -> AbstractContextManager[Callable[[S], None]]:
        """Show progress as long as the context lasts; it gives what to call with each step."""
        if quiet or sys.stderr is None:
            return nullcontext(_show_nothing)
        return self._live() if sys.stderr.isatty() else self._lines()

    @contextmanager
    def _live(self) -> Iterator[Callable[[S], None]]:
        from rich import progress as bars  # noqa: PLC0415  takes longer to load than the rest of the command line
        from rich.console import Console  # noqa: PLC0415  likewise

        columns = (
            bars.SpinnerColumn(),
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(bar_width=10),
            bars.TextColumn("{task.fields[state]}", markup=False),
            *([bars.TimeElapsedColumn()] if self.timed else []),
        )
        with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(self.title, total=None, state=self.waiting)

            def update(step: S) -> None:
                total, completed = self.measure(step)
                bar.update(task, total=total, completed=completed, state=self.describe(step))

            yield update

    @contextmanager
    def _lines(self) -> Iterator[Callable[[S], None]]:
        due = self.started + SECONDS_BETWEEN_LINES

        def update(step: S) -> None:
            nonlocal due
            text = self.describe(step)
            if self.clock() >= due:
                due = self.clock() + SECONDS_BETWEEN_LINES
                click.echo(f"{self.title}: {text}", err=True)

        yield update


def _show_nothing(_: Any) -> None:
    """Be quiet."""
