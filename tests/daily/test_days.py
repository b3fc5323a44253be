"""Files of days say how far they have come."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from metrics24 import Client
from metrics24.daily import DayFiles, save_days
from metrics24.files.writers import FileWriter
from metrics24.rows import file_for
from support.running import make_client
from support.scripted import ScriptedServer, in_turn
from support.tables import page, row

LAST = date(2025, 2, 9)


def test_progress_is_told_after_each_page(tmp_path: Path) -> None:
    """Each page that was read tells how many rows of the days asked for are written so far."""
    pages = page([row(9), row(8)], more=True), page([row(7)], more=True), page([row(5)])
    with ScriptedServer(in_turn(*pages)) as server:
        rows = make_client(Client, server, None, {}).reports.clicks("int1", start="2025-02-07", end="2025-02-11")

        def open_day(day: date) -> FileWriter:
            return file_for("Click", tmp_path / f"{day}.jsonl", overwrite=False, columns=None, spreadsheet_safe=False)

        told: list[int] = []
        files = DayFiles(date(2025, 2, 8), date(2025, 2, 10), "request_time", open_day, lambda *_: None)
        save_days(rows, files, lambda progress: told.append(progress.rows))
    assert told == [2, 3, 3]
