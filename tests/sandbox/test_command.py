"""`python -m metrics24_sandbox`."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from sandbox.calls import DAY, SPEC

READY = 2.0


@contextmanager
def run(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The sandbox as a process of its own, which does not outlive the block."""
    command = [sys.executable, "-W", "error", "-m", "metrics24_sandbox", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_what_one_needs_and_stops_on_a_signal(number: signal.Signals) -> None:
    """`--json` prints URLs and key within two seconds of starting; a signal ends the process cleanly and silently."""
    began = time.monotonic()
    with run("--json", "--seed", "3", "--now", "2025-02-10", "--wrap", "data") as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        waited = time.monotonic() - began
        query = {**DAY, "page[size]": "1"}
        response = httpx.get(
            facts["base_url"] + SPEC.operations["getConversionReport"].path,
            params=query,
            headers={"API-KEY": facts["api_key"]},
        )
        process.send_signal(number)
        out, err = process.communicate(timeout=5)
    assert response.status_code == 200
    assert (process.returncode, out, err) == (0, "", "")
    assert waited < 2 * READY


def test_the_command_prints_for_people() -> None:
    """Without `--json` the lines to set up a client can be copied into a shell."""
    with run("--api-key", "my-key") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(7)]
        process.terminate()
        process.communicate(timeout=5)
    assert "export METRICS24_API_KEY=my-key\n" in lines
    assert any(line.startswith("export METRICS24_BASE_URL=http://127.0.0.1:") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--first-day", "tomorrow"], "isoformat"),
        (["--wrap", "paper"], "invalid choice"),
        (["--host", "256.1.1.1"], "error:"),
        (["--port", "99999"], "a port is 0 to 65535, not 99999"),
        (["--storage-port", "-1"], "a port is 0 to 65535, not -1"),
        (["--database", "/nowhere/things.db"], "the database /nowhere/things.db cannot be used: unable to open"),
        (["--database", __file__], "cannot be used: file is not a database"),
    ],
    ids=str,
)
def test_the_command_refuses_nonsense(arguments: list[str], complaint: str) -> None:
    """Wrong arguments end with exit code 2 and a reason."""
    with run(*arguments) as process:
        _, err = process.communicate(timeout=5)
    assert process.returncode == 2
    assert complaint in err
