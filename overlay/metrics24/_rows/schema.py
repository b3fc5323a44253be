"""Columns: their types, the values that fit a type, the columns of a model, and values as JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal, cast

import msgspec
from attrs import fields, frozen

from metrics24.models import Property, generated, properties

ColumnType = Literal["text", "integer", "number", "boolean", "json"]
Row = Mapping[str, object]

MAX_EXACT_IN_DOUBLE = 2**53

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_encode_ascii = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


@frozen
class Column:
    """A named column and the type of its values; every column may hold nulls.

    Attributes:
        name: the field's name as the server sends it.
        type: ``text``, ``integer`` (64 bits), ``number`` (a double), ``boolean``, or ``json`` (anything,
            as JSON text).

    """

    name: str
    type: ColumnType


def file_columns(model: str) -> list[Column]:
    """Return the columns that every file of a model's rows has; properties that are merely inferred are left out."""
    return [_column(each) for each in properties(model) if each.evidence != "inferred"]


@lru_cache(maxsize=8)
def model_columns(model: str) -> tuple[Column, ...]:
    """Return a column for each property of a model, in the order in which its class takes them."""
    columns = {each.attribute: _column(each) for each in properties(model)}
    return tuple(columns[attribute.name] for attribute in fields(generated(model)) if attribute.init)


def _column(prop: Property) -> Column:
    return Column(prop.name, cast("ColumnType", _COLUMN_TYPES.get(prop.type, "json")))


_COLUMN_TYPES = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}


def json_text(value: object) -> str:
    """Return a value as compact JSON that UTF-8 can hold: half a surrogate pair is escaped."""
    try:
        return msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, ValueError, OverflowError):  # half a pair, or an integer beyond 64 bits
        text = _encode(value)
        return text if is_utf8(text) else _encode_ascii(value)


def strict_json(text: str) -> Any:
    """Read JSON text, and refuse what only Python takes for JSON: NaN, infinity, numbers beyond a double.

    Raises:
        ValueError: the text is no such JSON.
        RecursionError: it is nested too deeply.

    """
    return json.loads(text, parse_constant=_refused, parse_float=_finite)


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError("a number is too large")
    return number


def is_utf8(text: str) -> bool:
    """Return True if a string can be encoded; half a surrogate pair, which JSON may contain, cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def all_fit(values: Iterable[object], column_type: ColumnType) -> bool:
    """Return True if a column of this type holds all these values exactly; nulls always fit."""
    return _FITS[column_type]([value for value in values if value is not None])


def type_of(values: Iterable[object]) -> ColumnType:
    """Choose the type of a column by values that were seen in it.

    Mixed kinds become ``json``, where each value keeps its own kind. A column with nulls only is ``text``, the
    likeliest.
    """
    kinds = {type(value) for value in values if value is not None}
    for column_type, accepted in _KINDS.items():
        if kinds <= accepted:
            return column_type
    return "json"


# In the order of trying: no kind at all is text, integers alone are integer, integers and fractions are number.
# The types are exact, since bool is a subclass of int.
_KINDS: Mapping[ColumnType, frozenset[type]] = MappingProxyType(
    {
        "text": frozenset({str}),
        "boolean": frozenset({bool}),
        "integer": frozenset({int}),
        "number": frozenset({int, float}),
    }
)


def _are(column_type: ColumnType, values: Sequence[Any]) -> bool:
    return set(map(type, values)) <= _KINDS[column_type]


def _are_texts(values: Sequence[Any]) -> bool:
    return _are("text", values) and is_utf8("".join(values))


def _are_integers(values: Sequence[Any]) -> bool:
    return _are("integer", values) and (not values or (min(values) >= -(2**63) and max(values) < 2**63))


def _are_numbers(values: Sequence[Any]) -> bool:
    kinds = set(map(type, values))
    if kinds <= {float}:
        return True
    exact = (type(value) is float or abs(value) <= MAX_EXACT_IN_DOUBLE for value in values)
    return kinds <= _KINDS["number"] and all(exact)


_FITS: Mapping[ColumnType, Callable[[Sequence[Any]], bool]] = MappingProxyType(
    {
        "text": _are_texts,
        "boolean": lambda values: _are("boolean", values),
        "integer": _are_integers,
        "number": _are_numbers,
        "json": lambda _: True,
    }
)
