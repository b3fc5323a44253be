"""`metrics24 export` and `metrics24 exports`: files that the server makes, and the Download Center that keeps them."""

from __future__ import annotations

import click

from metrics24.cli import exits
from metrics24.cli.exports.deleting import delete_export
from metrics24.cli.exports.planning import plan_exports
from metrics24.cli.exports.reading import LIST_EXAMPLE, export_url, get_export, list_exports
from metrics24.cli.exports.resuming import resume_export
from metrics24.cli.exports.starting import export

__all__ = ["export", "exports"]


@click.group(epilog=LIST_EXAMPLE + exits.HELP)
def exports() -> None:
    """Exports that were asked for: see, fetch and delete them, and plan large ones.

    `metrics24 export` asks for one.
    """


for command in (list_exports, get_export, resume_export, export_url, plan_exports, delete_export):
    exports.add_command(command)
