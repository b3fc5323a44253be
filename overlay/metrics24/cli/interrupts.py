"""Ends that a user or a scheduler brings about, and what they cost."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click
from click.core import ParameterSource

from metrics24.cli.exit_codes import Terminated
from metrics24.cli.options import Range
from metrics24.cli.output import Lost
from metrics24.rows import Progress

_ENDS = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM, and a terminal that closes, end the block like Ctrl-C: no unfinished file is left behind."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    before = {number: signal.signal(number, end) for number in _ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def lost(progress: Progress, context: click.Context, days: Range) -> Lost:
    """Sum up what had been fetched of these days, and how to fetch only the rest."""
    resume = None
    if progress.cursor is not None and context.params["before"] is None:
        limit = context.params["limit"]
        rest: dict[str, Any] = {} if limit is None else {"limit": limit - progress.rows}
        # Another name, so that nobody takes the older rows for the whole range.
        output = Path(context.params["output"])
        rest["parallel"] = None  # which does not go with --after
        rest["output"] = output.with_name(f"{output.stem}.older{output.suffix}")
        resume = command_line(context, {**days.options(), "after": progress.cursor, **rest})
    return Lost(progress.rows, progress.newest, progress.oldest, progress.cursor, resume)


def command_line(
    context: click.Context, changes: Mapping[str, object], *, other: tuple[str, click.Command] | None = None
) -> str:
    """Write the command that is running as it was given, with some of its options changed, or left out where None.

    Or write the `other` command, by its path, with those of the options that it has as well.
    """
    path, command = other or (context.command_path, context.command)
    words = path.split()
    for parameter in command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not given and name not in changes:
            continue
        value = changes.get(name, context.params.get(name))
        if value is None:
            continue
        for each in value if isinstance(value, tuple) else (value,):
            words += _words(parameter, each)
    return shlex.join(words)


def _words(parameter: click.Parameter, value: object) -> list[str]:
    if isinstance(parameter, click.Argument):
        return [str(value)]
    option = parameter.opts[0]
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return [option]
    return [option, str(value)]
