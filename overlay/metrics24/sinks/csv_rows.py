"""The records of a CSV file as rows, for files whose columns are those of a report table."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from metrics24.errors import IntegrityError
from metrics24.sinks.columns import Column, ColumnType, strict_json
from metrics24.sinks.csv_source import open_source

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,4})?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,39})")


class CsvRows:
    """Reads a CSV file with a header, in UTF-8; a cell becomes what its column's type says, an empty one is absent.

    What cannot be of that type stays text, for a file to keep as what fits no column. A file without one of the columns
    that are `needed` is refused.
    """

    def __init__(self, path: Path, columns: Sequence[Column], *, delimiter: str, needed: Collection[str] = ()) -> None:
        self._path, self._delimiter, self._needed = path, delimiter, needed
        self._types = {column.name: column.type for column in columns}
        self._names: list[str] = []
        self._texts: set[str] = set()

    @property
    def missing(self) -> list[str]:
        """The columns that the file lacks, once it was read."""
        return [name for name in self._types if name not in self._names]

    @property
    def as_text(self) -> list[str]:
        """The columns of nested values of which the file has some as text that is no JSON, once it was read."""
        return [name for name in self._types if name in self._texts]

    def blocks(self) -> Iterator[list[dict[str, Any]]]:
        """Give the rows, some thousands at a time.

        Raises:
            IntegrityError: it is no such file, has none of the columns, or lacks a needed one.
            SaveError: it cannot be read.

        """
        with open_source(self._path, delimiter=self._delimiter) as source:
            self._names = source.names
            if len(self.missing) == len(self._types):
                raise IntegrityError(f"{self._path} has none of the columns of the report table in its header")
            if lacking := [name for name in self.missing if name in self._needed]:
                raise IntegrityError(f"{self._path} lacks columns of the report table: {', '.join(lacking)}")
            readers = [(name, self._reader(name)) for name in source.names]
            for block in source.blocks():
                yield list(self._rows(block, readers))

    def _reader(self, name: str) -> _Reader:
        if (column_type := self._types.get(name, "text")) != "json":
            return _READERS[column_type]

        def nested(cell: str) -> Any:
            value = _nested(cell)
            if isinstance(value, str):
                self._texts.add(name)
            return value

        return nested

    def _rows(self, block: bytes, readers: Sequence[tuple[str, _Reader]]) -> Iterator[dict[str, Any]]:
        try:
            records = csv.reader(io.StringIO(block.decode(), newline=""), delimiter=self._delimiter, strict=True)
            for record in records:
                if len(record) != len(readers):
                    raise self._broken()
                cells = zip(readers, record, strict=True)
                yield {name: read(cell) for (name, read), cell in cells if cell}
        except (UnicodeDecodeError, csv.Error):
            raise self._broken() from None  # what they say repeats the record

    def _broken(self) -> IntegrityError:
        return IntegrityError(f"{self._path} has a record that is no CSV in UTF-8, or not as long as the header")


_Reader = Callable[[str], Any]


def _integer(cell: str) -> int | str:
    return int(cell) if _WHOLE.fullmatch(cell) else cell


def _number(cell: str) -> float | str:
    if not _NUMBER.fullmatch(cell):
        return cell
    value: float = int(cell) if _WHOLE.fullmatch(cell) else float(cell)
    return value if math.isfinite(value) else cell


def _boolean(cell: str) -> bool | str:
    return {"true": True, "false": False}.get(cell.lower(), cell)


def _nested(cell: str) -> Any:
    """Objects and lists, if they are written as JSON; all else is text."""
    if cell[0] not in "[{":
        return cell
    try:
        return strict_json(cell)
    except (ValueError, RecursionError):
        return cell


_READERS: Mapping[ColumnType, _Reader] = MappingProxyType(
    {"text": str, "integer": _integer, "number": _number, "boolean": _boolean}
)
