"""Errors and warnings on stderr: a line for people, or an object for programs."""

from __future__ import annotations

import json
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import click
from attrs import asdict, frozen

from metrics24.cli.exits import Terminated, exit_code
from metrics24.cli.text import printable
from metrics24.errors import AmbiguousWrite, Metrics24Error, Metrics24Warning, StatusError


class Ending(Protocol):
    """What an early end cost, and how to go on: its text for people, `facts` for programs."""

    def facts(self) -> Mapping[str, object]:
        """Say it as an error's members."""


@frozen
class Lost:
    """What had been fetched when a command ended early.

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
