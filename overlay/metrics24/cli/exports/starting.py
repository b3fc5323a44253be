"""`metrics24 export`: large tables as a file that the server makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

import metrics24
from metrics24.cli import exits
from metrics24.cli.connection import all_of, connection_options, open_client
from metrics24.cli.days import range_options, understood
from metrics24.cli.exports.fetching import fetch
from metrics24.cli.exports.options import chosen_columns, columns, delimiter, kind, ordered, output
from metrics24.cli.exports.resuming import Unfinished, resumable
from metrics24.cli.filters import parse_filters, tell_of_commas
from metrics24.cli.groups.options import epilog
from metrics24.cli.interrupts import sigterm_as_interrupt
from metrics24.cli.reporting import EndedEarlyError
from metrics24.cli.text import printable

EXAMPLE = epilog(
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


@click.command(epilog=EXAMPLE + exits.HELP)
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
    """What the export shall hold."""
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
