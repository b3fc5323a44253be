"""`metrics24 pull --by-day` against sandboxes: which rows a day's file has, and which days are read."""

import json
import os
import shlex
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pyarrow import parquet

from cli.commands import Shell
from cli.conftest import Metrics24
from files.round_trip import files_in, read_csv, read_json_lines
from metrics24 import Client
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour, EndDate

DAYS = ("--integration", "acmeshop01", "--start", "2025-02-01", "--end", "2025-02-03")
PULL = ("pull", "clicks", *DAYS, "--by-day", "clicks")
NAMES = [f"clicks-2025-02-0{number}.parquet" for number in (1, 2, 3)]
COUNT = {"conversions_per_day": 60, "clicks_per_day": 60, "impressions_per_day": 60}


@pytest.fixture(params=[(end, offset) for end in get_args(EndDate) for offset in (0, 120, -300)], scope="module")
def odd_box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox for each reading of the end day, whose written times may be in another zone than its days."""
    end_date, offset = request.param
    options: dict[str, Any] = {**COUNT, "utc_offset": offset, "behaviour": Behaviour(end_date=end_date)}
    with Sandbox(SandboxOptions(**options)) as sandbox:
        yield sandbox


@pytest.mark.parametrize(("kind", "column"), [("clicks", "request_time"), ("conversions", "conversion_time")])
def test_each_row_stands_in_the_file_of_its_day(
    metrics24: Metrics24, odd_box: Sandbox, desk: Path, monkeypatch: pytest.MonkeyPatch, *, kind: str, column: str
) -> None:
    """A day's file has exactly the rows whose time begins with it, whatever the end day means and the zone is."""
    monkeypatch.setenv("METRICS24_API_KEY", odd_box.api_key)
    arguments = ("pull", kind, *DAYS, "--by-day", "rows", "--format", "jsonl", "--base-url", odd_box.base_url)
    ended = metrics24(*arguments)
    assert ended.code == 0
    with Client(api_key=odd_box.api_key, base_url=odd_box.base_url) as client:
        every = list(getattr(client.reports, kind)("acmeshop01", start="2025-01-30", end="2025-02-06").records())
    for day in ("2025-02-01", "2025-02-02", "2025-02-03"):
        expected = [row for row in every if row[column].startswith(day)]
        assert len(expected) > 20
        assert read_json_lines(desk / "rows" / f"{kind}-{day}.jsonl") == expected


def test_days_one_by_one_are_the_days_at_once(metrics24: Metrics24, desk: Path) -> None:
    """A day pulled alone gives the file that it has when it is pulled among others."""
    metrics24(*PULL, "--format", "jsonl")
    for number in (1, 2, 3):
        day = f"2025-02-0{number}"
        alone = ("--integration", "acmeshop01", "--start", day, "--end", day, "--by-day", "alone")
        metrics24("pull", "clicks", *alone, "--format", "jsonl")
        name = f"clicks-{day}.jsonl"
        assert (desk / "alone" / name).read_bytes() == (desk / "clicks" / name).read_bytes()


def test_each_format_has_the_same_rows(metrics24: Metrics24, desk: Path) -> None:
    """Parquet, CSV and JSON Lines files of a day have the same rows, conditions and columns as one file would."""
    options = ("--filter", "status=rejected", "--columns", "spec", "--page-size", "7")
    for chosen in ("parquet", "csv", "jsonl"):
        ended = metrics24("pull", "impressions", *DAYS, "--by-day", "rows", "--format", chosen, *options)
        assert ended.code == 0
    path = desk / "rows" / "impressions-2025-02-02"
    rows = [row["real_tx_id"] for row in read_json_lines(path.with_suffix(".jsonl"))]
    header, *lines = read_csv(path.with_suffix(".csv"))
    table = parquet.read_table(path.with_suffix(".parquet"))
    assert [line[header.index("real_tx_id")] for line in lines] == rows == table["real_tx_id"].to_pylist()
    assert set(table["status"].to_pylist()) == {"rejected"}
    assert header == table.column_names
    assert len([name for name in files_in(desk / "rows") if not name.startswith(".")]) == 9


def test_complete_days_are_not_read_again(metrics24: Metrics24, box: Sandbox, desk: Path) -> None:
    """A second run asks for nothing, and for the missing days only if files were lost."""
    metrics24(*PULL)
    asked, files = box.hits("getClickReport"), {name: (desk / "clicks" / name).read_bytes() for name in NAMES}
    ended = metrics24(*PULL)
    assert (ended.code, ended.err, box.hits("getClickReport")) == (0, "", asked)
    assert ended.out.startswith("0 rows of 0 days in clicks after ")
    assert ended.out.endswith("; 3 days were complete before\n")
    (desk / "clicks" / NAMES[0]).unlink()
    (desk / "clicks" / NAMES[2]).unlink()
    ended = metrics24(*PULL)
    assert [line.partition(":")[0] for line in ended.err.splitlines()] == ["2025-02-03", "2025-02-01"]
    assert {name: (desk / "clicks" / name).read_bytes() for name in NAMES} == files


def test_the_last_days_are_read_again_when_asked(metrics24: Metrics24, desk: Path) -> None:
    """With --refresh-last the files of the last days are replaced, and no others; more days than there are is all."""
    for last, replaced in ((0, []), (1, NAMES[2:]), (2, NAMES[1:]), (9, NAMES)):
        (desk / "clicks").mkdir(exist_ok=True)
        for name in NAMES:
            (desk / "clicks" / name).write_text("old")
        assert metrics24(*PULL, "--refresh-last", str(last)).code == 0
        assert [name for name in NAMES if (desk / "clicks" / name).read_bytes() != b"old"] == replaced


def test_a_day_without_rows_has_a_file(metrics24: Metrics24, desk: Path) -> None:
    """A day on which nothing happened gets an empty file with the columns, and is not read again."""
    arguments = ("--integration", "acmeshop01", "--start", "2023-12-30", "--end", "2024-01-01", "--by-day", "rows")
    assert metrics24("pull", "clicks", *arguments).code == 0
    empty, full = (parquet.read_table(desk / "rows" / f"clicks-{day}.parquet") for day in ("2023-12-30", "2024-01-01"))
    assert (empty.num_rows, full.num_rows > 20) == (0, True)
    assert {"real_tx_id", "request_time", "_extra"} <= {*empty.column_names}
    assert metrics24("pull", "clicks", *arguments).out.endswith("3 days were complete before\n")


def test_the_summary_lists_the_days(metrics24: Metrics24, desk: Path) -> None:
    """With --json stdout is one object with each day, its file, its rows and whether it was skipped."""
    metrics24(*PULL)
    (desk / "clicks" / NAMES[1]).unlink()
    ended = metrics24(*PULL, "--json")
    summary = json.loads(ended.out)
    rows = parquet.read_table(desk / "clicks" / NAMES[1]).num_rows
    assert summary.pop("seconds") > 0
    read = {"rows": rows, "bytes": (desk / "clicks" / NAMES[1]).stat().st_size, "misfits": 0, "skipped": False}
    skipped = {"rows": None, "bytes": None, "misfits": None, "skipped": True}
    assert (ended.err, summary) == (
        "",
        {
            "folder": "clicks",
            "created": False,
            "start": "2025-02-01",
            "end": "2025-02-03",
            "rows": rows,
            "days": [
                {
                    "day": name[7:17],
                    "path": f"clicks/{name}",
                    "complete": True,
                    **(read if "02-02" in name else skipped),
                }
                for name in NAMES
            ],
        },
    )


def test_a_folder_that_is_made_is_told(metrics24: Metrics24) -> None:
    """A missing folder is created, which the summary says once, so that a mistyped name does not go unseen."""
    assert " days in clicks (created) after " in metrics24(*PULL).out
    assert " days in clicks after " in metrics24(*PULL).out
    assert json.loads(metrics24(*PULL[:-1], "click", "--json").out)["created"] is True


def test_quiet_says_nothing(metrics24: Metrics24) -> None:
    """With --quiet a pull by day that works is silent."""
    ended = metrics24(*PULL, "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_a_day_that_is_not_over_is_never_complete(metrics24: Metrics24, desk: Path) -> None:
    """Today's file is made and replaced each time, which is said, and counts once it was read after the day."""
    arguments = ("--integration", "acmeshop01", "--start", "today", "--timezone", "UTC", "--by-day", "rows")
    for _ in range(2):
        ended = metrics24("pull", "clicks", *arguments)
        assert "; not known to be over, so it is read again the next time\n" in ended.err
    (path,) = (desk / "rows").glob("clicks-*")
    later = datetime.now(UTC) + timedelta(days=2)
    os.utime(path, (later.timestamp(), later.timestamp()))
    days = json.loads(metrics24("pull", "clicks", *arguments, "--json").out)["days"]
    assert [day["skipped"] for day in days if day["path"] == f"rows/{path.name}"] == [True]


@pytest.mark.parametrize(
    ("asked", "zone", "skipped"),
    [
        *[("11:59", None, False), ("12:00", None, True), ("23:59", "Pacific/Midway", True)],
        *[("00:00", "UTC", True), ("00:00", "Asia/Tokyo", True), ("00:00", "America/New_York", False)],
    ],
)
def test_a_day_is_over_where_it_is_said_to_be(
    metrics24: Metrics24, desk: Path, *, asked: str, zone: str | None, skipped: bool
) -> None:
    """A file counts if its rows were asked for after the day: in the zone given, or else everywhere on Earth."""
    metrics24(*PULL)
    moment = datetime.fromisoformat(f"2025-02-04T{asked}+00:00").timestamp()
    os.utime(desk / "clicks" / NAMES[2], (moment, moment))
    ended = metrics24(*PULL, "--json", *(() if zone is None else ("--timezone", zone)))
    assert [day["skipped"] for day in json.loads(ended.out)["days"]] == [True, True, skipped]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "--output FILE, or --by-day DIR"),
        (("--by-day", "d", "-o", "x.csv"), "--output cannot go with --by-day"),
        (("--by-day", "d", "--limit", "0"), "--limit cannot go with --by-day"),
        (("--by-day", "d", "--overwrite"), "--overwrite cannot go with --by-day"),
        (("--by-day", "d", "--after", "A"), "--after cannot go with --by-day"),
        (("-o", "x.csv", "--format", "csv"), "--format needs --by-day"),
        (("-o", "x.csv", "--refresh-last", "1"), "--refresh-last needs --by-day"),
        (("--by-day", "d", "--spreadsheet-safe"), "spreadsheet_safe is for .csv"),
        (("--by-day", "taken"), "taken"),
        (("--by-day", "taken/rows"), "taken/rows cannot be made a folder"),
    ],
)
def test_what_contradicts_itself_is_refused(
    metrics24: Metrics24, box: Sandbox, desk: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    """Options of one file and of one a day exclude each other: code 2, before anything is sent."""
    (desk / "taken").write_text("")
    asked = box.hits("getClickReport")
    ended = metrics24("pull", "clicks", *DAYS, *arguments)
    assert (ended.code, box.hits("getClickReport")) == (2, asked)
    assert complaint in ended.err


def test_a_day_that_has_not_begun_is_refused(metrics24: Metrics24) -> None:
    """With --by-day a range ends today at the latest, since a file of a day to come would be empty and wrong."""
    end = str(date.today() + timedelta(days=3))
    ended = metrics24("pull", "clicks", "--integration", "i", "--start", "today", "--end", end, "--by-day", "d")
    assert ended.code == 2
    assert f"The last day ({end}) has not begun" in ended.err


def test_the_example_in_the_help_works(shell: Shell) -> None:
    """The second example of the help is a whole command, which gets as far as asking for a key."""
    example = shell.run("pull", "--help").out.partition("read again:\n")[2]
    command = shlex.split(example.partition("\n\n")[0].replace("\\\n", " "))
    ended = shell.run(*command[1:], METRICS24_API_KEY="")
    assert "METRICS24_API_KEY is empty" in ended.err
    assert (ended.code, shell.files()) == (3, [])
