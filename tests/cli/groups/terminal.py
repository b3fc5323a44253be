"""A command with a person in front of it: stdin, stdout and stderr are one terminal of 80 columns."""

import os
import pty
import subprocess
from contextlib import suppress

from attrs import frozen

from cli.commands import COMMAND, Shell


@frozen
class Seen:
    """The end of a command, and all that the terminal showed."""

    code: int
    shown: str


def run_on_terminal(shell: Shell, *arguments: str, typed: str = "") -> Seen:
    """Run a command to its end; what is typed waits in the terminal until it is read."""
    person, terminal = pty.openpty()
    sized = {**shell.environment, "COLUMNS": "80", "TERM": "xterm-256color"}
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=shell.folder, env=sized, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        os.write(person, typed.encode())
        pieces = []
        with suppress(OSError), os.fdopen(person, "rb", buffering=0) as screen:
            while piece := screen.read(65_536):
                pieces.append(piece)
    return Seen(process.returncode, b"".join(pieces).decode())
