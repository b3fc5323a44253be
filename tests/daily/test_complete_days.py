"""The days that `rows.save_daily` takes for complete, and those that it reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, get_args

import pytest

from daily.days import DAYS, days_of, of_day
from files.round_trip import files_in, read_json_lines
from metrics24 import Client, DailyFiles
from metrics24.daily import DayRun
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour, EndDate
from support.running import Running
from support.scripted import Serve
from support.tables import Table

DAY = timedelta(days=1)
ROWS = [row for day in (3, 2, 1) for row in of_day(day, 20)]
NAMES = [f"clicks-2025-02-0{number}.jsonl" for number in (1, 2, 3)]


def skipped(files: DailyFiles) -> list[bool]:
    """Say of each day if it was skipped."""
    return [file.skipped for file in files.days]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2025, 2, 3), date(2025, 2, 5), (date(2025, 2, 2), date(2025, 2, 7))),
        (date.min + DAY, date.min + DAY, (date.min, date.min + 3 * DAY)),
        (date.min, date.min, (date.min, date.min + 2 * DAY)),
        (date.max - 2 * DAY, date.max - 2 * DAY, (date.max - 3 * DAY, date.max)),
        (date.max, date.max - DAY, (date.max - DAY, date.max)),
        (date.max, date.max, (date.max - DAY, date.max)),
    ],
)
def test_a_day_more_is_asked_for_before_and_two_after(first: date, last: date, expected: tuple[date, date]) -> None:
    """The days around a run are asked for too, whatever the server does with its ends, as far as the calendar goes."""
    assert DayRun(first, last).range == expected


@pytest.fixture(params=[(end, offset) for end in get_args(EndDate) for offset in (0, 120, -300)], scope="module")
def odd_box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox for each meaning of the last day, whose written times may be in another zone than its days."""
    end_date, offset = request.param
    counts: dict[str, Any] = dict.fromkeys(("conversions_per_day", "clicks_per_day", "impressions_per_day"), 60)
    with Sandbox(SandboxOptions(**counts, utc_offset=offset, behaviour=Behaviour(end_date=end_date))) as sandbox:
        yield sandbox


@pytest.mark.parametrize(("kind", "column"), [("clicks", "request_time"), ("conversions", "conversion_time")])
def test_each_row_stands_in_the_file_of_its_day(odd_box: Sandbox, tmp_path: Path, kind: str, column: str) -> None:
    """A day's file has exactly the rows whose time begins with it, whatever the last day means and the zone is."""
    with Client(api_key=odd_box.api_key, base_url=odd_box.base_url) as client:
        table = getattr(client.reports, kind)
        every = list(table("acmeshop01", start="2025-01-30", end="2025-02-06").records())
        table("acmeshop01", **DAYS).save_daily(tmp_path, format="jsonl")
    for day in ("2025-02-01", "2025-02-02", "2025-02-03"):
        expected = [row for row in every if row[column].startswith(day)]
        assert len(expected) > 20
        assert read_json_lines(tmp_path / f"{kind}-{day}.jsonl") == expected


def test_complete_days_are_not_read_again(run: Running, serve: Serve, tmp_path: Path) -> None:
    """A second call sends nothing, and reads the missing days only if files were lost, as two runs of days."""
    server = serve(Table(ROWS))
    rows = run.client(server).reports.clicks("int1", **DAYS)
    run.result(rows.save_daily(tmp_path, format="jsonl"))
    before, hits = {name: (tmp_path / name).read_bytes() for name in NAMES}, server.hits
    again = run.result(rows.save_daily(tmp_path, format="jsonl"))
    assert (skipped(again), again.created, again.rows, server.hits) == ([True] * 3, False, 0, hits)
    assert [(file.complete, file.rows, file.bytes) for file in again.days] == [(True, None, None)] * 3
    for name in NAMES[::2]:
        (tmp_path / name).unlink()
    repaired = run.result(rows.save_daily(tmp_path, format="jsonl"))
    assert skipped(repaired) == [False, True, False]
    assert {name: (tmp_path / name).read_bytes() for name in NAMES} == before
    asked = [(each.parameter("start_date"), each.parameter("end_date")) for each in server.requests[hits:]]
    assert asked == [("2025-02-02", "2025-02-05"), ("2025-01-31", "2025-02-03")]


@pytest.mark.parametrize(("last", "replaced"), [(0, []), (1, NAMES[2:]), (2, NAMES[1:]), (9, NAMES)])
def test_the_last_days_are_read_again_when_asked(
    run: Running, serve: Serve, tmp_path: Path, last: int, replaced: list[str]
) -> None:
    """With refresh_last= the files of the last days are replaced, and no others; more days than there are is all."""
    for name in NAMES:
        (tmp_path / name).write_text("old")
    rows = run.client(serve(Table(ROWS))).reports.clicks("int1", **DAYS)
    run.result(rows.save_daily(tmp_path, format="jsonl", refresh_last=last))
    assert [name for name in NAMES if (tmp_path / name).read_bytes() != b"old"] == replaced


def test_a_day_that_is_not_over_is_never_complete(run: Running, serve: Serve, tmp_path: Path) -> None:
    """Today's file is replaced each time, and is skipped once it was read after the day."""
    today = datetime.now(UTC).date()
    rows = run.client(serve(Table([]))).reports.clicks("int1", start=today, end=today)
    for _ in range(2):
        [file] = run.result(rows.save_daily(tmp_path, timezone="UTC")).days
        assert (file.skipped, file.complete, file.rows) == (False, False, 0)
    later = (datetime.now(UTC) + 2 * DAY).timestamp()
    os.utime(file.path, (later, later))
    [file] = run.result(rows.save_daily(tmp_path, timezone="UTC")).days
    assert (file.skipped, file.complete) == (True, True)


def test_a_file_says_when_its_rows_were_asked_for(run: Running, serve: Serve, tmp_path: Path) -> None:
    """A file's time is that of the call, not that of its last row: the day may have ended meanwhile."""
    began = datetime.now(UTC).timestamp()
    rows = run.client(serve(Table(ROWS))).reports.clicks("int1", **DAYS)
    files = run.result(rows.save_daily(tmp_path))
    times = {file.path.stat().st_mtime for file in files.days}
    assert len(times) == 1
    assert began <= times.pop() <= datetime.now(UTC).timestamp()


@pytest.mark.parametrize(
    ("asked", "zone", "complete"),
    [
        ("11:59", None, False),
        ("12:00", None, True),
        ("23:59", "Pacific/Midway", True),
        ("00:00", "UTC", True),
        ("00:00", timezone.utc, True),  # noqa: UP017 - a tzinfo as users write it
        ("00:00", "Asia/Tokyo", True),
        ("00:00", "America/New_York", False),
    ],
)
def test_a_day_is_over_where_it_is_said_to_be(
    run: Running, serve: Serve, tmp_path: Path, *, asked: str, zone: str | tzinfo | None, complete: bool
) -> None:
    """A file counts if its rows were asked for after the day: in the zone given, or else everywhere on Earth."""
    moment = datetime.fromisoformat(f"2025-02-04T{asked}+00:00").timestamp()
    for name in NAMES:
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (moment, moment))
    rows = run.client(serve(Table(ROWS))).reports.clicks("int1", **DAYS)
    files = run.result(rows.save_daily(tmp_path, format="jsonl", timezone=zone))
    assert skipped(files) == [True, True, complete]
    assert set(days_of(tmp_path)) == {name[7:17] for name in NAMES}
    assert len(files_in(tmp_path)) == 4
