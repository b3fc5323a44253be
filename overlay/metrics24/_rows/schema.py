"""Columns: which values fit which type, and how a value is written as JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal

import msgspec
from attrs import frozen

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


def json_text(value: object) -> str:
    """Write a value as compact JSON that UTF-8 can hold: half a surrogate pair is escaped."""
    try:
        return msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, ValueError, OverflowError):  # half a pair, or an integer beyond 64 bits
        text = _encode(value)
        return text if is_utf8(text) else _encode_ascii(value)


def strict_json(text: str) -> Any:
    """Read JSON text that has nothing that JSON does not know: no NaN, no infinity, no number beyond a double.

    Raises:
        ValueError: it has, or is no JSON.
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
    """Tell whether a string can be encoded: JSON may carry half a surrogate pair, which cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def all_fit(values: Iterable[object], column_type: ColumnType) -> bool:
    """Tell whether a column of this type holds all these values exactly; nulls always fit."""
    return _FITS[column_type]([value for value in values if value is not None])


def type_of(values: Iterable[object]) -> ColumnType:
    """Choose the type of a column from values that were seen in it.

    Kinds that do not go together become ``json``, where each value keeps its own kind. A column of which only
    nulls were seen is ``text``, the likeliest.
    """
    kinds = {type(value) for value in values if value is not None}
    for column_type, accepted in _KINDS.items():
        if kinds <= accepted:
            return column_type
    return "json"


# In the order of trying: no kind at all is text, integers alone are integers, with fractions among them numbers.
# Exact types, since bool is a subclass of int.
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
