"""`metrics24 pull` against the sandbox: files, what is said of them, and how it ends early."""

import json
import shlex
import signal
import threading
from pathlib import Path

import pytest
from pyarrow import parquet

from cli.commands import WEEK, Shell, interrupt
from cli.conftest import Metrics24, Serve
from files.round_trip import files_in, read_csv, read_json_lines
from metrics24_sandbox import Sandbox
from support.scripted import Received, Step, in_turn
from support.steps import respond_json, silence
from support.tables import Row, newest_first, page, tx

PULL = ("pull", "conversions", *WEEK)


@pytest.mark.parametrize("kind", ["clicks", "conversions", "impressions"])
def test_each_table_is_pulled_into_each_format(metrics24: Metrics24, desk: Path, kind: str) -> None:
    """All three tables go into CSV, JSON Lines and Parquet files with the same rows."""
    for suffix in ("csv", "jsonl", "parquet"):
        ended = metrics24("pull", kind, *WEEK, "-o", f"rows.{suffix}")
        assert (ended.code, ended.err) == (0, "")
    rows = [row["real_tx_id"] for row in read_json_lines(desk / "rows.jsonl")]
    header, *lines = read_csv(desk / "rows.csv")
    assert len(rows) > 300
    assert [line[header.index("real_tx_id")] for line in lines] == rows
    assert parquet.read_table(desk / "rows.parquet")["real_tx_id"].to_pylist() == rows
    assert files_in(desk) == ["rows.csv", "rows.jsonl", "rows.parquet"]


def test_the_summary_tells_rows_size_and_rate(metrics24: Metrics24, desk: Path) -> None:
    """A pull ends with one line on stdout, and with a second one if values had no column."""
    ended = metrics24(*PULL, "--limit", "120", "-o", "rows.csv")
    size = (desk / "rows.csv").stat().st_size / 1000
    assert ended.out.startswith(f"120 rows of 2025-02-01 to 2025-02-07, {size:.1f} kB, in rows.csv after ")
    assert ended.out.endswith(" rows/s)\n")


def test_misfits_are_mentioned(metrics24: Metrics24, serve: Serve) -> None:
    """The summary says how many values stand in ``_extra``."""
    rows: list[Row] = [{"real_tx_id": tx(number), "unheard_of": number} for number in (3, 2, 1)]
    server = serve(in_turn(page(rows)))
    arguments = (*PULL, "-o", "rows.csv", "--overwrite", "--base-url", server.base_url)
    found, fixed = metrics24(*arguments), metrics24(*arguments, "--columns", "spec")
    assert len(found.out.splitlines()) == 1
    assert fixed.out.splitlines()[1] == "3 values fitted no column and stand in the column _extra"


def test_quiet_says_nothing(metrics24: Metrics24) -> None:
    """With --quiet a pull that works is silent."""
    ended = metrics24(*PULL, "--quiet", "-o", "rows.csv")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_the_summary_is_json_for_programs(metrics24: Metrics24, desk: Path) -> None:
    """With --json stdout is one object about the file and the span of its rows."""
    ended = metrics24(*PULL, "--json", "--limit", "150", "-o", "rows.jsonl")
    rows = read_json_lines(desk / "rows.jsonl")
    summary = json.loads(ended.out)
    assert summary.pop("seconds") > 0
    assert summary == {
        "path": "rows.jsonl",
        "start": "2025-02-01",
        "end": "2025-02-07",
        "rows": 150,
        "bytes": (desk / "rows.jsonl").stat().st_size,
        "misfits": 0,
        "newest": rows[0]["conversion_time"],
        "oldest": rows[-1]["conversion_time"],
        "cursor": rows[-1]["real_tx_id"],
        "via": "pages",
    }


def test_filters_reach_the_server(metrics24: Metrics24, desk: Path) -> None:
    """Conditions on one column mean any of the values, and different columns must all hold."""
    arguments = ("--filter", "status=rejected", "--filter", "status=processing", "--filter", "payout>=2")
    metrics24(*PULL, *arguments, "-o", "rows.jsonl")
    rows = read_json_lines(desk / "rows.jsonl")
    assert {row["status"] for row in rows} == {"rejected", "processing"}
    assert min(row["payout"] for row in rows) >= 2


def test_cursors_split_a_pull_without_a_gap(metrics24: Metrics24, desk: Path) -> None:
    """Rows newer than a row, the row, and older rows are together the whole."""
    metrics24(*PULL, "-o", "whole.jsonl")
    whole = read_json_lines(desk / "whole.jsonl")
    cursor = whole[150]["real_tx_id"]
    metrics24(*PULL, "--before", cursor, "-o", "newer.jsonl")
    metrics24(*PULL, "--after", cursor, "--page-size", "17", "-o", "older.jsonl")
    assert [*read_json_lines(desk / "newer.jsonl"), whole[150], *read_json_lines(desk / "older.jsonl")] == whole


def test_an_existing_file_needs_overwrite(metrics24: Metrics24, desk: Path) -> None:
    """A file is replaced with --overwrite, and refused with a hint to it otherwise."""
    (desk / "rows.csv").write_text("mine")
    refused = metrics24(*PULL, "-o", "rows.csv")
    assert (refused.code, (desk / "rows.csv").read_text()) == (2, "mine")
    assert "--overwrite" in refused.err
    assert metrics24(*PULL, "--overwrite", "-o", "rows.csv").code == 0
    assert len(read_csv(desk / "rows.csv")) > 300


def test_spreadsheet_safe_and_fixed_columns_reach_the_file(metrics24: Metrics24, serve: Serve, desk: Path) -> None:
    """Formulas are defused, and unknown fields go to ``_extra``, when that is asked for."""
    rows: list[Row] = [{"real_tx_id": tx(number), "publisher": "=1+1", "unheard_of": True} for number in (3, 2, 1)]
    server = serve(in_turn(page(rows)))
    options = ("--spreadsheet-safe", "--columns", "spec", "-o", "rows.csv", "--base-url", server.base_url)
    assert metrics24(*PULL, *options).code == 0
    header, *lines = read_csv(desk / "rows.csv")
    assert {(line[header.index("publisher")], line[-1]) for line in lines} == {("'=1+1", '{"unheard_of":true}')}
    assert "unheard_of" not in header


def test_a_key_comes_from_a_file(
    metrics24: Metrics24, box: Sandbox, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key file of mode 0600 is used in place of the environment, its last line break left out."""
    monkeypatch.setenv("METRICS24_API_KEY", "another")
    (desk / "key").write_text(f"{box.api_key}\n")
    (desk / "key").chmod(0o600)
    assert metrics24(*PULL, "--api-key-file", "key", "-o", "rows.csv").code == 0


@pytest.mark.parametrize(
    ("content", "mode", "complaint"),
    [
        (b"s3cret\n", 0o644, "chmod 600 key"),
        (b"s3cret\n", 0o640, "chmod 600 key"),
        (b"", 0o600, "is empty"),
        (b"\n", 0o600, "is empty"),
        (b"s3cret\nmore\n", 0o600, "line break"),
        (b"s3cret\xff", 0o600, "is not text"),
        (b"s3cret" * 20_000, 0o600, "too long"),
    ],
    ids=["others-read", "group-reads", "empty", "blank", "two-lines", "bytes", "long"],
)
def test_a_key_file_that_cannot_be_right_is_refused(
    metrics24: Metrics24, desk: Path, content: bytes, mode: int, complaint: str
) -> None:
    """A key file that others may read, or that holds no key, is code 3, and its content is not shown."""
    (desk / "key").write_bytes(content)
    (desk / "key").chmod(mode)
    ended = metrics24(*PULL, "--api-key-file", "key", "-o", "rows.csv")
    assert (ended.code, ended.out) == (3, "")
    assert complaint in ended.err
    assert "s3cret" not in ended.err


def test_a_missing_key_file_is_refused(metrics24: Metrics24) -> None:
    """A key file that is not there is code 3."""
    ended = metrics24(*PULL, "--api-key-file", "none", "-o", "rows.csv")
    assert ended.code == 3
    assert "cannot be read: No such file" in ended.err


def test_no_option_takes_a_key(metrics24: Metrics24) -> None:
    """There is no option whose value would be a credential."""
    shown = metrics24("pull", "--help").out
    assert "--api-key-file" in shown
    assert "--api-key " not in shown
    assert "--token" not in shown


def test_rows_lost_to_an_error_are_told(metrics24: Metrics24, serve: Serve, desk: Path) -> None:
    """An error on page two says how many rows are lost and how to fetch only the rest."""
    pages = [page(newest_first(300, 201), more=True), respond_json({"error": "no"}, status=403)]
    server = serve(in_turn(*pages))
    ended = metrics24(*PULL, "--limit", "250", "-o", "rows.csv", "--base-url", server.base_url)
    assert ended.code == 3
    assert "100 rows (2025-02-04T10:00:00Z back to 2025-02-13T10:00:00Z) had been read and are lost" in ended.err
    resume = shlex.split(ended.err.rpartition("older ones: ")[2])
    assert resume[:3] == ["metrics24", "pull", "conversions"]
    assert resume[resume.index("--after") + 1] == tx(201)
    assert resume[resume.index("--limit") + 1] == "150"
    assert files_in(desk) == []


def test_the_command_to_resume_does_resume(metrics24: Metrics24, serve: Serve, desk: Path) -> None:
    """The command that an error suggests fetches exactly the rows that are older."""
    steps = iter([page(newest_first(300, 201), more=True), respond_json({"error": "no"}, status=403)])
    rest = page(newest_first(200, 101))
    asked: list[str | None] = []

    def script(request: Received) -> Step:
        asked.append(request.parameter("page[after]"))
        return next(steps, rest)

    server = serve(script)
    failed = metrics24(*PULL, "--filter", "sub_id=a b", "-o", "rows.jsonl", "--base-url", server.base_url, "--json")
    command = shlex.split(json.loads(failed.err)["error"]["lost"]["resume"])
    assert metrics24(*command[1:]).code == 0
    assert [row["real_tx_id"] for row in read_json_lines(desk / "rows.older.jsonl")] == [
        tx(n) for n in range(200, 100, -1)
    ]
    assert asked == [None, tx(201), tx(201)]
    assert server.requests[-1].parameter("filter[sub_id]") == "a b"


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")]
)
def test_fault_64_an_interrupt_says_what_is_lost(
    shell: Shell, serve: Serve, number: signal.Signals, code: int, word: str
) -> None:
    """Ctrl-C and SIGTERM leave no file, tell the rows lost and the way on, and have exit codes of their own."""
    waiting = Waiting(page(newest_first(300, 201), more=True))
    server = serve(waiting)
    with shell.start(*PULL, "-o", "rows.parquet", environment={"METRICS24_BASE_URL": server.base_url}) as process:
        assert waiting.reached.wait(30)
        ended = interrupt(process, number)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(f"{word} 100 rows ")
    assert f" --output rows.older.parquet --after {tx(201)} --start 2025-02-01 " in ended.err
    assert shell.files() == []


def test_an_interrupt_before_the_first_page_loses_nothing(shell: Shell, serve: Serve) -> None:
    """Ctrl-C before any row says so, and as JSON tells the same to programs."""
    waiting = Waiting()
    server = serve(waiting)
    with shell.start(*PULL, "-o", "rows.csv", "--json", environment={"METRICS24_BASE_URL": server.base_url}) as process:
        assert waiting.reached.wait(30)
        ended = interrupt(process)
    error = json.loads(ended.err)["error"]
    assert (ended.code, error["type"], error["exit_code"]) == (130, "Interrupted", 130)
    assert error["lost"] == {"rows": 0, "newest": None, "oldest": None, "cursor": None, "resume": None}
    assert shell.files() == []


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
