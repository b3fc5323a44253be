"""`metrics24 pull --parallel`: the same file, sooner; and what is said when it ends early."""

import json
import shlex
from pathlib import Path

from cli.conftest import Metrics24, Serve
from support.days import Days, at, numbered
from support.steps import respond_json

WEEK = ("--integration", "acmeshop01", "--start", "2025-02-01", "--end", "2025-02-07")
PULL = ("pull", "clicks", *WEEK)
NOONS = [at(day, 43_200) for day in range(8)]


def test_the_file_is_the_same(metrics24: Metrics24, desk: Path) -> None:
    """Days read at once make the file that days read one after the other make, byte for byte."""
    assert metrics24(*PULL, "-o", "one.csv").code == 0
    ended = metrics24(*PULL, "--parallel", "4", "-o", "four.csv")
    assert (ended.code, ended.err) == (0, "")
    assert (desk / "one.csv").read_bytes() == (desk / "four.csv").read_bytes()


def test_the_command_to_go_on_reads_one_after_the_other(metrics24: Metrics24, serve: Serve, desk: Path) -> None:
    """Rows older than a cursor cannot be read at once: the command that is suggested leaves --parallel out."""
    refused = respond_json({}, status=403)
    table = Days(numbered(NOONS), unless=lambda first, last, _: refused if (first, last) == (0, 1) else None)
    address = ("--base-url", serve(table).base_url)
    failed = metrics24(*PULL, *address, "--parallel", "3", "--json", "-o", "rows.jsonl")
    lost = json.loads(failed.err)["error"]["lost"]
    command = shlex.split(lost["resume"])
    assert lost["rows"] == 6
    assert "--parallel" not in command
    assert command[command.index("--after") + 1] == "r1"


def test_a_cursor_does_not_go_with_it(metrics24: Metrics24) -> None:
    """--after with --parallel is a usage error that says why."""
    ended = metrics24(*PULL, "--parallel", "2", "--after", "x", "-o", "rows.csv")
    assert ended.code == 2
    assert "parallel reads whole days" in ended.err


def test_a_file_for_each_day_may_be_read_in_parallel(metrics24: Metrics24, desk: Path) -> None:
    """With --by-day several days are read at once, and each has the file that it has without --parallel."""
    for folder, options in (("one", ()), ("many", ("--parallel", "3"))):
        assert metrics24(*PULL, "--by-day", folder, "--format", "jsonl", *options).code == 0
    files = {folder: {path.name: path.read_bytes() for path in (desk / folder).iterdir()} for folder in ("one", "many")}
    assert files["many"] == files["one"]
    assert len(files["one"]) == 8
