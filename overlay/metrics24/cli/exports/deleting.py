"""`metrics24 exports delete`."""

from __future__ import annotations

import json
from typing import Any

import click

from metrics24.cli import exits
from metrics24.cli.connection import connection_options, open_client
from metrics24.cli.exports.options import export_id
from metrics24.cli.groups.options import dry_run, epilog, yes
from metrics24.cli.groups.outcome import confirmed, say, writing
from metrics24.cli.text import printable

EXAMPLE = epilog("metrics24 exports delete 01JN66V0G014R3RV1YZ7AMAEDQ --dry-run")


@click.command("delete", epilog=EXAMPLE + exits.HELP)
@export_id
@dry_run
@yes
@connection_options
def delete_export(**given: Any) -> int:
    """Delete an export and its file on the server, after asking."""
    identity = given["export_id"]
    with open_client(given) as client:
        if given["dry_run"] or not given["yes"]:
            export = client.exports.get(identity)
            kind, status = str(export.type_), str(export.status)
            if given["dry_run"]:
                facts = {"dry_run": True, "action": "delete", "export_id": identity, "type": kind, "status": status}
                text = printable(f"would delete  {identity}  {kind}  {status}")
                click.echo(json.dumps(facts) if given["as_json"] else text)
                if not given["quiet"] and not given["as_json"]:
                    say(given, "Dry run: nothing was changed.")
                return exits.DONE
            if not confirmed(given, f"Delete export {identity} ({kind}, {status}) and its file?"):
                return exits.UNEXPECTED
        with writing(given, f"Whether {identity} was deleted is unknown; deleting it again does no harm."):
            client.exports.delete(identity)
    click.echo(json.dumps({"deleted": identity}) if given["as_json"] else printable(f"deleted  {identity}"))
    return exits.DONE
