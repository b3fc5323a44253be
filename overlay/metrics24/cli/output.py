"""Text for people: what a server sent must not move their cursor or forge a line.

Tables and lists of fields for people, in plain text: what a server sent cannot move the cursor or forge a line.

How progress is shown on stderr: a bar that moves on a terminal, a plain line now and then elsewhere.

Errors and warnings on stderr: a line for people, or an object for programs.
"""

from __future__ import annotations

import json
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Generic, Protocol, TypeVar

import click
from attrs import asdict, frozen

from metrics24.cli.exit_codes import Terminated, exit_code
from metrics24.errors import AmbiguousWrite, Metrics24Error, Metrics24Warning, StatusError


def printable(text: str) -> str:
    """Escape everything that is not plainly visible: control characters, line breaks, changes of direction."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def number(count: int, word: str) -> str:
    """Write how many there are of what a word names: 1 day, 1,000 days."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def fitting_nowhere(misfits: int) -> str:
    """Say how many values stand where those stand that fit no column."""
    return f"{number(misfits, 'value')} fitted no column and stand{'s' if misfits == 1 else ''} in the column _extra"


def size(count: int) -> str:
    """Write a number of bytes with three digits or so."""
    amount, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"


_GAP = "  "
_NARROWEST = 6


@frozen
class TableColumn:
    """A column of a table.

    Attributes:
        title: what stands above it.
        right: whether its cells are aligned to the right, as numbers are.
        whole: whether its cells are never cut: ids, since a part of an id is worth nothing.

    """

    title: str
    right: bool = False
    whole: bool = False


def table(columns: Sequence[TableColumn], rows: Iterable[Sequence[object]], *, width: int | None) -> list[str]:
    """Lay rows out in lines of at most `width` characters, where cutting cells that may be cut suffices.

    None as the width cuts nothing.
    """
    cells = [[column.title for column in columns], *([cell_text(cell) for cell in row] for row in rows)]
    widths = [max(map(_length, column)) for column in zip(*cells, strict=True)]
    if width is not None:
        _narrow(columns, widths, width)
    return [_line(columns, widths, row) for row in cells]


def fields(record: Mapping[str, object]) -> list[str]:
    """Lay a record out, a field per line; fields without a value are left out."""
    shown = {printable(name): cell_text(value) for name, value in record.items() if value is not None}
    size = max(map(_length, shown), default=0)
    return [f"{_fitted(name, size)}{_GAP}{text}" for name, text in shown.items()]


def cell_text(value: object) -> str:
    """Write a value as people read it: yes and no, texts of a list with commas, everything else as JSON."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return printable(", ".join(value))
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def terminal_width() -> int | None:
    """Return the number of characters in a line of stdout; None for a file, which has no edge."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _line(columns: Sequence[TableColumn], widths: Sequence[int], row: Sequence[str]) -> str:
    fitted = (_fitted(text, size, right=column.right) for text, size, column in zip(row, widths, columns, strict=True))
    return _GAP.join(fitted).rstrip()


def _narrow(columns: Sequence[TableColumn], widths: list[int], width: int) -> None:
    """Take from the widest column that may be cut until the lines fit, or none can give any more."""
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0:
        places = [p for p, column in enumerate(columns) if not column.whole and widths[p] > _NARROWEST]
        if not places:
            return
        widths[max(places, key=widths.__getitem__)] -= 1
        excess -= 1


def _fitted(text: str, size: int, *, right: bool = False) -> str:
    """Cut or fill a text to a size as a terminal measures it: some characters take two places."""
    from rich.cells import set_cell_size  # noqa: PLC0415  takes longer to load than the rest of the command line

    if _length(text) > size:
        return set_cell_size(text, size - 1) + "…"
    return " " * (size - _length(text)) + text if right else set_cell_size(text, size)


def _length(text: str) -> int:
    from rich.cells import cell_len  # noqa: PLC0415  likewise

    return cell_len(text)


S = TypeVar("S")

SECONDS_BETWEEN_LINES = 5.0


@frozen(kw_only=True)
class Showing(Generic[S]):
    """The display of steps of one kind.

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


class Ending(Protocol):
    """The cost of an early end, and how to go on: its text for people, `facts` for programs."""

    def facts(self) -> Mapping[str, object]:
        """Say it as an error's members."""


@frozen
class Lost:
    """The rows fetched before a command ended early.

    Attributes:
        rows: how many rows.
        newest: the time of the first one.
        oldest: the time of the last one.
        cursor: the last one's cursor.
        resume: the command that fetches only what is older, None where that cannot be said.

    """

    rows: int
    newest: str | None
    oldest: str | None
    cursor: str | None
    resume: str | None

    def facts(self) -> Mapping[str, object]:
        """Say it as an error's members."""
        return {"lost": asdict(self)}

    def __str__(self) -> str:
        if not self.rows:
            return "Nothing had been fetched, and no file was left behind."
        span = f" ({self.newest} back to {self.oldest})" if self.oldest else ""
        text = (
            f"{self.rows:,} rows{span} had been fetched and are lost; no file was left behind. Run the command again."
        )
        hint = f" If you have those rows from elsewhere, this fetches only the older ones: {self.resume}"
        return text + hint if self.resume else text


class EndedEarlyError(Exception):
    """A command was ended by `cause`; `lost` says what that cost, if anything."""

    def __init__(self, cause: BaseException, lost: Ending | None = None) -> None:
        super().__init__(cause, lost)
        self.cause = cause
        self.lost = lost


@frozen
class Reporter:
    """Says on stderr what went wrong."""

    as_json: bool
    debug: bool

    def report(self, error: BaseException) -> int:
        """Report an error and return the exit code for it."""
        lost = error.lost if isinstance(error, EndedEarlyError) else None
        cause = error.cause if isinstance(error, EndedEarlyError) else error
        code = exit_code(cause)
        if self.debug:
            click.echo("".join(traceback.format_exception(cause)), err=True, nl=False)
        if self.as_json:
            _echo_json({"error": {**_facts(cause), "exit_code": code, **(lost.facts() if lost else {})}})
        elif isinstance(cause, click.ClickException):
            cause.show()
        else:
            ending = f" {printable(str(lost))}" if lost else ""
            click.echo(f"{_headline(cause)}{ending}", err=True)
        return code

    @contextmanager
    def warnings(self) -> Iterator[None]:
        """Show the client's warnings, each as it is given, in the same form as errors."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", Metrics24Warning)
            warnings.showwarning = self._show_warning
            yield

    def _show_warning(self, message: Warning | str, category: type[Warning], *_place: Any, **_more: Any) -> None:
        if self.as_json:
            _echo_json({"warning": {"type": category.__name__, "message": str(message)}})
        else:
            click.echo(f"Warning: {printable(str(message))}", err=True)


def _headline(error: BaseException) -> str:
    if isinstance(error, Terminated):
        return "Terminated."
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "Interrupted."
    return f"Error: {printable(_message(error))}"


def _message(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    text = " ".join([str(error), *getattr(error, "__notes__", [])])
    if isinstance(error, AmbiguousWrite) and error.candidates:
        text = f"{text} Candidates: {', '.join(_ids(error))}."
    if isinstance(error, Metrics24Error):
        return text
    if isinstance(error, OSError):  # all others are errors of ours
        return f"the output could not be written ({error.strerror or text})"
    return f"{type(error).__name__}: {text}. This is a fault of metrics24 itself; --debug shows where."


def _facts(error: BaseException) -> Mapping[str, object]:
    kind = "Interrupted" if exit_code(error) in (130, 143) else type(error).__name__
    message = _message(error) if isinstance(error, Exception) and kind != "Interrupted" else _headline(error)
    facts: dict[str, object] = {"type": kind, "message": message}
    if isinstance(error, StatusError):
        facts |= {"status": error.status_code, "operation": error.operation, "request_id": error.request_id}
    if isinstance(error, AmbiguousWrite):
        facts["candidates"] = _ids(error)
    return facts


def _ids(error: AmbiguousWrite) -> list[str]:
    return [str(getattr(candidate, "id", candidate)) for candidate in error.candidates]


def _echo_json(value: object) -> None:
    click.echo(json.dumps(value), err=True)
