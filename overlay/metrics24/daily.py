"""The rows of consecutive days, each day in a file of its own.

Whether a report's last day counts is not documented, nor in which zone days are cut and times are written. So a wider
range is asked for, and a row belongs to the day with which its own time begins: each row stands in exactly one file,
whatever the server does with the ends of a range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import date, timedelta
from types import TracebackType
from typing import Any, Self

from metrics24._rows.decoding import DecodedRow, RowDecoder, values_of
from metrics24.errors import PaginationError, ResponseError
from metrics24.files.atomic import Saved
from metrics24.files.writers import FileWriter
from metrics24.rows import OnProgress, Progress, Rows

_DAY = timedelta(days=1)

OpenDay = Callable[[date], FileWriter]
OnSaved = Callable[[date, Saved], object]


def surroundings(first: date, last: date) -> tuple[date, date]:
    """The range to ask for, so that it holds all of these days.

    One day before the first, and two after the last: one if the end does not count, one if times are behind the days.
    """
    start = first - _DAY if first > date.min else first
    return start, min(last, date.max - 2 * _DAY) + 2 * _DAY


class DayFiles:
    """The files of consecutive days, filled from the newest to the oldest by rows that come newest first.

    A day's file appears when a whole page of older rows has come, so that rows of one page may be out of order. Use it
    as a context manager: leaving it removes what is unfinished.

    Raises:
        ResponseError: a row does not say of which day it is.
        PaginationError: a row comes when its day's file is there already, which is then removed.

    """

    def __init__(self, first: date, last: date, column: str, open_day: OpenDay, on_saved: OnSaved) -> None:
        self._first, self._last, self._column = first, last, column
        self._open_day, self._on_saved = open_day, on_saved
        self._stack = ExitStack()
        self._open: dict[date, FileWriter] = {}
        self._saved: dict[date, Saved] = {}
        self._known: dict[str, date] = {}
        self._next: date | None = last
        self.lens: RowDecoder = self._file(last).lens
        self.progress = Progress()
        self.done = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def take(self, rows: Sequence[Any]) -> None:
        """Take a page of rows in, and complete the files of the days that are over with it."""
        days = [self._day(value) for value in values_of(rows, self._column)]
        wanted: dict[date, list[Any]] = {}
        for day, row in zip(days, rows, strict=True):
            if self._first <= day <= self._last:
                wanted.setdefault(day, []).append(row)
        for day in sorted(wanted, reverse=True):
            self._write(day, wanted[day])
        self.progress = self.progress.plus([row for day in sorted(wanted, reverse=True) for row in wanted[day]])
        newest = max(days, default=self._last)
        self._complete_down_to(newest)
        self.done = newest < self._first
        self.lens.shape = None if self._next is None else self._file(self._next).lens.shape

    def finish(self) -> None:
        """Complete the files that are left: no more rows follow."""
        self._complete_down_to(None)

    def _day(self, value: object) -> date:
        text = value[:10] if isinstance(value, str) else ""
        day = self._known.get(text)
        if day is None:
            try:
                day = self._known[text] = date.fromisoformat(text)
            except ValueError:
                raise ResponseError(
                    f"A row has no {self._column} that begins with a day like 2025-02-01, so its file cannot be told. "
                    "No file lacks a row because of this, but the day cannot be completed: pull the range into one "
                    "file (-o).",
                    path=f"$.data.data[*].{self._column}",
                ) from None
        return day

    def _write(self, day: date, rows: list[Any]) -> None:
        if self._next is None or day > self._next:
            self._saved.pop(day).path.unlink(missing_ok=True)
            raise PaginationError(
                f"A row of {day} came after a whole page of older rows: the server does not send the newest rows "
                "first, so that no day is ever known to be complete. The file of that day was removed; pull the range "
                "into one file (-o).",
                cursor=self.progress.cursor,
            )
        sink = self._file(day)
        if sink.lens.shape is None:  # it has yet to choose its columns, for which it needs rows as they were sent
            rows = [row.as_row() if isinstance(row, DecodedRow) else row for row in rows]
        sink.write(rows)

    def _file(self, day: date) -> FileWriter:
        if day not in self._open:
            self._open[day] = self._stack.enter_context(self._open_day(day))
        return self._open[day]

    def _complete_down_to(self, newest: date | None) -> None:
        while self._next is not None and (newest is None or self._next > newest):
            day, sink = self._next, self._file(self._next)
            self._saved[day] = sink.commit()
            del self._open[day]
            self._next = day - _DAY if day > self._first else None
            self._on_saved(day, self._saved[day])


def save_days(rows: Rows[Any], files: DayFiles, on_progress: OnProgress) -> None:
    """Save rows, which were asked for with `surroundings`, into the files of their days; stop below the first one."""
    with files, closing(rows._tables(files.lens)) as tables:
        for table in tables:
            files.take(table.rows)
            on_progress(files.progress)
            if files.done:
                break
        files.finish()
