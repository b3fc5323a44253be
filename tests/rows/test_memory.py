"""Memory stays flat, however many rows are read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parents[1] / "programs" / "walking.py"
GROWTH = 8.0  # MiB; half a million rows are hundreds of them


@pytest.mark.parametrize(
    ("lane", "mode", "rows"),
    [
        ("records", "sync", 500_000),
        ("models", "sync", 500_000),
        ("records", "async", 50_000),
        ("models", "async", 50_000),
    ],
)
def test_reading_many_rows_takes_the_memory_of_a_few(lane: str, mode: str, rows: int) -> None:
    """After the first pages the process grows by a few MiB at most, as models and as records."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("METRICS24_")}
    command = [sys.executable, "-W", "error", str(PROGRAM), lane, mode, str(rows)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    seen, grown = done.stdout.split()
    assert int(seen) == rows
    assert float(grown) < GROWTH
