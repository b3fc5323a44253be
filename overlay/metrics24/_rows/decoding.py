"""Rows decoded straight into the columns of a file: no dict is made of a row that fits them.

Rows together with the bytes in which the server sent them, for files that keep them as they are.

Rows of which little is looked at before somebody wants them: a few of their fields, and the bytes for the rest.

Rows as models, made from records without a dict in between.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar, cast

import msgspec
from attrs import fields

from metrics24._rows.schema import Column, ColumnType, all_fit, json_text
from metrics24.models import UNSET, column_types, generated, nested_parsers

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


class DecodedRow(msgspec.Struct):
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


class RowSchema:
    """The columns of a file as a type that a decoder can aim at. It takes no row that has a field more.

    A field that a row lacks is null; in the last columns, `others`, it is `absent`.
    """

    def __init__(self, columns: Sequence[Column], others: Sequence[Column] = (), absent: object = None) -> None:
        self.columns = (*columns, *others)
        self._absent = absent
        self._defaults = (None,) * len(columns) + (absent,) * len(others)

    @classmethod
    def of(cls, columns: Sequence[Column], others: Sequence[Column] = (), absent: object = None) -> RowSchema | None:
        """The shape of these columns; None if one has a name that a decoder cannot be told."""
        names = [column.name for column in (*columns, *others)]
        tellable = all(name and name.isprintable() and not {"\\", '"'} & {*name} for name in names)
        return cls(columns, others, absent) if tellable else None

    @property
    def kind(self) -> type[DecodedRow]:
        """The type of the rows."""
        return _kind(self.columns, self._defaults, self._absent)

    def columns_of(self, rows: Sequence[object]) -> list[Sequence[object]] | None:
        """The rows turned into columns; None unless all are records of this shape and their values fit."""
        if not rows or set(map(type, rows)) != {self.kind}:
            return None
        values: list[Sequence[object]] = list(zip(*map(_as_tuple, cast("Sequence[DecodedRow]", rows)), strict=True))
        for index, column in enumerate(self.columns):
            if column.type == "json":
                values[index] = [None if value is None else json_text(value) for value in values[index]]
            elif column.type in _DOUBTFUL and not all_fit(values[index], column.type):
                return None
        return values


@lru_cache(maxsize=64)
def _kind(columns: tuple[Column, ...], defaults: tuple[object, ...], absent: object) -> type[DecodedRow]:
    attributes = {column.name: f"c{index}" for index, column in enumerate(columns)}
    made = msgspec.defstruct(
        "Cells",
        [
            (attributes[column.name], _TYPES[column.type], default)
            for column, default in zip(columns, defaults, strict=True)
        ],
        bases=(DecodedRow,),
        namespace={"names": attributes, "absent": absent},
        rename={attribute: name for name, attribute in attributes.items()},
        forbid_unknown_fields=True,
        gc=False,
    )
    return cast("type[DecodedRow]", made)


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


def read_cells(content: bytes, shape: RowSchema) -> tuple[list[DecodedRow], str | None, str | None, bool] | None:
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


class RowDecoder:
    """What rows are decoded into: nothing special until a file has chosen its columns."""

    def __init__(self) -> None:
        self.shape: RowSchema | None = None

    def attach(self, rows: list[Any], _: bytes) -> list[Any]:
        """Look at a page's rows, and give them what they need of its bytes: nothing, as a rule."""
        return rows


class ModelDecoder(RowDecoder):
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
            self.shape = RowSchema.of(self._known, tuple(self._unknown.values()), self._absent)


def values_of(rows: Sequence[Any], name: str) -> list[Any]:
    """One field of all rows; None where a row lacks it."""
    attribute = rows[0].names.get(name) if rows and isinstance(rows[0], DecodedRow) else None
    return [row.get(name) for row in rows] if attribute is None else list(map(attrgetter(attribute), rows))


def as_rows(rows: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Records among the rows as dicts, like the others."""
    return [row if isinstance(row, dict) else row.as_row() for row in rows]


# JSON has line breaks between tokens only, never inside text; what indents the next line goes with them.
_BREAKS = re.compile(rb"[\r\n]+[ \t\r\n]*")


class RawRow(dict[str, Any]):
    """A row, and the bytes that it was decoded from."""

    __slots__ = ("sent",)

    def __init__(self, row: dict[str, Any], sent: msgspec.Raw) -> None:
        super().__init__(row)
        self.sent = sent


class RawDecodedRow:
    """A record, and the bytes that it was decoded from."""

    __slots__ = ("_cells", "get", "sent")

    def __init__(self, cells: DecodedRow, sent: msgspec.Raw) -> None:
        self._cells, self.sent = cells, sent
        self.get = cells.get

    def as_row(self) -> dict[str, Any]:
        """The row as a dict, without what is null."""
        return self._cells.as_row()


class RawRowDecoder(ModelDecoder):
    """Rows know their bytes as well, be they dicts or records."""

    def attach(self, rows: list[Any], content: bytes) -> list[Any]:
        """The rows of a page, each with its bytes; as they are if no quick reader can tell them apart."""
        super().attach(rows, content)
        try:
            texts = _DECODER.decode(content.removeprefix(codecs.BOM_UTF8)).data.data
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return rows
        kind = RawRow if isinstance(next(iter(rows), {}), dict) else RawDecodedRow
        return list(map(kind, rows, texts or ()))


def line_of(row: Any) -> bytes:
    """The row on one line: as it was sent, if it knows; what was indented over several loses its line breaks only."""
    if not isinstance(row, RawRow | RawDecodedRow):
        return json_text(as_rows([row])[0]).encode()
    text = bytes(row.sent)
    return _BREAKS.sub(b"", text) if b"\n" in text or b"\r" in text else text


class _Rows(msgspec.Struct):
    data: Sequence[msgspec.Raw] | None = None


class _Page(msgspec.Struct):
    data: _Rows


_DECODER = msgspec.json.Decoder(_Page)


class RowOutline:
    """A row that knows some of its fields, and all of them when it comes to comparing."""

    __slots__ = ("_known", "_sent")

    def __init__(self, known: msgspec.Struct, sent: msgspec.Raw) -> None:
        self._known, self._sent = known, sent

    def get(self, name: str, default: object = None) -> Any:
        """The field's value, `default` if it is null, absent or not among those that are known."""
        value = getattr(self._known, name, None)
        return default if value is None else value

    def as_row(self) -> Mapping[str, Any]:
        """The row as a dict; if no quick reader can tell what is in it, it stands for its bytes."""
        try:
            return cast("dict[str, Any]", msgspec.json.decode(self._sent))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return {"": bytes(self._sent)}


def read_outlines(
    content: bytes, names: tuple[str, ...]
) -> tuple[list[RowOutline], str | None, str | None, bool] | None:
    """Read a page of a report table like `read_cells`, of its rows only the fields that are named."""
    known, sent = read_rows(content, _kind_outlines(names)), read_rows(content, msgspec.Raw)
    if known is None or sent is None:
        return None
    return list(map(RowOutline, known[0], sent[0])), *known[1:]


@lru_cache(maxsize=8)
def _kind_outlines(names: tuple[str, ...]) -> type[msgspec.Struct]:
    return msgspec.defstruct("Known", [(name, Any, None) for name in names], gc=False)


def model_lens(model: str) -> ModelDecoder:
    """What decodes rows into records that have what the model has, and whatever else was seen in rows so far."""
    return ModelDecoder(_columns(model), UNSET)


@lru_cache(maxsize=8)
def _columns(model: str) -> tuple[Column, ...]:
    """The model's properties in the order of its attributes."""
    types = column_types(model)
    return tuple(types[attribute.name] for attribute in fields(generated(model)) if attribute.init)


@lru_cache(maxsize=64)
def maker(model: str, kind: type[DecodedRow]) -> Callable[[DecodedRow], Any]:
    """What makes a model of a record."""
    made, known = generated(model), len(_columns(model))
    others = list(kind.names)[known:]
    nested = [(index, parse) for index, parse in enumerate(nested_parsers(model, _columns(model))) if parse]

    def make(record: DecodedRow) -> Any:
        values = [UNSET if value is None else value for value in _as_tuple(record)[:known]]
        for index, parse in nested:
            if values[index] is not UNSET:
                values[index] = parse(values[index])
        return made(*values)

    def make_with_others(record: DecodedRow) -> Any:
        model = make(record)
        found = zip(others, _as_tuple(record)[known:], strict=True)
        model.additional_properties = {name: value for name, value in found if value is not UNSET}
        return model

    return make_with_others if others else make
