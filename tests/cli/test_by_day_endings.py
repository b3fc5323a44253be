"""`metrics24 pull --by-day` with servers that fail, interrupt, or send rows that belong to no day."""

import io
import json
import os
import shlex
import signal
import threading
from pathlib import Path

import pytest

from cli.commands import Shell, interrupt
from cli.conftest import Metrics24, Serve
from daily.days import days_of, of_day
from files.round_trip import files_in
from metrics24.files.atomic import AtomicFile
from support.scripted import Received, Step, in_turn
from support.steps import respond_json, silence
from support.tables import ids, page

DAYS = ("--integration", "acmeshop01", "--start", "2025-02-01", "--end", "2025-02-03")
PULL = ("pull", "clicks", *DAYS, "--by-day", "clicks")
LINES = (*PULL, "--format", "jsonl")


class Waiting:
    """A script that answers with some pages, then says that it was asked for more and stays silent."""

    def __init__(self, *pages: Step) -> None:
        self._left = list(pages)
        self.reached = threading.Event()

    def __call__(self, _: Received) -> Step:
        if self._left:
            return self._left.pop(0)
        self.reached.set()
        return silence


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")]
)
def test_an_interrupt_keeps_the_days_that_are_done(
    shell: Shell, serve: Serve, number: signal.Signals, code: int, word: str
) -> None:
    """Ctrl-C and SIGTERM leave complete days and nothing else, and the command that is told then reads the others."""
    rows = [of_day(3, 100), of_day(2, 100), of_day(1, 100)]
    waiting = Waiting(page(rows[0], more=True), page(rows[1], more=True))
    server = serve(waiting)
    with shell.start(*LINES, environment={"METRICS24_BASE_URL": server.base_url}) as process:
        assert waiting.reached.wait(30)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("2025-02-03: 100 rows, ")
        ended = interrupt(process, number)
    kept = [".metrics24-clicks.json", "clicks-2025-02-03.jsonl"]
    assert (ended.code, ended.out, files_in(shell.folder / "clicks")) == (code, "", kept)
    assert ended.err.startswith(f"{word} Days that are done: 2025-02-03; no unfinished file was left behind. Go on ")
    rest = serve(in_turn(page([*rows[1], *rows[2]][:100], more=True), page(rows[2])))
    resumed = shell.run(*shlex.split(ended.err.rpartition("others: ")[2])[1:], METRICS24_BASE_URL=rest.base_url)
    assert resumed.code == 0
    assert days_of(shell.folder / "clicks") == {f"2025-02-0{4 - n}": ids(rows[n - 1]) for n in (3, 2, 1)}
    assert rest.requests[0].parameter("start_date") == "2025-01-31"
    assert rest.requests[0].parameter("end_date") == "2025-02-04"


def test_an_interrupt_before_the_first_page_says_that_nothing_is_done(shell: Shell, serve: Serve) -> None:
    """Ctrl-C before any row names no day, and tells programs the same."""
    waiting = Waiting()
    server = serve(waiting)
    with shell.start(*PULL, "--json", environment={"METRICS24_BASE_URL": server.base_url}) as process:
        assert waiting.reached.wait(30)
        ended = interrupt(process)
    error = json.loads(ended.err)["error"]
    assert (ended.code, error["days"], files_in(shell.folder / "clicks")) == (130, [], [])
    assert error["resume"].startswith(
        "metrics24 pull clicks --integration acmeshop01 --by-day clicks --start 2025-02-01 "
    )


def test_an_error_says_which_days_are_done(metrics24: Metrics24, serve: Serve, desk: Path) -> None:
    """A refusal half-way has its own exit code, and the days before it are named and kept."""
    pages = [page(of_day(3, 60) + of_day(2, 40), more=True), page(of_day(1, 100), more=True)]
    server = serve(in_turn(*pages, respond_json({"error": "no"}, status=403)))
    ended = metrics24(*LINES, "--json", "--base-url", server.base_url)
    error = json.loads(ended.err.splitlines()[-1])["error"]
    assert (ended.code, error["type"]) == (3, "Forbidden")
    assert [(day["day"], day["rows"]) for day in error["days"]] == [("2025-02-03", 60), ("2025-02-02", 40)]
    assert days_of(desk / "clicks") == {"2025-02-02": ids(of_day(2, 40)), "2025-02-03": ids(of_day(3, 60))}


def test_an_error_before_the_first_day_is_plain(metrics24: Metrics24, serve: Serve) -> None:
    """If no day is done the error is told as ever."""
    ended = metrics24(*PULL, "--base-url", serve(in_turn(respond_json({}, status=401))).base_url)
    assert ended.code == 3
    assert "done" not in ended.err


def test_misfits_are_mentioned(metrics24: Metrics24, serve: Serve) -> None:
    """The summary of several days says how many values, such as a click's time of conversion, stand in ``_extra``."""
    server = serve(in_turn(page([*of_day(3, 2), *of_day(1, 1)])))
    ended = metrics24(*PULL, "--columns", "spec", "--base-url", server.base_url)
    assert ended.out.splitlines()[1] == "3 values fitted no column and stand in the column _extra"


def test_one_is_told_in_the_singular(metrics24: Metrics24, serve: Serve) -> None:
    """A day, a row and a value that are alone are not told as several."""
    server = serve(in_turn(page([*of_day(3, 1)]), page([*of_day(2, 1)])))
    options = ("--columns", "spec", "--base-url", server.base_url, "--by-day", "rows", "--integration", "i")
    for start, before in (("2025-02-03", ""), ("2025-02-02", "; 1 day was complete before")):
        ended = metrics24("pull", "clicks", *options, "--start", start, "--end", "2025-02-03")
        summary, misfits = ended.out.splitlines()
        assert ended.err.startswith(f"{start}: 1 row, ")
        assert summary.startswith("1 row of 1 day in rows ")
        assert summary.endswith(f" s{before}")
        assert misfits == "1 value fitted no column and stands in the column _extra"


def test_days_of_other_rows_are_refused(metrics24: Metrics24, desk: Path) -> None:
    """A folder with days of other rows is code 2 in words that need no knowledge of Python."""
    assert metrics24(*PULL).code == 0
    files = files_in(desk / "clicks")
    ended = metrics24(*PULL, "--filter", "status=rejected")
    assert (ended.code, files_in(desk / "clicks")) == (2, files)
    assert ended.err == (
        "Error: clicks holds clicks of acmeshop01 without a filter; you request those with status=rejected. "
        "Choose another folder.\n"
    )


def test_rows_that_come_too_late_undo_a_day(metrics24: Metrics24, serve: Serve, desk: Path) -> None:
    """A row of a day whose file is there already is code 7, and that day, whose file is removed, is not done."""
    pages = [of_day(3, 50), of_day(2, 50), of_day(1, 50), of_day(3, 60)[:10]]
    server = serve(in_turn(*(page(rows, more=True) for rows in pages)))
    ended = metrics24(*LINES, "--base-url", server.base_url)
    assert ended.code == 7
    assert "Days that are done: 2025-02-02; no unfinished file was left behind." in ended.err
    assert list(days_of(desk / "clicks")) == ["2025-02-02"]


class FullDisk(AtomicFile):
    """A file on a disk that is full."""

    def commit(self) -> int:
        """Fail."""
        raise OSError(28, os.strerror(28))


def test_a_manifest_that_cannot_be_kept_names_the_day_that_is_done(
    metrics24: Metrics24, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the folder's small hidden file cannot be written the command ends with code 8, and the day is done."""
    monkeypatch.setattr("metrics24.daily.AtomicFile", FullDisk)
    ended = metrics24(*PULL)
    monkeypatch.undo()
    assert ended.code == 8
    assert "Days that are done: 2025-02-03" in ended.err
    assert files_in(desk / "clicks") == ["clicks-2025-02-03.parquet"]


class Full(io.StringIO):
    """A stream on a disk that is full."""

    def write(self, _: str) -> int:
        """Fail."""
        raise OSError(28, "No space left on device")


def test_a_summary_that_cannot_be_written_costs_nothing(
    metrics24: Metrics24, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If stdout takes nothing the files are there, the code is 0, and stderr says what happened."""
    monkeypatch.setattr("sys.stdout", Full())
    ended = metrics24(*PULL)
    assert (ended.code, len(files_in(desk / "clicks"))) == (0, 4)
    assert ended.err.endswith("but its summary could not be written: No space left on device.\n")
