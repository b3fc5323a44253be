"""The process that `sandbox_process` starts: JSON commands on stdin, a line of JSON for each on stdout.

The first line holds the sandbox's choices, and is answered with what is known of it; the others are a command and its
arguments. The end of stdin is the end of the sandbox, so that it never outlives whoever started it.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import TextIO

from metrics24.errors import UsageError
from metrics24.testing.boxes import LocalControls, facts, start

COMMANDS = ("hits", "fail_next", "advance", "reset")


def serve(commands: TextIO, answers: TextIO) -> None:
    """Run a sandbox until the commands end."""

    def answer(**what: object) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    try:
        box = start(json.loads(commands.readline()))
    except UsageError as error:
        answer(error=str(error))
        return
    try:
        controls = LocalControls(box)
        answer(result=facts(box))
        for line in commands:
            command, *arguments = json.loads(line)
            try:
                answer(result=getattr(controls, COMMANDS[COMMANDS.index(command)])(*arguments))
            except UsageError as error:
                answer(error=str(error))
    finally:
        box.close()


if __name__ == "__main__":
    # Ctrl-C reaches all processes of a terminal; the one that was started from ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin, sys.stdout)
