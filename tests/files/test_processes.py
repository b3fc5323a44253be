"""Files of whole processes: races for one path, and memory that does not grow with the rows."""

import subprocess
import sys
from pathlib import Path

import pytest

from files.round_trip import files_in, read_csv

PROGRAMS = Path(__file__).parents[1] / "programs"


def race(path: Path, *options: str) -> tuple[list[str], list[str]]:
    """Let two processes write, then commit at the same time; give what they said and the values in the file."""
    program = [sys.executable, "-W", "error", str(PROGRAMS / "racing.py"), str(path)]
    racers = [
        subprocess.Popen([*program, name, *options], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in ("first", "second")
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60)[0].strip() for racer in racers]
    return said, [line[0] for line in read_csv(path)[1:]]


def test_fault_65_of_two_processes_one_saves_and_one_is_refused(tmp_path: Path) -> None:
    """Without overwrite one of two racing processes saves its file whole, and the other gets a SaveError."""
    said, values = race(tmp_path / "rows.csv")
    assert sorted(said) == ["SaveError", "saved"]
    winner = ("first", "second")[said.index("saved")]
    assert values == [winner] * 3_000
    assert files_in(tmp_path) == ["rows.csv"]


def test_fault_65_of_two_processes_that_overwrite_one_wins_whole(tmp_path: Path) -> None:
    """With overwrite both racing processes succeed, and the file is that of one of them, whole."""
    said, values = race(tmp_path / "rows.csv", "overwrite")
    assert said == ["saved", "saved"]
    assert values in (["first"] * 3_000, ["second"] * 3_000)
    assert files_in(tmp_path) == ["rows.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, suffix: str) -> None:
    """Of 300,000 rows of 1 KB the last 200,000, which are 190 MiB of text, raise the peak by less than 40 MiB."""
    program = [sys.executable, "-W", "error", str(PROGRAMS / "long_file.py"), str(tmp_path / f"rows.{suffix}")]
    done = subprocess.run(program, text=True, capture_output=True, timeout=120, check=True)
    rows, early, late = map(float, done.stdout.split())
    assert rows == 300_000
    assert late - early < 40
