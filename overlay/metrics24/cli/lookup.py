"""`metrics24 lookup`: find the one click or conversion that somebody asks about."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import click
from attrs import frozen

import metrics24
from metrics24.cli.exit_codes import HELP
from metrics24.cli.options import FORMS, ConnectionOptions, command, example, option, parse_day
from metrics24.cli.output import fields

if TYPE_CHECKING:  # the models load the generated client, which a help has no use for
    Row = metrics24.Click | metrics24.Conversion

CLICK_EXAMPLE = example(
    "metrics24 lookup click --integration acmeshop01 --date 2025-02-01",
    "--offer 'Tamarack Deposit 6' --publisher 200",
    "--tx-id 01JK1Z9XD5CB0VFBVCTZ6EA5JF",
)
CONVERSION_EXAMPLE = example(
    "metrics24 lookup conversion --integration acmeshop01 --date 2025-02-01",
    "--offer 'Halcyon Subscription 2' --publisher 200",
    "--hash 5bacd9eb27642fd597539cce03767d7a",
)


@frozen(kw_only=True, slots=False)
class LookupOptions(ConnectionOptions):
    """The keys that clicks and conversions share."""

    integration: str = option("--integration", required=True, metavar="ID", help="The integration of the row.")
    request_date: str = option(
        "--date", required=True, metavar="DAY", help=f"Its day in the account's time zone: {FORMS}."
    )
    offer: str = option("--offer", required=True, metavar="NAME", help="Its offer, exactly as in the report.")
    publisher: str = option(
        "--publisher", required=True, metavar="NAME", help="Its publisher, exactly as in the report."
    )

    @property
    def day(self) -> date:
        """The day of the row."""
        return parse_day(self.request_date, "--date", datetime.now().astimezone().date())


@frozen(kw_only=True)
class ClickOptions(LookupOptions):
    """The keys of a click."""

    tx_id: str = option("--tx-id", required=True, metavar="ID", help="The click's transaction id.")


@frozen(kw_only=True)
class ConversionOptions(LookupOptions):
    """The keys of a conversion."""

    hash: str = option("--hash", required=True, metavar="HASH", help="The conversion's hash.")


@click.group(epilog=CLICK_EXAMPLE + HELP)
def lookup() -> None:
    """Look one click or conversion up by five keys, which must all match.

    Shows its fields, one per line.
    """


@command("click", ClickOptions, example=CLICK_EXAMPLE, group=lookup)
def look_up_click(options: ClickOptions) -> None:
    """Look one click up."""
    keys = {"offer": options.offer, "publisher": options.publisher, "tx_id": options.tx_id}
    with options.open_client() as client:
        try:
            row = client.reports.get_click(options.integration, request_date=options.day, **keys)
        except metrics24.NotFound as error:
            raise _explained(error, options, "click", "--tx-id") from None
    _show(row, options)


@command("conversion", ConversionOptions, example=CONVERSION_EXAMPLE, group=lookup)
def look_up_conversion(options: ConversionOptions) -> None:
    """Look one conversion or event up."""
    keys = {"offer": options.offer, "publisher": options.publisher, "hash": options.hash}
    with options.open_client() as client:
        try:
            row = client.reports.get_conversion(options.integration, request_date=options.day, **keys)
        except metrics24.NotFound as error:
            raise _explained(error, options, "conversion", "--hash") from None
    _show(row, options)


def _explained(error: metrics24.NotFound, options: LookupOptions, kind: str, own: str) -> metrics24.NotFound:
    """Say what to check, in the order in which it is worth it."""
    words = error.server_message
    first = "Check --integration first, then --date" if "integration" in words.casefold() else "Check --date first"
    said = f"It says: {words!r}. " if words else ""
    error.args = (
        f"No {kind} of {options.integration} on {options.day} has these keys. {first} (a day in the account's time "
        f"zone), then {own}, --offer and --publisher exactly as in the report. The server responded to "
        f"{error.operation} with status {error.status_code}. {said}If no look-up ever works: metrics24 doctor.",
    )
    return error


def _show(row: Row, options: ConnectionOptions) -> None:
    """Print a row, the fields that the spec does not know last."""
    everything = row.to_dict()
    known = {name: value for name, value in everything.items() if name not in row.additional_properties}
    options.output.result(everything, fields(known | everything))
