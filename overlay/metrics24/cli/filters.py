"""Filters as they are typed: `status=rejected`, `payout>=1`, `name:like=a%`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from metrics24.errors import FilterError
from metrics24.filters import Field, Filter, field, join

# The name ends at the first sign; whatever follows it is the value, signs included.
_TYPED = re.compile(r"(?P<name>[^=<>!:]+)(?::(?P<operator>[^=<>!:]+))?(?P<sign>>=|<=|=)(?P<value>.*)", re.DOTALL)


def parse_filters(texts: Iterable[str]) -> Filter | None:
    """Read filters that must all hold; several equalities on one column mean any of their values.

    Raises:
        FilterError: one is not written as a filter, or two contradict each other.

    """
    equal: dict[str, list[str]] = {}
    others: list[Filter] = []
    for text in texts:
        column, operator, value = _parse(text)
        if operator == "eq":
            equal.setdefault(column.name, []).append(value)
        else:
            others.append(_condition(column, operator, value))
    return join([*(field(name).any_of(*dict.fromkeys(values)) for name, values in equal.items()), *others])


def plain(texts: Iterable[str]) -> list[str]:
    """Write filters so that those that mean the same are the same, in whatever order they were typed.

    Raises:
        FilterError: one is not written as a filter.

    """
    signs = {"eq": "=", "gte": ">=", "lte": "<="}
    return sorted(
        {
            f"{column.name}{signs.get(operator, f':{operator}=')}{value}"
            for column, operator, value in map(_parse, texts)
        }
    )


def _parse(text: str) -> tuple[Field, str, str]:
    found = _TYPED.fullmatch(text)
    if found is None or any(part != part.strip() for part in (found["name"], found["operator"] or "")):
        quotes = "" if set("<>=") & set(text) else ", in quotes, since shells take < and > for themselves"
        raise FilterError(
            f"{text!r} is not a filter; write NAME=VALUE, NAME>=VALUE, NAME<=VALUE or NAME:OPERATOR=VALUE{quotes}"
        )
    operator = {"=": "eq", ">=": "gte", "<=": "lte"}[found["sign"]]
    if found["operator"] and operator != "eq":
        raise FilterError(f"{text!r} names two operators; write {found['name']}:{found['operator']}=VALUE")
    return field(found["name"]), found["operator"] or operator, found["value"]


def _condition(column: Field, operator: str, value: str) -> Filter:
    if operator == "gte":
        return column.gte(value)
    if operator == "lte":
        return column.lte(value)
    return column.op(operator, value)
