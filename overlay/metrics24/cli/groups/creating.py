"""`metrics24 filter-groups create`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import click

import metrics24
from metrics24.cli import exits
from metrics24.cli.connection import open_client
from metrics24.cli.groups.options import dry_run, epilog, given_properties, on_one_integration, properties
from metrics24.cli.groups.outcome import say, show_group, writing

EXAMPLE = epilog(
    "metrics24 filter-groups create --integration acmeshop01",
    "--organization acmegroup1 --name 'Summer sale' --priority 7",
    "--offer 1001 --offer 1002 --monitoring-mode --inactive",
)


@click.command("create", epilog=EXAMPLE + exits.HELP)
@on_one_integration
@click.option("--organization", required=True, metavar="ID", help="The organization of the integration.")
@click.option("--name", required=True, metavar="TEXT", help="Name for people.")
@click.option("--priority", required=True, type=int, metavar="NUMBER", help="Unique within the integration.")
@properties
@dry_run
def create_group(**given: Any) -> None:
    """Create a filter group and show it as the server has it.

    It is sent once. If the answer is lost and nothing tells whether the group exists, the exit code is 14.
    """
    asked = {name: given[name] for name in ("name", "organization", "priority")} | given_properties(given)
    with open_client(given) as client:
        if given["dry_run"]:
            _plan(given, client, asked)
            return
        with writing(given, f"Whether the group was created is unknown; look before you repeat it: {_search(given)}"):
            group = client.filter_groups.create(given["integration"], **asked)
    show_group(given, group.to_dict(), "Created:")


def _search(given: Mapping[str, Any]) -> str:
    """Write the command that finds the group."""
    words = click.get_current_context().command_path.split()[:-1]
    found = ["list", "--integration", given["integration"], "--filter", f"name={given['name']}"]
    return shlex.join([*words, *found])


def _plan(given: Mapping[str, Any], client: metrics24.Client, asked: Mapping[str, Any]) -> None:
    from metrics24.resources.group_arguments import new_group  # noqa: PLC0415  loads the generated client

    rest = {name: value for name, value in asked.items() if name not in {"name", "organization", "priority"}}
    body = new_group(given["integration"], asked["name"], asked["organization"], asked["priority"], rest)
    for group in client.filter_groups.list(given["integration"]).records():
        if group.get("priority") == body["priority"]:
            say(given, f"The priority {body['priority']} is taken by the filter group {group.get('id')}.")
    show_group(given, body, "Would create:")
    if not given["quiet"] and not given["as_json"]:
        click.echo("Dry run: nothing was created.", err=True)
