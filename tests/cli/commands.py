"""Run the command `metrics24` as a shell would: a process of its own, an environment, streams or a terminal."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from attrs import field, frozen

COMMAND = (sys.executable, "-W", "error", "-m", "metrics24")
WEEK = ("--integration", "acmeshop01", "--start", "2025-02-01", "--end", "2025-02-07")


@frozen
class Ended:
    """The end of a command: exit code and output."""

    code: int
    out: str
    err: str


@frozen
class Shell:
    """A folder and an environment to run commands in."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)

    def run(self, *arguments: str, **environment: str) -> Ended:
        """Run a command to its end."""
        with self.start(*arguments, environment=environment) as process:
            try:
                out, err = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Ended(process.returncode, out, err)

    def start(
        self, *arguments: str, environment: Mapping[str, str] = MappingProxyType({}), stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start a command; use it as a context manager."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            text=True,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    def run_on_terminal(self, *arguments: str, **environment: str) -> Ended:
        """Run a command whose stderr is a terminal of 80 columns; `err` is what the terminal got."""
        reader, terminal = pty.openpty()
        sized = {"COLUMNS": "80", "TERM": "xterm-256color", **environment}
        with self.start(*arguments, environment=sized, stderr=terminal) as process:
            os.close(terminal)
            shown = _read_to_end(reader)
            assert process.stdout is not None
            out = process.stdout.read()
        return Ended(process.returncode, out, shown)

    def files(self) -> list[str]:
        """Name what lies in the folder, hidden files too."""
        return sorted(path.name for path in self.folder.iterdir())


def interrupt(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> Ended:
    """Send a process a signal and see it end."""
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    return Ended(process.returncode, out, err)


def _read_to_end(reader: int) -> str:
    """Read what a terminal is sent; a closed one is an OSError on Linux and an empty read elsewhere."""
    pieces = []
    with suppress(OSError), os.fdopen(reader, "rb", buffering=0) as stream:
        while piece := stream.read(65_536):
            pieces.append(piece)
    return b"".join(pieces).decode()
