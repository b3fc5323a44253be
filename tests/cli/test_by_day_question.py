"""`metrics24 pull --by-day` into folders that have days already: those of another question are not mixed with them."""

import json
import os
from pathlib import Path

import pytest

from cli.conftest import Metrics24, Serve
from files.round_trip import files_in
from metrics24.files.atomic import AtomicFile
from metrics24_sandbox import Sandbox
from support.answers import json_answer
from support.scripted import in_turn

DAY = ("--start", "2025-02-01", "--end", "2025-02-01", "--by-day", "rows")
PULL = ("pull", "clicks", *DAY, "--integration", "acmeshop01")
KEPT = ".metrics24-clicks.json"


def operations(box: Sandbox) -> int:
    """How often report tables were asked for."""
    return box.hits("getClickReport") + box.hits("getConversionReport")


@pytest.mark.parametrize(
    ("first", "second", "complaint"),
    [
        ((), ("--integration", "acmeapps02"), "of acmeshop01 without a filter; those you ask for are of acmeapps02."),
        (
            (),
            ("--filter", "status=rejected", "--start", "2025-01-31"),
            "of acmeshop01 without a filter; those you ask for are with status=rejected.",
        ),
        (
            ("--filter", "status=rejected", "--filter", "request_time>=2025"),
            ("--filter", "status=rejected"),
            "of acmeshop01 with request_time>=2025, status=rejected; those you ask for are with status=rejected.",
        ),
        (
            ("--columns", "spec"),
            ("--integration", "acmeapps02"),
            "with the columns of the spec alone; those you ask for are of acmeapps02 with all columns.",
        ),
        (
            ("--format", "csv", "--spreadsheet-safe"),
            ("--format", "csv"),
            "made safe for spreadsheets; those you ask for are not made safe for spreadsheets.",
        ),
        ((), ("--format", "csv", "--filter", "status=rejected"), "those you ask for are with status=rejected."),
    ],
)
def test_days_of_another_question_are_refused(
    metrics24: Metrics24, box: Sandbox, desk: Path, *, first: tuple[str, ...], second: tuple[str, ...], complaint: str
) -> None:
    """A folder with days of another question is code 2, says which, and neither asks for nor changes anything."""
    assert metrics24(*PULL, *first).code == 0
    asked, files = operations(box), files_in(desk / "rows")
    ended = metrics24(*PULL, *second)
    assert (ended.code, operations(box), files_in(desk / "rows")) == (2, asked, files)
    assert "Error: rows holds clicks of acmeshop01 " in ended.err
    assert ended.err.endswith(f"{complaint} Choose another folder.\n")
    assert metrics24(*PULL, *first).out.endswith("1 day was complete before\n")


def test_other_days_and_the_same_filters_in_another_order_are_the_same_question(metrics24: Metrics24) -> None:
    """What does not change rows, and how filters are typed, does not matter."""
    filters = ("--filter", "status=rejected", "--filter", "request_time>=2025")
    assert metrics24(*PULL, *filters).code == 0
    same = ("--filter", "request_time:gte=2025", "--filter", "status:eq=rejected", "--filter", "status=rejected")
    ended = metrics24(*PULL, *same, "--start", "2025-01-31", "--page-size", "50", "--timezone", "UTC")
    assert (ended.code, ended.out.endswith("1 day was complete before\n")) == (0, True)


def test_tables_and_formats_share_a_folder(metrics24: Metrics24, desk: Path) -> None:
    """Each table has its own question, and what only CSV knows counts from the first CSV file on."""
    assert metrics24(*PULL).code == 0
    assert metrics24("pull", "conversions", *DAY, "--integration", "acmeapps02").code == 0
    assert metrics24(*PULL, "--format", "csv", "--spreadsheet-safe").code == 0
    assert metrics24(*PULL).code == 0
    assert metrics24(*PULL, "--format", "csv").code == 2
    assert json.loads((desk / "rows" / KEPT).read_text()) == {
        "integration": "acmeshop01",
        "filters": [],
        "columns": None,
        "spreadsheet_safe": True,
    }


def test_folders_of_older_versions_get_a_question(metrics24: Metrics24, desk: Path) -> None:
    """Days without a question are accepted, and get that of the first pull, be it that nothing had to be read."""
    assert metrics24(*PULL).code == 0
    (desk / "rows" / KEPT).unlink()
    assert metrics24(*PULL).out.startswith("0 rows of 0 days")
    assert (desk / "rows" / KEPT).is_file()
    assert metrics24(*PULL, "--integration", "acmeapps02").code == 2


def test_a_folder_without_days_is_free(metrics24: Metrics24, serve: Serve, desk: Path) -> None:
    """A pull that saved no day leaves no question, and one whose files were all taken away binds nobody."""
    refused = serve(in_turn(json_answer({}, status=401)))
    assert metrics24(*PULL, "--base-url", refused.base_url).code == 3
    assert files_in(desk / "rows") == []
    assert metrics24(*PULL).code == 0
    (desk / "rows" / "clicks-2025-02-01.parquet").unlink()
    assert metrics24(*PULL, "--integration", "acmeapps02").code == 0
    assert json.loads((desk / "rows" / KEPT).read_text())["integration"] == "acmeapps02"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_question_that_cannot_be_read_is_told(metrics24: Metrics24, desk: Path, content: bytes) -> None:
    """A broken file is code 2 with what to do, since a guess could mix days."""
    assert metrics24(*PULL).code == 0
    (desk / "rows" / KEPT).write_bytes(content)
    ended = metrics24(*PULL)
    assert ended.code == 2
    assert f"rows/{KEPT} cannot be read, so it is not known which clicks rows holds. Remove it " in ended.err


def test_a_question_that_cannot_be_kept_names_the_day_that_is_done(
    metrics24: Metrics24, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the small file cannot be written the command ends with code 8, and the day's file counts."""

    class Full(AtomicFile):
        def commit(self) -> int:
            raise OSError(28, os.strerror(28))

    monkeypatch.setattr("metrics24.daily.AtomicFile", Full)
    ended = metrics24(*PULL)
    monkeypatch.undo()
    assert ended.code == 8
    assert "Days that are done: 2025-02-01" in ended.err
    assert files_in(desk / "rows") == ["clicks-2025-02-01.parquet"]
