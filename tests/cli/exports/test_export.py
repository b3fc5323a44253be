"""`metrics24 export` and `exports resume`: what is asked for, what is written, and what is said of it."""

import io
import json
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from pyarrow import parquet

from cli.conftest import Metrics24
from cli.exports.conftest import COLUMNS, EXPORT, SMALL
from files.round_trip import files_in, read_csv
from metrics24_sandbox import Sandbox
from support.account import IDENTITY, Stage
from support.steps import respond_json
from support.storage import csv_file

RESUME = ("exports", "resume", IDENTITY)
KEPT = f"rows.parquet.{sha256(IDENTITY.encode()).hexdigest()[:8]}.csv"


@pytest.mark.parametrize("kind", ["clicks", "conversions", "impressions"])
def test_each_kind_is_exported(metrics24: Metrics24, box: Sandbox, desk: Path, kind: str) -> None:
    """Each kind of export is asked for once, waited for, and saved with the columns and days that were named."""
    days = ("--start", "2025-02-01", "--end", "2025-02-02")
    columns = ("--field", "real_tx_id", "--field", "status,offer", "--extra-parameter", "sub1", "--delimiter", ";")
    ended = metrics24("export", kind, "--integration", "acmeshop01", *days, *columns, "-o", "rows.csv", "--json")
    (header, *lines), facts = (desk / "rows.csv").read_text().splitlines(), json.loads(ended.out)
    assert (ended.code, ended.err, header) == (0, "", "real_tx_id;status;offer;sub1")
    assert facts.pop("seconds") > 0
    assert len(facts.pop("export_id")) == 26
    assert facts == {"path": "rows.csv", "rows": len(lines), "bytes": (desk / "rows.csv").stat().st_size}
    assert len(lines) > 100
    assert files_in(desk) == ["rows.csv"]
    assert box.hits(f"download{kind.title()}") == 1


def test_the_summary_names_file_and_export(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """An export ends with one line on stdout; the export's id is on stderr as soon as it is known."""
    ended = metrics24(*EXPORT, *COLUMNS, "-o", "rows.txt")
    assert ended.out.startswith(f"120 rows, {len(SMALL) / 1000:.1f} kB, in rows.txt after ")
    assert ended.out.endswith(f" s (export {IDENTITY})\n")
    assert ended.err == f"Export {IDENTITY}: COMPLETED\n"
    assert (desk / "rows.txt").read_bytes() == SMALL


class Full(io.StringIO):
    """A stream on a disk that is full."""

    def write(self, _: str) -> int:
        """Fail."""
        raise OSError(28, "No space left on device")


def test_a_summary_that_cannot_be_written_costs_nothing(
    metrics24: Metrics24, stage: Stage, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If stdout takes nothing the file is there, the code is 0, and stderr says what happened."""
    monkeypatch.setattr("sys.stdout", Full())
    ended = metrics24(*EXPORT, *COLUMNS, "-o", "rows.csv")
    assert ended.code == 0
    assert ended.err.endswith(
        "The command has done its work, but its summary could not be written: No space left on device.\n"
    )
    assert (desk / "rows.csv").read_bytes() == SMALL


def test_quiet_says_nothing(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """With --quiet an export that works is silent, also where days are understood."""
    arguments = ("export", "clicks", "--integration", "int1", "--last", "2d", *COLUMNS)
    ended = metrics24(*arguments, "--quiet", "-o", "rows.csv")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert files_in(desk) == ["rows.csv"]


def test_understood_days_are_said(metrics24: Metrics24, stage: Stage) -> None:
    """Days that were not typed out are shown before the export is asked for."""
    ended = metrics24("export", "clicks", "--integration", "int1", "--month", "2025-02", *COLUMNS, "-o", "rows.csv")
    assert ended.err.startswith("Days: 2025-02-01 to 2025-02-28: 28 days")


def test_columns_come_from_options_and_a_file(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """Columns are repeated, separated by commas, or lines of a file, in that order."""
    (desk / "columns.txt").write_text("offer\npublisher, payout\n\n")
    metrics24(*EXPORT, *COLUMNS, "--fields-from", "columns.txt", "-o", "rows.csv")
    asked = next(request for request in stage.api.requests if request.parameter("fields"))
    assert asked.parameter("fields") == "real_tx_id,status,offer,publisher,payout"


def test_no_dates_names_no_days(metrics24: Metrics24, stage: Stage) -> None:
    """With --no-dates the server chooses the days, and the filters still reach it."""
    arguments = ("export", "clicks", "--integration", "int1", "--no-dates", "--filter", "status=rejected")
    assert metrics24(*arguments, *COLUMNS, "--delimiter", "tab", "-o", "rows.csv").code == 0
    query = dict(stage.api.requests[0].query)
    assert (query["filter[status]"], query["delimiter"]) == ("rejected", "\t")
    assert [name for name in query if "date" in name] == []


def test_start_only_prints_the_id(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """With --start-only stdout is the export's id, or one object, and nothing is downloaded."""
    for_people, for_programs = (
        metrics24(*EXPORT, *COLUMNS, "--start-only"),
        metrics24(*EXPORT, *COLUMNS, "--start-only", "--json"),
    )
    assert (for_people.code, for_people.out, for_people.err) == (0, f"{IDENTITY}\n", "")
    assert json.loads(for_programs.out) == {"export_id": IDENTITY, "status": "COMPLETED"}
    assert (stage.storage.asked, files_in(desk)) == ([], [])


def test_an_equal_export_is_reused(metrics24: Metrics24, box: Sandbox) -> None:
    """With --reuse a second command takes the export of the first, and the day's quota is spared."""
    arguments = ("export", "clicks", "--integration", "acmeshop01", *EXPORT[4:], *COLUMNS, "--start-only")
    first, second = (
        metrics24(*arguments),
        metrics24(*arguments, "--reuse", "1e9"),
    )  # the sandbox's clock stands still in the past
    assert first.out == second.out
    assert box.hits("downloadClicks") == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((*COLUMNS, "-o", "rows.xlsx"), "let it end in .csv, .txt, .parquet"),
        ((*COLUMNS, "-o", "rows"), "let it end in .csv, .txt, .parquet"),
        ((*COLUMNS, "-o", "none/rows.csv"), "does not exist"),
        ((*COLUMNS, "-o", "/proc/rows.csv"), "/proc cannot be written to"),
        ((*COLUMNS, "-o", "there.csv"), "--overwrite"),
        (("-o", "rows.csv"), "are not documented; those of the report tables"),
        (("--field", " , ", "-o", "rows.csv"), "Say which columns"),
        (("--field", "a,a", "-o", "rows.csv"), "names a column twice"),
        (("--fields-from", "none.txt", "-o", "rows.csv"), "none.txt cannot be read (No such file"),
        (("--fields-from", "bytes.txt", "-o", "rows.csv"), "bytes.txt is not text in UTF-8"),
        (COLUMNS, "Say where the file shall go"),
        ((*COLUMNS, "--start-only", "-o", "rows.csv"), "exclude each other"),
        ((*COLUMNS, "--no-dates", "-o", "rows.csv"), "--no-dates and --start exclude each other"),
        ((*COLUMNS, "--infer-types", "-o", "rows.csv"), "--infer-types is for .parquet files"),
        ((*COLUMNS, "--delimiter", "--", "-o", "rows.csv"), "--delimiter takes one character"),
        ((*COLUMNS, "--delimiter", "§", "-o", "rows.parquet"), "one ASCII character"),
        ((*COLUMNS, "--delimiter", '"', "-o", "rows.csv"), "no quote or line break"),
        ((*COLUMNS, "--wait-timeout", "0", "-o", "rows.csv"), "--wait-timeout"),
        ((*COLUMNS, "--reuse", "-1", "-o", "rows.csv"), "--reuse"),
        ((*COLUMNS, "--filter", "status", "-o", "rows.csv"), "is not a filter"),
    ],
    ids=str,
)
def test_wrong_arguments_cost_no_export(
    metrics24: Metrics24, stage: Stage, desk: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    """Arguments that cannot work end with code 2 and the reason before anything is sent."""
    (desk / "there.csv").write_text("mine")
    (desk / "bytes.txt").write_bytes(b"\xff")
    ended = metrics24(*EXPORT, *arguments)
    assert (ended.code, stage.api.hits) == (2, 0)
    assert complaint in ended.err
    assert (desk / "there.csv").read_text() == "mine"


def test_parquet_without_pyarrow_costs_no_export(
    metrics24: Metrics24, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If pyarrow is missing, a Parquet file is refused before an export is asked for."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ended = metrics24(*EXPORT, *COLUMNS, "-o", "rows.parquet")
    assert (ended.code, stage.api.hits) == (2, 0)
    assert "pip install 'metrics24[tables]'" in ended.err


def test_an_existing_file_is_replaced_when_told(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """With --overwrite the file is the export's afterwards."""
    (desk / "rows.csv").write_text("mine")
    assert metrics24(*EXPORT, *COLUMNS, "--overwrite", "-o", "rows.csv").code == 0
    assert (desk / "rows.csv").read_bytes() == SMALL


def test_parquet_is_text_unless_types_are_inferred(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """A .parquet file holds the rows of the CSV, as text or with types, and the CSV is gone."""
    stage.storage.content = b"number,word\n1,a\n22,\n"
    as_text, typed = (
        metrics24(*RESUME, "-o", f"{name}.parquet", *more) for name, more in (("a", ()), ("b", ("--infer-types",)))
    )
    assert (as_text.code, typed.code) == (0, 0)
    assert parquet.read_table(desk / "a.parquet").to_pydict() == {"number": ["1", "22"], "word": ["a", ""]}
    assert parquet.read_table(desk / "b.parquet")["number"].to_pylist() == [1, 22]
    assert as_text.out.startswith(f"2 rows, {(desk / 'a.parquet').stat().st_size} bytes, in a.parquet after ")
    assert files_in(desk) == ["a.parquet", "b.parquet"]


def test_a_failed_conversion_keeps_the_download(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """A CSV file that cannot be converted is code 7, is kept and named, and is not fetched a second time."""
    stage.storage.content = b"number,word\n1,a,b\n"
    for _ in range(2):
        ended = metrics24(*RESUME, "-o", "rows.parquet")
        assert ended.code == 7
        assert f"The download is kept in {KEPT}." in ended.err
        assert files_in(desk) == [KEPT]
    assert stage.storage.asked == [0]


def test_a_conversion_that_was_cut_short_is_done_again(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """A download that stands whole beside the target is converted without being fetched again, and goes away."""
    (desk / KEPT).write_bytes(SMALL)
    assert metrics24(*RESUME, "-o", "rows.parquet").code == 0
    assert parquet.read_table(desk / "rows.parquet").num_rows == 120
    assert (stage.storage.asked, files_in(desk)) == ([], ["rows.parquet"])


def test_another_number_of_rows_is_refused_unless_accepted(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """Rows that differ from what the server says are code 7 and leave a part; --no-verify takes the file."""
    stage.account.export["results_meta"] = {"total": 121}
    refused = metrics24(*RESUME, "-o", "rows.csv", "--json")
    error = json.loads(refused.err)["error"]
    assert (refused.code, error["type"], error["export_id"]) == (7, "IntegrityError", IDENTITY)
    assert "has 120 rows, and the server says 121" in error["message"]
    assert files_in(desk) == ["rows.csv.part", "rows.csv.part.json"]
    assert metrics24(*RESUME, "-o", "rows.csv", "--no-verify").code == 0
    assert (desk / "rows.csv").read_bytes() == SMALL


def test_an_export_of_no_rows_is_a_file(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """An export without rows is saved as its header alone, also as Parquet."""
    stage.storage.content = csv_file(0)
    as_csv, as_parquet = metrics24(*RESUME, "-o", "rows.csv"), metrics24(*RESUME, "-o", "rows.parquet")
    assert (as_csv.code, as_csv.out[:8], as_parquet.out[:8]) == (0, "0 rows, ", "0 rows, ")
    assert len(read_csv(desk / "rows.csv")) == 1
    assert parquet.read_table(desk / "rows.parquet").column_names == ["real_tx_id", "status"]


def test_an_unknown_export_is_not_found(metrics24: Metrics24, stage: Stage) -> None:
    """Resuming an export that does not exist is code 4, without advice to try the same again."""
    stage.account.say_next("getExport", respond_json({"error": "no such export"}, status=404))
    ended = metrics24(*RESUME, "-o", "rows.csv")
    assert ended.code == 4
    assert "exports resume" not in ended.err
