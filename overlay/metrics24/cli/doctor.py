"""`metrics24 doctor`: find out which guesses of the spec are wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

from metrics24.cli import exits
from metrics24.cli.connection import all_of, connection_options, open_client, routes
from metrics24.cli.days import understood_day
from metrics24.cli.interrupts import sigterm_as_interrupt
from metrics24.cli.key_file import read_key
from metrics24.cli.reporting import EndedEarlyError
from metrics24.cli.text import printable

if TYPE_CHECKING:
    from metrics24.doctor.consultation import Question
    from metrics24.doctor.findings import Finding
    from metrics24.doctor.writes import Permission

_CLEAR_LINE = "\r\x1b[K"

OPTIONS = (
    click.option("--integration", metavar="ID", help="An integration to read from; most operations need one."),
    click.option("--start", metavar="DAY", help="First day of the rows to read, like 2025-02-01 (yesterday)."),
    click.option("--end", metavar="DAY", help="Last day; by default today, or the first one if that is given."),
    click.option("--include-writes", is_flag=True, help="Also create, change and delete a filter group."),
    click.option("--scratch-integration", metavar="ID", help="The integration in which --include-writes may do so."),
    click.option("--organization", metavar="ID", help="The organization of the scratch integration."),
    click.option("--include-exports", is_flag=True, help="With --include-writes: request three exports (costs quota)."),
)

# \b keeps click from filling the lines into a paragraph.
EXAMPLE = """\b
Example:
  metrics24 doctor --integration acmeshop01

"""


@click.command(epilog=EXAMPLE + exits.HELP)
@all_of(*OPTIONS)
@connection_options
def doctor(**given: Any) -> int:
    """Check settings, key and connection, then ask each read operation once.

    Says per operation whether its method, path and answer are as the spec says, and how to correct what is not. Prints
    names and types only, never a key or a value of a row. Writes nothing without --include-writes.
    """
    from metrics24.doctor.consultation import base_url, consult  # noqa: PLC0415  loads the HTTP client
    from metrics24.doctor.findings import exit_code  # noqa: PLC0415  likewise

    question = _question(given)
    try:
        with sigterm_as_interrupt(), steps_shown(given) as on_step:
            findings = consult(question, os.environ, lambda: open_client(given), on_step)
    except KeyboardInterrupt as error:  # click would forget which of the two it was
        raise EndedEarlyError(error) from error
    _show(given, findings, base_url(question, os.environ))
    return exit_code(findings)


def _question(given: Mapping[str, Any]) -> Question:
    from metrics24.doctor.consultation import PATIENCE, Question  # noqa: PLC0415  loads the HTTP client

    start, end = few_days(given)
    file = given["api_key_file"]
    return Question(
        start=start,
        end=end,
        integration=checked_id(given, "integration"),
        base_url=given["base_url"],
        key_file=None if file is None else str(file),
        key=None if file is None else read_key(file),
        routes=routes(given),
        timeout=given["timeout"] if given["timeout"] is not None else PATIENCE,
        permission=_permission(given),
    )


def checked_id(given: Mapping[str, Any], name: str) -> str | None:
    """Return an option that is an id."""
    from metrics24.operations import safe_id  # noqa: PLC0415  loads the generated code

    return None if given[name] is None else safe_id(given[name], f"--{name.replace('_', '-')}")


def few_days(given: Mapping[str, Any]) -> tuple[date, date]:
    """Understand --start and --end: yesterday and today, unless one of them says otherwise."""
    today = date.today()
    given_days = {name: understood_day(given[name], f"--{name}", today) for name in ("start", "end") if given[name]}
    start = given_days.get("start", given_days.get("end", today - timedelta(days=1)))
    end = given_days.get("end", given_days.get("start", today))
    if start > end:
        raise click.UsageError(f"--start ({start}) lies after --end ({end}).")
    return start, end


def _permission(given: Mapping[str, Any]) -> Permission | None:
    from metrics24.doctor.writes import Permission  # noqa: PLC0415  loads the HTTP client

    named = {name: given[name] for name in ("scratch_integration", "organization")}
    if not given["include_writes"]:
        if given["include_exports"] or any(named.values()):
            raise click.UsageError("--scratch-integration, --organization and --include-exports need --include-writes.")
        return None
    if not all(named.values()):
        raise click.UsageError("--include-writes needs --scratch-integration and --organization.")
    return Permission(
        integration=str(checked_id(given, "scratch_integration")),
        organization=named["organization"],
        exports=given["include_exports"],
    )


@contextmanager
def steps_shown(given: Mapping[str, Any]) -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being asked, on a line that is overwritten, and cleared in the end."""
    if given["quiet"] or given["as_json"] or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        yield lambda step: click.echo(f"{_CLEAR_LINE}{step} ...", err=True, nl=False)
    finally:
        click.echo(_CLEAR_LINE, err=True, nl=False)


def _show(given: Mapping[str, Any], findings: list[Finding], url: str) -> None:
    from metrics24.doctor.report import as_json, as_text  # noqa: PLC0415  loads the HTTP client

    if given["as_json"]:
        click.echo(json.dumps(as_json(findings, base_url=url)))
    elif not given["quiet"]:
        click.echo(as_text(findings, printable))
