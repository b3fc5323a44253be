"""Rows of days in February 2025, and the files that they are saved to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from files.round_trip import read_json_lines
from support.tables import Row, ids, row

DAYS: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-03"}


def of_day(day: int, count: int, **columns: object) -> list[Row]:
    """Give rows of a day in February, newest first."""
    time = f"2025-02-{day:02d} 10:00:00"
    times = {"request_time": time, "conversion_time": time}
    return [row(day * 10_000 + number, **{**times, **columns}) for number in range(count, 0, -1)]


def days_of(folder: Path) -> dict[str, list[object]]:
    """Give the ids in each JSON Lines file of a folder of clicks, by day."""
    return {path.stem[7:]: ids(read_json_lines(path)) for path in sorted(folder.glob("clicks-*.jsonl"))}
