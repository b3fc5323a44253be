"""`metrics24 filter-groups`: see and change the rules for offers, publishers and advertisers."""

from __future__ import annotations

import click

from metrics24.cli import exits
from metrics24.cli.groups.changing import add_offers, bulk_update, remove_offers, update_groups
from metrics24.cli.groups.creating import create_group
from metrics24.cli.groups.deleting import bulk_delete, delete_group
from metrics24.cli.groups.reading import LIST_EXAMPLE, get_group, list_groups

__all__ = ["filter_groups"]


@click.group(epilog=LIST_EXAMPLE + exits.HELP)
def filter_groups() -> None:
    """See and change filter groups.

    What deletes asks first; --dry-run shows what a change would do. A write is sent once, and read back if its answer
    is lost.
    """


for command in (
    list_groups,
    get_group,
    create_group,
    update_groups,
    add_offers,
    remove_offers,
    delete_group,
    bulk_update,
    bulk_delete,
):
    filter_groups.add_command(command)
