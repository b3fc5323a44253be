"""The process that `sandbox_process` starts: JSON commands on stdin, a line of JSON for each on stdout.

The first line holds the sandbox's choices, and its response the facts of the sandbox; each other line is a command with
its arguments. The end of stdin is the end of the sandbox, so that it never outlives the process that started it.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import TextIO

from metrics24.errors import UsageError
from metrics24.testing.sandboxes import commands_of, facts, start


def serve(requests: TextIO, responses: TextIO) -> None:
    """Run a sandbox until the commands end."""

    def respond(**response: object) -> None:
        responses.write(json.dumps(response) + "\n")
        responses.flush()

    try:
        box = start(json.loads(requests.readline()))
    except UsageError as error:
        respond(error=str(error))
        return
    try:
        command = commands_of(box)
        respond(result=facts(box))
        for line in requests:
            try:
                respond(result=command(*json.loads(line)))
            except UsageError as error:
                respond(error=str(error))
    finally:
        box.close()


if __name__ == "__main__":
    # Ctrl-C reaches all processes of a terminal; the process that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin, sys.stdout)
