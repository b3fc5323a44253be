"""The CSV files of exports: written to a temporary directory when first needed, from the same rows as the reports."""

from __future__ import annotations

import csv
import hashlib
import tempfile
import threading
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .conditions import Condition, all_hold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .data.timeline import Window
    from .data.traffic import Table
    from .data.visits import Row

_BLOCK = 1 << 20


class AbandonedError(Exception):
    """The sandbox closed while a file was being written."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """The columns, rows and format of an export's file."""

    name: str
    table: Table
    window: Window
    as_of: int
    fields: tuple[str, ...]
    extra_parameters: tuple[str, ...]
    conditions: tuple[Condition, ...]
    delimiter: str
    most_rows: int


class ExportFiles:
    """Writes files and remembers where they are; `write` may run in any thread."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="metrics24-sandbox-")
        self._closing = threading.Event()

    def abandon(self) -> None:
        """Let all writers stop."""
        self._closing.set()

    def close(self) -> None:
        """Remove all files."""
        self._directory.cleanup()

    def path(self, name: str) -> Path:
        """Return the path of the file with this name, once it is written."""
        return Path(self._directory.name) / name

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        self.path(name).unlink(missing_ok=True)

    def write(self, order: Order) -> dict[str, Any]:
        """Write a file; how many rows and bytes it has, and its ETag."""
        unfinished = self.path(order.name + ".writing")
        total = 0
        with unfinished.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=order.delimiter, lineterminator="\n")
            writer.writerow([*order.fields, *order.extra_parameters])
            for row in islice(_rows(order, self._closing), order.most_rows):
                writer.writerow(_cells(order, row))
                total += 1
        unfinished.rename(self.path(order.name))
        return {"total": total, "size": self.path(order.name).stat().st_size, "etag": self._etag(order.name)}

    def _etag(self, name: str) -> str:
        digest = hashlib.sha256()
        with self.path(name).open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return f'"{digest.hexdigest()[:32]}"'


def _rows(order: Order, closing: threading.Event) -> Iterator[Row]:
    for position in order.table.timeline.older(order.window):
        if closing.is_set():
            raise AbandonedError(order.name)
        row = order.table.row(position, order.as_of)
        if all_hold(order.conditions, row):
            yield row


def _cells(order: Order, row: Row) -> list[object]:
    extra: dict[object, object] = {}
    if order.extra_parameters:
        parameters: Any = row["extra_parameters"]
        extra = {parameter["name"]: parameter["value"] for parameter in parameters}
    named = [_cell(row.get(field)) for field in order.fields]
    return [*named, *[extra.get(name, "") for name in order.extra_parameters]]


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(f"{one['name']}={one['value']}" for one in value)
    return "" if value is None else value
