"""Filters: `filter[outer.inner][operator]=value`, read from the query and held against objects."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .problems import bad_request
from .spec import find_property, is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .spec import Schema

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]+)?")
_EQUAL = "eq"
_LIKE = "like"


def _like(found: str, pattern: str) -> bool:
    parts = re.split(r"([%_])", pattern)
    expression = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(expression, found, re.IGNORECASE | re.DOTALL) is not None


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    _EQUAL: operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
OPERATORS = (*_COMPARISONS, _LIKE)
"""The operators that the sandbox knows. The documentation shows `gte` and `lte` and leaves the set open."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One property held against one or more values; one of them suffices."""

    field: str
    operator: str
    values: tuple[str, ...]

    def holds(self, found: Mapping[str, object]) -> bool:
        """Return True if an object meets the condition. A property that is null or absent meets none."""
        return any(self._meets(value, text) for value in _dig(found, self.field.split(".")) for text in self.values)

    def check(self, item: Schema) -> None:
        """Refuse (400) a property that objects do not have, and texts where it is a number."""
        schema = find_property(item, self.field)
        if schema is None:
            raise bad_request(f"cannot filter by {self.field!r}: no such property")
        if self.operator != _LIKE and is_number(schema) and not all(map(_is_number, self.values)):
            raise bad_request(f"{self.field!r} is a number")

    def _meets(self, value: object, text: str) -> bool:
        if self.operator == _LIKE:
            return _like(str(value), text)
        return _COMPARISONS[self.operator](*_comparable(value, text))


def read(key: str, texts: Sequence[str]) -> Condition:
    """The condition that a query parameter states; values are repeated or joined by commas."""
    field, *rest = _BRACKETS.findall(key)
    name = rest[0] if rest else _EQUAL
    if name not in OPERATORS:
        raise bad_request(f"unknown operator {name!r} in {key}; known are {', '.join(OPERATORS)}")
    return Condition(field, name, tuple(value for text in texts for value in text.split(",")))


def all_hold(conditions: Iterable[Condition], found: Mapping[str, object]) -> bool:
    """Return True if an object meets every condition."""
    return all(condition.holds(found) for condition in conditions)


def _dig(node: object, path: Sequence[str]) -> list[object]:
    """Every value that a dotted path leads to; lists are entered."""
    if isinstance(node, list | tuple):
        return [found for entry in node for found in _dig(entry, path)]
    if not path:
        return [] if node is None else [node]
    return _dig(node.get(path[0]), path[1:]) if isinstance(node, dict) else []


def _comparable(value: object, text: str) -> tuple[object, object]:
    """A value and the text it is compared with, brought to one type: numbers as numbers, all else as text."""
    if isinstance(value, bool):
        return str(value).lower(), text.lower()
    if isinstance(value, int | float) and _is_number(text):
        return value, float(text)
    return str(value), text


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None
