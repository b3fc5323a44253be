"""Rows decoded straight into the columns of a file: no dict is made of a row that fits them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar, cast

import msgspec

from metrics24.sinks.columns import Column, ColumnType, all_fit, json_text

_TYPES: Mapping[ColumnType, Any] = {
    "text": str | None,
    "integer": int | None,
    "number": int | float | None,
    "boolean": bool | None,
    "json": Any,
}
# What decoding cannot tell: text that no file can hold does not decode, integers and numbers may be too large.
_DOUBTFUL = ("integer", "number")

_MOST_UNKNOWN = 500

_as_tuple = msgspec.structs.astuple


class Cells(msgspec.Struct):
    """A row as a tuple of its columns' values, which can be asked for a field like a dict."""

    names: ClassVar[Mapping[str, str]] = {}
    absent: ClassVar[object] = None

    def get(self, name: str, default: object = None) -> Any:
        """The field's value, `default` if it is null, absent or has no column."""
        attribute = self.names.get(name)
        value = None if attribute is None else getattr(self, attribute)
        return default if value is None or value is self.absent else value

    def as_row(self) -> dict[str, Any]:
        """The row as a dict, without what is null or absent."""
        values = zip(self.names, _as_tuple(self), strict=True)
        return {name: value for name, value in values if value is not None and value is not self.absent}


class Shape:
    """The columns of a file as a type that a decoder can aim at. It takes no row that has a field more.

    A field that a row lacks is null; in the last columns, `others`, it is `absent`.
    """

    def __init__(self, columns: Sequence[Column], others: Sequence[Column] = (), absent: object = None) -> None:
        self.columns = (*columns, *others)
        self._absent = absent
        self._defaults = (None,) * len(columns) + (absent,) * len(others)

    @classmethod
    def of(cls, columns: Sequence[Column], others: Sequence[Column] = (), absent: object = None) -> Shape | None:
        """The shape of these columns; None if one has a name that a decoder cannot be told."""
        names = [column.name for column in (*columns, *others)]
        tellable = all(name and name.isprintable() and not {"\\", '"'} & {*name} for name in names)
        return cls(columns, others, absent) if tellable else None

    @property
    def kind(self) -> type[Cells]:
        """The type of the rows."""
        return _kind(self.columns, self._defaults, self._absent)

    def columns_of(self, rows: Sequence[object]) -> list[Sequence[object]] | None:
        """The rows turned into columns; None unless all are records of this shape and their values fit."""
        if not rows or set(map(type, rows)) != {self.kind}:
            return None
        values: list[Sequence[object]] = list(zip(*map(_as_tuple, cast("Sequence[Cells]", rows)), strict=True))
        for index, column in enumerate(self.columns):
            if column.type == "json":
                values[index] = [None if value is None else json_text(value) for value in values[index]]
            elif column.type in _DOUBTFUL and not all_fit(values[index], column.type):
                return None
        return values


@lru_cache(maxsize=64)
def _kind(columns: tuple[Column, ...], defaults: tuple[object, ...], absent: object) -> type[Cells]:
    attributes = {column.name: f"c{index}" for index, column in enumerate(columns)}
    made = msgspec.defstruct(
        "Cells",
        [
            (attributes[column.name], _TYPES[column.type], default)
            for column, default in zip(columns, defaults, strict=True)
        ],
        bases=(Cells,),
        namespace={"names": attributes, "absent": absent},
        rename={attribute: name for name, attribute in attributes.items()},
        forbid_unknown_fields=True,
        gc=False,
    )
    return cast("type[Cells]", made)


class _PageInfo(msgspec.Struct, rename="camel", gc=False):
    has_next_page: bool
    start_cursor: str | None = None
    end_cursor: str | None = None
    has_previous_page: bool | None = None


@lru_cache(maxsize=32)
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    rows_type: Any = list[kind]  # type: ignore[valid-type]  # the kind is known at run time only
    rows = msgspec.defstruct("Rows", [("data", rows_type), ("page_info", _PageInfo)], rename="camel")
    return msgspec.json.Decoder(msgspec.defstruct("Page", [("data", rows)]))


def read_cells(content: bytes, shape: Shape) -> tuple[list[Cells], str | None, str | None, bool] | None:
    """Read a page of a report table: its records, both cursors, and whether more follow.

    None if anything in it is not exactly as the shape and the documentation have it: then it must be read with care.
    """
    return read_rows(content, shape.kind)


def read_rows(content: bytes, kind: type[Any]) -> tuple[list[Any], str | None, str | None, bool] | None:
    """Read a page like `read_cells`, its rows as anything that a decoder can aim at."""
    try:
        content.decode()  # msgspec lets bytes that are no UTF-8 pass in what it skips
        page = _decoder(kind).decode(content).data  # type: ignore[arg-type]  # types are hashable
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    info = page.page_info
    return page.data, info.start_cursor or None, info.end_cursor or None, info.has_next_page


class Lens:
    """What rows are decoded into: nothing special until a file has chosen its columns."""

    def __init__(self) -> None:
        self.shape: Shape | None = None

    def attach(self, rows: list[Any], _: bytes) -> list[Any]:
        """Look at a page's rows, and give them what they need of its bytes: nothing, as a rule."""
        return rows


class LearningLens(Lens):
    """Decodes rows into records of the known columns, and of whatever else was seen in rows so far."""

    def __init__(self, known: Sequence[Column], absent: object = None) -> None:
        super().__init__()
        self._known, self._absent = tuple(known), absent
        self._unknown: dict[str, Column] = {}

    def attach(self, rows: list[Any], _: bytes) -> list[Any]:
        """Look at a page's rows for fields that have no column yet."""
        self.see(rows)
        return rows

    def see(self, rows: Sequence[Any]) -> None:
        """Look at rows that were decoded into dicts, for fields that have no column yet."""
        if not isinstance(next(iter(rows), {}), dict):
            return
        known = {column.name for column in self._known}
        unknown = dict.fromkeys(name for row in rows for name in row if name not in known)
        new = [name for name in unknown if name not in self._unknown]
        if (new or self.shape is None) and len(self._unknown) + len(new) <= _MOST_UNKNOWN:
            self._unknown |= {name: Column(name, "json") for name in new}
            self.shape = Shape.of(self._known, tuple(self._unknown.values()), self._absent)


def values_of(rows: Sequence[Any], name: str) -> list[Any]:
    """One field of all rows; None where a row lacks it."""
    attribute = rows[0].names.get(name) if rows and isinstance(rows[0], Cells) else None
    return [row.get(name) for row in rows] if attribute is None else list(map(attrgetter(attribute), rows))


def as_rows(rows: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Records among the rows as dicts, like the others."""
    return [row if isinstance(row, dict) else row.as_row() for row in rows]
