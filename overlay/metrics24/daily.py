"""One file for each day of a report table: `rows.save_daily(...)`.

Complete days: a file's time of change says when its rows were requested. Its day is complete if that was after the
day's end: in the time zone of the call, or everywhere on Earth if there is none. A complete day is not read again.

Rows of a day: it is not documented if a report's last day counts, nor in which zone days are cut and times are
written. So a wider range is requested, and a row belongs to the day with which its own time begins: each row is in
exactly one file, whatever the server does with the ends of a range.

Rows of a folder: a hidden file, the manifest, names the integration, the filter and the columns of a kind's files, so
that days of different requests are never mixed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from threading import Lock
from typing import Any

from attrs import evolve, field, frozen
from dateutil import tz

from metrics24._rows.decoding import DICTS, RowDecoder, values_of
from metrics24._rows.schema import file_columns
from metrics24.arguments import ReportParams, whole_days
from metrics24.errors import Metrics24Error, PaginationError, ResponseError, UsageError
from metrics24.files.atomic import AtomicFile, Saved, as_path, file_errors
from metrics24.files.writers import FileWriter, open_writer
from metrics24.filters import Filter

FORMATS = ("parquet", "csv", "jsonl")
Timezone = str | tzinfo | None

_DAY = timedelta(days=1)
_FIRST_TO_BEGIN, _LAST_TO_END = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
_ZONE_NAME = re.compile(r"[A-Za-z][\w+-]*(/[\w+-]+)*")


@frozen
class DailyFile:
    """One day's file.

    Attributes:
        day: the day.
        path: its file.
        skipped: True if the file was complete before, so that nothing was read.
        complete: True if it is complete now. The file of a day that was not over is read again the next time.
        rows: the number of rows that were saved; None if the file was skipped.
        bytes: the file's size; None if it was skipped.
        misfits: the number of values that fit no column and are in the column ``_extra``; None if the file was skipped.

    """

    day: date
    path: Path
    skipped: bool
    complete: bool
    rows: int | None = None
    bytes: int | None = None
    misfits: int | None = None


@frozen
class DailyFiles:
    """The files of a range of days, one for each day.

    Attributes:
        folder: where they are.
        created: True if the folder was created for them.
        days: all days of the range, the oldest first.

    """

    folder: Path
    created: bool
    days: Sequence[DailyFile]

    @property
    def rows(self) -> int:
        """The number of rows that were saved, without those of days that were skipped."""
        return sum(each.rows or 0 for each in self.days)

    @property
    def misfits(self) -> int:
        """The number of values that fit no column, without those of days that were skipped."""
        return sum(each.misfits or 0 for each in self.days)


OnSaved = Callable[[DailyFile], object]


def as_timezone(zone: object) -> tzinfo | None:
    """Return a time zone by its name.

    Raises:
        UsageError: no zone of this name is known here.

    """
    if zone is None or isinstance(zone, tzinfo):
        return zone
    found = tz.gettz(zone) if isinstance(zone, str) and _ZONE_NAME.fullmatch(zone) else None
    # gettz also reads rules such as UTC+3, which mean opposite things to different programs, and names like CEST.
    if not isinstance(found, tz.tzfile | tz.tzutc):
        raise UsageError(f"timezone={zone!r} is no time zone that is known here; write it like 'Europe/Berlin'.")
    return found


def end_of_day(day: date, zone: tzinfo | None) -> datetime:
    """Return the moment at which a day is over: in this zone, or everywhere on Earth if there is none."""
    return datetime.combine(day + _DAY, datetime.min.time(), tzinfo=zone or _LAST_TO_END)


def is_complete(path: Path, day: date, zone: tzinfo | None) -> bool:
    """Return True if there is a file whose rows were requested after its day was over."""
    try:
        requested = path.stat().st_mtime
    except OSError:
        return False
    return requested >= end_of_day(day, zone).timestamp()


@frozen
class DayRun:
    """Consecutive days that are read in one go, so that rows next to midnight are requested once.

    Attributes:
        first: the first day.
        last: the last day.

    """

    first: date
    last: date

    @property
    def range(self) -> tuple[date, date]:
        """The first and the last day to request, so that the response holds all rows of the run's days.

        One day before the first, and two after the last: one in case the end does not count, one in case times are
        behind the days.
        """
        start = self.first - _DAY if self.first > date.min else self.first
        return start, min(self.last, date.max - 2 * _DAY) + 2 * _DAY


def runs_of(days: Sequence[date]) -> Iterator[DayRun]:
    """Cut days, the newest first, into runs of consecutive ones."""
    run: DayRun | None = None
    for day in days:
        if run is not None and run.first - _DAY != day:
            yield run
            run = None
        run = DayRun(day, day if run is None else run.last)
    if run is not None:
        yield run


class FolderManifest:
    """A hidden file in a folder that names the rows in the files of one kind.

    A folder whose files have no manifest, since an older version made them, gets that of the next call.

    Raises:
        UsageError: the files are of other rows, or the manifest cannot be read.

    """

    def __init__(self, folder: Path, kind: str, content: Mapping[str, Any]) -> None:
        self._folder, self._kind = folder, kind
        self._path = folder / f".metrics24-{kind}.json"
        self._content = content
        days = f"{kind}-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].*"
        self._kept = self._read() if any(folder.glob(days)) else {}
        different = [name for name in content if self._kept.get(name, content[name]) != content[name]]
        if different:
            raise UsageError(self._mixed(different))

    def keep(self) -> None:
        """Write the manifest, unless it is there.

        Raises:
            UsageError, SaveError: it cannot be written.

        """
        content = {**self._kept, **self._content}
        if content == self._kept:
            return
        file = AtomicFile(self._path, overwrite=True)
        try:
            with file_errors(self._path):
                file.file.write(f"{json.dumps(content, indent=2)}\n".encode())
                file.commit()
        finally:
            file.abort()
        self._kept = content

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            kept = None
        if not isinstance(kept, dict):
            raise UsageError(
                f"{self._path} cannot be read, so it is not known which {self._kind} {self._folder} holds. Remove it "
                "if they are the ones that you request, or choose another folder."
            )
        return kept

    def _mixed(self, different: Sequence[str]) -> str:
        shown = {"integration", "filters", *different} & self._kept.keys()
        held = " ".join(_WORDS[name](self._kept[name]) for name in _WORDS if name in shown)
        new = " ".join(_WORDS[name](self._content[name]) for name in different)
        return f"{self._folder} holds {self._kind} {held}; you request those {new}. Choose another folder."


def _filter_words(texts: object) -> str:
    words = ", ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
    return f"with {words}" if words else "without a filter"


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "integration": lambda value: f"of {value}",
    "filters": _filter_words,
    "columns": lambda value: f"with the columns of the {value} alone" if value else "with all columns",
    "spreadsheet_safe": lambda value: f"{'' if value else 'not '}made safe for spreadsheets",
}
_SIGNS = {"": "=", "gte": ">=", "lte": "<="}


def filter_texts(conditions: Filter | None) -> list[str]:
    """Write the conditions of a filter so that equal filters are equal, in whatever order they were joined."""
    return sorted(
        {
            f"{each.name}{_SIGNS.get(each.operator, f':{each.operator}=')}{value}"
            for each in (() if conditions is None else conditions.conditions)
            for value in each.values
        }
    )


class DayFiles:
    """The files of consecutive days, filled from the newest to the oldest by rows that come newest first.

    A day's file appears when a whole page of older rows has come, so that rows of one page may be out of order. The
    methods may be called from any thread; `close` waits for a thread that still writes.

    Attributes:
        decoder: the decoder that fits the file of the next rows best.
        done: True if rows that are older than all days have come.

    Raises:
        ResponseError: a row does not say of which day it is.
        PaginationError: a row comes after its day's file was completed; that file is removed.

    """

    def __init__(
        self,
        run: DayRun,
        column: str,
        open_day: Callable[[date], FileWriter],
        on_saved: Callable[[date, Saved], object],
    ) -> None:
        self._run, self._column = run, column
        self._open_day, self._on_saved = open_day, on_saved
        self._stack = ExitStack()
        self._open: dict[date, FileWriter] = {}
        self._saved: dict[date, Saved] = {}
        self._known: dict[str, date] = {}
        self._next: date | None = run.last
        self._lock, self._closed = Lock(), False
        self.decoder: RowDecoder = self._file(run.last).decoder
        self.done = False

    def take(self, rows: Sequence[Any]) -> list[Any]:
        """Write a page of rows and complete the files of days that end before it; return the rows of all days."""
        with self._lock:
            days = [self._day(value) for value in values_of(rows, self._column)]
            by_day: dict[date, list[Any]] = {}
            for day, row in zip(days, rows, strict=True):
                if self._run.first <= day <= self._run.last:
                    by_day.setdefault(day, []).append(row)
            taken = [(day, by_day[day]) for day in sorted(by_day, reverse=True)]
            for day, its_rows in taken:
                self._write(day, its_rows)
            newest = max(days, default=self._run.last)
            self._complete_down_to(newest)
            self.done = newest < self._run.first
            self.decoder = DICTS if self._next is None else self._file(self._next).decoder
            return [row for _, its_rows in taken for row in its_rows]

    def finish(self) -> None:
        """Complete the files that are left: no more rows follow."""
        with self._lock:
            self._complete_down_to(None)

    def close(self) -> None:
        """Remove the files that are unfinished."""
        with self._lock:
            self._closed = True
            self._stack.close()

    def _day(self, value: object) -> date:
        text = value[:10] if isinstance(value, str) else ""
        day = self._known.get(text)
        if day is None:
            try:
                day = self._known[text] = date.fromisoformat(text)
            except ValueError:
                raise ResponseError(
                    f"A row has no {self._column} that begins with a day like 2025-02-01, so it is not known which "
                    "file it belongs to. No completed file lacks a row because of this, but the day cannot be "
                    "completed: save the range to one file instead.",
                    path=f"$.data.data[*].{self._column}",
                ) from None
        return day

    def _write(self, day: date, rows: list[Any]) -> None:
        if self._next is None or day > self._next:
            self._saved.pop(day).path.unlink(missing_ok=True)
            raise PaginationError(
                f"A row of {day} came after a whole page of older rows: the server does not send the newest rows "
                "first, so no day is ever known to be complete. The file of that day was removed; save the range "
                "to one file instead.",
                cursor=rows[-1].get("real_tx_id"),
            )
        self._file(day).write(rows)

    def _file(self, day: date) -> FileWriter:
        if self._closed:
            raise UsageError("these files are closed; open others")
        if day not in self._open:
            self._open[day] = self._stack.enter_context(self._open_day(day))
        return self._open[day]

    def _complete_down_to(self, newest: date | None) -> None:
        while self._next is not None and (newest is None or self._next > newest):
            day, file = self._next, self._file(self._next)
            self._saved[day] = file.commit()
            del self._open[day]
            self._next = day - _DAY if day > self._run.first else None
            self._on_saved(day, self._saved[day])


def _check_format(_: object, __: object, value: Any) -> None:
    if value not in FORMATS:
        raise UsageError(f"format is one of {', '.join(map(repr, FORMATS))}, not {value!r}.")


def _check_count(_: object, __: object, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"refresh_last must be a number of days, 0 or more, not {value!r}.")


def _check_columns(_: object, __: object, value: Any) -> None:
    if value not in {None, "spec"}:
        raise UsageError(f"columns is 'spec' or left out, not {value!r}.")


@frozen(kw_only=True)
class DailyOptions:
    """The arguments of `save_daily`, checked.

    Raises:
        UsageError: one of them is not valid.

    """

    folder: Path = field(converter=as_path)
    format: str = field(validator=_check_format)
    refresh_last: int = field(validator=_check_count)
    timezone: tzinfo | None = field(converter=as_timezone)
    columns: str | None = field(validator=_check_columns)
    spreadsheet_safe: bool
    parallel: int | None

    def __attrs_post_init__(self) -> None:
        if self.spreadsheet_safe and self.format != "csv":
            raise UsageError(
                f"spreadsheet_safe is for .csv files; .{self.format} files always keep text as it was sent"
            )


class DailyCopy:
    """One call of `save_daily`: the days that are complete, and the runs of days to read.

    The caller reads the rows of each run, the newest first, into `files(run)`, calls `report` after each page, and
    `result` at the end.

    Raises:
        UsageError: the rows are not all rows of whole days, or the folder holds other rows or cannot be created.

    """

    def __init__(self, params: object, options: DailyOptions, on_saved: OnSaved | None) -> None:
        self._params, self._options, self._on_saved = whole_days(params, "save_daily"), options, on_saved
        if options.parallel is not None:
            self._params = evolve(self._params, parallel=options.parallel)
        self._kind = self._params.kind
        self._now = datetime.now(UTC)
        begun = self._now.astimezone(options.timezone or _FIRST_TO_BEGIN).date()
        if self._params.end > begun:
            raise UsageError(f"The last day ({self._params.end}) has not begun: today is {begun}.")
        self._manifest = FolderManifest(options.folder, self._kind.name, self._content())
        first, last = self._params.start, self._params.end
        days = [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
        kept = days[: max(0, len(days) - options.refresh_last)]
        complete = [day for day in kept if is_complete(self._path(day), day, options.timezone)]
        self._files = [DailyFile(day, self._path(day), skipped=True, complete=True) for day in complete]
        self._unreported = 0
        missing = sorted({*days} - {*complete}, reverse=True)
        self._replaced = {day for day in missing if self._path(day).exists()}
        self.runs = list(runs_of(missing))
        self._created = not options.folder.exists()
        try:
            options.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{options.folder} cannot be made a folder ({error.strerror}).") from error

    def params_of(self, run: DayRun) -> ReportParams:
        """Return the parameters by which to read a run's days."""
        start, end = run.range
        return evolve(self._params, start=start, end=end)

    @contextmanager
    def files(self, run: DayRun) -> Iterator[DayFiles]:
        """Open the files of a run's days; those that are unfinished at the end of the block are removed."""
        files = DayFiles(run, self._kind.time_column, self._open_day, self._keep)
        try:
            yield files
        finally:
            files.close()
            self.report()

    def report(self) -> None:
        """Call `on_saved` for each file that was saved since the last report."""
        while self._unreported:
            file = self._files[-self._unreported]
            self._unreported -= 1
            if self._on_saved is not None:
                self._on_saved(file)

    def result(self) -> DailyFiles:
        """Return all days of the range."""
        with suppress(Metrics24Error):  # if nothing was saved, the folder need not be writable
            self._manifest.keep()
        days = sorted(self._files, key=lambda file: file.day)
        return DailyFiles(self._options.folder, self._created, days)

    def _content(self) -> dict[str, Any]:
        params, options = self._params, self._options
        content: dict[str, Any] = {
            "integration": params.integration,
            "filters": filter_texts(params.filter),
            "columns": options.columns,
        }
        if options.format == "csv":  # other files always keep text as it was sent
            content["spreadsheet_safe"] = options.spreadsheet_safe
        return content

    def _path(self, day: date) -> Path:
        return self._options.folder / f"{self._kind.name}-{day}.{self._options.format}"

    def _open_day(self, day: date) -> FileWriter:
        return open_writer(
            self._path(day),
            columns=file_columns(self._kind.model),
            fixed=self._options.columns == "spec",
            overwrite=day in self._replaced,
            spreadsheet_safe=self._options.spreadsheet_safe,
        )

    def _keep(self, day: date, saved: Saved) -> None:
        with suppress(OSError):  # the time when the rows were requested: the day may have ended meanwhile
            os.utime(saved.path, (self._now.timestamp(),) * 2)
        over = self._now >= end_of_day(day, self._options.timezone)
        file = DailyFile(day, saved.path, False, over, rows=saved.rows, bytes=saved.bytes, misfits=saved.misfits)
        self._files.append(file)
        self._unreported += 1
        self._manifest.keep()
