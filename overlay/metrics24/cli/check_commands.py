"""The commands doctor, which finds wrong guesses of the spec, and drift, which corrects the spec by responses."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from metrics24.cli import exit_codes as exits
from metrics24.cli.exit_codes import sigterm_as_interrupt
from metrics24.cli.options import FILE, all_of, connection_options, open_client, read_key, routes, understood_day
from metrics24.cli.output import EndedEarlyError, printable
from metrics24.errors import SaveError

if TYPE_CHECKING:
    from metrics24.speccheck import DoctorOptions, DriftReport, Gathered, Spec, WritePermission


_CLEAR_LINE = "\r\x1b[K"

DOCTOR_OPTIONS = (
    click.option("--integration", metavar="ID", help="An integration to read from; most operations need one."),
    click.option("--start", metavar="DAY", help="First day of the rows to read, like 2025-02-01 (yesterday)."),
    click.option("--end", metavar="DAY", help="Last day; by default today, or the first one if that is given."),
    click.option("--include-writes", is_flag=True, help="Also create, change and delete a filter group."),
    click.option("--scratch-integration", metavar="ID", help="The integration in which --include-writes may do so."),
    click.option("--organization", metavar="ID", help="The organization of the scratch integration."),
    click.option("--include-exports", is_flag=True, help="With --include-writes: request three exports (costs quota)."),
)

# \b keeps click from filling the lines into a paragraph.
DOCTOR_EXAMPLE = """\b
Example:
  metrics24 doctor --integration acmeshop01

"""


@click.command(epilog=DOCTOR_EXAMPLE + exits.HELP)
@all_of(*DOCTOR_OPTIONS)
@connection_options
def doctor(**given: Any) -> int:
    """Check settings, key and connection, then ask each read operation once.

    Says per operation whether its method, path and response are as the spec says, and how to correct what is not.
    Prints names and types only, never a key or a value of a row. Writes nothing without --include-writes.
    """
    from metrics24.speccheck import run_doctor  # noqa: PLC0415  loads the HTTP client

    question = _question(given)
    try:
        with sigterm_as_interrupt(), steps_shown(given) as on_step:
            report = run_doctor(question, os.environ, lambda: open_client(given), on_step)
    except KeyboardInterrupt as error:  # click would forget which of the two it was
        raise EndedEarlyError(error) from error
    if given["as_json"]:
        click.echo(json.dumps(report.as_json()))
    elif not given["quiet"]:
        click.echo("\n".join(map(printable, report.lines())))
    return report.exit_code


def _question(given: Mapping[str, Any]) -> DoctorOptions:
    from metrics24.speccheck import PATIENCE, DoctorOptions  # noqa: PLC0415  loads the HTTP client

    start, end = few_days(given)
    file = given["api_key_file"]
    return DoctorOptions(
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
    from metrics24.arguments import safe_id  # noqa: PLC0415  loads the generated code

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


def _permission(given: Mapping[str, Any]) -> WritePermission | None:
    from metrics24.speccheck import WritePermission  # noqa: PLC0415  loads the HTTP client

    named = {name: given[name] for name in ("scratch_integration", "organization")}
    if not given["include_writes"]:
        if given["include_exports"] or any(named.values()):
            raise click.UsageError("--scratch-integration, --organization and --include-exports need --include-writes.")
        return None
    if not all(named.values()):
        raise click.UsageError("--include-writes needs --scratch-integration and --organization.")
    return WritePermission(
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


_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_STDOUT = Path("-")

DRIFT_OPTIONS = (
    click.option("--cassettes", type=_FOLDER, metavar="DIR", help="Compare the recorded responses of a folder."),
    click.option("--live", is_flag=True, help="Ask each read operation now, and compare its response."),
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
    click.option("--from-sandbox", is_flag=True, help="Let a sandbox's responses correct the spec, to try that out."),
)

# \b keeps click from filling the lines into a paragraph.
DRIFT_EXAMPLE = """\b
Example:
  metrics24 drift --live --integration acmeshop01

"""


@click.command(epilog=DRIFT_EXAMPLE + exits.HELP)
@all_of(*DRIFT_OPTIONS)
@connection_options
def drift(**given: Any) -> int:
    """Compare responses, recorded or live, with the spec.

    Lists unknown and missing fields, other types, new values of enums and statuses that the spec does not list, each
    with how often it was seen. Prints names, types and formats only, never a value of a row. Nothing is sent but reads.
    """
    from metrics24.speccheck import as_diff, corrected, find_spec, run_drift  # noqa: PLC0415  loads the HTTP client

    _check(given)
    file = find_spec(given["spec"], to_write=given["write"])
    spec = _read(file)
    try:
        with sigterm_as_interrupt():
            gathered = _gathered(given, spec)
    except KeyboardInterrupt as error:  # click would forget which of the two it was
        raise EndedEarlyError(error) from error
    correct = bool(given["patch"] or given["write"])
    if gathered.sandbox and correct and not given["from_sandbox"]:
        raise click.UsageError(
            "These responses are a sandbox's, or written by hand, and say nothing about the live API. To correct the "
            "spec with them all the same, as a trial in a copy, give --from-sandbox."
        )
    report, change = run_drift(spec, _name(file), gathered), ""
    if correct:
        text, after = corrected(spec, report)
        change = as_diff(spec.text, text, report.spec) if given["patch"] else ""
        if given["write"]:
            _write(file, text)
            report = after
    _show_drift(given, report, change, file)
    return report.exit_code


def _check(given: Mapping[str, Any]) -> None:
    if bool(given["cassettes"]) == given["live"]:
        raise click.UsageError("Give either --cassettes DIR or --live.")
    if not given["live"] and any(given[name] for name in ("integration", "start", "end")):
        raise click.UsageError("--integration, --start and --end need --live.")


def _read(file: Path) -> Spec:
    from metrics24.speccheck import Spec  # noqa: PLC0415  loads the HTTP client

    try:
        return Spec.parse(file.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The spec {file} cannot be read: {error}") from error


def _gathered(given: Mapping[str, Any], spec: Spec) -> Gathered:
    from metrics24.speccheck import base_url_in_force, from_cassettes, gather_live  # noqa: PLC0415  loads the HTTP client

    if not given["live"]:
        return from_cassettes(spec, given["cassettes"])
    days, integration = few_days(given), checked_id(given, "integration")
    url = base_url_in_force(given["base_url"], os.environ)
    with steps_shown(given) as on_step, open_client(given) as client:
        return gather_live(client, on_step, integration=integration, days=days, routes=routes(given), base_url=url)


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


def _show_drift(given: Mapping[str, Any], report: DriftReport, change: str, file: Path) -> None:
    to_stdout = given["patch"] == _STDOUT
    if given["patch"] and not to_stdout:
        _write(given["patch"], change)
    if given["as_json"]:
        click.echo(json.dumps(report.as_json() | ({"patch": change} if to_stdout else {})))
        return
    if not given["quiet"]:
        click.echo("\n".join(map(printable, report.lines())), err=to_stdout)
        if given["write"]:
            click.echo(f"{file} is corrected: now run make lint-spec, make regenerate and make record.")
    if to_stdout:
        click.echo(change, nl=False)
