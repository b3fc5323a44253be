"""Decode the pages of a report table into rows: dicts, or decoded rows that hold the values of their columns.

A dict is what any page can become. Where the columns are known, decoding a page straight into them takes a fraction of
the time, for files and for models; a page in which anything does not fit is read as dicts.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, cast

import msgspec
from attrs import evolve, frozen

from metrics24._rows.schema import Column, ColumnType, all_fit, json_text, model_columns
from metrics24.models import UNSET, factory, generated, nested_parsers

_TYPES: Mapping[ColumnType, Any] = {
    "text": str | None,
    "integer": int | None,
    "number": int | float | None,
    "boolean": bool | None,
    "json": Any,
}
# The decoder checks all other types: text that a file cannot hold does not decode, but a number may be too large.
_UNCHECKED = ("integer", "number")

_MOST_LEARNED = 500

_as_tuple = msgspec.structs.astuple


class DecodedRow(msgspec.Struct):
    """A row with the values of its columns. It has fields like a dict, and may know its raw bytes."""

    names: ClassVar[Mapping[str, str]] = {}
    absent: ClassVar[object] = None
    raw: ClassVar[msgspec.Raw | None] = None

    def get(self, name: str, default: object = None) -> Any:
        """Return the field's value, `default` if it is null, absent or has no column."""
        attribute = self.names.get(name)
        value = None if attribute is None else getattr(self, attribute)
        return default if value is None or value is self.absent else value

    def as_dict(self) -> dict[str, Any]:
        """Return the row as a dict: all that was sent if it knows its bytes, else all that is not null."""
        if self.raw is not None:
            try:
                return cast("dict[str, Any]", msgspec.json.decode(self.raw))
            except (msgspec.MsgspecError, ValueError, RecursionError):  # enough to compare it with another row
                return {"": bytes(self.raw)}
        values = zip(self.names, _as_tuple(self), strict=True)
        return {name: value for name, value in values if value is not None and value is not self.absent}


class _DictRow(DecodedRow, gc=False):
    """A row of a page that fits no schema, and its bytes."""

    values: dict[str, Any]
    raw: msgspec.Raw  # type: ignore[misc]  # only some rows know their bytes

    def get(self, name: str, default: object = None) -> Any:
        """Return the field's value, `default` if it is absent."""
        return self.values.get(name, default)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as a dict."""
        return self.values


@frozen(cache_hash=True)
class RowSchema:
    """The columns of decoded rows. A page with a row that has another field does not fit, unless `partial`.

    Attributes:
        columns: columns whose value is null where a row lacks the field.
        others: columns whose value is `absent` where a row lacks the field.
        keeps_raw: True if rows know their raw bytes.
        partial: True if rows may have other fields, which are not decoded.

    """

    columns: tuple[Column, ...]
    others: tuple[Column, ...] = ()
    absent: object = None
    keeps_raw: bool = False
    partial: bool = False

    def if_possible(self) -> RowSchema | None:
        """Return the schema; None if the name of a column is one that msgspec cannot decode."""
        names = [column.name for column in (*self.columns, *self.others)]
        possible = all(name and name.isprintable() and not {"\\", '"'} & {*name} for name in names)
        return self if possible else None

    @property
    def row_type(self) -> type[DecodedRow]:
        """The type of the rows, the same for equal schemas."""
        return _row_type(self)

    def columns_of(self, rows: Sequence[object]) -> list[Sequence[object]] | None:
        """Turn rows into columns; None unless all rows are of this schema and their values fit."""
        if not rows or set(map(type, rows)) != {self.row_type}:
            return None
        values: list[Sequence[object]] = list(zip(*map(_as_tuple, cast("Sequence[DecodedRow]", rows)), strict=True))
        for index, column in enumerate(self.columns):
            if column.type == "json":
                values[index] = [None if value is None else json_text(value) for value in values[index]]
            elif column.type in _UNCHECKED and not all_fit(values[index], column.type):
                return None
        return values


# The decoder would fill in a field of this name; null is all that it accepts there.
_RAW_FIELD = ("raw", None, None)


@lru_cache(maxsize=64)
def _row_type(schema: RowSchema) -> type[DecodedRow]:
    columns = (*schema.columns, *schema.others)
    attributes = {column.name: f"c{index}" for index, column in enumerate(columns)}
    defaults = [None] * len(schema.columns) + [schema.absent] * len(schema.others)
    row_type = msgspec.defstruct(
        "ColumnRow",
        [
            *((f"c{index}", _TYPES[columns[index].type], default) for index, default in enumerate(defaults)),
            *([_RAW_FIELD] if schema.keeps_raw else []),
        ],
        bases=(DecodedRow,),
        namespace={"names": attributes, "absent": schema.absent},
        rename={"raw": "metrics24: raw bytes", **{attribute: name for name, attribute in attributes.items()}},
        forbid_unknown_fields=not schema.partial,
        gc=False,
    )
    return cast("type[DecodedRow]", row_type)


class DecodedPage(NamedTuple):
    """The content of one page of a report table."""

    rows: list[Any]
    start_cursor: str | None
    end_cursor: str | None
    has_next: bool


class _PageInfo(msgspec.Struct, rename="camel", gc=False):
    has_next_page: bool
    start_cursor: str | None = None
    end_cursor: str | None = None
    has_previous_page: bool | None = None


class _RawRows(msgspec.Struct):
    data: Sequence[msgspec.Raw] | None = None


class _RawPage(msgspec.Struct):
    data: _RawRows


_RAW_PAGES = msgspec.json.Decoder(_RawPage)
_NOT_DECODED = (msgspec.MsgspecError, ValueError, RecursionError)


@lru_cache(maxsize=32)
def _page_decoder(row_type: type[DecodedRow]) -> msgspec.json.Decoder[Any]:
    rows_type: Any = list[row_type]  # type: ignore[valid-type]  # known at run time only
    rows = msgspec.defstruct("Rows", [("data", rows_type), ("page_info", _PageInfo)], rename="camel")
    return msgspec.json.Decoder(msgspec.defstruct("Page", [("data", rows)]))


@frozen
class RowDecoder:
    """Decodes pages into rows of one schema, or leaves their rows dicts. It never changes.

    Attributes:
        schema: the columns of the rows; None: rows are dicts.
        learned: the columns known so far, of a decoder that adds a column for every other field; None: it adds none.

    """

    schema: RowSchema | None = None
    learned: RowSchema | None = None

    def decode(self, content: bytes) -> DecodedPage | None:
        """Decode a page; None if anything in it is not exactly as the schema and the documentation say."""
        if self.schema is None:
            return None
        try:
            content.decode()  # msgspec accepts bytes that are no UTF-8 in the parts that it skips
            page = _page_decoder(self.schema.row_type).decode(content).data
            if self.schema.keeps_raw:
                for row, raw in zip(page.data, _RAW_PAGES.decode(content).data.data or (), strict=True):
                    row.raw = raw
        except _NOT_DECODED:
            return None
        info = page.page_info
        return DecodedPage(page.data, info.start_cursor or None, info.end_cursor or None, info.has_next_page)

    def with_raw(self, rows: list[Any], content: bytes) -> list[Any]:
        """Return the rows of a page that was read as dicts, each with its raw bytes if they are to be kept."""
        schema = self.schema or self.learned
        if schema is None or not schema.keeps_raw:
            return rows
        try:
            raws = _RAW_PAGES.decode(content.removeprefix(codecs.BOM_UTF8)).data.data
        except _NOT_DECODED:
            return rows
        return list(map(_DictRow, rows, raws or ()))

    def after(self, rows: Sequence[Any]) -> RowDecoder:
        """Return the decoder for the pages after these rows: with a column for each field in them that had none."""
        if self.learned is None or not rows or not isinstance(rows[0], dict | _DictRow):
            return self
        names = {column.name for column in (*self.learned.columns, *self.learned.others)}
        new = dict.fromkeys(name for row in as_dicts(rows) for name in row if name not in names)
        others = (*self.learned.others, *(Column(name, "json") for name in new))
        if (self.schema is not None and not new) or len(others) > _MOST_LEARNED:
            return self
        learned = evolve(self.learned, others=others)
        return RowDecoder(learned.if_possible(), learned)


DICTS = RowDecoder()
"""The decoder of rows that stay dicts."""

NextDecoder = Callable[[], RowDecoder]
"""A function that returns the decoder for the next page, which may depend on the pages before it."""


def dicts() -> RowDecoder:
    """Return the decoder of rows that stay dicts, for every page."""
    return DICTS


def raw_decoder(columns: Sequence[Column]) -> RowDecoder:
    """Return a decoder that keeps the raw bytes of rows, with these columns and others that it meets."""
    return RowDecoder(learned=RowSchema(tuple(columns), keeps_raw=True))


def partial_decoder(names: tuple[str, ...]) -> RowDecoder:
    """Return a decoder of a few fields, for rows that are compared, and read in full later; they know their bytes."""
    return RowDecoder(RowSchema(tuple(Column(name, "json") for name in names), keeps_raw=True, partial=True))


def model_decoder(model: str) -> RowDecoder:
    """Return a decoder for rows that become models, with the model's columns and others that it meets."""
    return RowDecoder(learned=RowSchema(model_columns(model), absent=UNSET))


def values_of(rows: Sequence[Any], name: str) -> list[Any]:
    """Return one field of all rows of a page; None where a row lacks it."""
    attribute = rows[0].names.get(name) if rows and isinstance(rows[0], DecodedRow) else None
    return [row.get(name) for row in rows] if attribute is None else list(map(attrgetter(attribute), rows))


def as_dicts(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the rows as dicts."""
    return [row if isinstance(row, dict) else row.as_dict() for row in rows]


# JSON has line breaks between tokens only, never inside text; the indentation of the next line goes with them.
_BREAKS = re.compile(rb"[\r\n]+[ \t\r\n]*")


def json_line(row: Any) -> bytes:
    """Return the row on one line: its raw bytes, if it knows them, without line breaks."""
    raw = row.raw if isinstance(row, DecodedRow) else None
    if raw is None:
        return json_text(as_dicts([row])[0]).encode()
    text = bytes(raw)
    return _BREAKS.sub(b"", text) if b"\n" in text or b"\r" in text else text


def models_of(model: str, rows: Sequence[Any]) -> list[Any]:
    """Return the rows of a page as models."""
    decoded = bool(rows) and isinstance(rows[0], DecodedRow)
    row_type: Any = type(rows[0]) if rows else None
    return list(map(_model_maker(model, row_type) if decoded else factory(model), rows))


class ModelMaker:
    """Makes models of the rows of page after page.

    Attributes:
        decoder: the decoder that fits the pages to come best; rows of any other take more time.

    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.decoder = model_decoder(model)

    def make(self, rows: Sequence[Any]) -> list[Any]:
        """Return the rows of the next page as models."""
        self.decoder = self.decoder.after(rows)
        return models_of(self._model, rows)


@lru_cache(maxsize=64)
def _model_maker(model: str, row_type: type[DecodedRow]) -> Callable[[DecodedRow], Any]:
    """Return a function that makes a model of a row that `model_decoder` decoded, without a dict in between."""
    create, columns = generated(model), model_columns(model)
    known = len(columns)
    others = list(row_type.names)[known:]
    parsers = nested_parsers(model)
    nested = [(index, parsers[column.name]) for index, column in enumerate(columns) if column.name in parsers]

    def make(row: DecodedRow) -> Any:
        values = [UNSET if value is None else value for value in _as_tuple(row)[:known]]
        for index, parse in nested:
            if values[index] is not UNSET:
                values[index] = parse(values[index])
        return create(*values)

    def make_with_others(row: DecodedRow) -> Any:
        model = make(row)
        found = zip(others, _as_tuple(row)[known:], strict=True)
        model.additional_properties = {name: value for name, value in found if value is not UNSET}
        return model

    return make_with_others if others else make
