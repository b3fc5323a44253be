"""What the files in a folder of `metrics24 pull --by-day` answer: days of different questions must not be mixed.

What `metrics24 pull --by-day` says of the days: for people and for programs, at the end and when it ends early.

The days of `metrics24 pull --by-day`: which are complete, and how the others are read.

`metrics24 pull --by-day`: one file a day, and only the days that are missing.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from attrs import asdict, evolve, frozen

import metrics24
from metrics24.cli.interrupts import command_line, sigterm_as_interrupt
from metrics24.cli.options import FOLDER, Range, all_of, end_of_day, open_client, parse_filters, plain, today
from metrics24.cli.output import EndedEarlyError, fitting_nowhere, number, printable, size
from metrics24.cli.progress import Course, display
from metrics24.daily import DayFiles, save_days, surroundings
from metrics24.errors import UsageError
from metrics24.files.atomic import AtomicFile, file_errors
from metrics24.files.writers import FileWriter
from metrics24.kinds import KINDS
from metrics24.rows import OnProgress, Progress, file_for

_DAYS = "-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].*"


class Question:
    """The question of one run, and that of the files of its table, which is kept in a hidden file beside them.

    A folder whose files have none, since they were made before there was one, is taken at its word.

    Raises:
        UsageError: the files answer another question, or which one cannot be read.

    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._folder: Path = given["by_day"]
        self._table: str = given["table"]
        self._path = self._folder / f".metrics24-{self._table}.json"
        self._asked: dict[str, Any] = {
            "integration": given["integration"],
            "filters": plain(given["filters"]),
            "columns": given["columns"],
        }
        if given["format"] == "csv":  # other files always keep text as it was sent
            self._asked["spreadsheet_safe"] = given["spreadsheet_safe"]
        self._kept = self._read() if any(self._folder.glob(f"{self._table}{_DAYS}")) else {}
        different = [name for name in self._asked if self._kept.get(name, self._asked[name]) != self._asked[name]]
        if different:
            raise UsageError(self._mixed(different))

    def keep(self) -> None:
        """Write the question down, unless it is there.

        Raises:
            UsageError, SaveError: it cannot be written.

        """
        question = {**self._kept, **self._asked}
        if question == self._kept:
            return
        target = AtomicFile(self._path, overwrite=True)
        try:
            with file_errors(self._path):
                target.file.write(f"{json.dumps(question, indent=2)}\n".encode())
                target.commit()
        finally:
            target.abort()
        self._kept = question

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            kept = None
        if not isinstance(kept, dict):
            raise UsageError(
                f"{self._path} cannot be read, so what the {self._table} in {self._folder} are of is not known. Remove "
                "it if they are of this pull, or choose another folder with --by-day."
            )
        return kept

    def _mixed(self, different: list[str]) -> str:
        held = [name for name in _WORDS if name in self._kept and name in {"integration", "filters", *different}]
        holds = " ".join(_WORDS[name](self._kept[name]) for name in held)
        this = " ".join(_WORDS[name](self._asked[name]) for name in different)
        return f"{self._folder} holds {self._table} {holds}; this pull is {this}. Choose another folder with --by-day."


def _filters(value: Any) -> str:
    texts = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return f"with {', '.join(texts)}" if texts else "without a filter"


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "integration": lambda value: f"of {value}",
    "filters": _filters,
    "columns": lambda value: f"with --columns {value}" if value else "without --columns",
    "spreadsheet_safe": lambda value: f"{'with' if value else 'without'} --spreadsheet-safe",
}


@frozen
class Day:
    """One day's file.

    Attributes:
        day: the day.
        path: its file.
        skipped: whether the file was complete before.
        complete: whether it is now: that of a day that was not over is read again the next time.
        rows: how many rows were saved; None for a file that was skipped.
        bytes: its size; None likewise.
        misfits: how many values stand in the column ``_extra``; None likewise.

    """

    day: date
    path: Path
    skipped: bool
    complete: bool
    rows: int | None = None
    bytes: int | None = None
    misfits: int | None = None

    def facts(self) -> Mapping[str, object]:
        """Say it to programs."""
        return {**asdict(self), "day": str(self.day), "path": str(self.path)}

    def __str__(self) -> str:
        note = "" if self.complete else "; not known to be over, so it is read again the next time"
        rows = number(self.rows or 0, "row")
        return f"{self.day}: {rows}, {size(self.bytes or 0)}, in {printable(str(self.path))}{note}"


@frozen
class Done:
    """What was saved before a command ended early, and how to go on."""

    days: Sequence[Day]
    resume: str

    def facts(self) -> Mapping[str, object]:
        """Say it as an error's members."""
        return {"days": [day.facts() for day in self.days], "resume": self.resume}

    def __str__(self) -> str:
        days = ", ".join(sorted(str(each.day) for each in self.days))
        done = f"Days that are done: {days}" if days else "No day was completed"
        return f"{done}; nothing unfinished was left behind. Go on with the others: {self.resume}"


def summarize(days: Sequence[Day], about: Mapping[str, Any], *, created: bool, quiet: bool, as_json: bool) -> None:
    """Say on stdout what was saved, and what was there already; `about` has the folder, the range and the seconds."""
    read = [day for day in days if not day.skipped]
    rows, misfits = (sum(getattr(day, name) or 0 for day in read) for name in ("rows", "misfits"))
    if as_json:
        click.echo(json.dumps({**about, "created": created, "rows": rows, "days": [day.facts() for day in days]}))
    elif not quiet:
        before = len(days) - len(read)
        skipped = f"; {number(before, 'day')} {'was' if before == 1 else 'were'} complete before" if before else ""
        folder, seconds = printable(about["folder"]) + (" (created)" if created else ""), about["seconds"]
        click.echo(f"{number(rows, 'row')} of {number(len(read), 'day')} in {folder} after {seconds:.1f} s{skipped}")
        if misfits:
            click.echo(fitting_nowhere(misfits))


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
        kind = KINDS[self._given["table"]]
        before = self._rows

        def open_day(day: date) -> FileWriter:
            options = {name: self._given[name] for name in ("columns", "spreadsheet_safe")}
            return file_for(kind.model, self._path(day), overwrite=day in self._replaced, **options)

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

        save_days(self._rows_of(client, run), DayFiles(run[-1], run[0], kind.time_column, open_day, saved), follow)

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


FORMATS = ("parquet", "csv", "jsonl")
_OF_ONE_FILE = ("output", "overwrite", "limit", "after", "before", "parallel", "via", "reuse")
_OF_BY_DAY = ("format", "refresh_last")

by_day_options = all_of(
    click.option(
        "--by-day",
        type=FOLDER,
        metavar="DIR",
        help="Instead of -o: a file for each day, in this folder, made if missing.",
    ),
    click.option("--format", type=click.Choice(FORMATS), help="With --by-day: of the files; parquet by default."),
    click.option(
        "--refresh-last",
        type=click.IntRange(min=0),
        metavar="DAYS",
        help="With --by-day: read the last so many days again, since verdicts change for days.",
    ),
)


def check(context: click.Context) -> None:
    """Refuse options that contradict each other.

    Raises:
        click.UsageError: neither or both of --output and --by-day, or what belongs to the other one.

    """
    given, one_by_one = context.params, context.params["by_day"] is not None
    if given["output"] is None and not one_by_one:
        raise click.UsageError("Say where to: --output FILE, or --by-day DIR.", context)
    for parameter in context.command.params:
        wrong = _OF_ONE_FILE if one_by_one else _OF_BY_DAY
        if parameter.name in wrong and given[parameter.name] is not None and given[parameter.name] is not False:
            problem = "cannot go with" if one_by_one else "needs"
            raise click.UsageError(f"{parameter.opts[0]} {problem} --by-day.", context)


def pull_by_day(context: click.Context, given: Mapping[str, Any], days: Range) -> None:
    """Save each day that has no complete file."""
    now = datetime.now(UTC)
    if days.end > (begun := today(given, now)):
        raise click.UsageError(f"The last day ({days.end}) has not begun: today is {begun}.", context)
    pass

    job = DayJob(given, days, now)
    course = Course(table=given["table"], start=days.start, end=days.end, limit=None)
    outcome: list[Day] = []

    def saved(day: Day) -> None:
        outcome.append(day)
        if not given["quiet"] and not given["as_json"]:
            click.echo(str(day), err=True)

    try:
        with sigterm_as_interrupt(), display(course, quiet=given["quiet"] or given["as_json"]) as show:
            job.run(saved, show)
    except (KeyboardInterrupt, metrics24.Metrics24Error) as error:
        if not outcome and isinstance(error, metrics24.Metrics24Error):
            raise
        raise EndedEarlyError(error, Done(outcome, command_line(context, days.options()))) from error
    every = sorted([*job.skipped, *outcome], key=lambda each: each.day)
    about: dict[str, Any] = {"folder": str(given["by_day"]), "start": str(days.start), "end": str(days.end)}
    about["seconds"] = round(time.monotonic() - course.started, 3)
    try:
        summarize(every, about, created=job.created, quiet=given["quiet"], as_json=given["as_json"])
    except OSError as error:  # a full disk or a closed pipe behind stdout: the files are what counts
        click.echo(f"All days are complete, but their summary could not be written: {error.strerror}", err=True)
