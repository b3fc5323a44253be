"""`metrics24 filter-groups list` and `get`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from metrics24.cli import exits
from metrics24.cli.connection import open_client
from metrics24.cli.filters import parse_filters
from metrics24.cli.groups.options import count, epilog, on_one_integration
from metrics24.cli.groups.outcome import show_group
from metrics24.cli.tables import Column, table, terminal_width

COLUMNS = (
    Column("ID", whole=True),
    Column("PRIO", right=True, whole=True),
    Column("NAME"),
    Column("ACTIVE", whole=True),
    Column("MONITOR", whole=True),
    Column("OFFERS", right=True, whole=True),
    Column("TAGS"),
)
LIST_EXAMPLE = epilog("metrics24 filter-groups list --integration acmeshop01 --sort=-priority")
GET_EXAMPLE = epilog("metrics24 filter-groups get 01HK153X00B7PYKC2FGWT67M8C --integration acmeshop01")


@click.command("list", epilog=LIST_EXAMPLE + exits.HELP)
@on_one_integration
@click.option(
    "--filter", "filters", multiple=True, metavar="CONDITION", help="Only groups with active=true, and so on."
)
@click.option("--sort", metavar="COLUMNS", help="Columns to sort by, like -priority,name; - is descending.")
@click.option("--limit", type=click.IntRange(min=0), help="Groups at most.")
def list_groups(**given: Any) -> None:
    """List filter groups: a table, or with --json one array of them as the server sent them."""
    with open_client(given) as client:
        asked = {"filter": parse_filters(given["filters"]), "sort": given["sort"], "limit": given["limit"]}
        groups = list(client.filter_groups.list(given["integration"], **asked).records())
    if given["as_json"]:
        click.echo(json.dumps(groups))
        return
    if groups:
        click.echo("\n".join(table(COLUMNS, map(_cells, groups), width=terminal_width())))
    if not given["quiet"]:
        click.echo(count(groups), err=True)


@click.command("get", epilog=GET_EXAMPLE + exits.HELP)
@click.argument("group_id", metavar="ID")
@on_one_integration
def get_group(**given: Any) -> None:
    """Show one filter group, a field per line."""
    with open_client(given) as client:
        group = client.filter_groups.get(given["integration"], given["group_id"])
    show_group(given, group.to_dict())


def _cells(group: Mapping[str, Any]) -> list[object]:
    offers = group.get("offer_ids")
    return [
        group.get("id"),
        group.get("priority"),
        group.get("name"),
        group.get("active"),
        group.get("monitoring_mode"),
        len(offers) if isinstance(offers, list) else None,
        group.get("tags") or None,
    ]
