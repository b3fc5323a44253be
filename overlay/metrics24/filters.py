"""Filters and the `filter[...]` query parameters that they are sent as (documentation: "Filtering").

    recent = field("status").eq("ERROR") & field("results_meta.total").gte(100)

Conditions are joined with `&` only: the API knows neither alternatives nor negation.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import NoReturn

from attrs import frozen

from metrics24.errors import FilterError

Scalar = str | int | float | bool | Decimal | date | datetime | enum.Enum

_UNSAFE = re.compile(r"[\[\]&=\x00-\x1f\x7f\ud800-\udfff]")
_HALF = re.compile(r"[\ud800-\udfff]")


def field(name: str) -> Field:
    """Name a column to filter by; dots reach into objects: ``field("results_meta.total")``.

    Raises:
        FilterError: the name is empty or holds ``[ ] & =`` or a control character.

    """
    return Field(_clean(name, "column name"))


@frozen(eq=False)
class Field:
    """A column to filter by. Equal to a column of the same name; compared with anything else it raises FilterError."""

    name: str

    def __hash__(self) -> int:
        return hash((Field, self.name))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Field):
            return self.name == other.name
        raise self._no_sign("eq", other)

    def __ne__(self, other: object) -> bool:
        if isinstance(other, Field):
            return self.name != other.name
        raise FilterError(
            "Comparison signs build no filter, and the API has no `not`: name the values that you want, with "
            f'field("{self.name}").any_of(...), or filter the rows after reading them.'
        )

    def __lt__(self, other: object) -> NoReturn:
        raise self._no_sign("lte", other, " for at most that; less than is not documented")

    def __le__(self, other: object) -> NoReturn:
        raise self._no_sign("lte", other)

    def __gt__(self, other: object) -> NoReturn:
        raise self._no_sign("gte", other, " for at least that; greater than is not documented")

    def __ge__(self, other: object) -> NoReturn:
        raise self._no_sign("gte", other)

    def _no_sign(self, method: str, value: object, limits: str = "") -> FilterError:
        known = isinstance(value, Scalar)
        text = "..." if not known else f'"{value}"' if isinstance(value, str) and '"' not in value else repr(value)
        return FilterError(f'Comparison signs build no filter: write field("{self.name}").{method}({text}){limits}.')

    def eq(self, value: Scalar) -> Filter:
        """Equal to `value`, the API's default operator."""
        return Filter((Condition(self.name, "", (render(value),)),))

    def any_of(self, *values: Scalar) -> Filter:
        """Equal to one of `values`; each is sent as a parameter of its own."""
        if not values:
            raise FilterError(f"any_of needs at least one value for {self.name!r}; leave the condition out instead.")
        return Filter((Condition(self.name, "", tuple(map(render, values))),))

    def gte(self, value: Scalar) -> Filter:
        """Greater than or equal to `value`."""
        return self.op("gte", value)

    def lte(self, value: Scalar) -> Filter:
        """Less than or equal to `value`."""
        return self.op("lte", value)

    def op(self, operator: str, value: Scalar) -> Filter:
        """Any other operator: the documentation does not list them all, so none is refused here."""
        operator = _clean(operator, "operator")
        return Filter((Condition(self.name, "" if operator == "eq" else operator, (render(value),)),))


@frozen
class Condition:
    """One column, one operator ("" is the API's default, eq) and one or more values as they are sent."""

    name: str
    operator: str
    values: tuple[str, ...]

    @property
    def key(self) -> str:
        """The name of its query parameter."""
        return f"filter[{self.name}][{self.operator}]" if self.operator else f"filter[{self.name}]"


@frozen
class Filter:
    """Conditions that must all hold. Immutable and hashable; join two with `&`."""

    conditions: tuple[Condition, ...]

    def __and__(self, other: object) -> Filter:
        if not isinstance(other, Filter):
            raise FilterError(f"Only a filter can be joined with `&`, not {type(other).__name__}.")
        keys = {condition.key for condition in self.conditions}
        for condition in other.conditions:
            if condition.key in keys:
                raise FilterError(
                    f"Two conditions share the parameter {condition.key}; say any_of(...) for alternatives."
                )
        return Filter(self.conditions + other.conditions)

    def __or__(self, other: object) -> NoReturn:
        raise FilterError("The API has no `or`; use any_of(...) on one column, or make two requests.")

    def __invert__(self) -> NoReturn:
        raise FilterError("The API has no `not`; filter the rows after reading them.")

    def __bool__(self) -> NoReturn:
        raise FilterError("A filter is neither true nor false; join filters with `&`, not with `and` or `or`.")

    def params(self) -> list[tuple[str, str]]:
        """Return the query parameters, unencoded, in the order in which the conditions were joined."""
        return [(key, value) for key, values in self.to_dict().items() for value in values]

    def to_dict(self) -> dict[str, tuple[str, ...]]:
        """Return the query parameters by their names; one with several values is sent as often."""
        return {condition.key: condition.values for condition in self.conditions}


def render(value: Scalar) -> str:
    """Return a value as the text that is sent in a query parameter. This is the only place that decides that.

    Raises:
        FilterError: a datetime without time zone, NaN or infinity, or a type that has no text form.

    """
    match value:
        case enum.Enum():
            return render(value.value)
        case bool():
            return "true" if value else "false"
        case datetime() if value.tzinfo is None:
            raise FilterError(f"The datetime {value.isoformat()} has no time zone; say which instant you mean.")
        case date():
            return value.isoformat()
        case float() | Decimal() if not isfinite(value):
            raise FilterError(f"{value} is not a number that the API can compare with.")
        case str() if _HALF.search(value):
            raise FilterError("A value holds half a character (a surrogate), which no URL can carry.")
        case str() | int() | float() | Decimal():
            return str(value)
    raise FilterError(f"Parameters and filters take text, numbers, booleans and dates, not {type(value).__name__}.")


def join(filters: Iterable[Filter]) -> Filter | None:
    """Join all of `filters` into one; None if there are none."""
    joined: Filter | None = None
    for each in filters:
        joined = each if joined is None else joined & each
    return joined


def _clean(text: object, what: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise FilterError(f"A filter's {what} must be text that is not empty.")
    if _UNSAFE.search(text):
        raise FilterError(f"The {what} {text!r} holds one of [ ] & = or a control character.")
    return text
