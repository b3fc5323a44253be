"""All commands, and the one place where their errors become messages and exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

import metrics24
from metrics24.cli.exit_codes import DONE, HELP
from metrics24.cli.options import example
from metrics24.cli.output import Output, tolerate_narrow_encodings

# The modules of the commands, and the first lines of their helps: `metrics24 --help` loads none of them.
COMMANDS = {
    "doctor": ("check_commands", "Check settings, key and connection, then ask each read operation once."),
    "drift": ("check_commands", "Compare responses, recorded or live, with the spec."),
    "export": (
        "export_commands",
        "Have the server make a file of clicks, conversions or impressions, and download it.",
    ),
    "exports": ("export_commands", "See, fetch and delete exports that were asked for, and plan large ones."),
    "filter_groups": ("group_commands", "See and change filter groups."),
    "lookup": ("lookup", "Look one click or conversion up by five keys, which must all match."),
    "pull": ("pull", "Pull clicks, conversions or impressions into a file, newest first."),
    "request": ("request", "Call an operation by its id in the OpenAPI spec, and print its response as JSON."),
    "sandbox": ("sandbox", "Serve a local 24Metrics with made-up data until Ctrl-C."),
}


class _LateCommands(click.Group):
    """A group whose commands are loaded when they are run."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [name.replace("_", "-") for name in COMMANDS]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None if there is none of this name."""
        name = cmd_name.replace("-", "_")
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"metrics24.cli.{COMMANDS[name][0]}"), name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name.replace("_", "-"), line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_LateCommands,
    epilog=example(
        "metrics24 pull clicks --integration acmeshop01", "--start 2025-02-01 --end 2025-02-02 -o clicks.csv"
    )
    + HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(metrics24.__version__, message="%(prog)s %(version)s")
def commands() -> None:
    """Copy clicks, conversions and impressions out of 24Metrics.

    The key comes from METRICS24_API_KEY, METRICS24_TOKEN or a file, never from the command line, where other users of
    the machine could read it.
    """


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; never raises an error."""
    tolerate_narrow_encodings()
    # Looked up here, since arguments that cannot be parsed must be reported in the form asked for as well.
    output = Output(as_json="--json" in arguments, debug="--debug" in arguments)
    with output.warnings():
        try:
            outcome = commands.main(list(arguments), prog_name="metrics24", standalone_mode=False)
        except SystemExit as ended:
            if isinstance(ended.__context__, BrokenPipeError):  # the reader of a help has gone away
                return DONE
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  users get a message, not a traceback
            return output.error(error)
    return outcome if isinstance(outcome, int) else DONE
