"""`metrics24 drift`: what answers hold that the spec does not say, and the patch that makes the spec say it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from metrics24.cli import exits
from metrics24.cli.connection import FILE, all_of, connection_options, open_client, routes
from metrics24.cli.doctor import checked_id, few_days, steps_shown
from metrics24.cli.interrupts import sigterm_as_interrupt
from metrics24.cli.reporting import EndedEarlyError
from metrics24.cli.text import printable
from metrics24.errors import SaveError

if TYPE_CHECKING:
    from metrics24.drift.comparing import Outcome, Source
    from metrics24.drift.document import Spec

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_STDOUT = Path("-")

OPTIONS = (
    click.option("--cassettes", type=_FOLDER, metavar="DIR", help="Compare the recorded answers of a folder."),
    click.option("--live", is_flag=True, help="Ask each read operation now, and compare its answer."),
    click.option("--integration", metavar="ID", help="With --live: an integration to read; most operations need one."),
    click.option("--start", metavar="DAY", help="With --live: first day of the rows, like 2025-02-01 (yesterday)."),
    click.option("--end", metavar="DAY", help="With --live: last day; by default today, or the first one if given."),
    click.option("--spec", type=FILE, metavar="FILE", help="The spec (openapi/spec.yaml here, or of the checkout)."),
    click.option(
        "--patch",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        is_flag=False,
        flag_value=_STDOUT,
        metavar="[FILE]",
        help="Write the correction of the spec as a patch, without FILE to stdout.",
    ),
    click.option("--write", is_flag=True, help="Correct the spec itself; then run make regenerate and make record."),
    click.option("--from-sandbox", is_flag=True, help="Let a sandbox's answers correct the spec, to try that out."),
)

# \b keeps click from filling the lines into a paragraph.
EXAMPLE = """\b
Example:
  metrics24 drift --live --integration acmeshop01

"""


@click.command(epilog=EXAMPLE + exits.HELP)
@all_of(*OPTIONS)
@connection_options
def drift(**given: Any) -> int:
    """Compare answers, recorded or live, with the spec.

    Lists unknown and missing fields, other types, new values of enums and statuses that the spec does not list, each
    with how often it was seen. Prints names, types and formats only, never a value of a row. Nothing is sent but reads.
    """
    from metrics24.drift.comparing import examine, place_of_spec  # noqa: PLC0415  loads the HTTP client

    _check(given)
    file = place_of_spec(given["spec"], to_write=given["write"])
    spec = _read(file)
    try:
        with sigterm_as_interrupt():
            source = _source(given, spec)
    except KeyboardInterrupt as error:  # click would forget which of the two it was
        raise EndedEarlyError(error) from error
    correct = bool(given["patch"] or given["write"])
    if source.sandbox and correct and not given["from_sandbox"]:
        raise click.UsageError(
            "These answers are a sandbox's, or written by hand, and say nothing about the live API. To correct the "
            "spec with them all the same, as a trial in a copy, give --from-sandbox."
        )
    outcome = examine(spec, _name(file), source, correct=correct)
    if given["write"]:
        _write(file, outcome.text)
    _show(given, outcome, file)
    return (outcome.after if given["write"] else outcome.before).exit_code


def _check(given: Mapping[str, Any]) -> None:
    if bool(given["cassettes"]) == given["live"]:
        raise click.UsageError("Give either --cassettes DIR or --live.")
    if not given["live"] and any(given[name] for name in ("integration", "start", "end")):
        raise click.UsageError("--integration, --start and --end need --live.")


def _read(file: Path) -> Spec:
    from metrics24.drift.document import Spec  # noqa: PLC0415  for its parser

    try:
        return Spec(file.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The spec {file} cannot be read: {error}") from error


def _source(given: Mapping[str, Any], spec: Spec) -> Source:
    from metrics24.drift.comparing import Source, from_cassettes  # noqa: PLC0415  loads the HTTP client

    if not given["live"]:
        return from_cassettes(spec, given["cassettes"])
    from metrics24.drift.live import listen  # noqa: PLC0415  likewise

    days, integration = few_days(given), checked_id(given, "integration")
    with steps_shown(given) as on_step, open_client(given) as client:
        listened = listen(client, integration, days, on_step, routes(given))
    return Source(answers=listened.answers, sandbox=_on_this_machine(given), silent=listened.silent)


def _on_this_machine(given: Mapping[str, Any]) -> bool:
    from metrics24.operations import DEFAULT_BASE_URL  # noqa: PLC0415  loads the generated code
    from metrics24.settings import BASE_URL_VARIABLE, is_loopback  # noqa: PLC0415  likewise

    url = given["base_url"] or os.environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL
    return is_loopback(urlsplit(url).hostname or "")


def _name(file: Path) -> str:
    """The name of the spec as the repository knows it."""
    return "/".join(file.resolve().parts[-2:])


def _write(file: Path, text: str) -> None:
    """Replace the file as a whole, so that nobody meets half of it."""
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.write_bytes(text.encode("utf-8"))
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SaveError(f"{file} could not be written: {error.strerror}.") from error


def _show(given: Mapping[str, Any], outcome: Outcome, file: Path) -> None:
    from metrics24.drift.patch import as_diff  # noqa: PLC0415  loads the HTTP client
    from metrics24.drift.report import as_json, as_text  # noqa: PLC0415  likewise

    report = outcome.after if given["write"] else outcome.before
    to_stdout = given["patch"] == _STDOUT
    change = as_diff(outcome.before_text, outcome.text, report.spec) if given["patch"] else ""
    if given["patch"] and not to_stdout:
        _write(given["patch"], change)
    if given["as_json"]:
        click.echo(json.dumps(as_json(report) | ({"patch": change} if to_stdout else {})))
        return
    if not given["quiet"]:
        click.echo(as_text(report, printable), err=to_stdout)
        if given["write"]:
            click.echo(f"{file} is corrected: now run make lint-spec, make regenerate and make record.")
    if to_stdout:
        click.echo(change, nl=False)
