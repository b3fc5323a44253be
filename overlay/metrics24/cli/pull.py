"""A pull whose rows come by an export: the columns, the order at the server, and the file made of its CSV.

One pull into one file: what was asked for, how far it has come, and how it is said that it ended.

`metrics24 pull --via auto|export`: the way that is taken, and what is said of it.

`metrics24 pull`: a report table into a file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from glob import escape
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

import metrics24
from metrics24._core.estimates import LOOK_AFTER, Choice, Estimate, Glimpse, by_pages, choose, past, span, unfit
from metrics24._core.pagination import FilterAudit
from metrics24._rows.schema import Column, file_columns
from metrics24.cli import exit_codes as exits
from metrics24.cli.daily_pull import by_day_options, check, pull_by_day
from metrics24.cli.export_commands import delimiter_of, download_of
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
from metrics24.config import CONNECTIONS, MOST_AT_ONCE, Limits, Waiting
from metrics24.files.csv_import import CsvRows
from metrics24.files.layout import plan
from metrics24.files.writers import BLOCK_ROWS, FileWriter, open_writer
from metrics24.kinds import KINDS
from metrics24.rows import OnProgress, Progress

if TYPE_CHECKING:
    from pathlib import Path

    from metrics24.cli.progress import OnStep


@frozen
class Prospect:
    """What the first rows of the report table say.

    Attributes:
        columns: those of a file of these rows.
        progress: how far they reach.
        whole: whether they are all there are.
        seconds: how long each of their pages took.

    """

    columns: tuple[Column, ...]
    progress: Progress
    whole: bool
    seconds: tuple[float, ...]


class Stopwatch:
    """Tells how long each page takes."""

    def __init__(self) -> None:
        self.laps: list[float] = []
        self._since = time.monotonic()

    def lap(self) -> None:
        """Note that a page is there."""
        now = time.monotonic()
        self.laps.append(now - self._since)
        self._since = now


class Lane:
    """An export in place of pages. Its file has the columns that pages would give it."""

    def __init__(self, pulling: Pulling, client: metrics24.Client, limits: Limits) -> None:
        self._pulling, self._client, self._limits = pulling, client, limits
        self._given = pulling.given
        self._model = KINDS[pulling.given["table"]].model

    @property
    def _documented(self) -> list[str]:
        return [column.name for column in file_columns(self._model)]

    def check(self) -> None:
        """Find out whether the file can be written, before anything is sent.

        Raises:
            UsageError: it cannot.

        """
        parse_filters(self._given["filters"])
        self._sink(file_columns(self._model)).abort()

    def look(self) -> Prospect:
        """Read the first rows of the report table, by which the columns of a file are chosen."""
        size = self._given["page_size"] or 100
        asked = self._pulling.rows(self._client, parallel=1, limit=min(BLOCK_ROWS, LOOK_AFTER * size))
        found: list[dict[str, object]] = []
        progress, whole, pages = Progress(), True, Stopwatch()
        for page in asked.by_page():
            pages.lap()
            found += page.records
            progress, whole = progress.plus(page.records), not page.has_next
        layout = plan(file_columns(self._model), found, fixed=self._given["columns"] == "spec")
        return Prospect(layout.typed, progress, whole, tuple(pages.laps))

    def start(self, prospect: Prospect) -> metrics24.ExportJob:
        """Ask for the export, or take an equal one if that was allowed."""
        names = [column.name for column in prospect.columns]
        return self._client.exports.start(
            self._given["table"],
            self._given["integration"],
            fields=[name for name in names if "," not in name and name.isprintable() and name == name.strip()],
            start=self._pulling.days.start,
            end=self._pulling.days.end,
            filter=parse_filters(self._given["filters"]),
            reuse=self._given["reuse"] or 0,
        )

    def fetch(self, prospect: Prospect, job: metrics24.ExportJob, waiting: Waiting) -> Pulled:
        """Wait for the export, download it beside the file, and lay its rows out.

        What was downloaded stays until the file is there, so that a command that goes on need not fetch it again.

        Raises:
            IntegrityError: the export was cut, its columns are not those of the report table, or its cells cannot be
                told apart.

        """
        delimiter_of(job)  # if it is said already: what cannot be read need not be waited for
        draft = download_of(self._given["output"], job.id)
        quiet = self._given["quiet"] or self._given["as_json"]
        with display_download(DownloadCourse(title=self._given["table"]), quiet=quiet) as show:
            if not draft.is_file():  # it only ever appears whole
                job.save(draft, waiting=waiting, on_progress=show)
            try:
                pulled = self._laid_out(draft, prospect, job.refresh(), show)
            except metrics24.Metrics24Error as error:
                error.add_note(f"What was downloaded is kept in {draft}.")
                raise
        draft.unlink(missing_ok=True)
        return pulled

    def _laid_out(self, draft: Path, prospect: Prospect, job: metrics24.ExportJob, show: OnStep) -> Pulled:
        self._check_whole(job)
        needed = self._documented if self._given["via"] == "auto" else ()  # there pages have them
        rows = CsvRows(draft, prospect.columns, delimiter=delimiter_of(job), needed=needed)
        with self._sink(prospect.columns) as sink:
            for block in self._audited(rows, show):
                sink.write(block)
            return Pulled(sink.commit(), job.id, tuple(rows.missing), tuple(rows.as_text))

    def forget(self, job: metrics24.ExportJob) -> None:
        """Remove what was downloaded."""
        draft = download_of(self._given["output"], job.id)
        for path in draft.parent.glob(f"{escape(draft.name)}*"):  # with what is kept of one that was cut short
            path.unlink(missing_ok=True)

    def _audited(self, rows: CsvRows, show: OnStep) -> Iterator[list[dict[str, object]]]:
        """Give the rows, and say at the end whether the server ignored the filter."""
        audit, count = FilterAudit(parse_filters(self._given["filters"])), 0
        for block in rows.blocks():
            audit.check(block)
            count += len(block)
            show(f"{count:,} rows laid out")
            yield block
        audit.report()

    def _check_whole(self, job: metrics24.ExportJob) -> None:
        if (job.rows or 0) >= self._limits.export_rows:
            raise metrics24.IntegrityError(
                f"The export {job.id} has {job.rows:,} rows, which is the most that one may have, so rows are missing. "
                "Pull by pages, or fewer days at once: metrics24 exports plan splits a range."
            )

    def _sink(self, chosen: tuple[Column, ...] | list[Column]) -> FileWriter:
        return open_writer(
            self._given["output"],
            columns=chosen,
            fixed=True,
            overwrite=self._given["overwrite"],
            spreadsheet_safe=self._given["spreadsheet_safe"],
        )


@frozen
class Pulled:
    """What a pull came to.

    Attributes:
        saved: the file.
        export_id: the export that it was made of, None where the rows came by pages.
        missing: columns of the report table that the export lacked.
        as_text: columns of nested values that the export had as text.

    """

    saved: metrics24.Saved
    export_id: str | None = None
    missing: tuple[str, ...] = ()
    as_text: tuple[str, ...] = ()


class Pulling:
    """A pull under way.

    Attributes:
        context: the command.
        given: its options.
        days: the days that they mean.
        course: what is said of the progress.
        reached: how far pages have come.
        reasons: why it takes the way that it takes.
        unfinished: what is to be said of an export if the command ends now; None if there is none.

    """

    def __init__(self, context: click.Context, given: Mapping[str, Any], days: Range) -> None:
        self.context, self.given, self.days = context, given, days
        self.course = Course(table=given["table"], start=days.start, end=days.end, limit=given["limit"])
        self.reached = Progress()
        self.reasons: list[str] = []
        self.unfinished: Any = None

    @property
    def ending(self) -> Any:
        """What an early end costs."""
        return self.unfinished or lost(self.reached, self.context, self.days)

    @property
    def has_begun(self) -> bool:
        """Whether an early end costs anything."""
        return bool(self.reached.rows or self.unfinished)

    def say(self, text: str) -> None:
        """Say something on stderr, unless a program reads it or nobody does."""
        if not self.given["quiet"] and not self.given["as_json"]:
            click.echo(printable(text), err=True)

    def explain(self, reason: str) -> None:
        """Say why the way is taken that is, now and in the summary for programs."""
        self.reasons.append(reason)
        self.say(reason)

    def rows(self, client: metrics24.Client, **changes: Any) -> metrics24.Rows[Any]:
        """The rows that were asked for, with some of the question changed."""
        given = self.given
        question: dict[str, Any] = {name: given[name] for name in ("limit", "after", "before")}
        if given["page_size"] is not None:
            question["page_size"] = given["page_size"]
        question |= {"start": self.days.start, "end": self.days.end, "filter": parse_filters(given["filters"])}
        question["parallel"] = given["parallel"] or 1
        found: metrics24.Rows[Any] = getattr(client.reports, given["table"])(
            given["integration"], **{**question, **changes}
        )
        return found

    def by_pages(self, client: metrics24.Client, look: OnProgress | None = None) -> metrics24.Saved:
        """Save the rows page by page; `look` is called after each page, and an error of its own ends the walk."""
        self.reached = Progress()

        def follow(show: Callable[[Progress], object]) -> OnProgress:
            def update(progress: Progress) -> None:
                self.reached = progress
                show(progress)
                if look is not None:
                    look(progress)

            return update

        given = self.given
        with display(self.course, quiet=given["quiet"] or given["as_json"]) as show:
            return self.rows(client).save(
                given["output"],
                overwrite=given["overwrite"],
                columns=given["columns"],
                spreadsheet_safe=given["spreadsheet_safe"],
                on_progress=follow(show),
            )

    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.course.started


DIFFERENCES = "An export does not tell null from empty text, and its order is the server's: docs/exports.md."
_KEPT = 86_400  # for how long a command that goes on may take the export that it had asked for
_SHORTEST, _LONGEST = 60.0, 3_600.0
# What says that going on by pages would fail as well, or that the question itself is wrong.
_FATAL = (
    metrics24.SaveError,
    metrics24.UsageError,
    metrics24.ConfigurationError,
    metrics24.Unauthorized,
)


class _Started(Exception):  # noqa: N818 - no error: it ends a walk whose rows come by an export instead
    """An export was asked for."""

    def __init__(self, prospect: Prospect, job: metrics24.ExportJob) -> None:
        super().__init__(job.id)
        self.prospect, self.job = prospect, job


class Lanes:
    """The ways of one pull."""

    def __init__(self, pulling: Pulling, client: metrics24.Client, limits: Limits | None = None) -> None:
        self._pulling, self._client = pulling, client
        self._limits = limits or Limits()
        self._lane = Lane(pulling, client, self._limits)
        self._patience = _LONGEST

    def export(self) -> Pulled:
        """Take the export.

        Raises:
            click.UsageError: it knows nothing of something that was asked for.

        """
        if (name := self._unfit()) is not None:
            raise click.UsageError(f"--{name} does not go with --via export: an export has all rows of its days.")
        self._lane.check()
        prospect = self._lane.look()
        try:
            with self._asking():
                job = self._lane.start(prospect)
        except (metrics24.RequestFailed, metrics24.RateLimited) as error:
            error.add_note("On the command line: --reuse SECONDS, or --via pages, which needs no export.")
            raise
        return self._finish(prospect, job)

    def auto(self) -> Pulled:
        """Take whichever way is thought to be faster, pages if the export is not to be had."""
        if (name := self._unfit()) is not None:
            self._pulling.explain(f"By pages: an export knows no --{name}.")
            return Pulled(self._pulling.by_pages(self._client))
        self._lane.check()
        pages = Stopwatch()

        def look(progress: Progress) -> None:
            pages.lap()
            if len(pages.laps) == LOOK_AFTER and self._prefers_export(progress, pages.laps):
                prospect = self._lane.look()
                if (job := self._started(prospect)) is not None:
                    raise _Started(prospect, job)

        try:
            saved = self._pulling.by_pages(self._client, look)
        except _Started as started:
            return self._finish_or_go_on(started.prospect, started.job)
        if len(pages.laps) < LOOK_AFTER:
            self._pulling.explain(f"By pages: {saved.rows:,} rows are not worth an export.")
        return Pulled(saved)

    def _prefers_export(self, progress: Progress, seconds: Sequence[float]) -> bool:
        given, days = self._pulling.given, self._pulling.days
        glimpse = Glimpse(rows=progress.rows, seconds=tuple(seconds), newest=progress.newest, oldest=progress.oldest)
        at_once = min(given["parallel"] or 1, CONNECTIONS)
        estimate = by_pages(glimpse, days.start, days.end, parallel=at_once, rate=given["rate"])
        choice = self._choice(estimate)
        self._pulling.explain(choice.why)
        if estimate is not None:
            self._patience = min(_LONGEST, max(_SHORTEST, estimate.seconds))
        return choice.export

    def _choice(self, estimate: Estimate | None) -> Choice:
        """Choose; the list of exports is read only where it matters."""
        listed: list[dict[str, object]] = []
        if estimate is not None and estimate.is_long:
            try:
                listed = [export.to_dict() for export in self._client.exports.list()]
            except _FATAL:
                raise
            except metrics24.Metrics24Error as error:
                return Choice(export=False, why=f"By pages: {estimate}; exports cannot be listed ({_brief(error)}).")
        told = past(listed, self._pulling.given["table"], self._limits, datetime.now(UTC))
        return choose(estimate, told, self._limits)

    def _started(self, prospect: Prospect) -> metrics24.ExportJob | None:
        """Ask for the export; say so if it is not to be had."""
        try:
            with self._asking():
                return self._lane.start(prospect)
        except _FATAL:
            raise
        except metrics24.Metrics24Error as error:
            self._pulling.unfinished = None
            self._pulling.explain(f"By pages after all: the export is not to be had ({_brief(error)}).")
            return None

    def _finish_or_go_on(self, prospect: Prospect, job: metrics24.ExportJob) -> Pulled:
        """Fetch the export, and begin again by pages if there is none."""
        try:
            return self._finish(prospect, job, Waiting(timeout=self._patience))
        except _FATAL:
            raise
        except metrics24.Metrics24Error as error:
            self._pulling.unfinished = None
            self._lane.forget(job)
            late = isinstance(error, metrics24.ExportTimeout)
            reason = f"was not ready within {span(self._patience)}" if late else f"failed ({_brief(error)})"
            self._pulling.explain(f"By pages after all, from the first row: export {job.id} {reason}.")
        return Pulled(self._pulling.by_pages(self._client))

    def _finish(self, prospect: Prospect, job: metrics24.ExportJob, waiting: Waiting | None = None) -> Pulled:
        from metrics24.cli.export_commands import Unfinished  # noqa: PLC0415  one of the two must come first

        pulling = self._pulling
        again = {**pulling.days.options(), "via": "export", "reuse": _KEPT}
        pulling.unfinished = Unfinished(job.id, command_line(pulling.context, again))
        pulling.say(f"Export {job.id}: {job.status}")
        try:
            pulled = self._lane.fetch(prospect, job, waiting or Waiting(timeout=_LONGEST))
        except (metrics24.ExportFailed, metrics24.ExportCanceled, metrics24.IntegrityError):
            pulling.unfinished = Unfinished(job.id, None)
            raise
        if pulled.missing:
            pulling.say(f"The export has no {', '.join(pulled.missing)}: these columns are empty.")
        if pulled.as_text:
            pulling.say(
                f"The export has {', '.join(pulled.as_text)} as text of its own, where pages have JSON: "
                "do not mix this file with those of pages."
            )
        pulling.say(DIFFERENCES)
        return pulled

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Mark that an export may have been asked for, as long as that is not known."""
        from metrics24.cli.export_commands import Unfinished  # noqa: PLC0415  likewise

        self._pulling.unfinished = Unfinished(None, None)
        try:
            yield
        except metrics24.AmbiguousWrite:
            raise
        except metrics24.Metrics24Error:
            self._pulling.unfinished = None
            raise

    def _unfit(self) -> str | None:
        given = self._pulling.given
        return unfit(limit=given["limit"], after=given["after"], before=given["before"])


def _brief(error: metrics24.Metrics24Error) -> str:
    """The first sentence of an error, without its full stop."""
    return str(error).partition(". ")[0].removesuffix(".")


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
        type=click.Choice(["auto", "pages", "export"]),
        help="How rows come: by pages (the default), by one export of the day's few, or by what is thought faster.",
    ),
    click.option(
        "--reuse",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="With --via: take an equal export that is at most so old, and spare the day's quota.",
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
Pages, or an export of the Download Center if that is faster:
  metrics24 pull clicks --integration acmeshop01 \\
    --month last --via auto -o clicks.parquet

"""


@click.command(epilog=EXAMPLE + exits.HELP)
@all_of(*OPTIONS)
@connection_options
@click.pass_context
def pull(context: click.Context, /, **given: Any) -> None:
    """Pull clicks, conversions or impressions into a file, newest first.

    The file appears when it is complete, and not at all if the command fails. Rows come 100 a request. With --by-day
    each day has its own file, and days whose file is complete are not read again.

    --via auto looks at the first pages: where reading on would take long, and the account has exports left today, the
    server makes a file of the rows, with the same columns. It is said which way is taken and why.
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
        raise click.UsageError("--reuse needs --via auto or --via export.", context)
    pulling = Pulling(context, given, days)
    try:
        with sigterm_as_interrupt(), open_client(given) as client:
            pulled = _taken(pulling, client)
    except KeyboardInterrupt as error:
        raise EndedEarlyError(error, pulling.ending) from error
    except metrics24.Metrics24Error as error:
        if not pulling.has_begun:
            raise
        raise EndedEarlyError(error, pulling.ending) from error
    try:
        summarize(pulled, pulling, **_outlets(given))
    except OSError as error:  # a full disk or a closed pipe behind stdout: the file is what counts
        message = f"{pulled.saved.path} is complete, but its summary could not be written: {error.strerror}"
        click.echo(printable(message), err=True)


def _taken(pulling: Pulling, client: metrics24.Client) -> Pulled:
    """Pull by the way that was asked for."""
    if pulling.given["via"] in (None, "pages"):
        return Pulled(pulling.by_pages(client))
    pass

    lanes = Lanes(pulling, client)
    return lanes.export() if pulling.given["via"] == "export" else lanes.auto()


def summarize(pulled: Pulled, pulling: Pulling, *, quiet: bool, as_json: bool) -> None:
    """Say on stdout what was saved."""
    saved, course, reached, seconds = pulled.saved, pulling.course, pulling.reached, pulling.seconds()
    if as_json:
        facts = {"path": str(saved.path), "rows": saved.rows, "bytes": saved.bytes, "misfits": saved.misfits}
        facts |= {"start": str(course.start), "end": str(course.end), "seconds": round(seconds, 3)}
        if pulled.export_id is None:
            facts |= {"newest": reached.newest, "oldest": reached.oldest, "cursor": reached.cursor, "via": "pages"}
        else:
            facts |= {**dict.fromkeys(("newest", "oldest", "cursor")), "via": "export", "export_id": pulled.export_id}
            facts |= {"missing": list(pulled.missing), "as_text": list(pulled.as_text)}
        if pulling.reasons:
            facts["why"] = " ".join(pulling.reasons)
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
