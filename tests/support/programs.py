"""Run the small programs whose memory, forks or signals a test must keep out of its own process."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parents[1] / "programs"


def start(name: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a program with nothing of the client's settings in its environment; use it as a context manager."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("METRICS24_")}
    command = [sys.executable, "-W", "error", str(PROGRAMS / f"{name}.py"), *arguments]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def output(name: str, *arguments: str, timeout: float = 60) -> list[str]:
    """Run a program to its end and give its lines; whatever it says on stderr fails the test."""
    with start(name, *arguments) as program:
        try:
            lines, complaints = program.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            program.kill()
            raise
    assert (complaints, program.returncode) == ("", 0)
    return lines.splitlines()
