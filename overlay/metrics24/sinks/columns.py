"""Which columns a file has, and what becomes of a value that fits none of them.

Known columns come first, typed as told. Others that the first block of rows has become columns of the type seen
there. Whatever comes later, or does not fit its column, goes verbatim into one JSON text column: nothing is dropped,
and nothing is bent, such as an integer beyond 64 bits into a double.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from attrs import frozen

EXTRA = "_extra"
FIRST_BLOCK = 1000
_EXACT_IN_DOUBLE = range(-(2**53), 2**53 + 1)
_INT64 = range(-(2**63), 2**63)

ColumnType = Literal["text", "integer", "number", "boolean", "json"]
Row = Mapping[str, Any]


@frozen
class Column:
    """A column's name and the type of its values; "json" is JSON text."""

    name: str
    type: ColumnType

    def fits(self, value: object) -> bool:
        """Whether the value can stand in this column without being changed."""
        match self.type:
            case "text":
                return isinstance(value, str) and _is_unicode(value)
            case "integer":
                return _is_integer(value) and value in _INT64
            case "number":
                return isinstance(value, float) or (_is_integer(value) and value in _EXACT_IN_DOUBLE)
            case "boolean":
                return isinstance(value, bool)
        return True

    def cell(self, value: Any) -> Any:
        """The value as it stands in the column."""
        return dumps(value) if self.type == "json" else value


@frozen
class Layout:
    """The columns of one file, `_extra` not counted."""

    columns: tuple[Column, ...]

    @classmethod
    def learnt(cls, known: Iterable[Column], rows: Sequence[Row], *, fixed: bool) -> Layout:
        """The known columns, and unless `fixed` those that `rows` have besides."""
        columns = {column.name: column for column in known}
        if not fixed:
            unknown: dict[str, list[object]] = {}
            for row in rows:
                for name in row.keys() - columns.keys():
                    if row[name] is not None and name != EXTRA and _is_unicode(name):
                        unknown.setdefault(name, []).append(row[name])
            order = [name for row in rows for name in row]
            for name in dict.fromkeys(order):
                if name in unknown:
                    columns[name] = Column(name, _type_of(unknown[name]))
        return cls(tuple(columns.values()))

    @property
    def names(self) -> list[str]:
        """The header: every column, and `_extra` last."""
        return [*(column.name for column in self.columns), EXTRA]

    def laid_out(self, row: Row) -> tuple[list[Any], int]:
        """The row's cells in the order of `names`, and how many values went to `_extra`."""
        cells: list[Any] = []
        extra: dict[str, Any] = {}
        placed = 0
        for column in self.columns:
            value = row.get(column.name)
            if value is None:
                placed += column.name in row
                cells.append(None)
            elif column.fits(value):
                placed += 1
                cells.append(column.cell(value))
            else:
                extra[column.name] = value
                cells.append(None)
        if placed + len(extra) < len(row):
            names = {column.name for column in self.columns}
            extra |= {name: value for name, value in row.items() if name not in names and value is not None}
        cells.append(dumps(extra) if extra else None)
        return cells, len(extra)


def dumps(value: object) -> str:
    """JSON text; ASCII only where it holds something that UTF-8 cannot."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if _is_unicode(text) else json.dumps(value, separators=(",", ":"))


def _is_unicode(text: str) -> bool:
    """False for lone surrogates, which JSON can spell and UTF-8 cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _type_of(values: list[object]) -> ColumnType:
    """The first type that holds all values."""
    candidates: tuple[ColumnType, ...] = ("boolean", "integer", "number", "text")
    for candidate in candidates:
        column = Column("", candidate)
        if all(column.fits(value) for value in values):
            return candidate
    return "json"
