"""`metrics24 pull`: copy a report table into one file, or into one file a day."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import click
from attrs import asdict, frozen

import metrics24
from metrics24.cli.exit_codes import sigterm_as_interrupt
from metrics24.cli.export_commands import ExportProgress, Unfinished
from metrics24.cli.options import (
    FILE,
    FOLDER,
    ConnectionOptions,
    DayOptions,
    Range,
    argument,
    comma_remarks,
    command,
    command_line,
    example,
    option,
    parse_filters,
)
from metrics24.cli.output import EndedEarlyError, Output, Show, misfits_in_words, number, size, span
from metrics24.config import MOST_AT_ONCE

KINDS = ("clicks", "conversions", "impressions")
FORMATS = ("parquet", "csv", "jsonl")
PAGES_TO_SEE = 10
"""Pages after which the time for the others is estimated."""
LONG = 600.0
"""Seconds from which on an export is worth a remark."""
_OF_ONE_FILE = ("output_file", "overwrite", "limit", "after", "before", "via", "reuse")
_NARROWING = ("limit", "after", "before")
_KEPT = 86_400  # seconds for which a command that goes on may take the export that this one has asked for
_OF_DAYS = ("format", "refresh_last")


@frozen(kw_only=True)
class PullOptions(DayOptions, ConnectionOptions):
    """The options of `metrics24 pull`."""

    kind: str = argument(type=click.Choice(KINDS))
    integration: str = option("--integration", required=True, metavar="ID", help="The integration of the rows.")
    output_file: Path | None = option("--output", "-o", type=FILE, help="File to write: .csv, .jsonl or .parquet.")
    overwrite: bool = option("--overwrite", is_flag=True, help="Replace the file if it exists.")
    by_day: Path | None = option(
        "--by-day", type=FOLDER, metavar="DIR", help="Instead of -o: a file for each day, in this folder."
    )
    format: str | None = option(
        "--format", type=click.Choice(FORMATS), help="With --by-day: of the files; parquet by default."
    )
    refresh_last: int | None = option(
        "--refresh-last",
        type=click.IntRange(min=0),
        metavar="DAYS",
        help="With --by-day: read the last days again, since verdicts change for days.",
    )
    filter: tuple[str, ...] = option(
        "--filter",
        multiple=True,
        metavar="CONDITION",
        help="Only rows with status=rejected, payout>=1, payout<=9 or name:like=a%. Given several times, all must "
        "hold; several of one column with = mean any of the values.",
    )
    limit: int | None = option("--limit", type=click.IntRange(min=0), help="Most rows to pull, the newest ones.")
    page_size: int | None = option("--page-size", type=int, help="Rows per request; 100 by default, which is the most.")
    after: str | None = option("--after", metavar="CURSOR", help="Only rows older than the row with this real_tx_id.")
    before: str | None = option("--before", metavar="CURSOR", help="Only rows newer than the row with this real_tx_id.")
    parallel: int | None = option(
        "--parallel",
        type=click.IntRange(1, MOST_AT_ONCE),
        metavar="N",
        help="Send up to N requests at once; the same rows in the same order.",
    )
    via: str | None = option(
        "--via",
        type=click.Choice(["pages", "export"]),
        help="Read the rows by pages (the default), or have the server make one export of them.",
    )
    reuse: float | None = option(
        "--reuse",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="With --via export: take an equal export that is at most this old, and spare the day's quota.",
    )
    columns: str | None = option(
        "--columns", type=click.Choice(["spec"]), help="spec: exactly the known columns, for warehouses."
    )
    spreadsheet_safe: bool = option(
        "--spreadsheet-safe", is_flag=True, help="CSV: put a quote before text that would run as a formula."
    )

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            click.UsageError: neither or both of --output and --by-day, or an option that belongs to the other one.

        """
        if self.output_file is None and self.by_day is None:
            raise click.UsageError("Say where to: --output FILE, or --by-day DIR.")
        wrong, problem = (_OF_DAYS, "needs") if self.by_day is None else (_OF_ONE_FILE, "cannot go with")
        for parameter in click.get_current_context().command.params:
            value = getattr(self, parameter.name or "", None)
            if parameter.name in wrong and value is not None and value is not False:
                raise click.UsageError(f"{parameter.opts[0]} {problem} --by-day.")
        if self.reuse is not None and self.via != "export":
            raise click.UsageError("--reuse needs --via export.")

    def rows(self, client: metrics24.Client, days: Range) -> metrics24.Rows[Any]:
        """Return the rows that the options ask for."""
        table = getattr(client.reports, self.kind)
        typed = {name: getattr(self, name) for name in ("limit", "after", "before", "page_size", "parallel")}
        arguments = {name: value for name, value in typed.items() if value is not None}
        condition = parse_filters(self.filter)
        rows = table(self.integration, start=days.start, end=days.end, filter=condition, **arguments)
        return cast("metrics24.Rows[Any]", rows)

    def file(self) -> dict[str, Any]:
        """Return the arguments of `save` and `save_daily` for files."""
        names = ("columns", "spreadsheet_safe", *(() if self.output_file is None else ("overwrite",)))
        return {name: getattr(self, name) for name in names}


@frozen
class Lost:
    """The rows that had been read when a command ended early.

    Attributes:
        rows: how many rows.
        newest: the time of the first one.
        oldest: the time of the last one.
        cursor: the last one's cursor.
        resume: the command that reads only the older ones; None where that cannot be said.

    """

    rows: int
    newest: str | None
    oldest: str | None
    cursor: str | None
    resume: str | None

    def facts(self) -> Mapping[str, object]:
        """Return the members that the error object gets."""
        return {"lost": asdict(self)}

    def __str__(self) -> str:
        if not self.rows:
            return "No rows had been read, and no file was left behind."
        times = f" ({self.newest} back to {self.oldest})" if self.oldest else ""
        text = f"{self.rows:,} rows{times} had been read and are lost; no file was left behind. Run the command again."
        hint = f" If you have those rows from elsewhere, this reads only the older ones: {self.resume}"
        return text + hint if self.resume else text


@frozen
class DaysDone:
    """The days that were saved before a command ended early, and the command that goes on."""

    days: Sequence[metrics24.DailyFile]
    resume: str

    def facts(self) -> Mapping[str, object]:
        """Return the members that the error object gets."""
        return {"days": [_day_facts(file) for file in self.days], "resume": self.resume}

    def __str__(self) -> str:
        days = ", ".join(sorted(str(file.day) for file in self.days))
        done = f"Days that are done: {days}" if days else "No day was completed"
        return f"{done}; no unfinished file was left behind. Go on with the others: {self.resume}"


class PullProgress:
    """Shows how many rows have come, at what rate, and how far back they go.

    Attributes:
        last: the progress after the last page.

    """

    def __init__(
        self,
        days: Range,
        *,
        limit: int | None = None,
        parallel: int = 1,
        on_long: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._days, self._limit, self._parallel, self._clock = days, limit, parallel, clock
        self._on_long = on_long
        self._started, self._pages = clock(), 0
        self.show: Show = lambda _text, _fraction: None
        self.last = metrics24.Progress()

    def __call__(self, progress: metrics24.Progress) -> None:
        """Show the progress after a page."""
        self.last, self._pages = progress, self._pages + 1
        fraction = self.fraction(progress)
        seconds = max(self.seconds, 0.001)
        moment = f", back to {progress.oldest}" if progress.oldest else ""
        self.show(f"{progress.rows:,} rows, {progress.rows / seconds:,.0f} rows/s{moment}", fraction)
        self._advise()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    def fraction(self, progress: metrics24.Progress) -> float | None:
        """Estimate the fraction that is done from the limit and the times of the rows; None if neither tells."""
        parts = [] if not self._limit else [progress.rows / self._limit]
        start = datetime.combine(self._days.start, datetime.min.time())
        end = _moment(progress.newest) or datetime.combine(self._days.end + timedelta(days=1), datetime.min.time())
        if (oldest := _moment(progress.oldest)) is not None and end > start:
            parts.append((end - oldest) / (end - start))
        return min(max(0.0, *parts), 1.0) if parts else None

    def _advise(self) -> None:
        """Say once how long the other pages will take, if that is long."""
        if self._on_long is None or self._pages < PAGES_TO_SEE:
            return
        left = self.last.remaining(self._days.start, self.seconds, parallel=self._parallel)
        if left is not None and left > LONG:
            self._on_long(left)
            self._on_long = None


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "").replace(tzinfo=None)
    except ValueError:
        return None


EXAMPLES = (
    example(
        "metrics24 pull conversions --integration acmeshop01",
        "--start 2025-02-01 --end 2025-02-07 -o conversions.parquet",
    )
    + example(
        "metrics24 pull clicks --integration acmeshop01",
        "--last 1m --by-day clicks --refresh-last 3",
        title="A file for each day, those of the last three read again",
    )
    + example(
        "metrics24 pull clicks --integration acmeshop01",
        "--month last --via export -o clicks.parquet",
        title="One export instead of many pages",
    )
)


@command("pull", PullOptions, example=EXAMPLES)
def pull(options: PullOptions) -> None:
    """Pull clicks, conversions or impressions into a file, newest first.

    The file appears when it is complete, and not at all if the command fails. Rows come 100 a request. With --by-day
    each day has its own file, and days whose file is complete are not read again.

    --via export has the server make one file of the rows, which is converted to the same columns. An account may ask
    for few exports a day.
    """
    options.check()
    days, output = options.days(datetime.now(UTC)), options.output
    if days.words:
        output.say(f"Days: {days.words}")
    for remark in comma_remarks(options.filter):
        output.say(remark)
    if options.by_day is not None:
        _pull_by_day(options, days, options.by_day)
    elif options.output_file is not None:
        _pull_file(options, days, options.output_file)


def _pull_by_day(options: PullOptions, days: Range, folder: Path) -> None:
    """Save each day that has no complete file."""
    output, saved = options.output, list[metrics24.DailyFile]()

    def on_saved(file: metrics24.DailyFile) -> None:
        saved.append(file)
        output.say(_day_in_words(file))

    progress = PullProgress(days)
    try:
        with (
            sigterm_as_interrupt(),
            options.open_client() as client,
            output.progress(options.kind, "waiting for the first page") as progress.show,
        ):
            files = options.rows(client, days).save_daily(
                folder,
                format=cast("Any", options.format or "parquet"),
                refresh_last=options.refresh_last or 0,
                timezone=options.timezone,
                on_saved=on_saved,
                on_progress=progress,
                **options.file(),
            )
    except (KeyboardInterrupt, metrics24.Metrics24Error) as error:
        if not saved and isinstance(error, metrics24.Metrics24Error):
            raise
        left = [file for file in saved if file.path.exists()]  # a row that comes too late removes its day's file
        raise EndedEarlyError(error, DaysDone(left, command_line(days.options()))) from error
    _summarize_days(files, days, output, progress.seconds)


def _day_facts(file: metrics24.DailyFile) -> Mapping[str, object]:
    return {**asdict(file), "day": str(file.day), "path": str(file.path)}


def _day_in_words(file: metrics24.DailyFile) -> str:
    note = "" if file.complete else "; not known to be over, so it is read again the next time"
    return f"{file.day}: {number(file.rows or 0, 'row')}, {size(file.bytes or 0)}, in {file.path}{note}"


def _summarize_days(files: metrics24.DailyFiles, days: Range, output: Output, seconds: float) -> None:
    read = [file for file in files.days if not file.skipped]
    before = len(files.days) - len(read)
    skipped = f"; {number(before, 'day')} {'was' if before == 1 else 'were'} complete before" if before else ""
    folder = f"{files.folder}{' (created)' if files.created else ''}"
    done = f"{number(files.rows, 'row')} of {number(len(read), 'day')} in {folder} after {seconds:.1f} s{skipped}"
    facts = {"folder": str(files.folder), "start": str(days.start), "end": str(days.end), "seconds": round(seconds, 3)}
    facts |= {"created": files.created, "rows": files.rows, "days": [_day_facts(file) for file in files.days]}
    output.summary(facts, [done, *([misfits_in_words(files.misfits)] if files.misfits else [])])


def _pull_file(options: PullOptions, days: Range, path: Path) -> None:
    """Save all days to one file."""
    output = options.output
    progress = PullProgress(days, limit=options.limit, parallel=options.parallel or 1, on_long=_advice(options))
    export = ExportSteps(options, days)
    try:
        with sigterm_as_interrupt(), options.open_client() as client:
            if options.via == "export":
                saved = export.save(client, path)
            else:
                with output.progress(options.kind, "waiting for the first page") as progress.show:
                    saved = options.rows(client, days).save(path, on_progress=progress, **options.file())
    except (KeyboardInterrupt, metrics24.Metrics24Error) as error:
        if isinstance(error, metrics24.Metrics24Error) and export.unfinished is None and not progress.last.rows:
            raise
        raise EndedEarlyError(error, export.unfinished or _lost(options, progress.last, days)) from error
    _summarize_file(saved, days, output, progress)


def _advice(options: PullOptions) -> Callable[[float], object] | None:
    """Return what says that an export may be faster; None where an export cannot give the rows."""
    if any(getattr(options, name) is not None for name in _NARROWING):
        return None
    return lambda seconds: options.output.say(
        f"The pages will take about {span(seconds)} more; --via export may be faster."
    )


class ExportSteps:
    """The steps of a pull through an export.

    Attributes:
        unfinished: the export if the command ended now; None if there is none.

    """

    def __init__(self, options: PullOptions, days: Range) -> None:
        self._options, self._days, self._output = options, days, options.output
        self._export_id: str | None = None
        self.unfinished: Unfinished | None = None

    def save(self, client: metrics24.Client, path: Path) -> metrics24.Saved:
        """Save the rows through an export.

        Raises:
            click.UsageError: an option is given that an export cannot heed.

        """
        options, output = self._options, self._output
        for name in _NARROWING:
            if getattr(options, name) is not None:
                raise click.UsageError(f"--{name} does not go with --via export: an export has all rows of its days.")
        try:
            with output.progress(options.kind, "waiting for the first page", timed=True) as show:
                follow, rows = self._follow(show), options.rows(client, self._days)
                saved = rows.save(path, via="export", reuse=options.reuse or 0, on_progress=follow, **options.file())
        except metrics24.AmbiguousWrite:
            raise
        except metrics24.Metrics24Error as error:
            self._failed(error)
            raise
        if saved.missing:
            output.say(f"The export has no {', '.join(saved.missing)}: these columns are empty.")
        if saved.as_text:
            output.say(
                f"The export has {', '.join(saved.as_text)} as text of its own, where pages have JSON: do not mix "
                "this file with those of pages."
            )
        output.say("An export does not tell null from empty text, and its order is the server's: docs/exports.md.")
        return saved

    def _follow(self, show: Show) -> Callable[[Any], object]:
        """Return what is called with each step, shows it, and notes what is unfinished."""
        resume = command_line({**self._days.options(), "via": "export", "reuse": _KEPT})
        shown = ExportProgress(show)

        def follow(step: Any) -> None:
            if isinstance(step, metrics24.Progress):
                show(f"{step.rows:,} rows {'converted' if self._export_id else 'looked at'}", None)
                self.unfinished = self.unfinished or Unfinished(None, None)  # the next request may ask for the export
                return
            if self._export_id is None:
                self._export_id = step.export_id
                self.unfinished = Unfinished(step.export_id, resume)
                self._output.say(f"Export {step.export_id}: {step.status}")
            shown(step)

        return follow

    def _failed(self, error: metrics24.Metrics24Error) -> None:
        if self._export_id is None:
            self.unfinished = None
            if isinstance(error, metrics24.RequestFailed | metrics24.RateLimited):
                error.add_note("Or read --via pages, which needs no export.")
        elif isinstance(error, metrics24.ExportFailed | metrics24.ExportCanceled | metrics24.IntegrityError):
            self.unfinished = Unfinished(self._export_id, None)
            if isinstance(error, metrics24.IntegrityError):
                error.add_note(f"metrics24 exports resume {self._export_id} -o FILE.csv saves its CSV as it is.")


def _lost(options: PullOptions, progress: metrics24.Progress, days: Range) -> Lost:
    """Sum up the rows that had been read, and how to read only the older ones."""
    resume = None
    if progress.cursor is not None and options.before is None and options.output_file is not None:
        file = options.output_file  # another name, so that the older rows are not taken for the whole range
        changes: dict[str, object] = {"output_file": file.with_name(f"{file.stem}.older{file.suffix}")}
        if options.limit is not None:
            changes["limit"] = options.limit - progress.rows
        changes |= {**days.options(), "after": progress.cursor, "parallel": None}  # which does not go with --after
        resume = command_line(changes)
    return Lost(progress.rows, progress.newest, progress.oldest, progress.cursor, resume)


def _summarize_file(saved: metrics24.Saved, days: Range, output: Output, progress: PullProgress) -> None:
    seconds, last = progress.seconds, progress.last
    facts: dict[str, object] = {name: getattr(saved, name) for name in ("rows", "bytes", "misfits")}
    facts |= {"path": str(saved.path), "start": str(days.start), "end": str(days.end), "seconds": round(seconds, 3)}
    facts |= {name: getattr(last, name) for name in ("newest", "oldest", "cursor")}
    if saved.export_id is None:
        facts["via"] = "pages"
    else:
        facts |= {"via": "export", "export_id": saved.export_id}
        facts |= {"missing": list(saved.missing), "as_text": list(saved.as_text)}
    text = (
        f"{number(saved.rows, 'row')} of {days.start} to {days.end}, {size(saved.bytes)}, in {saved.path} after "
        f"{seconds:.1f} s ({saved.rows / max(seconds, 0.001):,.0f} rows/s)"
    )
    output.summary(facts, [text, *([misfits_in_words(saved.misfits)] if saved.misfits else [])])
