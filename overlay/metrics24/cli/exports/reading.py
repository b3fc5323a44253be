"""`metrics24 exports list`, `get` and `url`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

import metrics24
from metrics24.cli import exits
from metrics24.cli.connection import connection_options, open_client
from metrics24.cli.exports.options import export_id
from metrics24.cli.filters import parse_filters
from metrics24.cli.groups.options import epilog
from metrics24.cli.groups.outcome import say
from metrics24.cli.tables import Column, fields, table, terminal_width
from metrics24.filters import join

COLUMNS = (
    Column("ID", whole=True),
    Column("TYPE"),
    Column("STATUS", whole=True),
    Column("ROWS", right=True, whole=True),
    Column("CREATED"),
    Column("DAYS"),
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
    from metrics24.operations import EXPORT_FILTERS  # noqa: PLC0415  loads the generated code

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
    from metrics24.operations import EXPORT_FILTERS  # noqa: PLC0415  loads the generated code

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
    from metrics24.flows.export_records import names_in  # noqa: PLC0415  loads the HTTP client
    from metrics24.flows.waiting import raise_if_failed  # noqa: PLC0415  likewise

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
