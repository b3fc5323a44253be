"""`metrics24 pull`: a report table into a file, page by page or through an export."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

import metrics24
from metrics24.cli import exit_codes as exits
from metrics24.cli.daily_pull import by_day_options, check, pull_by_day
from metrics24.cli.export_commands import Unfinished
from metrics24.cli.interrupts import command_line, lost, sigterm_as_interrupt
from metrics24.cli.options import (
    FILE,
    Range,
    all_of,
    connection_options,
    open_client,
    parse_filters,
    range_options,
    tell_of_commas,
    understood,
)
from metrics24.cli.output import EndedEarlyError, fitting_nowhere, number, printable, size
from metrics24.cli.progress import Course, DownloadCourse, display, display_download
from metrics24.config import MOST_AT_ONCE
from metrics24.kinds import KINDS
from metrics24.rows import OnProgress, Progress

if TYPE_CHECKING:
    from metrics24.cli.progress import OnStep

DIFFERENCES = "An export does not tell null from empty text, and its order is the server's: docs/exports.md."
_NARROWING = ("limit", "after", "before")
_KEPT = 86_400  # for how long a command that goes on may take the export that it had asked for
_LONG = 600.0  # seconds by pages from which on an export is worth a thought
_PAGES = 10  # before which the pace says little


class Pulling:
    """A pull under way.

    Attributes:
        context: the command.
        given: its options.
        days: the days that they mean.
        course: what is said of the progress.
        reached: how far pages have come.
        unfinished: what is to be said of an export if the command ends now; None if there is none.

    """

    def __init__(self, context: click.Context, given: Mapping[str, Any], days: Range) -> None:
        self.context, self.given, self.days = context, given, days
        self.course = Course(table=given["table"], start=days.start, end=days.end, limit=given["limit"])
        self.reached = Progress()
        narrowed = any(given[name] is not None for name in _NARROWING)
        self._pages, self._advised = 0, narrowed
        self._export_id: str | None = None
        self.unfinished: Any = None

    @property
    def ending(self) -> Any:
        """Return the words for an early end."""
        return self.unfinished or lost(self.reached, self.context, self.days)

    @property
    def has_begun(self) -> bool:
        """True if an early end loses something."""
        return bool(self.reached.rows or self.unfinished)

    def say(self, text: str) -> None:
        """Say something on stderr, unless a program reads it or nobody does."""
        if not self.given["quiet"] and not self.given["as_json"]:
            click.echo(printable(text), err=True)

    def rows(self, client: metrics24.Client) -> metrics24.Rows[Any]:
        """The rows that were asked for."""
        given = self.given
        question: dict[str, Any] = {name: given[name] for name in _NARROWING}
        if given["page_size"] is not None:
            question["page_size"] = given["page_size"]
        question |= {"start": self.days.start, "end": self.days.end, "filter": parse_filters(given["filters"])}
        table = getattr(client.reports, given["table"])
        found: metrics24.Rows[Any] = table(given["integration"], parallel=given["parallel"] or 1, **question)
        return found

    def by_pages(self, client: metrics24.Client) -> metrics24.Saved:
        """Save the rows page by page."""

        def follow(show: OnProgress) -> OnProgress:
            def update(progress: Progress) -> None:
                self.reached = progress
                show(progress)
                self._advise()

            return update

        with display(self.course, quiet=self._is_silent) as show:
            return self.rows(client).save(on_progress=follow(show), **self._file)

    def by_export(self, client: metrics24.Client) -> metrics24.Saved:
        """Save the rows through an export.

        Raises:
            click.UsageError: it knows nothing of something that was asked for.

        """
        for name in _NARROWING:
            if self.given[name] is not None:
                raise click.UsageError(f"--{name} does not go with --via export: an export has all rows of its days.")
        course = DownloadCourse(title=self.given["table"])
        try:
            with display_download(course, quiet=self._is_silent) as show:
                saved = self.rows(client).save(
                    via="export", reuse=self.given["reuse"] or 0, on_progress=self._follow_export(show), **self._file
                )
        except metrics24.AmbiguousWrite:
            raise
        except metrics24.Metrics24Error as error:
            self._export_failed(error)
            raise
        self._tell_of_differences(saved)
        return saved

    def _follow_export(self, show: OnStep) -> Callable[[Any], object]:
        """Return what takes in each step of an export, shows it, and notes what is unfinished."""
        again = command_line(self.context, {**self.days.options(), "via": "export", "reuse": _KEPT})

        def update(step: Any) -> None:
            if isinstance(step, Progress):
                show(f"{step.rows:,} rows {'laid out' if self._export_id else 'looked at'}")
                self.unfinished = self.unfinished or Unfinished(None, None)  # the next request may ask for the export
                return
            if self._export_id is None:
                self._export_id = step.export_id
                self.unfinished = Unfinished(step.export_id, again)
                self.say(f"Export {step.export_id}: {step.status}")
            show(step)

        return update

    def _export_failed(self, error: metrics24.Metrics24Error) -> None:
        if self._export_id is None:
            self.unfinished = None
            if isinstance(error, metrics24.RequestFailed | metrics24.RateLimited):
                error.add_note("On the command line: --reuse SECONDS, or --via pages, which needs no export.")
        elif isinstance(error, metrics24.ExportFailed | metrics24.ExportCanceled | metrics24.IntegrityError):
            self.unfinished = Unfinished(self._export_id, None)
            if isinstance(error, metrics24.IntegrityError):
                error.add_note(f"metrics24 exports resume {self._export_id} -o FILE.csv saves its CSV as it is.")

    def _tell_of_differences(self, saved: metrics24.Saved) -> None:
        if saved.missing:
            self.say(f"The export has no {', '.join(saved.missing)}: these columns are empty.")
        if saved.as_text:
            self.say(
                f"The export has {', '.join(saved.as_text)} as text of its own, where pages have JSON: "
                "do not mix this file with those of pages."
            )
        self.say(DIFFERENCES)

    def _advise(self) -> None:
        """Say once that an export may be faster, where pages take long."""
        self._pages += 1
        if self._advised or self._pages < _PAGES:
            return
        left = self.reached.remaining(self.days.start, self.seconds(), parallel=self.given["parallel"] or 1)
        if left is not None and left > _LONG:
            self._advised = True
            self.say(f"By pages this takes about {left / 60:,.0f} minutes more; --via export may be faster.")

    @property
    def _file(self) -> dict[str, Any]:
        given = self.given
        names = ("overwrite", "columns", "spreadsheet_safe")
        return {"path": given["output"], **{name: given[name] for name in names}}

    @property
    def _is_silent(self) -> bool:
        return bool(self.given["quiet"] or self.given["as_json"])

    def seconds(self) -> float:
        """The seconds so far."""
        return time.monotonic() - self.course.started


OPTIONS = (
    click.argument("table", type=click.Choice(list(KINDS))),
    click.option("--integration", required=True, metavar="ID", help="The integration whose rows to pull."),
    range_options,
    click.option("--output", "-o", type=FILE, help="File to write: .csv, .jsonl or .parquet."),
    click.option("--overwrite", is_flag=True, help="Replace the file if it exists."),
    click.option(
        "--filter",
        "filters",
        multiple=True,
        metavar="CONDITION",
        help="Only rows with status=rejected, payout>=1, payout<=9 or name:like=a%. Given several times, all must "
        "hold; several of one column with = mean any of the values.",
    ),
    click.option("--limit", type=click.IntRange(min=0), help="Rows at most, the newest ones."),
    click.option("--page-size", type=int, help="Rows per request; 100 by default, which is the most."),
    click.option("--after", metavar="CURSOR", help="Only rows older than the row with this real_tx_id."),
    click.option("--before", metavar="CURSOR", help="Only rows newer than the row with this real_tx_id."),
    click.option(
        "--parallel",
        type=click.IntRange(1, MOST_AT_ONCE),
        metavar="N",
        help="Read up to N days at once, with N requests under way; the same rows in the same order.",
    ),
    click.option(
        "--via",
        type=click.Choice(["pages", "export"]),
        help="How rows come: by pages (the default), or by one of the day's few exports.",
    ),
    click.option(
        "--reuse",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="With --via export: take an equal export that is at most so old, and spare the day's quota.",
    ),
    click.option("--columns", type=click.Choice(["spec"]), help="spec: exactly the known columns, for warehouses."),
    click.option("--spreadsheet-safe", is_flag=True, help="CSV: put a quote before text that would run as a formula."),
    by_day_options,
)


# \b keeps click from filling the lines into a paragraph.
EXAMPLE = """\b
Example:
  metrics24 pull conversions --integration acmeshop01 \\
    --start 2025-02-01 --end 2025-02-07 -o conversions.parquet

\b
A file for each day, those of the last three read again:
  metrics24 pull clicks --integration acmeshop01 \\
    --last 1m --by-day clicks --refresh-last 3

\b
All rows by one export of the Download Center:
  metrics24 pull clicks --integration acmeshop01 \\
    --month last --via export -o clicks.parquet

"""


@click.command(epilog=EXAMPLE + exits.HELP)
@all_of(*OPTIONS)
@connection_options
@click.pass_context
def pull(context: click.Context, /, **given: Any) -> None:
    """Pull clicks, conversions or impressions into a file, newest first.

    The file appears when it is complete, and not at all if the command fails. Rows come 100 a request. With --by-day
    each day has its own file, and days whose file is complete are not read again.

    With --via export the server makes one file of the rows, which becomes a file with the same columns as that of
    pages. That is faster where there are very many rows; the account has a few exports a day.
    """
    check(context)
    days = understood(given, datetime.now(UTC))
    if days.words and not given["quiet"] and not given["as_json"]:
        click.echo(f"Days: {days.words}", err=True)
    tell_of_commas(given)
    if given["by_day"] is not None:
        pull_by_day(context, given, days)
    else:
        pull_file(context, given, days)


def pull_file(context: click.Context, given: Mapping[str, Any], days: Range) -> None:
    """Save all days to one file."""
    if given["reuse"] is not None and given["via"] in (None, "pages"):
        raise click.UsageError("--reuse needs --via export.", context)
    pulling = Pulling(context, given, days)
    try:
        with sigterm_as_interrupt(), open_client(given) as client:
            saved = pulling.by_export(client) if given["via"] == "export" else pulling.by_pages(client)
    except KeyboardInterrupt as error:
        raise EndedEarlyError(error, pulling.ending) from error
    except metrics24.Metrics24Error as error:
        if not pulling.has_begun:
            raise
        raise EndedEarlyError(error, pulling.ending) from error
    try:
        summarize(saved, pulling, **_outlets(given))
    except OSError as error:  # a full disk or a closed pipe behind stdout: the file is what counts
        message = f"{saved.path} is complete, but its summary could not be written: {error.strerror}"
        click.echo(printable(message), err=True)


def summarize(saved: metrics24.Saved, pulling: Pulling, *, quiet: bool, as_json: bool) -> None:
    """Say on stdout what was saved."""
    course, reached, seconds = pulling.course, pulling.reached, pulling.seconds()
    if as_json:
        facts = {"path": str(saved.path), "rows": saved.rows, "bytes": saved.bytes, "misfits": saved.misfits}
        facts |= {"start": str(course.start), "end": str(course.end), "seconds": round(seconds, 3)}
        if saved.export_id is None:
            facts |= {"newest": reached.newest, "oldest": reached.oldest, "cursor": reached.cursor, "via": "pages"}
        else:
            facts |= {**dict.fromkeys(("newest", "oldest", "cursor")), "via": "export", "export_id": saved.export_id}
            facts |= {"missing": list(saved.missing), "as_text": list(saved.as_text)}
        click.echo(json.dumps(facts))
    elif not quiet:
        click.echo(
            f"{number(saved.rows, 'row')} of {course.start} to {course.end}, {size(saved.bytes)}, "
            f"in {printable(str(saved.path))} after {seconds:.1f} s ({saved.rows / max(seconds, 0.001):,.0f} rows/s)"
        )
        if saved.misfits:
            click.echo(fitting_nowhere(saved.misfits))


def _outlets(given: Mapping[str, Any]) -> dict[str, bool]:
    return {name: given[name] for name in ("quiet", "as_json")}
