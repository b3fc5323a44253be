"""What the commands for exports are given: columns, and where the file shall go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import frozen

from metrics24.cli.connection import FILE, all_of
from metrics24.errors import UsageError
from metrics24.settings import Waiting
from metrics24.sinks.opening import pyarrow_needed
from metrics24.sinks.target import Target

F = TypeVar("F", bound=Callable[..., Any])

KINDS = ("clicks", "conversions", "impressions")
_PARQUET = ".parquet"
_SUFFIXES = (".csv", ".txt", _PARQUET)

kind = click.argument("kind", type=click.Choice(KINDS))
export_id = click.argument("export_id", metavar="ID")
columns = click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME",
    help="A column of the file; once for each, or several with commas. They are not documented: those of the report "
    "tables are a good guess.",
)


def output(*, required: bool, more: str = "") -> Callable[[F], F]:
    """Give a command -o, and the options that say how the file comes there."""
    return all_of(
        click.option(
            "--output",
            "-o",
            required=required,
            type=FILE,
            help=f"File to write: .csv or .txt as the server made it, .parquet converted.{more}",
        ),
        click.option("--overwrite", is_flag=True, help="Replace the file if it exists."),
        click.option("--no-verify", is_flag=True, help="Accept another number of rows than the server says."),
        click.option("--infer-types", is_flag=True, help="Parquet: numbers, days and times instead of text alone."),
        click.option(
            "--wait-timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=3600.0,
            metavar="SECONDS",
            help="How long to wait for the server to make the file (3600).",
        ),
    )


@frozen(kw_only=True)
class Order:
    """Where the file of an export shall go, and how; checked before anything is sent.

    Attributes:
        path: the file.
        overwrite: replace it if it exists.
        verify: hold the download against what the server says.
        infer_types: for Parquet, find types other than text.
        delimiter: what separates the cells, if that was said.
        waiting: how long to wait for the export.

    """

    path: Path
    overwrite: bool
    verify: bool
    infer_types: bool
    delimiter: str | None
    waiting: Waiting

    @property
    def converts(self) -> bool:
        """Whether the server's CSV becomes a Parquet file."""
        return self.path.suffix.lower() == _PARQUET


def ordered(given: Mapping[str, Any]) -> Order:
    """Read what a command was told of the file.

    Raises:
        UsageError: it cannot be written there, or not so. An export counts against the day's quota, so this must be
            known before one is asked for.

    """
    order = Order(
        path=given["output"],
        overwrite=given["overwrite"],
        verify=not given["no_verify"],
        infer_types=given["infer_types"],
        delimiter=delimiter(given["delimiter"]),
        waiting=Waiting(timeout=given["wait_timeout"]),
    )
    if order.path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{order.path} does not say its format; let it end in {', '.join(_SUFFIXES)}")
    Target(order.path, overwrite=order.overwrite).abort()  # tries whether a file can be there, and leaves none
    if order.converts:
        _check_conversion(order)
    elif order.infer_types:
        raise UsageError(f"--infer-types is for {_PARQUET} files; CSV knows no types")
    return order


def _check_conversion(order: Order) -> None:
    if order.delimiter is not None and not order.delimiter.isascii():
        raise UsageError(f"{_PARQUET} files are made of CSV with one ASCII character as the delimiter")
    with pyarrow_needed():
        import_module("pyarrow")


def delimiter(typed: str | None) -> str | None:
    r"""Read a delimiter; `tab` and `\t` mean the character, which shells make hard to type.

    Raises:
        UsageError: it is not one character.

    """
    character = "\t" if typed in ("tab", "\\t") else typed
    if character is not None and len(character) != 1:
        raise UsageError(f"--delimiter takes one character, or the word tab, not {typed!r}")
    return character


def chosen_columns(given: Mapping[str, Any]) -> list[str]:
    """Read the columns: repeated, with commas between, and from a file.

    Raises:
        UsageError: there is none, or the file cannot be read.

    """
    file: Path | None = given["fields_from"]
    texts = [*given["fields"], *([] if file is None else _lines(file))]
    names = [name.strip() for text in texts for name in text.split(",")]
    if not any(names):
        raise UsageError(
            "Say which columns the file shall have: --field real_tx_id,status, or --fields-from FILE. Which columns "
            "there are is not documented; those of the report tables (metrics24 pull) are a good guess."
        )
    return [name for name in names if name]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8") from error
