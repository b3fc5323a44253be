"""`metrics24 filter-groups delete` and `bulk-delete`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

import metrics24
from metrics24.cli import exits
from metrics24.cli.connection import open_client
from metrics24.cli.groups.options import chosen, count, dry_run, epilog, ids, on_one_integration, organization, yes
from metrics24.cli.groups.outcome import Outcome, confirmed, show_plan, writing

DELETE_EXAMPLE = epilog(
    "metrics24 filter-groups delete 01HK153X00B7PYKC2FGWT67M8C",
    "--integration acmeshop01 --yes",
)
BULK_EXAMPLE = epilog(
    "metrics24 filter-groups bulk-delete --integration acmeshop01",
    "--ids-from groups.txt --dry-run",
)
_MOST_NAMED = 5


@click.command("delete", epilog=DELETE_EXAMPLE + exits.HELP)
@click.argument("group_id", metavar="ID")
@on_one_integration
@dry_run
@yes
def delete_group(**given: Any) -> int:
    """Delete one filter group, after asking."""
    group_id, integration = given["group_id"], given["integration"]
    with open_client(given) as client:
        if given["dry_run"] or not given["yes"]:
            group = client.filter_groups.get(integration, group_id).to_dict()
            if given["dry_run"]:
                return show_plan(given, "delete", [{"id": group_id, "name": group.get("name")}])
            if not confirmed(given, f"Delete filter group {group_id} ({group.get('name')}) of {integration}?"):
                return exits.UNEXPECTED
        with writing(given, f"Whether {group_id} was deleted is unknown; deleting it again does no harm."):
            client.filter_groups.delete(integration, group_id)
    Outcome(ok=[group_id]).show(given, "deleted")
    return exits.DONE


@click.command("bulk-delete", epilog=BULK_EXAMPLE + exits.HELP)
@ids
@on_one_integration
@organization
@dry_run
@yes
def bulk_delete(**given: Any) -> int:
    """Delete many filter groups with one request, after asking.

    The list is read before and afterwards: only ids that are gone count as deleted.
    """
    named, integration = chosen(given), given["integration"]
    with open_client(given) as client:
        if given["dry_run"]:
            return _plan(given, client, named)
        some = ", ".join(named[:_MOST_NAMED]) + (", ..." if len(named) > _MOST_NAMED else "")
        if not confirmed(given, f"Delete {count(named)} of {integration} ({some})?"):
            return exits.UNEXPECTED
        outcome = Outcome()
        with writing(given, f"Which of {count(named)} were deleted is unknown; see metrics24 filter-groups list."):
            outcome.add(client.filter_groups.bulk_delete(integration, named, organization=given["organization"]))
    outcome.show(given, "deleted")
    return outcome.code


def _plan(given: Mapping[str, Any], client: metrics24.Client, named: list[str]) -> int:
    found = {group.get("id"): group for group in client.filter_groups.list(given["integration"]).records()}
    plans = [{"id": each, "name": found[each].get("name")} for each in named if each in found]
    return show_plan(given, "delete", plans, [each for each in named if each not in found])
