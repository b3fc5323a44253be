"""`metrics24 pull`: a report table into a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

import metrics24
from metrics24.cli import exits
from metrics24.cli.by_day import by_day_options, check, pull_by_day
from metrics24.cli.connection import FILE, all_of, connection_options, open_client
from metrics24.cli.days import Range, range_options, understood
from metrics24.cli.filters import tell_of_commas
from metrics24.cli.interrupts import sigterm_as_interrupt
from metrics24.cli.pulling import Pulled, Pulling
from metrics24.cli.reporting import EndedEarlyError
from metrics24.cli.text import fitting_nowhere, number, printable, size
from metrics24.settings import MOST_AT_ONCE

TABLES = ("clicks", "conversions", "impressions")


OPTIONS = (
    click.argument("table", type=click.Choice(TABLES)),
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
    click.option("--unordered", is_flag=True, help="With --parallel: write pages of any day as they come."),
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
    if given["unordered"] and given["parallel"] is None:
        raise click.UsageError("--unordered needs --parallel N.", context)
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
    from metrics24.cli.lanes import Lanes  # noqa: PLC0415  loads what showing help does not need

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
