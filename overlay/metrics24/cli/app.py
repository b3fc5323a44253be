"""All commands, and the one place where their errors become messages and exit codes."""

from __future__ import annotations

from collections.abc import Sequence

import click

import metrics24
from metrics24.cli import exit_codes as exits
from metrics24.cli.check_commands import doctor, drift
from metrics24.cli.export_commands import export, exports
from metrics24.cli.group_commands import filter_groups
from metrics24.cli.lookup import lookup
from metrics24.cli.output import Reporter
from metrics24.cli.pull import pull
from metrics24.cli.sandbox import sandbox

# \b keeps click from filling the lines into a paragraph.
EXAMPLE = """\b
Example:
  metrics24 pull clicks --integration acmeshop01 \\
    --start 2025-02-01 --end 2025-02-02 -o clicks.csv

"""


@click.group(epilog=EXAMPLE + exits.HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(metrics24.__version__, message="%(prog)s %(version)s")
def commands() -> None:
    """Copy clicks, conversions and impressions out of 24Metrics.

    The key comes from METRICS24_API_KEY, METRICS24_TOKEN or a file, never from the command line, where other users of
    the machine could read it.
    """


commands.add_command(pull)
commands.add_command(doctor)
commands.add_command(drift)
commands.add_command(export)
commands.add_command(exports)
commands.add_command(filter_groups)
commands.add_command(lookup)
commands.add_command(sandbox)


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; never raises an error of ours."""
    # Looked for by hand, since arguments that cannot be parsed must be reported in the form asked for as well.
    reporter = Reporter(as_json="--json" in arguments, debug="--debug" in arguments)
    with reporter.warnings():
        try:
            outcome = commands.main(list(arguments), prog_name="metrics24", standalone_mode=False)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  whatever it is, users get a message, not a traceback
            return reporter.report(error)
    return outcome if isinstance(outcome, int) else exits.DONE
