"""The commands for exports: columns, and the target file.

From an export on the server to the file, and what is said of it.

`metrics24 exports resume`, and the promise of it that every command makes which ends before its file is there.

`metrics24 export`: large tables as a file that the server makes.

`metrics24 exports plan`: how to split a range of days, as commands to run.

`metrics24 exports list`, `get` and `url`.

`metrics24 exports delete`.

`metrics24 export` and `metrics24 exports`: files that the server makes, and the Download Center that keeps them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import frozen

import metrics24
from metrics24.cli import exit_codes as exits
from metrics24.cli.group_commands import confirmed, dry_run, epilog, say, writing, yes
from metrics24.cli.interrupts import command_line, sigterm_as_interrupt
from metrics24.cli.options import (
    FILE,
    all_of,
    connection_options,
    open_client,
    parse_filters,
    range_options,
    tell_of_commas,
    understood,
)
from metrics24.cli.output import EndedEarlyError, TableColumn, fields, printable, size, table, terminal_width
from metrics24.cli.progress import DownloadCourse, display_download
from metrics24.config import Waiting
from metrics24.errors import UsageError
from metrics24.files.atomic import AtomicFile
from metrics24.files.csv_import import can_delimit, convert_csv
from metrics24.files.writers import pyarrow_needed
from metrics24.filters import join
from metrics24.kinds import KINDS

if TYPE_CHECKING:
    from metrics24._core.export_flows import ExportPlan, PlannedExport
    from metrics24.cli.progress import OnStep


F = TypeVar("F", bound=Callable[..., Any])

_PARQUET = ".parquet"
_SUFFIXES = (".csv", ".txt", _PARQUET)

kind = click.argument("kind", type=click.Choice(list(KINDS)))
export_id = click.argument("export_id", metavar="ID")
columns = click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME",
    help="A column of the file; once for each, or several with commas. They are not documented: those of the report "
    "tables are a good guess.",
)


def output(*, required: bool, more: str = "") -> Callable[[F], F]:
    """Give a command -o, and the options that say how the file comes there."""
    return all_of(
        click.option(
            "--output",
            "-o",
            required=required,
            type=FILE,
            help=f"File to write: .csv or .txt as the server made it, .parquet converted.{more}",
        ),
        click.option("--overwrite", is_flag=True, help="Replace the file if it exists."),
        click.option("--no-verify", is_flag=True, help="Accept another number of rows than the server says."),
        click.option("--infer-types", is_flag=True, help="Parquet: numbers, days and times instead of text alone."),
        click.option(
            "--wait-timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=3600.0,
            metavar="SECONDS",
            help="How long to wait for the server to make the file (3600).",
        ),
    )


@frozen(kw_only=True)
class Order:
    """The target of an export's file, and how it is written; checked before anything is sent.

    Attributes:
        path: the file.
        overwrite: replace it if it exists.
        verify: hold the download against what the server says.
        infer_types: for Parquet, find types other than text.
        delimiter: what separates the cells, if that was said.
        waiting: how long to wait for the export.

    """

    path: Path
    overwrite: bool
    verify: bool
    infer_types: bool
    delimiter: str | None
    waiting: Waiting

    @property
    def converts(self) -> bool:
        """True if the server's CSV becomes a Parquet file."""
        return self.path.suffix.lower() == _PARQUET


def ordered(given: Mapping[str, Any]) -> Order:
    """Read what a command was told of the file.

    Raises:
        UsageError: it cannot be written there, or not so. An export counts against the day's quota, so this must be
            known before one is asked for.

    """
    order = Order(
        path=given["output"],
        overwrite=given["overwrite"],
        verify=not given["no_verify"],
        infer_types=given["infer_types"],
        delimiter=delimiter(given["delimiter"]),
        waiting=Waiting(timeout=given["wait_timeout"]),
    )
    if order.path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{order.path} does not say its format; let it end in {', '.join(_SUFFIXES)}")
    AtomicFile(order.path, overwrite=order.overwrite).abort()  # tries whether a file can be there, and leaves none
    if order.converts:
        _check_conversion(order)
    elif order.infer_types:
        raise UsageError(f"--infer-types is for {_PARQUET} files; CSV knows no types")
    return order


def _check_conversion(order: Order) -> None:
    if order.delimiter is not None and not order.delimiter.isascii():
        raise UsageError(f"{_PARQUET} files are made of CSV with one ASCII character as the delimiter")
    with pyarrow_needed():
        import_module("pyarrow")


def delimiter(typed: str | None) -> str | None:
    r"""Read a delimiter; `tab` and `\t` mean the character, which shells make hard to type.

    Raises:
        UsageError: it is not one character.

    """
    character = "\t" if typed in ("tab", "\\t") else typed
    if character is not None and len(character) != 1:
        raise UsageError(f"--delimiter takes one character, or the word tab, not {typed!r}")
    return character


def chosen_columns(given: Mapping[str, Any]) -> list[str]:
    """Read the columns: repeated, with commas between, and from a file.

    Raises:
        UsageError: there is none, or the file cannot be read.

    """
    file: Path | None = given["fields_from"]
    texts = [*given["fields"], *([] if file is None else _lines(file))]
    names = [name.strip() for text in texts for name in text.split(",")]
    if not any(names):
        raise UsageError(
            "Say which columns the file shall have: --field real_tx_id,status, or --fields-from FILE. Which columns "
            "there are is not documented; those of the report tables (metrics24 pull) are a good guess."
        )
    return [name for name in names if name]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8") from error


def fetch(job: metrics24.ExportJob, order: Order, given: Mapping[str, Any], *, title: str) -> None:
    """Wait for an export, save its file, and say on stdout what was saved."""
    course = DownloadCourse(title=title)
    with display_download(course, quiet=given["quiet"] or given["as_json"]) as show:
        saved = _convert(job, order, show) if order.converts else _save(job, order.path, order, show)
    seconds = course.clock() - course.started
    try:
        _summarize(job, saved, given, seconds)
    except OSError as error:  # a full disk or a closed pipe behind stdout: the file is what counts
        message = f"{saved.path} is complete, but its summary could not be written: {error.strerror}"
        click.echo(printable(message), err=True)


def _save(job: metrics24.ExportJob, path: Path, order: Order, show: OnStep) -> metrics24.Saved:
    return job.save(path, overwrite=order.overwrite, verify=order.verify, waiting=order.waiting, on_progress=show)


def _convert(job: metrics24.ExportJob, order: Order, show: OnStep) -> metrics24.Saved:
    """Download beside the target, convert, and keep the download until the target is there."""
    download = download_of(order.path, job.id)
    if not download.is_file():  # it only ever appears whole; then an earlier conversion was cut short
        _save(job, download, order, show)
    show("converting to Parquet")
    try:
        saved = convert_csv(
            download,
            order.path,
            delimiter=order.delimiter or delimiter_of(job),
            infer_types=order.infer_types,
            overwrite=order.overwrite,
        )
    except metrics24.Metrics24Error as error:
        error.add_note(f"What was downloaded is kept in {download}.")
        raise
    download.unlink(missing_ok=True)
    return saved


def download_of(target: Path, export_id: str) -> Path:
    """Name the CSV file that a Parquet file is made of: one name for each export, without a word of the server's."""
    return target.with_name(f"{target.name}.{hashlib.sha256(export_id.encode()).hexdigest()[:8]}.csv")


def delimiter_of(job: metrics24.ExportJob) -> str:
    """Return the delimiter of an export, as the server says; a comma if it does not.

    Raises:
        IntegrityError: it says what cannot separate cells.

    """
    style = job.export.to_dict().get("format")
    found = style.get("delimiter") if isinstance(style, dict) else None
    if not isinstance(found, str) or not found:
        return ","
    if not can_delimit(found):
        raise metrics24.IntegrityError(
            f"The server says that {found[:10]!r} sets the cells of export {job.id} apart, which is not one "
            "character, or one that CSV uses itself. This saves its CSV as it is, without asking for another: "
            f"metrics24 exports resume {job.id} -o FILE.csv."
        )
    return found


def _summarize(job: metrics24.ExportJob, saved: metrics24.Saved, given: Mapping[str, Any], seconds: float) -> None:
    if given["as_json"]:
        facts = {"export_id": job.id, "path": str(saved.path), "rows": saved.rows, "bytes": saved.bytes}
        click.echo(json.dumps({**facts, "seconds": round(seconds, 3)}))
    elif not given["quiet"]:
        text = f"{saved.rows:,} rows, {size(saved.bytes)}, in {saved.path} after {seconds:.1f} s (export {job.id})"
        click.echo(printable(text))


RESUME_EXAMPLE = epilog("metrics24 exports resume 01JN66V0G014R3RV1YZ7AMAEDQ -o conversions.csv")


@frozen
class Unfinished:
    """An export whose file is not there when its command ends.

    Attributes:
        export_id: the export, None if it is not known whether there is one.
        resume: the command that goes on, None where there is nothing to go on with.

    """

    export_id: str | None
    resume: str | None

    def facts(self) -> Mapping[str, object]:
        """Say it as an error's members."""
        return {"export_id": self.export_id, "resume": self.resume}

    def __str__(self) -> str:
        if self.export_id is None:
            return "Whether the export was asked for is unknown: see metrics24 exports list before you ask again."
        if self.resume is None:
            return f"The export is {self.export_id}."
        return (
            f"The export {self.export_id} goes on at the server, and what was downloaded is kept. Go on with: "
            f"{self.resume}"
        )


@contextmanager
def resumable(context: click.Context, export_id: str) -> Iterator[None]:
    """Say how to go on, however the block ends before its time: by Ctrl-C, SIGTERM or any error."""
    try:
        with sigterm_as_interrupt():
            yield
    except (metrics24.ExportFailed, metrics24.ExportCanceled) as error:
        raise EndedEarlyError(error, Unfinished(export_id, None)) from error
    except (Exception, KeyboardInterrupt) as error:
        command = command_line(context, {"export_id": export_id}, other=("metrics24 exports resume", resume_export))
        raise EndedEarlyError(error, Unfinished(export_id, command)) from error


@click.command("resume", epilog=RESUME_EXAMPLE + exits.HELP)
@export_id
@output(required=True)
@click.option("--delimiter", metavar="CHARACTER", help="Parquet: what separates the cells, if the server does not say.")
@connection_options
@click.pass_context
def resume_export(context: click.Context, /, **given: Any) -> None:
    """Wait for an export that was asked for before, and download its file.

    A download that was cut short goes on where it was.
    """
    order = ordered(given)
    with open_client(given) as client:
        job = client.exports.resume(given["export_id"])
        with resumable(context, job.id):
            fetch(job, order, given, title="export")


START_EXAMPLE = epilog(
    "metrics24 export clicks --integration acmeshop01",
    "--start 2025-02-01 --end 2025-02-07",
    "--field real_tx_id,request_time,status -o clicks.csv",
)
_DAYS = ("start", "end", "last", "month", "timezone")

OPTIONS = (
    kind,
    click.option("--integration", required=True, metavar="ID", help="The integration whose rows to export."),
    columns,
    click.option(
        "--fields-from",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="File with more columns, one a line.",
    ),
    click.option(
        "--extra-parameter",
        "extra_parameters",
        multiple=True,
        metavar="NAME",
        help="An extra parameter that shall become a column; once for each.",
    ),
    range_options,
    click.option("--no-dates", is_flag=True, help="Name no days; what the server takes then is not documented."),
    click.option("--filter", "filters", multiple=True, metavar="CONDITION", help="As for pull; once for each."),
    click.option("--delimiter", metavar="CHARACTER", help="What separates the cells; a comma by default."),
    click.option(
        "--reuse",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="SECONDS",
        help="Take an equal export that is at most so old, and spare the day's quota.",
    ),
    click.option("--start-only", is_flag=True, help="Print the export's id and end; exports resume fetches it later."),
    output(required=False, more=" Required without --start-only."),
)


@click.command(epilog=START_EXAMPLE + exits.HELP)
@all_of(*OPTIONS)
@connection_options
@click.pass_context
def export(context: click.Context, /, **given: Any) -> None:
    """Have the server make a file of clicks, conversions or impressions, and download it.

    For more rows than pull should read. An account may ask for few exports a day; an interrupted command says how to
    go on without asking again.
    """
    question = _question(given)
    if given["start_only"]:
        if given["output"] is not None:
            raise click.UsageError("--start-only and --output exclude each other.")
        with open_client(given) as client:
            _show_id(_started(client, question, given), given)
        return
    if given["output"] is None:
        raise click.UsageError("Say where the file shall go: --output FILE (or --start-only to only ask for it).")
    order = ordered(given)
    with open_client(given) as client:
        job = _started(client, question, given)
        with resumable(context, job.id):
            if not given["quiet"] and not given["as_json"]:
                click.echo(printable(f"Export {job.id}: {job.status}"), err=True)
            fetch(job, order, given, title=given["kind"])


def _question(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contents of the export."""
    tell_of_commas(given)
    question = {
        "fields": chosen_columns(given),
        "extra_parameters": given["extra_parameters"],
        "delimiter": delimiter(given["delimiter"]),
        "filter": parse_filters(given["filters"]),
        "reuse": given["reuse"],
    }
    if given["no_dates"]:
        if named := [name for name in _DAYS if given[name] is not None]:
            raise click.UsageError(f"--no-dates and --{named[0]} exclude each other.")
        return question
    days = understood(given, datetime.now(UTC))
    if days.words and not given["quiet"] and not given["as_json"]:
        click.echo(f"Days: {days.words}", err=True)
    return {**question, "start": days.start, "end": days.end}


def _started(client: metrics24.Client, question: Mapping[str, Any], given: Mapping[str, Any]) -> metrics24.ExportJob:
    try:
        with sigterm_as_interrupt():
            return client.exports.start(given["kind"], given["integration"], **question)
    except KeyboardInterrupt as error:
        raise EndedEarlyError(error, Unfinished(None, None)) from error
    except (metrics24.RequestFailed, metrics24.RateLimited) as error:
        error.add_note("On the command line: --reuse SECONDS, and metrics24 exports list shows which there are.")
        raise


def _show_id(job: metrics24.ExportJob, given: Mapping[str, Any]) -> None:
    if given["as_json"]:
        click.echo(json.dumps({"export_id": job.id, "status": job.status}))
    else:
        click.echo(printable(job.id))


PLAN_EXAMPLE = epilog(
    "metrics24 exports plan clicks --integration acmeshop01",
    "--start 2025-01-01 --end 2025-02-28 --field real_tx_id,status",
)
_COUNTED = {
    True: "The server counts the last day of a range in.",
    False: "The server does not count the last day of a range in, so ranges share their ends.",
    None: "Whether the server counts the last day of a range in could not be seen.",
}


@click.command("plan", epilog=PLAN_EXAMPLE + exits.HELP)
@kind
@click.option("--integration", required=True, metavar="ID", help="The integration whose rows to export.")
@columns
@range_options
@click.option(
    "--exports-per-day", type=click.IntRange(min=1), default=10, help="Exports that the account has a day (10)."
)
@click.option(
    "--export-rows", type=click.IntRange(min=1), default=5_000_000, help="Rows that an export holds at most (5000000)."
)
@connection_options
@click.pass_context
def plan_exports(context: click.Context, /, **given: Any) -> None:
    """Say how to split a range of days so that no export is cut and the day's quota holds.

    Prints the commands to run, each below a line that says when. Asks for no export.
    """
    days = understood(given, datetime.now(UTC))
    limits = metrics24.Limits(exports_per_day=given["exports_per_day"], export_rows=given["export_rows"])
    with open_client(given) as client:
        plan = client.with_options(limits=limits).exports.plan(
            given["kind"], given["integration"], start=days.start, end=days.end
        )
    commands = [_command(context, part) for part in plan.exports]
    if given["as_json"]:
        click.echo(json.dumps(_facts(plan, commands)))
        return
    for part, command in zip(plan.exports, commands, strict=True):
        click.echo(f"# {_words(part)}\n{command}")
    if not given["quiet"]:
        basis = f"About {plan.rows_per_day:,} rows a day, by {plan.basis}; {plan.left_today} exports are left today."
        click.echo(f"{basis} {_COUNTED[plan.end_included]}", err=True)


def _command(context: click.Context, part: PlannedExport) -> str:
    """Write the command for one export, with what the plan was told of the server and the columns."""
    changes: dict[str, object] = {
        "start": part.start,
        "end": part.end,
        "fields": context.params["fields"] or ("NAME",),
        "output": Path(f"{context.params['kind']}-{part.start}-{part.end}.csv"),
        **dict.fromkeys(("last", "month", "timezone", "as_json", "quiet", "debug")),
    }
    return command_line(context, changes, other=("metrics24 export", export))


def _words(part: PlannedExport) -> str:
    when = "today" if not part.wait_days else f"in {part.wait_days} day{'' if part.wait_days == 1 else 's'}"
    more = "; one day alone may be cut, so split it with --filter" if part.too_large else ""
    return f"{part.start} to {part.end}: {part.rows:,} rows or fewer, {when}{more}"


def _facts(plan: ExportPlan, commands: list[str]) -> Mapping[str, object]:
    exports = [
        {
            "start": str(part.start),
            "end": str(part.end),
            "rows": part.rows,
            "wait_days": part.wait_days,
            "too_large": part.too_large,
            "command": command,
        }
        for part, command in zip(plan.exports, commands, strict=True)
    ]
    names = ("rows_per_day", "basis", "left_today", "end_included")
    return {"exports": exports, **{name: getattr(plan, name) for name in names}}


COLUMNS = (
    TableColumn("ID", whole=True),
    TableColumn("TYPE"),
    TableColumn("STATUS", whole=True),
    TableColumn("ROWS", right=True, whole=True),
    TableColumn("CREATED"),
    TableColumn("DAYS"),
)
LIST_EXAMPLE = epilog("metrics24 exports list --results-meta-total-gte 1", "--sort=-created_at --limit 5")
GET_EXAMPLE = epilog("metrics24 exports get 01JN66V0G014R3RV1YZ7AMAEDQ")
URL_EXAMPLE = epilog("metrics24 exports url 01JN66V0G014R3RV1YZ7AMAEDQ")


class _Filtered(click.Command):
    """A command with an option for each filter that the spec documents."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Add those options, at the time when they are needed: the spec's names load slowly."""
        own = super().get_params(ctx)
        return [*own[:-1], *_documented(), *own[-1:]]  # --help stands last


def _documented() -> list[click.Option]:
    from metrics24.models import EXPORT_FILTERS  # noqa: PLC0415  loads the generated code

    return [
        click.Option(
            [f"--{name.replace('_', '-')}"],
            multiple=known.type == "array",
            type=int if known.type == "integer" else str,
            metavar="NUMBER" if known.type == "integer" else "DAY" if known.format == "date" else "TEXT",
            help=f"Documented filter{', once for each value' if known.type == 'array' else ''}.",
        )
        for name, known in EXPORT_FILTERS.items()
    ]


@click.command("list", cls=_Filtered, epilog=LIST_EXAMPLE + exits.HELP)
@click.option("--filter", "filters", multiple=True, metavar="CONDITION", help="Any other filter, as for pull.")
@click.option("--sort", metavar="COLUMNS", help="Columns to sort by, like -created_at,type; - is descending.")
@click.option("--limit", type=click.IntRange(min=0), help="Exports at most.")
@connection_options
def list_exports(**given: Any) -> None:
    """List exports: a table, or with --json one array of them.

    Signed URLs are shown without their signature; exports url gives it.
    """
    from metrics24.models import EXPORT_FILTERS  # noqa: PLC0415  loads the generated code

    named = {name: given[name] for name in EXPORT_FILTERS if given[name] not in (None, ())}
    documented = [metrics24.export_filter(**named)] if named else []
    typed = parse_filters(given["filters"])
    wanted = join([*documented, *([] if typed is None else [typed])])
    with open_client(given) as client:
        exports = client.exports.list(filter=wanted, sort=given["sort"], limit=given["limit"])
        records = [_unsigned(record) for record in exports.records()]
    if given["as_json"]:
        click.echo(json.dumps(records))
        return
    if records:
        click.echo("\n".join(table(COLUMNS, map(_cells, records), width=terminal_width())))
    if not given["quiet"]:
        click.echo(f"{len(records):,} export{'' if len(records) == 1 else 's'}", err=True)


@click.command("get", epilog=GET_EXAMPLE + exits.HELP)
@export_id
@connection_options
def get_export(**given: Any) -> None:
    """Show one export, a field per line.

    Signed URLs are shown without their signature; exports url gives it.
    """
    with open_client(given) as client:
        record = _unsigned(client.exports.get(given["export_id"]).to_dict())
    click.echo(json.dumps(record) if given["as_json"] else "\n".join(fields(record)))


@click.command("url", epilog=URL_EXAMPLE + exits.HELP)
@click.argument("name", metavar="ID_OR_NAME")
@connection_options
def export_url(**given: Any) -> None:
    """Print the signed URL of an export's file, named by the export's id or by its artifact_name.

    Whoever has the URL has the file, until it expires.
    """
    with open_client(given) as client:
        try:
            url = client.exports.url(_file_name(client, given["name"]))
        except metrics24.NotFound as error:
            error.add_note(f"{given['name']} is neither an export with a file nor the name of a file.")
            raise
    click.echo(json.dumps({"url": url}) if given["as_json"] else url)
    if not given["quiet"]:
        say(given, "Whoever has this URL has the file: keep it out of logs and messages.")


def _file_name(client: metrics24.Client, text: str) -> str:
    """The name of an export's file; what is no export's id is taken for the name itself."""
    from metrics24._core.export_flows import (  # noqa: PLC0415
        names_in,
        raise_if_failed,
    )

    try:
        job = client.exports.resume(text)
    except (metrics24.NotFound, metrics24.UsageError):
        return text
    record = job.export.to_dict()
    raise_if_failed({**record, "id": job.id})
    name = next(names_in(record), None)
    if name is None:
        raise metrics24.ExportTimeout(
            f"The export {job.id} has no file yet (it is {job.status}); ask again when it is complete.",
            export_id=job.id,
        )
    return name


def _unsigned(value: Any) -> Any:
    """Take the query out of URLs, at any depth: that of a signed one is a credential."""
    if isinstance(value, Mapping):
        return {name: _unsigned(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_unsigned(each) for each in value]
    if isinstance(value, str) and "://" in value:
        address, mark, _ = value.partition("?")
        return f"{address}?..." if mark else value
    return value


def _cells(record: Mapping[str, Any]) -> list[object]:
    days, meta = (record.get(name) or {} for name in ("reports_query_option", "results_meta"))
    span = [str(days[name]) for name in ("start_date", "end_date") if isinstance(days, dict) and days.get(name)]
    return [
        record.get("id"),
        record.get("type"),
        record.get("status"),
        meta.get("total") if isinstance(meta, dict) else None,
        record.get("created_at"),
        " to ".join(span),
    ]


DELETE_EXAMPLE = epilog("metrics24 exports delete 01JN66V0G014R3RV1YZ7AMAEDQ --dry-run")


@click.command("delete", epilog=DELETE_EXAMPLE + exits.HELP)
@export_id
@dry_run
@yes
@connection_options
def delete_export(**given: Any) -> int:
    """Delete an export and its file on the server, after asking."""
    identity = given["export_id"]
    with open_client(given) as client:
        if given["dry_run"] or not given["yes"]:
            export = client.exports.get(identity)
            kind, status = str(export.type_), str(export.status)
            if given["dry_run"]:
                facts = {"dry_run": True, "action": "delete", "export_id": identity, "type": kind, "status": status}
                text = printable(f"would delete  {identity}  {kind}  {status}")
                click.echo(json.dumps(facts) if given["as_json"] else text)
                if not given["quiet"] and not given["as_json"]:
                    say(given, "Dry run: nothing was changed.")
                return exits.DONE
            if not confirmed(given, f"Delete export {identity} ({kind}, {status}) and its file?"):
                return exits.UNEXPECTED
        with writing(given, f"Whether {identity} was deleted is unknown; deleting it again does no harm."):
            client.exports.delete(identity)
    click.echo(json.dumps({"deleted": identity}) if given["as_json"] else printable(f"deleted  {identity}"))
    return exits.DONE


@click.group(epilog=LIST_EXAMPLE + exits.HELP)
def exports() -> None:
    """Exports that were asked for: see, fetch and delete them, and plan large ones.

    `metrics24 export` asks for one.
    """


for command in (list_exports, get_export, resume_export, export_url, plan_exports, delete_export):
    exports.add_command(command)
