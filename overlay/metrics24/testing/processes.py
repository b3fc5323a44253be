"""A sandbox in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from metrics24.errors import UsageError
from metrics24.testing.choices import Choices
from metrics24.testing.controls import Controls

# -P: what lies in the working directory must not stand in for the modules that are meant.
_PROGRAM = (sys.executable, "-P", "-m", "metrics24.testing.serve")
_SECONDS_TO_END = 10.0


class RemoteControls:
    """Steers a sandbox of another process; from any thread, one command at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self._turn = process, Lock()

    def hits(self, operation: str) -> int:
        """How many requests an operation has had."""
        return int(self.ask("hits", operation))

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation meet faults."""
        self.ask("fail_next", operation, plan)

    def advance(self, seconds: float) -> None:
        """Move a clock that stands still."""
        self.ask("advance", seconds)

    def reset(self) -> None:
        """Begin anew."""
        self.ask("reset")

    def ask(self, *command: object) -> Any:
        """Send a command and give its result."""
        return self.send(command)

    def send(self, line: object) -> Any:
        """Send a line of JSON and give the result in the answer.

        Raises:
            UsageError: what was asked for cannot be done, or the process has ended.

        """
        commands, answers = self._process.stdin, self._process.stdout
        assert commands is not None  # noqa: S101  for the type checker: both are pipes
        assert answers is not None  # noqa: S101  likewise
        with self._turn:
            try:
                commands.write(json.dumps(line) + "\n")
                commands.flush()
                text = answers.readline()
            except (OSError, ValueError):
                text = ""
        if not text:
            raise UsageError("The sandbox's process has ended; what it said stands on stderr.")
        answer = json.loads(text)
        if "error" in answer:
            raise UsageError(answer["error"])
        return answer["result"]


@contextmanager
def start_process(choices: Choices) -> Iterator[tuple[Mapping[str, Any], Controls]]:
    """Start a sandbox in another process; gives what is known of it and the controls, and ends it with the block."""
    process = subprocess.Popen(_PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603  see above
    try:
        controls = RemoteControls(process)
        yield controls.send(choices), controls
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):  # what could not be sent any more is lost anyway
            if stream is not None:
                stream.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
