"""`metrics24 export` and `metrics24 exports`: files that the server makes, and the Download Center that keeps them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

import metrics24
from metrics24.cli.exit_codes import DONE, HELP, UNEXPECTED, sigterm_as_interrupt
from metrics24.cli.options import (
    DAY_OPTIONS,
    FILE,
    ConnectionOptions,
    DayOptions,
    DeleteOptions,
    argument,
    comma_remarks,
    command,
    command_line,
    example,
    option,
    parse_filters,
)
from metrics24.cli.output import EndedEarlyError, Show, TableColumn, fields, number, size, table
from metrics24.errors import UsageError
from metrics24.filters import join

if TYPE_CHECKING:  # loads the HTTP client, which a help has no use for
    Step = metrics24.WaitProgress | metrics24.DownloadProgress

KINDS = ("clicks", "conversions", "impressions")
COLUMNS = (
    TableColumn("ID", whole=True),
    TableColumn("TYPE"),
    TableColumn("STATUS", whole=True),
    TableColumn("ROWS", right=True, whole=True),
    TableColumn("CREATED"),
    TableColumn("DAYS"),
)
_PARQUET = ".parquet"
_SUFFIXES = (".csv", ".txt", _PARQUET)
_END_INCLUDED = {
    True: "The server counts the last day of a range in.",
    False: "The server does not count the last day of a range in, so ranges share their ends.",
    None: "The rows do not show if the server counts the last day of a range in.",
}


@frozen(kw_only=True, slots=False)
class ExportIdOptions(ConnectionOptions):
    """The options of a command for one export."""

    export_id: str = argument(metavar="ID")


@frozen(kw_only=True, slots=False)
class KindOptions(DayOptions, ConnectionOptions):
    """The rows that a command is about."""

    kind: str = argument(type=click.Choice(KINDS))
    integration: str = option("--integration", required=True, metavar="ID", help="The integration of the rows.")
    fields: tuple[str, ...] = option(
        "--field",
        multiple=True,
        metavar="NAME",
        help="A column of the file; once for each, or several with commas. They are not documented: those of the "
        "report tables are a good guess.",
    )


@frozen(kw_only=True, slots=False)
class SaveOptions:
    """The file that an export is saved to."""

    output_file: Path | None = option(
        "--output", "-o", type=FILE, help="File to write: .csv or .txt as the server made it, .parquet converted."
    )
    overwrite: bool = option("--overwrite", is_flag=True, help="Replace the file if it exists.")
    no_verify: bool = option("--no-verify", is_flag=True, help="Accept another number of rows than the server says.")
    infer_types: bool = option(
        "--infer-types", is_flag=True, help="Parquet: numbers, days and times instead of text alone."
    )
    wait_timeout: float = option(
        "--wait-timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=3600.0,
        metavar="SECONDS",
        help="How long to wait for the server to make the file (3600).",
    )
    delimiter: str | None = option(
        "--delimiter",
        metavar="CHARACTER",
        help="The character between cells; by default a comma, or what the server says.",
    )

    def target(self) -> Path:
        """Return the file, after checking that it can be written: an export counts against the day's quota.

        Raises:
            UsageError: it cannot be written there, or not so.

        """
        from metrics24.export_job import check_target  # noqa: PLC0415  loads the HTTP client

        path = self.output_file
        if path is None:
            raise click.UsageError("Say where the file shall go: --output FILE.")
        if path.suffix.lower() not in _SUFFIXES:
            raise UsageError(f"{path} does not say its format; let it end in {', '.join(_SUFFIXES)}")
        if self.infer_types and path.suffix.lower() != _PARQUET:
            raise UsageError(f"--infer-types is for {_PARQUET} files; CSV knows no types")
        check_target(path, overwrite=self.overwrite, delimiter=self.character)
        return path

    @property
    def character(self) -> str | None:
        r"""The delimiter; `tab` and `\t` mean the character, which shells make hard to type.

        Raises:
            UsageError: it is not one character.

        """
        character = "\t" if self.delimiter in ("tab", "\\t") else self.delimiter
        if character is not None and len(character) != 1:
            raise UsageError(f"--delimiter takes one character, or the word tab, not {self.delimiter!r}")
        return character


@frozen(kw_only=True)
class ExportOptions(SaveOptions, KindOptions):
    """The options of `metrics24 export`."""

    fields_from: Path | None = option(
        "--fields-from", type=FILE, metavar="FILE", help="File with more columns, one a line."
    )
    extra_parameters: tuple[str, ...] = option(
        "--extra-parameter",
        multiple=True,
        metavar="NAME",
        help="An extra parameter that shall become a column; once for each.",
    )
    no_dates: bool = option(
        "--no-dates", is_flag=True, help="Name no days; the server's choice then is not documented."
    )
    filter: tuple[str, ...] = option("--filter", multiple=True, metavar="CONDITION", help="As for pull; once for each.")
    reuse: float = option(
        "--reuse",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="SECONDS",
        help="Take an equal export that is at most this old, and spare the day's quota.",
    )
    start_only: bool = option(
        "--start-only", is_flag=True, help="Print the export's id and end; exports resume fetches it later."
    )

    def columns(self) -> list[str]:
        """Return the columns: repeated, with commas between, and from a file.

        Raises:
            UsageError: there is none, or the file cannot be read.

        """
        texts = [*self.fields, *([] if self.fields_from is None else _lines(self.fields_from))]
        names = [name.strip() for text in texts for name in text.split(",")]
        if not any(names):
            raise UsageError(
                "Say which columns the file shall have: --field real_tx_id,status, or --fields-from FILE. The columns "
                "that exist are not documented; those of the report tables (metrics24 pull) are a good guess."
            )
        return [name for name in names if name]


@frozen(kw_only=True)
class ResumeOptions(SaveOptions, ExportIdOptions):
    """The options of `metrics24 exports resume`."""


@frozen(kw_only=True)
class PlanOptions(KindOptions):
    """The options of `metrics24 exports plan`."""

    exports_per_day: int = option(
        "--exports-per-day", type=click.IntRange(min=1), default=10, help="Exports that the account has a day (10)."
    )
    export_rows: int = option(
        "--export-rows", type=click.IntRange(min=1), default=5_000_000, help="Most rows of one export (5000000)."
    )


@frozen(kw_only=True)
class ListExportsOptions(ConnectionOptions):
    """The options of `metrics24 exports list`; `documented` are those that the spec's filters add."""

    filter: tuple[str, ...] = option(
        "--filter", multiple=True, metavar="CONDITION", help="Any other filter, as for pull."
    )
    sort: str | None = option(
        "--sort", metavar="COLUMNS", help="Columns to sort by, like -created_at,type; - is descending."
    )
    limit: int | None = option("--limit", type=click.IntRange(min=0), help="Most exports to list.")
    documented: Mapping[str, Any]


@frozen(kw_only=True)
class UrlOptions(ConnectionOptions):
    """The options of `metrics24 exports url`."""

    id_or_name: str = argument(metavar="ID_OR_NAME")


@frozen(kw_only=True)
class DeleteExportOptions(DeleteOptions, ExportIdOptions):
    """The options of `metrics24 exports delete`."""


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8") from error


@frozen
class Unfinished:
    """An export whose file is not there when its command ends.

    Attributes:
        export_id: the export; None if it may or may not have been asked for.
        resume: the command that goes on; None where there is nothing to go on with.

    """

    export_id: str | None
    resume: str | None

    def facts(self) -> Mapping[str, object]:
        """Return the members that the error object gets."""
        return {"export_id": self.export_id, "resume": self.resume}

    def __str__(self) -> str:
        if self.export_id is None:
            return "The export may or may not have been asked for: see metrics24 exports list before you repeat it."
        if self.resume is None:
            return f"The export is {self.export_id}."
        return (
            f"The export {self.export_id} goes on at the server, and the part that was downloaded is kept. Go on with: "
            f"{self.resume}"
        )


class ExportProgress:
    """Shows the steps of an export: the server's work, then the bytes, their rate and rows."""

    def __init__(self, show: Show, *, converts: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._show, self._converts, self._clock = show, converts, clock
        self._first: tuple[float, int] | None = None
        self._completed = import_module("metrics24.models").ArtifactStatus.COMPLETED  # loads slowly

    def __call__(self, step: Step) -> None:
        """Show one step."""
        if isinstance(step, metrics24.DownloadProgress):
            self._show(self._arrived(step), step.bytes / step.total if step.total else None)
        elif step.status == self._completed:
            self._show(f"made after {step.seconds:,.0f} s, downloading", None)
        else:
            self._show(f"{step.status} for {step.seconds:,.0f} s", None)

    def _arrived(self, step: metrics24.DownloadProgress) -> str:
        """Count only the bytes of this process towards the rate: a resumed download begins with a part of the file."""
        if self._first is None:
            self._first = self._clock(), step.bytes
        since, bytes_before = self._first
        elapsed = self._clock() - since
        rate = f", {size(round((step.bytes - bytes_before) / elapsed))}/s" if elapsed > 0 else ""
        whole = "" if step.total is None else f" of {size(step.total)}"
        converting = ", converting to Parquet" if self._converts and step.bytes == step.total else ""
        return f"{size(step.bytes)}{whole}{rate}, {step.rows:,} rows{converting}"


@contextmanager
def _resumable(export_id: str) -> Iterator[None]:
    """Say how to go on, however the block ends before its time: by Ctrl-C, SIGTERM or any error."""
    try:
        with sigterm_as_interrupt():
            yield
    except (metrics24.ExportFailed, metrics24.ExportCanceled) as error:
        raise EndedEarlyError(error, Unfinished(export_id, None)) from error
    except (Exception, KeyboardInterrupt) as error:
        resume = command_line({"export_id": export_id}, other=("metrics24 exports resume", resume_export))
        raise EndedEarlyError(error, Unfinished(export_id, resume)) from error


def _fetch(job: metrics24.ExportJob, path: Path, options: ExportOptions | ResumeOptions, *, title: str) -> None:
    """Wait for an export, save its file, and print a summary."""
    output, started = options.output, time.monotonic()
    with output.progress(title, "waiting for the server", timed=True) as show:
        saved = job.save(
            path,
            overwrite=options.overwrite,
            verify=not options.no_verify,
            waiting=metrics24.Waiting(timeout=options.wait_timeout),
            delimiter=options.character,
            infer_types=options.infer_types,
            on_progress=ExportProgress(show, converts=path.suffix.lower() == _PARQUET),
        )
    seconds = time.monotonic() - started
    facts = {"export_id": job.id, "path": str(saved.path), "rows": saved.rows, "bytes": saved.bytes}
    output.summary(
        {**facts, "seconds": round(seconds, 3)},
        f"{saved.rows:,} rows, {size(saved.bytes)}, in {saved.path} after {seconds:.1f} s (export {job.id})",
    )


@command(
    "export",
    ExportOptions,
    example=example(
        "metrics24 export clicks --integration acmeshop01",
        "--start 2025-02-01 --end 2025-02-07",
        "--field real_tx_id,request_time,status -o clicks.csv",
    ),
)
def export(options: ExportOptions) -> None:
    """Have the server make a file of clicks, conversions or impressions, and download it.

    For more rows than pull should read. An account may ask for few exports a day; an interrupted command says how to
    go on without asking again.
    """
    rows = _rows(options)
    if options.start_only:
        if options.output_file is not None:
            raise click.UsageError("--start-only and --output exclude each other.")
        with options.open_client() as client:
            job = _started(client, options, rows)
        options.output.summary({"export_id": job.id, "status": job.status}, job.id, optional=False)
        return
    path = options.target()
    with options.open_client() as client:
        job = _started(client, options, rows)
        with _resumable(job.id):
            options.output.say(f"Export {job.id}: {job.status}")
            _fetch(job, path, options, title=options.kind)


def _rows(options: ExportOptions) -> dict[str, Any]:
    """Return the arguments of `exports.start`."""
    for remark in comma_remarks(options.filter):
        options.output.say(remark)
    arguments = {
        "fields": options.columns(),
        "extra_parameters": options.extra_parameters,
        "delimiter": options.character,
        "filter": parse_filters(options.filter),
        "reuse": options.reuse,
    }
    if options.no_dates:
        if named := [name for name in DAY_OPTIONS if getattr(options, name) is not None]:
            raise click.UsageError(f"--no-dates and --{named[0]} exclude each other.")
        return arguments
    days = options.days(datetime.now(UTC))
    if days.words:
        options.output.say(f"Days: {days.words}")
    return {**arguments, "start": days.start, "end": days.end}


def _started(client: metrics24.Client, options: ExportOptions, rows: Mapping[str, Any]) -> metrics24.ExportJob:
    try:
        with sigterm_as_interrupt():
            job: metrics24.ExportJob = client.exports.start(options.kind, options.integration, **rows)  # type: ignore[arg-type]  # one of KINDS
            return job
    except KeyboardInterrupt as error:
        raise EndedEarlyError(error, Unfinished(None, None)) from error
    except (metrics24.RequestFailed, metrics24.RateLimited) as error:
        error.add_note("metrics24 exports list shows which there are.")
        raise


LIST_EXAMPLE = example("metrics24 exports list --results-meta-total-gte 1", "--sort=-created_at --limit 5")


@click.group(epilog=LIST_EXAMPLE + HELP)
def exports() -> None:
    """See, fetch and delete exports that were asked for, and plan large ones.

    `metrics24 export` asks for one.
    """


@command(
    "resume",
    ResumeOptions,
    example=example("metrics24 exports resume 01JN66V0G014R3RV1YZ7AMAEDQ -o conversions.csv"),
    group=exports,
)
def resume_export(options: ResumeOptions) -> None:
    """Wait for an export that was asked for before, and download its file.

    A download that was cut short goes on where it was.
    """
    path = options.target()
    with options.open_client() as client:
        job = client.exports.resume(options.export_id)
        with _resumable(job.id):
            _fetch(job, path, options, title="export")


@command(
    "plan",
    PlanOptions,
    example=example(
        "metrics24 exports plan clicks --integration acmeshop01",
        "--start 2025-01-01 --end 2025-02-28 --field real_tx_id,status",
    ),
    group=exports,
)
def plan_exports(options: PlanOptions) -> None:
    """Say how to split a range of days so that no export is cut and the day's quota holds.

    Prints the commands to run, each below a line that says when. Asks for no export.
    """
    days = options.days(datetime.now(UTC))
    limits = metrics24.Limits(exports_per_day=options.exports_per_day, export_rows=options.export_rows)
    with options.open_client() as client:
        planner = client.with_options(limits=limits).exports
        plan = planner.plan(options.kind, options.integration, start=days.start, end=days.end)  # type: ignore[arg-type]  # one of KINDS
    commands = [_export_command(options, part) for part in plan.exports]
    pairs = list(zip(plan.exports, commands, strict=True))
    facts = {name: getattr(plan, name) for name in ("rows_per_day", "basis", "left_today", "end_included")}
    lines = [line for part, text in pairs for line in (f"# {_in_words(part)}", text)]
    options.output.result({"exports": [_facts(part, text) for part, text in pairs], **facts}, lines)
    options.output.say(
        f"About {plan.rows_per_day:,} rows a day, by {plan.basis}; {plan.left_today} exports are left today. "
        f"{_END_INCLUDED[plan.end_included]}"
    )


def _export_command(options: PlanOptions, part: metrics24.PlannedExport) -> str:
    """Write the command for one export, with the connection and the columns of the plan."""
    changes: dict[str, object] = {
        **dict.fromkeys((*DAY_OPTIONS, "as_json", "quiet", "debug")),
        "start": part.start,
        "end": part.end,
        "fields": options.fields or ("NAME",),
        "output_file": Path(f"{options.kind}-{part.start}-{part.end}.csv"),
    }
    return command_line(changes, other=("metrics24 export", export))


def _in_words(part: metrics24.PlannedExport) -> str:
    when = f"in {number(part.wait_days, 'day')}" if part.wait_days else "today"
    more = "; one day alone may be cut, so split it with --filter" if part.too_large else ""
    return f"{part.start} to {part.end}: {part.rows:,} rows or fewer, {when}{more}"


def _facts(part: metrics24.PlannedExport, text: str) -> Mapping[str, object]:
    facts = {name: getattr(part, name) for name in ("rows", "wait_days", "too_large")}
    return {"start": str(part.start), "end": str(part.end), **facts, "command": text}


class _DocumentedFilters(click.Command):
    """A command with an option for each filter that the spec documents; they arrive together, as `documented`."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Add those options when they are needed: the spec's names load slowly."""
        own = super().get_params(ctx)
        return [*own[:-1], *_documented_options(), *own[-1:]]  # --help stands last


def _documented_options() -> list[click.Option]:
    from metrics24.models import EXPORT_FILTERS  # noqa: PLC0415  loads the generated code

    def gather(context: click.Context, parameter: click.Parameter, value: object) -> None:
        named = context.params.setdefault("documented", {})
        if value not in (None, ()):
            named[parameter.name] = value

    return [
        click.Option(
            [f"--{name.replace('_', '-')}"],
            multiple=known.type == "array",
            type=int if known.type == "integer" else str,
            metavar="NUMBER" if known.type == "integer" else "DAY" if known.format == "date" else "TEXT",
            help=f"Documented filter{', once for each value' if known.type == 'array' else ''}.",
            expose_value=False,
            callback=gather,
        )
        for name, known in EXPORT_FILTERS.items()
    ]


@command("list", ListExportsOptions, example=LIST_EXAMPLE, group=exports, cls=_DocumentedFilters)
def list_exports(options: ListExportsOptions) -> None:
    """List exports: a table, or with --json one array of them.

    Signed URLs are shown without their signature; exports url gives it.
    """
    documented = [metrics24.export_filter(**options.documented)] if options.documented else []
    typed = parse_filters(options.filter)
    condition = join([*documented, *([] if typed is None else [typed])])
    with options.open_client() as client:
        listing = client.exports.list(filter=condition, sort=options.sort, limit=options.limit)
        records = [_unsigned(record) for record in listing.records()]
    options.output.result(records, table(COLUMNS, map(_row, records)) if records else [])
    options.output.say(number(len(records), "export"))


def _row(record: Mapping[str, Any]) -> list[object]:
    days, meta = (record.get(name) or {} for name in ("reports_query_option", "results_meta"))
    span = [str(days[name]) for name in ("start_date", "end_date") if isinstance(days, dict) and days.get(name)]
    rows = meta.get("total") if isinstance(meta, dict) else None
    return [*map(record.get, ("id", "type", "status")), rows, record.get("created_at"), " to ".join(span)]


def _unsigned(value: Any) -> Any:
    """Remove the query of URLs, at any depth: that of a signed URL is a credential."""
    if isinstance(value, Mapping):
        return {name: _unsigned(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_unsigned(each) for each in value]
    if isinstance(value, str) and "://" in value:
        address, mark, _ = value.partition("?")
        return f"{address}?..." if mark else value
    return value


@command("get", ExportIdOptions, example=example("metrics24 exports get 01JN66V0G014R3RV1YZ7AMAEDQ"), group=exports)
def get_export(options: ExportIdOptions) -> None:
    """Show one export, a field per line.

    Signed URLs are shown without their signature; exports url gives it.
    """
    with options.open_client() as client:
        record = _unsigned(client.exports.get(options.export_id).to_dict())
    options.output.result(record, fields(record))


@command("url", UrlOptions, example=example("metrics24 exports url 01JN66V0G014R3RV1YZ7AMAEDQ"), group=exports)
def export_url(options: UrlOptions) -> None:
    """Print the signed URL of an export's file, named by the export's id or by its artifact_name.

    The URL gives the file to everybody who has it, until it expires.
    """
    name = options.id_or_name
    with options.open_client() as client:
        try:
            url = client.exports.url(_file_name(client, name))
        except metrics24.NotFound as error:
            error.add_note(f"{name} is neither an export with a file nor the name of a file.")
            raise
    options.output.result({"url": url}, url)
    if not options.quiet:
        options.output.note("This URL gives the file to everybody who has it: keep it out of logs and messages.")


def _file_name(client: metrics24.Client, text: str) -> str:
    """Return the name of an export's file; a text that is no export's id is taken for the name itself."""
    try:
        job = client.exports.resume(text)
    except (metrics24.NotFound, metrics24.UsageError):
        return text
    if job.done:
        job.wait()  # raises if there will be no file
    if (name := job.artifact_name) is not None:
        return name
    raise metrics24.ExportTimeout(
        f"The export {job.id} has no file yet (it is {job.status}); ask again when it is complete.", export_id=job.id
    )


@command(
    "delete",
    DeleteExportOptions,
    example=example("metrics24 exports delete 01JN66V0G014R3RV1YZ7AMAEDQ --dry-run"),
    group=exports,
)
def delete_export(options: DeleteExportOptions) -> int:
    """Delete an export and its file on the server, after asking."""
    export_id, output = options.export_id, options.output
    with options.open_client() as client:
        if options.dry_run or not options.yes:
            found = client.exports.get(export_id)
            kind, status = str(found.type_), str(found.status)
            if options.dry_run:
                facts = {"dry_run": True, "action": "delete", "export_id": export_id, "type": kind, "status": status}
                output.result(facts, f"would delete  {export_id}  {kind}  {status}")
                output.say("Dry run: nothing was changed.")
                return DONE
            if not output.confirm(f"Delete export {export_id} ({kind}, {status}) and its file?", yes=False):
                return UNEXPECTED
        with output.writing(f"{export_id} may or may not have been deleted; deleting it again does no harm."):
            client.exports.delete(export_id)
    output.summary({"deleted": export_id}, f"deleted  {export_id}", optional=False)
    return DONE
