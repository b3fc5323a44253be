"""What the commands for filter groups are given: ids, and a group's properties."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import click

from metrics24.cli.connection import all_of, connection_options
from metrics24.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

STDIN = Path("-")
ID_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)

# Options by the words that --clear takes, and the arguments of the Python API that they are.
PROPERTIES: Mapping[str, str] = MappingProxyType(
    {
        "active": "active",
        "monitoring-mode": "monitoring_mode",
        "rtb": "rtb_enabled",
        "offers": "offer_ids",
        "publishers": "publisher_ids",
        "advertisers": "advertiser_ids",
        "tags": "tags",
        "description": "description",
        "click-preset": "click_filter_preset_id",
        "conversion-preset": "conversion_filter_preset_id",
        "filters": "filters",
    }
)
_LISTS = frozenset({"offers", "publishers", "advertisers", "tags", "filters"})


def _named_once(option: str, name: str, what: str) -> Callable[[F], F]:
    return click.option(option, name, multiple=True, metavar="ID", help=f"{what}; once for each.")


integration = click.option("--integration", required=True, metavar="ID", help="The integration of the groups.")
organization = click.option("--organization", metavar="ID", help="The organization of the integration.")
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be done; only reads are sent.")
yes = click.option("--yes", "-y", is_flag=True, help="Do not ask before deleting.")
ids = all_of(
    click.argument("ids", nargs=-1, metavar="[ID]..."),
    click.option("--ids-from", type=ID_FILE, metavar="FILE", help="File with more ids, one a line; - is stdin."),
)
monitoring_mode = click.option(
    "--monitoring-mode/--no-monitoring-mode", default=None, help="Only watch, or block as well."
)
properties = all_of(
    click.option("--active/--inactive", default=None, help="Whether the group is in use."),
    monitoring_mode,
    click.option("--rtb/--no-rtb", default=None, help="Real-time blocking."),
    _named_once("--offer", "offers", "Offer that may use the group"),
    _named_once("--publisher", "publishers", "Publisher that may use the group"),
    _named_once("--advertiser", "advertisers", "Advertiser that may use the group"),
    click.option("--tag", "tags", multiple=True, metavar="TEXT", help="Label; once for each."),
    click.option("--description", metavar="TEXT", help="What the group is for."),
    click.option("--click-preset", type=int, metavar="NUMBER", help="Preset that fills in the filters for clicks."),
    click.option("--conversion-preset", type=int, metavar="NUMBER", help="The same for conversions."),
    click.option(
        "--filters-file",
        "filters",
        type=ID_FILE,
        metavar="FILE",
        help="The filters as a JSON array, such as that of get --json; - is stdin.",
    ),
)
clear = click.option(
    "--clear",
    multiple=True,
    type=click.Choice(list(PROPERTIES)),
    metavar="PROPERTY",
    help=f"Empty a list ({', '.join(sorted(_LISTS))}), or set null: {', '.join(sorted(PROPERTIES.keys() - _LISTS))}. "
    "Once for each.",
)


def on_one_integration(command: F) -> F:
    """Give a command --integration and the options of the connection."""
    return all_of(integration, connection_options)(command)


def chosen(given: Mapping[str, Any], what: str = "ids") -> list[str]:
    """The ids that were given as arguments and in a file, each once.

    Raises:
        UsageError: there is none, or the file cannot be read.

    """
    file: Path | None = given[f"{what}_from"]
    lines = [] if file is None else _read(file).splitlines()
    named = [*given[what], *filter(None, map(str.strip, lines))]
    if not named:
        raise UsageError(f"No {what} were given: name them as arguments, or in a file with --{what}-from")
    return list(dict.fromkeys(named))


def given_properties(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be set, as arguments of the Python API; what was not given is left out.

    Raises:
        UsageError: a property is both given and cleared, or the file of filters cannot be read.

    """
    if given["filters"] == STDIN == given.get("ids_from"):
        raise UsageError("stdin cannot hold both the ids and the filters")
    found: dict[str, Any] = {}
    for word, name in PROPERTIES.items():
        value = given[word.replace("-", "_")]
        if value is not None and value != ():
            found[name] = list(value) if isinstance(value, tuple) else value
    for word in given.get("clear", ()):
        if PROPERTIES[word] in found:
            raise UsageError(f"{word} is both given and cleared")
        found[PROPERTIES[word]] = [] if word in _LISTS else None
    if isinstance(file := found.get("filters"), Path):
        found["filters"] = _filters(file)
    return found


def _filters(file: Path) -> list[Any]:
    try:
        filters = json.loads(_read(file))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} does not hold JSON; write an array of filters") from error
    if not isinstance(filters, list):
        raise UsageError(f"{file} must hold a JSON array of filters, not {type(filters).__name__}")
    return filters


def _read(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if file == STDIN else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8") from error


def epilog(*lines: str) -> str:
    """Write an example for the help of a command."""
    # \b keeps click from filling the lines into a paragraph.
    return "\b\nExample:\n" + " \\\n    ".join([f"  {lines[0]}", *lines[1:]]) + "\n\n"


def count(groups: Collection[object]) -> str:
    """Write how many filter groups there are."""
    return f"{len(groups):,} filter group{'' if len(groups) == 1 else 's'}"
