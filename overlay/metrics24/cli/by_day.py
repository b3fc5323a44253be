"""`metrics24 pull --by-day`: one file a day, and only the days that are missing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

import metrics24
from metrics24.cli.connection import FOLDER, all_of
from metrics24.cli.day_summary import Day, Done, summarize
from metrics24.cli.days import Range, today
from metrics24.cli.interrupts import command_line, sigterm_as_interrupt
from metrics24.cli.progress import Course, display
from metrics24.cli.reporting import EndedEarlyError

FORMATS = ("parquet", "csv", "jsonl")
_OF_ONE_FILE = ("output", "overwrite", "limit", "after", "before", "parallel", "unordered", "via", "reuse")
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
    from metrics24.cli.day_job import DayJob  # noqa: PLC0415  loads what showing help does not need

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
