"""`rows.save_daily`: which rows a day's file has, which days are read, and what is reported."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from files.round_trip import read_json_lines
from metrics24 import DailyFile, DailyFiles, Progress
from support.running import Running
from support.scripted import ScriptedServer
from support.tables import Row, Table, ids, row

RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-03"}


def of_day(day: int, count: int, **columns: object) -> list[Row]:
    """Rows of a day in February, newest first."""
    time = f"2025-02-{day:02d} 10:00:00"
    return [row(day * 10_000 + number, **{"request_time": time, **columns}) for number in range(count, 0, -1)]


ROWS = [*of_day(4, 3), *of_day(3, 130), *of_day(2, 120), *of_day(1, 110), *of_day(-30 % 28 + 1, 0)]


def rows_of(run: Running, server: ScriptedServer, **options: Any) -> Any:
    """Clicks of the first three days of February."""
    return run.client(server).reports.clicks("int1", **{**RANGE, **options})


def days_of(folder: Path) -> dict[str, list[object]]:
    """The ids in each file of a folder."""
    return {path.stem[7:]: ids(read_json_lines(path)) for path in sorted(folder.glob("clicks-*.jsonl"))}


def test_each_day_has_a_file(run: Running, tmp_path: Path) -> None:
    """Each file has the rows of its day, and the result, `on_saved` and `on_progress` say how it went."""
    saved: list[DailyFile] = []
    progress: list[Progress] = []
    folder = tmp_path / "new" / "clicks"
    with ScriptedServer(Table(ROWS)) as server:
        rows = rows_of(run, server)
        files = run.result(
            rows.save_daily(str(folder), format="jsonl", on_saved=saved.append, on_progress=progress.append)
        )
    assert days_of(folder) == {f"2025-02-0{day}": ids(of_day(day, 100 + 10 * day)) for day in (1, 2, 3)}
    assert isinstance(files, DailyFiles)
    assert (files.folder, files.created, files.rows, files.misfits) == (folder, True, 360, 0)
    assert [file.day for file in files.days] == [date(2025, 2, day) for day in (1, 2, 3)]
    assert sorted(files.days, key=lambda file: file.day, reverse=True) == saved
    assert saved[0] == DailyFile(
        date(2025, 2, 3), folder / "clicks-2025-02-03.jsonl", False, True, 130, saved[0].path.stat().st_size, 0
    )
    assert [step.rows for step in progress] == [97, 197, 297, 360]
    assert (progress[-1].newest, progress[-1].oldest) == ("2025-02-03 10:00:00", "2025-02-01 10:00:00")
