"""The ends of commands: the exit codes that scripts and schedulers see, and signals that end a command early."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

import click

from metrics24 import errors


class Exit(NamedTuple):
    """One exit code and the errors that lead to it."""

    code: int
    meaning: str
    errors: tuple[type[BaseException], ...] = ()


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, treated like Ctrl-C: schedulers stop their jobs with them."""


DONE = 0
UNEXPECTED = 1
SOME_UNCHANGED = 11

# The first row that has an error's class wins, so narrow classes stand before wide ones.
EXITS = (
    Exit(DONE, "done"),
    Exit(UNEXPECTED, "any other error (400 and 402 among them)"),
    Exit(2, "the command is wrong; nothing was sent", (errors.UsageError, click.UsageError)),
    Exit(
        3,
        "key or settings are not accepted (401, 403, or nothing was sent)",
        (errors.ConfigurationError, errors.Unauthorized, errors.Forbidden),
    ),
    Exit(5, "rate limited (429), also after waiting", (errors.RateLimited,)),
    Exit(
        6, "no response, or the server failed (5xx), also when asked again", (errors.TransportError, errors.ServerError)
    ),
    Exit(4, "not found (404)", (errors.NotFound,)),
    Exit(
        7,
        "the response is not what the API promises",
        (errors.ResponseError, errors.PaginationError, errors.IntegrityError),
    ),
    Exit(8, "the file could not be written", (errors.SaveError, OSError)),
    Exit(9, "refused, since it could leak a credential or data", (errors.SecurityError,)),
    Exit(
        10,
        "the export failed, was canceled, or is not ready in time",
        (errors.ExportFailed, errors.ExportCanceled, errors.ExportTimeout),
    ),
    Exit(SOME_UNCHANGED, "some ids were not changed, or that could not be verified"),
    Exit(12, "doctor: something is wrong and can be corrected"),
    Exit(13, "doctor, drift: nothing wrong found, but not all could be judged"),
    Exit(14, "a write may or may not have happened; look before you repeat it", (errors.AmbiguousWrite,)),
    Exit(15, "drift: responses differ from the spec"),
    Exit(143, "terminated by SIGTERM; only a download to resume is left behind", (Terminated,)),
    Exit(130, "interrupted by Ctrl-C; only a download to resume is left behind", (KeyboardInterrupt, click.Abort)),
)

# \b keeps click from filling the lines into a paragraph.
HELP = "\b\nExit codes:\n" + "\n".join(
    f"{each.code:>5}  {each.meaning}" for each in sorted(EXITS, key=lambda each: each.code)
)


def exit_code(error: BaseException) -> int:
    """Choose the exit code for an error."""
    return next((each.code for each in EXITS if isinstance(error, each.errors)), UNEXPECTED)


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM, and a terminal that closes, end the block like Ctrl-C, so that no unfinished file is left behind."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    ends = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, end) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
