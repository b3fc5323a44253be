"""All that the commands print: results on stdout, everything else on stderr, for people or, with --json, for programs.

Text that a server sent is made printable here, so that it cannot move the cursor or forge a line. A narrow encoding, a
closed stream or a broken pipe never ends a command with a traceback.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Protocol, cast

import click
from attrs import frozen

from metrics24.cli.exit_codes import Terminated, exit_code, sigterm_as_interrupt
from metrics24.errors import AmbiguousWrite, Metrics24Error, Metrics24Warning, StatusError, UsageError

SECONDS_BETWEEN_LINES = 5.0
"""The pause between two lines of progress where stderr is not a terminal."""

_GAP = 2
_NARROWEST = 6

# The name of an argument in a message; `=`, and the value of a flag, belong to it.
_ARGUMENT = r"""(?<![\w'"-]){}(?:=(True|False|)(?![^\s,.;)]))?(?![\w'"])"""
_OPTIONS = {"api_key": "api_key_file", "verify": "no_verify"}  # arguments whose options have other names
# A method of the client in a message, and its arguments.
_METHOD = re.compile(r"""\b(exports|filter_groups)\.([a-z_]+)(?:\(['"]?([^)]*?)['"]?\))?""")

Show = Callable[[str, float | None], None]
"""Shows one step of a progress: its text, and the fraction that is done (None: unknown)."""


class Ending(Protocol):
    """The cost of an early end of a command, and how to go on: as text for people, as facts for programs."""

    def facts(self) -> Mapping[str, object]:
        """Return the members that the error object gets."""


class EndedEarlyError(Exception):
    """A command was ended by `cause`; `ending` says what that cost, if anything."""

    def __init__(self, cause: BaseException, ending: Ending | None = None) -> None:
        super().__init__(cause, ending)
        self.cause = cause
        self.ending = ending


@frozen
class TableColumn:
    """A column of a table.

    Attributes:
        title: the text above it.
        right: align the cells to the right, as numbers are.
        whole: never cut the cells: a part of an id is worth nothing.

    """

    title: str
    right: bool = False
    whole: bool = False


@frozen
class Output:
    """The output of one command.

    Attributes:
        as_json: print for programs: objects on both streams, and no progress.
        quiet: print no progress, no summary and no remarks.
        debug: print tracebacks with errors.

    """

    as_json: bool = False
    quiet: bool = False
    debug: bool = False

    @property
    def talks(self) -> bool:
        """True if remarks for people are printed."""
        return not self.quiet and not self.as_json

    def result(self, facts: object, lines: str | Iterable[str]) -> None:
        """Print what the user asked to see: lines for people, facts for programs."""
        if self.as_json:
            _write(f"{json.dumps(facts)}\n")
        else:
            _write_lines(lines)

    def summary(self, facts: object, lines: str | Iterable[str], *, optional: bool = True) -> None:
        """Print what the command has done. The work counts, so a stdout that takes nothing fails no command.

        `optional` lines are left out with --quiet.
        """
        try:
            if self.as_json or not (optional and self.quiet):
                self.result(facts, lines)
        except OSError as error:
            self.note(f"The command has done its work, but its summary could not be written: {error.strerror}.")

    def raw(self, text: str) -> None:
        """Print text to stdout exactly as it is."""
        _write(text)

    def say(self, text: str) -> None:
        """Print a remark for people on stderr."""
        if self.talks:
            _write_lines(text, err=True)

    def note(self, text: str) -> None:
        """Print on stderr what also programs, and people who want it quiet, must know."""
        if self.as_json:
            _write(f"{json.dumps({'note': text})}\n", err=True)
        else:
            _write_lines(text, err=True)

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Ask before something is deleted, unless `yes` answers already.

        Raises:
            UsageError: there is no terminal to ask on.

        """
        if yes:
            return True
        if sys.stdin is None or not sys.stdin.isatty():
            raise UsageError("There is no terminal to ask on: pass --yes to delete, or --dry-run to look")
        if click.confirm(printable(question), err=True):
            return True
        self.note("Nothing was deleted.")
        return False

    @contextmanager
    def writing(self, doubt: str) -> Iterator[None]:
        """Print what is in doubt when a write to the server in the block is interrupted."""
        with sigterm_as_interrupt():
            try:
                yield
            except KeyboardInterrupt as error:
                self.note(doubt)
                raise EndedEarlyError(error) from error

    @contextmanager
    def progress(
        self, title: str, waiting: str, *, timed: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> Iterator[Show]:
        """Show progress on stderr during the block: a bar on a terminal, elsewhere a line every five seconds.

        Args:
            title: the name of what makes progress.
            waiting: the text before the first step.
            timed: show the time since the start beside the bar.
            clock: seconds that only grow.

        """
        if not self.talks or sys.stderr is None:
            yield lambda _text, _fraction: None
        elif sys.stderr.isatty():
            with _bar(title, waiting, timed=timed) as show:
                yield show
        else:
            yield _lines_now_and_then(title, clock)

    def error(self, error: BaseException) -> int:
        """Print an error and return the exit code for it."""
        ending = error.ending if isinstance(error, EndedEarlyError) else None
        cause = error.cause if isinstance(error, EndedEarlyError) else error
        code = exit_code(cause)
        if self.debug:
            _write("".join(traceback.format_exception(cause)), err=True)
        if self.as_json:
            facts = {**_facts(cause), "exit_code": code, **(ending.facts() if ending else {})}
            _write(f"{json.dumps({'error': facts})}\n", err=True)
        elif isinstance(cause, click.ClickException):
            cause.show(text := io.StringIO())
            _write(text.getvalue(), err=True)
        else:
            _write_lines(f"{_headline(cause)} {ending}" if ending else _headline(cause), err=True)
        return code

    @contextmanager
    def warnings(self) -> Iterator[None]:
        """Print the client's warnings during the block, each as it comes, in the same form as errors."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", Metrics24Warning)
            warnings.showwarning = self._show_warning
            yield

    def _show_warning(self, message: Warning | str, category: type[Warning], *_place: Any, **_more: Any) -> None:
        text = _in_words_of_the_command(str(message))
        if self.as_json:
            _write(f"{json.dumps({'warning': {'type': category.__name__, 'message': text}})}\n", err=True)
        else:
            _write_lines(f"Warning: {text}", err=True)


def in_words_of_the_command(error: BaseException) -> None:
    """Name options and commands in an error and its notes, in place of the library's arguments and methods."""
    if not isinstance(error, Metrics24Error):
        return
    arguments, cause = set[str](), cast("BaseException | None", error)
    while cause is not None:  # a message may quote that of its cause
        arguments.update(getattr(cause, "arguments", ()))
        cause = cause.__cause__ or cause.__context__
    error.args = (_in_words_of_the_command(str(error), arguments), *error.args[1:])
    error.__notes__ = [_in_words_of_the_command(note, arguments) for note in getattr(error, "__notes__", ())]


def _in_words_of_the_command(text: str, arguments: Iterable[str] = ()) -> str:
    context = click.get_current_context(silent=True)
    options = {} if context is None else {parameter.name: parameter for parameter in context.command.params}
    for name in arguments:
        parameter = options.get(name) or options.get(_OPTIONS.get(name, ""))
        if parameter is None:  # the clause that advises it is left out
            text = re.sub(rf",? or [^,.:;]*\b{name}=\S*?(?=[,.;]?(?:\s|$))", "", text)
        else:
            text = re.sub(_ARGUMENT.format(re.escape(name)), partial(_typed_name, parameter), text, count=1)
    return _METHOD.sub(_command_name, text)


def _typed_name(parameter: click.Parameter, found: re.Match[str]) -> str:
    if not isinstance(parameter, click.Option):
        return parameter.human_readable_name.strip("[].")
    return max((found[1] == "False" and parameter.secondary_opts) or parameter.opts, key=len)


def _command_name(method: re.Match[str]) -> str:
    argument = {"id": "ID", "...": ""}.get(method[3], method[3])
    return " ".join(["metrics24", method[1].replace("_", "-"), method[2].replace("_", "-"), *filter(None, [argument])])


def tolerate_narrow_encodings() -> None:
    """Let stdout and stderr replace the characters that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def printable(text: str) -> str:
    """Escape everything that is not plainly visible: control characters, line breaks, changes of direction."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def number(count: int, word: str) -> str:
    """Write a number with its noun: 1 day, 1,000 days."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def misfits_in_words(count: int) -> str:
    """Say how many values stand in the column `_extra`."""
    return f"{number(count, 'value')} fitted no column and stand{'s' if count == 1 else ''} in the column _extra"


def size(count: int) -> str:
    """Write a number of bytes with about three digits."""
    amount, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"


def span(seconds: float) -> str:
    """Write a length of time: 40 s, 12 min, 2.1 h."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3_600:,.1f} h"


def table(columns: Sequence[TableColumn], rows: Iterable[Sequence[object]], *, width: int | None = None) -> list[str]:
    """Lay rows out below their titles.

    Lines fit the terminal, or `width`, as far as cutting cells that may be cut suffices.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    if width is None:
        width = shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else sys.maxsize
    return _drawn(columns, [[column.title for column in columns], *cells], width)


def fields(record: Mapping[str, object]) -> list[str]:
    """Lay a record out, a field per line; fields without a value are left out."""
    cells = [[printable(name), _cell(value)] for name, value in record.items() if value is not None]
    return _drawn((TableColumn("", whole=True), TableColumn("", whole=True)), cells, sys.maxsize)


def short(value: object) -> str:
    """Write a value as JSON on one line."""
    return printable(json.dumps(value, ensure_ascii=False))


def _cell(value: object) -> str:
    """Write a value for people: yes and no, texts of a list with commas, everything else as JSON."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return printable(", ".join(value))
    return printable(value) if isinstance(value, str) else short(value)


def _drawn(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    from rich.cells import cell_len  # noqa: PLC0415  loads slowly
    from rich.console import Console  # noqa: PLC0415  likewise
    from rich.table import Table  # noqa: PLC0415  likewise
    from rich.text import Text  # noqa: PLC0415  likewise

    if not rows:
        return []
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(columns))]
    gaps = _GAP * (len(columns) - 1)
    while sum(widths) + gaps > width:
        wide = [p for p, column in enumerate(columns) if not column.whole and widths[p] > _NARROWEST]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    for column, its_width in zip(columns, widths, strict=True):
        grid.add_column(justify="right" if column.right else "left", width=its_width)
    for row in rows:
        grid.add_row(*(Text(text, no_wrap=True, overflow="ellipsis") for text in row))
    file = io.StringIO()
    Console(file=file, width=sum(widths) + gaps, no_color=True, force_terminal=False).print(grid)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@contextmanager
def _bar(title: str, waiting: str, *, timed: bool) -> Iterator[Show]:
    from rich import progress as bars  # noqa: PLC0415  loads slowly
    from rich.console import Console  # noqa: PLC0415  likewise

    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(bar_width=8),
        bars.TextColumn("{task.fields[state]}", markup=False),
        bars.TimeElapsedColumn() if timed else bars.TimeRemainingColumn(compact=True),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, state=waiting)

        def show(text: str, fraction: float | None) -> None:
            total = None if fraction is None else 1.0
            bar.update(task, total=total, completed=fraction or 0.0, state=printable(text))

        yield show


def _lines_now_and_then(title: str, clock: Callable[[], float]) -> Show:
    due = clock() + SECONDS_BETWEEN_LINES

    def show(text: str, _fraction: float | None) -> None:
        nonlocal due
        if clock() >= due:
            due = clock() + SECONDS_BETWEEN_LINES
            _write_lines(f"{title}: {text}", err=True)

    return show


def _write_lines(lines: str | Iterable[str], *, err: bool = False) -> None:
    each = [lines] if isinstance(lines, str) else lines
    _write("".join(f"{printable(line)}\n" for line in each), err=err)


def _write(text: str, *, err: bool = False) -> None:
    """Write to stdout or stderr. A reader that has gone away wants no more; a full disk is an error on stdout only."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return
    try:
        click.echo(text, file=stream, nl=False)
    except BrokenPipeError:
        _discard(stream)
    except (OSError, ValueError):  # ValueError: the stream was closed
        _discard(stream)
        if not err and not stream.closed:
            raise


def _discard(stream: Any) -> None:
    """Send what is left in a stream nowhere, so that Python does not fail on it when it exits."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _headline(error: BaseException) -> str:
    if isinstance(error, Terminated):
        return "Terminated."
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "Interrupted."
    return f"Error: {_message(error)}"


def _message(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    text = " ".join([str(error), *getattr(error, "__notes__", [])])
    if isinstance(error, AmbiguousWrite) and error.candidates:
        text = f"{text} Candidates: {', '.join(_ids(error))}."
    if isinstance(error, Metrics24Error):
        return text
    if isinstance(error, OSError):  # the library turns all others into errors of its own
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
