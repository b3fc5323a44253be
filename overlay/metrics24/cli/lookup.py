"""`metrics24 lookup`: the one click or conversion that somebody asks about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

import metrics24
from metrics24.cli import exit_codes as exits
from metrics24.cli.options import FORMS, all_of, connection_options, open_client, understood_day
from metrics24.cli.output import printable

F = TypeVar("F", bound=Callable[..., Any])
if TYPE_CHECKING:  # the models load the generated client, which a help has no use for
    Row = metrics24.Click | metrics24.Conversion

# \b keeps click from filling the lines into a paragraph.
CLICK_EXAMPLE = """\b
Example:
  metrics24 lookup click --integration acmeshop01 --date 2025-02-01 \\
    --offer 'Tamarack Deposit 6' --publisher 200 \\
    --tx-id 01JK1Z9XD5CB0VFBVCTZ6EA5JF

"""
CONVERSION_EXAMPLE = """\b
Example:
  metrics24 lookup conversion --integration acmeshop01 --date 2025-02-01 \\
    --offer 'Halcyon Subscription 2' --publisher 200 \\
    --hash 5bacd9eb27642fd597539cce03767d7a

"""


def _keys(own: Callable[[F], F]) -> Callable[[F], F]:
    """Give a command the five keys; `own` is the last of them."""
    return all_of(
        click.option("--integration", required=True, metavar="ID", help="The integration that the row belongs to."),
        click.option(
            "--date", "typed", required=True, metavar="DAY", help=f"Its day in the account's time zone: {FORMS}."
        ),
        click.option("--offer", required=True, metavar="NAME", help="Its offer, exactly as in the report."),
        click.option("--publisher", required=True, metavar="NAME", help="Its publisher, exactly as in the report."),
        own,
    )


@click.group(epilog=CLICK_EXAMPLE + exits.HELP)
def lookup() -> None:
    """Look one click or conversion up by five keys, which must all match.

    Shows what is known of it, a field per line.
    """


@lookup.command("click", epilog=CLICK_EXAMPLE + exits.HELP)
@_keys(click.option("--tx-id", required=True, metavar="ID", help="The click's transaction id."))
@connection_options
def look_up_click(**given: Any) -> None:
    """Look one click up."""
    _show(given, lambda reports, keys: reports.get_click(**keys, tx_id=given["tx_id"]))


@lookup.command("conversion", epilog=CONVERSION_EXAMPLE + exits.HELP)
@_keys(click.option("--hash", "hash_", required=True, metavar="HASH", help="The conversion's hash."))
@connection_options
def look_up_conversion(**given: Any) -> None:
    """Look one conversion or event up."""
    _show(given, lambda reports, keys: reports.get_conversion(**keys, hash=given["hash_"]))


def _show(given: Mapping[str, Any], find: Callable[[Any, Mapping[str, Any]], Row]) -> None:
    day = understood_day(given["typed"], "--date", datetime.now().astimezone().date())
    keys = {"request_date": day, **{name: given[name] for name in ("integration", "offer", "publisher")}}
    with open_client(given) as client:
        try:
            row = find(client.reports, keys)
        except metrics24.NotFound as error:
            error.args = (_miss(error, given, day),)
            raise
    click.echo(json.dumps(row.to_dict()) if given["as_json"] else "\n".join(_lines(row)))


def _miss(error: metrics24.NotFound, given: Mapping[str, Any], day: date) -> str:
    """Say what to check, in the order in which it is worth it."""
    from metrics24._core.responses import (  # noqa: PLC0415
        quoted,
        servers_words,
    )

    words = servers_words(error.body)
    kind, own = ("click", "--tx-id") if "tx_id" in given else ("conversion", "--hash")
    first = "Check --integration first, then --date" if "integration" in words.casefold() else "Check --date first"
    said = f"It says: {words!r}. " if words else ""
    return (
        f"No {kind} of {quoted(given['integration'])} on {day} has these keys. {first} (a day in the account's time "
        f"zone), then {own}, --offer and --publisher exactly as in the report. The server answered {error.operation} "
        f"with status {error.status_code}. {said}If no look-up ever works: metrics24 doctor."
    )


def _lines(row: Row) -> list[str]:
    """Write a field per line, those that the spec does not know last."""
    everything = row.to_dict()
    known = {name: value for name, value in everything.items() if name not in row.additional_properties}
    fields = {printable(name): _text(value) for name, value in (known | everything).items() if value is not None}
    width = max(map(len, fields), default=0)
    return [f"{name:<{width}}  {value}" for name, value in fields.items()]


def _text(value: object) -> str:
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
