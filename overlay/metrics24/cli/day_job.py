"""The days of `metrics24 pull --by-day`: which are complete, and how the others are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from attrs import evolve

import metrics24
from metrics24.cli.connection import open_client
from metrics24.cli.day_question import Question
from metrics24.cli.day_summary import Day
from metrics24.cli.days import Range, end_of_day
from metrics24.cli.filters import parse_filters
from metrics24.models import row_model
from metrics24.pages.days import DayFiles, save_days, surroundings
from metrics24.pages.progress import OnProgress, Progress
from metrics24.pages.source import file_for
from metrics24.sinks import Sink

_TABLES = {
    "clicks": ("getClickReport", "request_time"),
    "conversions": ("getConversionReport", "conversion_time"),
    "impressions": ("getImpressionReport", "request_time"),
}
_DAY = timedelta(days=1)


class DayJob:
    """The days of one run: which are complete, and which are read.

    Raises:
        UsageError: the folder has days of another question.

    """

    def __init__(self, given: Mapping[str, Any], days: Range, now: datetime) -> None:
        self._given, self._now = given, now
        self._question = Question(given)
        every = [date.fromordinal(number) for number in range(days.start.toordinal(), days.end.toordinal() + 1)]
        stale = days.end - timedelta(days=min(given["refresh_last"] or 0, len(every)))
        complete = [day for day in every if day <= stale and self._is_complete(day)]
        self.skipped = [Day(day, self._path(day), skipped=True, complete=True) for day in complete]
        self._runs = list(_runs(sorted({*every} - {*complete}, reverse=True)))
        self._replaced = {day for run in self._runs for day in run if self._path(day).exists()}
        self._rows = 0
        self.created = False
        """Whether the folder was made by this run."""

    def run(self, on_saved: Callable[[Day], None], show: OnProgress) -> None:
        """Read the days that are not complete, the newest first."""
        folder = self._given["by_day"]
        with open_client(self._given) as client:
            self.created = not folder.exists()
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise metrics24.UsageError(f"{folder} cannot be made a folder ({error.strerror}).") from error
            for run in self._runs:
                self._read(client, run, on_saved, show)
        with suppress(metrics24.Metrics24Error):  # where nothing was saved, a folder that is only read is enough
            self._question.keep()

    def _read(
        self, client: metrics24.Client, run: Sequence[date], on_saved: Callable[[Day], None], show: OnProgress
    ) -> None:
        """Read consecutive days in one go, so that rows next to midnight are not asked for once for either day."""
        operation, column = _TABLES[self._given["table"]]
        before = self._rows

        def open_day(day: date) -> Sink:
            options = {name: self._given[name] for name in ("columns", "spreadsheet_safe")}
            return file_for(row_model(operation), self._path(day), overwrite=day in self._replaced, **options)

        def saved(day: date, file: metrics24.Saved) -> None:
            with suppress(OSError):  # the file says when its rows were asked for: its day may have ended meanwhile
                os.utime(file.path, (self._now.timestamp(),) * 2)
            over = self._now >= end_of_day(day, self._given)
            try:
                self._question.keep()
            finally:
                on_saved(Day(day, file.path, False, over, rows=file.rows, bytes=file.bytes, misfits=file.misfits))

        def follow(progress: Progress) -> None:
            self._rows = before + progress.rows
            show(evolve(progress, rows=self._rows))

        save_days(self._rows_of(client, run), DayFiles(run[-1], run[0], column, open_day, saved), follow)

    def _rows_of(self, client: metrics24.Client, run: Sequence[date]) -> metrics24.Rows[Any]:
        start, end = surroundings(run[-1], run[0])
        size = {"page_size": self._given["page_size"]} if self._given["page_size"] is not None else {}
        table = getattr(client.reports, self._given["table"])
        conditions = parse_filters(self._given["filters"])
        rows: metrics24.Rows[Any] = table(self._given["integration"], start=start, end=end, filter=conditions, **size)
        return rows

    def _path(self, day: date) -> Path:
        folder: Path = self._given["by_day"]
        return folder / f"{self._given['table']}-{day}.{self._given['format'] or 'parquet'}"

    def _is_complete(self, day: date) -> bool:
        """Whether there is a file whose rows were asked for when the day was over."""
        try:
            asked = self._path(day).stat().st_mtime
        except OSError:
            return False
        return asked >= end_of_day(day, self._given).timestamp()


def _runs(days: Sequence[date]) -> Iterator[list[date]]:
    """Cut days, the newest first, into runs of consecutive ones."""
    run: list[date] = []
    for day in days:
        if run and run[-1] != day + _DAY:
            yield run
            run = []
        run.append(day)
    if run:
        yield run
