"""`metrics24 exports plan`: how to split a range of days, as commands to run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import metrics24
from metrics24.cli import exits
from metrics24.cli.connection import connection_options, open_client
from metrics24.cli.days import range_options, understood
from metrics24.cli.exports.options import columns, kind
from metrics24.cli.exports.starting import export
from metrics24.cli.groups.options import epilog
from metrics24.cli.interrupts import command_line

if TYPE_CHECKING:  # loads the HTTP client, which a help has no use for
    from metrics24.flows.planning import ExportPlan, PlannedExport

EXAMPLE = epilog(
    "metrics24 exports plan clicks --integration acmeshop01",
    "--start 2025-01-01 --end 2025-02-28 --field real_tx_id,status",
)
_COUNTED = {
    True: "The server counts the last day of a range in.",
    False: "The server does not count the last day of a range in, so ranges share their ends.",
    None: "Whether the server counts the last day of a range in could not be seen.",
}


@click.command("plan", epilog=EXAMPLE + exits.HELP)
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
