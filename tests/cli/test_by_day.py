"""`metrics24 pull --by-day` against a sandbox: its options, its words and its summary."""

import json
import os
import shlex
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pyarrow import parquet

from cli.commands import Shell
from cli.conftest import Metrics24
from files.round_trip import read_csv
from metrics24_sandbox import Sandbox

DAYS = ("--integration", "acmeshop01", "--start", "2025-02-01", "--end", "2025-02-03")
PULL = ("pull", "clicks", *DAYS, "--by-day", "clicks")
NAMES = [f"clicks-2025-02-0{number}.parquet" for number in (1, 2, 3)]
COUNT = {"conversions_per_day": 60, "clicks_per_day": 60, "impressions_per_day": 60}


def test_options_reach_the_files(metrics24: Metrics24, box: Sandbox, desk: Path) -> None:
    """The format, the filter, the columns and what spreadsheets would run are those that the options say."""
    before = len(box.requests)
    options = ("--filter", "status=rejected", "--columns", "spec", "--page-size", "7", "--parallel", "2")
    ended = metrics24(*PULL, "--format", "csv", "--spreadsheet-safe", *options)
    assert ended.code == 0
    header, *lines = read_csv(desk / "clicks" / "clicks-2025-02-02.csv")
    assert header[-1] == "_extra"
    assert {line[header.index("status")] for line in lines} == {"rejected"}
    assert {parse_qs(each.query)["page[size]"][0] for each in box.requests[before:]} == {"7"}


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


@pytest.mark.parametrize(("zone", "skipped"), [((), False), (("--timezone", "UTC"), True)])
def test_a_day_is_over_where_timezone_says(
    metrics24: Metrics24, desk: Path, *, zone: tuple[str, ...], skipped: bool
) -> None:
    """A file of the last day counts if its rows were asked for after the day: in --timezone, or everywhere on Earth."""
    metrics24(*PULL)
    moment = datetime.fromisoformat("2025-02-04T00:00+00:00").timestamp()
    os.utime(desk / "clicks" / NAMES[2], (moment, moment))
    days = json.loads(metrics24(*PULL, "--json", *zone).out)["days"]
    assert [day["skipped"] for day in days] == [True, True, skipped]


def test_the_last_days_are_read_again_when_asked(metrics24: Metrics24, desk: Path) -> None:
    """With --refresh-last the file of the last day is replaced, and no other."""
    metrics24(*PULL)
    days = json.loads(metrics24(*PULL, "--json", "--refresh-last", "1").out)["days"]
    assert [day["skipped"] for day in days] == [True, True, False]


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
    ("arguments", "complaint"),
    [
        ((), "--output FILE, or --by-day DIR"),
        (("--by-day", "d", "-o", "x.csv"), "--output cannot go with --by-day"),
        (("--by-day", "d", "--limit", "0"), "--limit cannot go with --by-day"),
        (("--by-day", "d", "--overwrite"), "--overwrite cannot go with --by-day"),
        (("--by-day", "d", "--after", "A"), "--after cannot go with --by-day"),
        (("-o", "x.csv", "--format", "csv"), "--format needs --by-day"),
        (("-o", "x.csv", "--refresh-last", "1"), "--refresh-last needs --by-day"),
        (("--by-day", "d", "--spreadsheet-safe"), "--spreadsheet-safe is for .csv"),
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
