"""What all commands that call the API share: where it is, who asks, and how they speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

import metrics24
from metrics24.cli.key_file import read_key

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
_CONNECTION = (
    click.option("--api-key-file", type=FILE, help="File with the API key, readable by you alone."),
    click.option("--base-url", metavar="URL", help="Where the API is; by default METRICS24_BASE_URL."),
    click.option("--timeout", type=float, metavar="SECONDS", help="Time limit of each attempt (30)."),
    click.option("--rate", type=float, metavar="NUMBER", help="Requests per second at most."),
    click.option(
        "--route",
        "routes",
        multiple=True,
        metavar="OPERATION=ROUTE",
        help="Another method and path where the spec's are wrong: 'getClick=GET /the/path'. May be repeated.",
    ),
)
_OUTLETS = (
    click.option("--quiet", "-q", is_flag=True, help="No progress and no summary."),
    click.option("--json", "as_json", is_flag=True, help="The result as JSON on stdout, errors as JSON on stderr."),
    click.option("--debug", is_flag=True, help="Tracebacks with errors."),
)


def all_of(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Give a command all of these options, in their order."""
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def connection_options(command: F) -> F:
    """Give a command the options of the connection, then --quiet, --json and --debug."""
    return all_of(*_CONNECTION, *_OUTLETS)(command)


def open_client(given: Mapping[str, Any]) -> metrics24.Client:
    """Make the client that a command's options describe."""
    options = {name: given[name] for name in ("base_url", "timeout", "rate") if given[name] is not None}
    if given["api_key_file"] is not None:
        options["api_key"] = read_key(given["api_key_file"])
    if given["routes"]:
        options["routes"] = routes(given)
    return metrics24.Client(**options)


def routes(given: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Understand --route; whether there are such operations and paths is for the client to say."""
    return dict(map(_route, given["routes"]))


def _route(text: str) -> tuple[str, tuple[str, str]]:
    operation, _, route = text.partition("=")
    method, _, path = route.strip().partition(" ")
    if not operation or not path:
        raise click.UsageError(f"--route {text!r} must look like 'getClick=GET /the/path'.")
    return operation.strip(), (method, path.strip())
