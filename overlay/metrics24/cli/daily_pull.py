"""`metrics24 pull --by-day`: one file a day, and only the days that are missing."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from attrs import asdict, frozen

import metrics24
from metrics24.cli.interrupts import command_line, sigterm_as_interrupt
from metrics24.cli.options import FOLDER, Range, all_of, open_client, parse_filters, today
from metrics24.cli.output import EndedEarlyError, fitting_nowhere, number, printable, size
from metrics24.cli.progress import Course, display
from metrics24.daily import OnSaved
from metrics24.rows import OnProgress


def _facts(file: metrics24.DailyFile) -> dict[str, object]:
    return {**asdict(file), "day": str(file.day), "path": str(file.path)}


def _sentence(file: metrics24.DailyFile) -> str:
    note = "" if file.complete else "; not known to be over, so it is read again the next time"
    rows = number(file.rows or 0, "row")
    return f"{file.day}: {rows}, {size(file.bytes or 0)}, in {printable(str(file.path))}{note}"


@frozen
class Done:
    """The days that were saved before a command ended early, and how to go on."""

    days: Sequence[metrics24.DailyFile]
    resume: str

    def facts(self) -> Mapping[str, object]:
        """Say it as an error's members."""
        return {"days": [_facts(file) for file in self.days], "resume": self.resume}

    def __str__(self) -> str:
        days = ", ".join(sorted(str(file.day) for file in self.days))
        done = f"Days that are done: {days}" if days else "No day was completed"
        return f"{done}; nothing unfinished was left behind. Go on with the others: {self.resume}"


def summarize(files: metrics24.DailyFiles, about: Mapping[str, Any], *, quiet: bool, as_json: bool) -> None:
    """Print what was saved and what was there already; `about` has the folder, the range and the seconds."""
    if as_json:
        facts = {"created": files.created, "rows": files.rows, "days": list(map(_facts, files.days))}
        click.echo(json.dumps({**about, **facts}))
    elif not quiet:
        read = [file for file in files.days if not file.skipped]
        before = len(files.days) - len(read)
        skipped = f"; {number(before, 'day')} {'was' if before == 1 else 'were'} complete before" if before else ""
        folder = printable(about["folder"]) + (" (created)" if files.created else "")
        done = f"{number(files.rows, 'row')} of {number(len(read), 'day')} in {folder}"
        click.echo(f"{done} after {about['seconds']:.1f} s{skipped}")
        if files.misfits:
            click.echo(fitting_nowhere(files.misfits))


FORMATS = ("parquet", "csv", "jsonl")
_OF_ONE_FILE = ("output", "overwrite", "limit", "after", "before", "via", "reuse")
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
    course = Course(table=given["table"], start=days.start, end=days.end, limit=None)
    done: list[metrics24.DailyFile] = []

    def saved(file: metrics24.DailyFile) -> None:
        done.append(file)
        if not given["quiet"] and not given["as_json"]:
            click.echo(_sentence(file), err=True)

    try:
        with sigterm_as_interrupt(), display(course, quiet=given["quiet"] or given["as_json"]) as show:
            files = _save(given, days, saved, show)
    except (KeyboardInterrupt, metrics24.Metrics24Error) as error:
        if not done and isinstance(error, metrics24.Metrics24Error):
            raise
        left = [file for file in done if file.path.exists()]  # a row that comes too late removes its day's file
        raise EndedEarlyError(error, Done(left, command_line(context, days.options()))) from error
    about: dict[str, Any] = {"folder": str(given["by_day"]), "start": str(days.start), "end": str(days.end)}
    about["seconds"] = round(time.monotonic() - course.started, 3)
    try:
        summarize(files, about, quiet=given["quiet"], as_json=given["as_json"])
    except OSError as error:  # a full disk or a closed pipe behind stdout: the files are what counts
        click.echo(f"All days are complete, but their summary could not be written: {error.strerror}", err=True)


def _save(given: Mapping[str, Any], days: Range, on_saved: OnSaved, show: OnProgress) -> metrics24.DailyFiles:
    with open_client(given) as client:
        size = {} if given["page_size"] is None else {"page_size": given["page_size"]}
        conditions = parse_filters(given["filters"])
        table = getattr(client.reports, given["table"])
        rows: metrics24.Rows[Any] = table(
            given["integration"], start=days.start, end=days.end, filter=conditions, **size
        )
        return rows.save_daily(
            given["by_day"],
            format=given["format"] or "parquet",
            refresh_last=given["refresh_last"] or 0,
            timezone=given["timezone"],
            columns=given["columns"],
            spreadsheet_safe=given["spreadsheet_safe"],
            parallel=given["parallel"],
            on_saved=on_saved,
            on_progress=show,
        )
