"""The commands doctor, which finds wrong guesses of the spec, and drift, which corrects the spec by responses."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import click
from attrs import frozen

from metrics24 import speccheck
from metrics24.arguments import safe_id
from metrics24.cli.exit_codes import sigterm_as_interrupt
from metrics24.cli.options import FILE, ConnectionOptions, command, example, option, parse_day, read_key
from metrics24.cli.output import EndedEarlyError
from metrics24.errors import SaveError

_CLEAR_LINE = "\r\x1b[K"
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_STDOUT = Path("-")


@frozen(kw_only=True, slots=False)
class ProbeOptions(ConnectionOptions):
    """The options that both commands share: what to read from a server."""

    integration: str | None = option(
        "--integration", metavar="ID", help="An integration to read from; most operations need one."
    )
    start: str | None = option(
        "--start", metavar="DAY", help="First day of the rows to read, like 2025-02-01 (yesterday)."
    )
    end: str | None = option(
        "--end", metavar="DAY", help="Last day; by default today, or the first one if that is given."
    )

    def days(self) -> tuple[date, date]:
        """Read --start and --end: yesterday and today, unless one of them says otherwise."""
        today = date.today()
        start = parse_day(self.start, "--start", today) if self.start else None
        end = parse_day(self.end, "--end", today) if self.end else None
        first, last = start or end or today - timedelta(days=1), end or start or today
        if first > last:
            raise click.UsageError(f"--start ({first}) lies after --end ({last}).")
        return first, last

    @contextmanager
    def steps_shown(self) -> Iterator[Callable[[str], None]]:
        """Say on a terminal what is being asked, on one line that is overwritten, and cleared in the end."""
        try:
            with sigterm_as_interrupt():
                if not self.output.talks or sys.stderr is None or not sys.stderr.isatty():
                    yield lambda _: None
                    return
                try:
                    yield lambda step: click.echo(f"{_CLEAR_LINE}{step} ...", err=True, nl=False)
                finally:
                    click.echo(_CLEAR_LINE, err=True, nl=False)
        except KeyboardInterrupt as error:  # click would forget whether it was Ctrl-C or SIGTERM
            raise EndedEarlyError(error) from error


def _id(value: str | None, name: str) -> str | None:
    return None if value is None else safe_id(value, name)


DOCTOR_EXAMPLE = example("metrics24 doctor --integration acmeshop01")


@frozen(kw_only=True, slots=False)
class DoctorCommandOptions(ProbeOptions):
    """The options of doctor."""

    include_writes: bool = option(
        "--include-writes", is_flag=True, help="Also create, change and delete a filter group."
    )
    scratch_integration: str | None = option(
        "--scratch-integration", metavar="ID", help="The integration in which --include-writes may do so."
    )
    organization: str | None = option(
        "--organization", metavar="ID", help="The organization of the scratch integration."
    )
    include_exports: bool = option(
        "--include-exports", is_flag=True, help="With --include-writes: request three exports (costs quota)."
    )

    def permission(self) -> speccheck.WritePermission | None:
        """Read the options that allow writes; None if nothing may be written."""
        scratch = _id(self.scratch_integration, "--scratch-integration")
        if not self.include_writes:
            if self.include_exports or scratch or self.organization:
                raise click.UsageError(
                    "--scratch-integration, --organization and --include-exports need --include-writes."
                )
            return None
        if not scratch or not self.organization:
            raise click.UsageError("--include-writes needs --scratch-integration and --organization.")
        return speccheck.WritePermission(
            integration=scratch, organization=self.organization, exports=self.include_exports
        )


@command("doctor", DoctorCommandOptions, example=DOCTOR_EXAMPLE)
def doctor(options: DoctorCommandOptions) -> int:
    """Check settings, key and connection, then ask each read operation once.

    Says per operation whether its method, path and response are as the spec says, and how to correct what is not.
    Prints names and types only, never a key or a value of a row. Writes nothing without --include-writes.
    """
    start, end = options.days()
    file = options.api_key_file
    asked = speccheck.DoctorOptions(
        start=start,
        end=end,
        integration=_id(options.integration, "--integration"),
        base_url=options.base_url,
        key_file=None if file is None else str(file),
        key=None if file is None else read_key(file),
        routes=options.route_table(),
        timeout=speccheck.PATIENCE if options.timeout is None else options.timeout,
        permission=options.permission(),
    )
    with options.steps_shown() as on_step:
        report = speccheck.run_doctor(asked, os.environ, options.open_client, on_step)
    if options.as_json or not options.quiet:
        options.output.result(report.as_json(), report.lines())
    return report.exit_code


DRIFT_EXAMPLE = example("metrics24 drift --live --integration acmeshop01")


@frozen(kw_only=True, slots=False)
class DriftCommandOptions(ProbeOptions):
    """The options of drift."""

    cassettes: Path | None = option(
        "--cassettes", type=_FOLDER, metavar="DIR", help="Compare the recorded responses of a folder."
    )
    live: bool = option(
        "--live", is_flag=True, help="Ask each read operation now (--integration, --start, --end), and compare."
    )
    spec: Path | None = option(
        "--spec", type=FILE, metavar="FILE", help="The spec (openapi/spec.yaml here, or of the checkout)."
    )
    patch: Path | None = option(
        "--patch",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        is_flag=False,
        flag_value=_STDOUT,
        metavar="[FILE]",
        help="Write the correction of the spec as a patch, without FILE to stdout.",
    )
    write: bool = option(
        "--write", is_flag=True, help="Correct the spec itself; then run make regenerate and make record."
    )
    from_sandbox: bool = option(
        "--from-sandbox", is_flag=True, help="Let a sandbox's responses correct the spec, to try that out."
    )

    def gather(self, spec: speccheck.Spec) -> speccheck.Gathered:
        """Read the cassettes, or ask the server."""
        if self.cassettes is not None:
            return speccheck.from_cassettes(spec, self.cassettes)
        days, integration = self.days(), _id(self.integration, "--integration")
        url = speccheck.base_url_in_force(self.base_url, os.environ)
        with self.steps_shown() as on_step, self.open_client() as client:
            return speccheck.gather_live(
                client, on_step, integration=integration, days=days, routes=self.route_table(), base_url=url
            )


@command("drift", DriftCommandOptions, example=DRIFT_EXAMPLE)
def drift(options: DriftCommandOptions) -> int:
    """Compare responses, recorded or live, with the spec.

    Lists unknown and missing fields, other types, new values of enums and statuses that the spec does not list, each
    with how often it was seen. Prints names, types and formats only, never a value of a row. Nothing is sent but reads.
    """
    if (options.cassettes is not None) == options.live:
        raise click.UsageError("Give either --cassettes DIR or --live.")
    if not options.live and (options.integration or options.start or options.end):
        raise click.UsageError("--integration, --start and --end need --live.")
    file = speccheck.find_spec(options.spec, to_write=options.write)
    spec = _read(file)
    gathered = options.gather(spec)
    correct = options.write or options.patch is not None
    if gathered.sandbox and correct and not options.from_sandbox:
        raise click.UsageError(
            "These responses are a sandbox's, or written by hand, and say nothing about the live API. To correct the "
            "spec with them all the same, as a trial in a copy, give --from-sandbox."
        )
    report = speccheck.run_drift(spec, "/".join(file.resolve().parts[-2:]), gathered)
    text, after = speccheck.corrected(spec, report) if correct else (spec.text, report)
    change = speccheck.as_diff(spec.text, text, report.spec) if options.patch else ""
    if options.write:
        _write(file, text)
        report = after
    if options.patch not in (None, _STDOUT):
        _write(options.patch, change)
    _show(options, report, change, file)
    return report.exit_code


def _show(options: DriftCommandOptions, report: speccheck.DriftReport, change: str, file: Path) -> None:
    to_stdout = options.patch == _STDOUT
    facts, lines = report.as_json() | ({"patch": change} if to_stdout else {}), list(report.lines())
    if options.write:
        lines.append(f"{file} is corrected: now run make lint-spec, make regenerate and make record.")
    if to_stdout and not options.as_json:
        for line in lines:
            options.output.say(line)
        options.output.raw(change)
    elif options.write:
        options.output.summary(facts, lines)
    elif options.as_json or not options.quiet:
        options.output.result(facts, lines)


def _read(file: Path) -> speccheck.Spec:
    try:
        return speccheck.Spec.parse(file.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"The spec {file} cannot be read: {error}") from error


def _write(file: Path, text: str) -> None:
    """Replace the file as a whole, so that no reader meets half of it."""
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.write_bytes(text.encode("utf-8"))
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SaveError(f"{file} could not be written: {error.strerror}.") from error
