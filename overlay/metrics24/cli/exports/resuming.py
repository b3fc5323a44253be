"""`metrics24 exports resume`, and the promise of it that every command makes which ends before its file is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from attrs import frozen

import metrics24
from metrics24.cli import exits
from metrics24.cli.connection import connection_options, open_client
from metrics24.cli.exports.fetching import fetch
from metrics24.cli.exports.options import export_id, ordered, output
from metrics24.cli.groups.options import epilog
from metrics24.cli.interrupts import command_line, sigterm_as_interrupt
from metrics24.cli.reporting import EndedEarlyError

EXAMPLE = epilog("metrics24 exports resume 01JN66V0G014R3RV1YZ7AMAEDQ -o conversions.csv")


@frozen
class Unfinished:
    """An export whose file is not there when its command ends.

    Attributes:
        export_id: the export, None if it is not known whether there is one.
        resume: the command that goes on, None where there is nothing to go on with.

    """

    export_id: str | None
    resume: str | None

    def facts(self) -> Mapping[str, object]:
        """Say it as an error's members."""
        return {"export_id": self.export_id, "resume": self.resume}

    def __str__(self) -> str:
        if self.export_id is None:
            return "Whether the export was asked for is unknown: see metrics24 exports list before you ask again."
        if self.resume is None:
            return f"The export is {self.export_id}."
        return (
            f"The export {self.export_id} goes on at the server, and what was downloaded is kept. Go on with: "
            f"{self.resume}"
        )


@contextmanager
def resumable(context: click.Context, export_id: str) -> Iterator[None]:
    """Say how to go on, however the block ends before its time: by Ctrl-C, SIGTERM or any error."""
    try:
        with sigterm_as_interrupt():
            yield
    except (metrics24.ExportFailed, metrics24.ExportCanceled) as error:
        raise EndedEarlyError(error, Unfinished(export_id, None)) from error
    except (Exception, KeyboardInterrupt) as error:
        command = command_line(context, {"export_id": export_id}, other=("metrics24 exports resume", resume_export))
        raise EndedEarlyError(error, Unfinished(export_id, command)) from error


@click.command("resume", epilog=EXAMPLE + exits.HELP)
@export_id
@output(required=True)
@click.option("--delimiter", metavar="CHARACTER", help="Parquet: what separates the cells, if the server does not say.")
@connection_options
@click.pass_context
def resume_export(context: click.Context, /, **given: Any) -> None:
    """Wait for an export that was asked for before, and download its file.

    A download that was cut short goes on where it was.
    """
    order = ordered(given)
    with open_client(given) as client:
        job = client.exports.resume(given["export_id"])
        with resumable(context, job.id):
            fetch(job, order, given, title="export")
