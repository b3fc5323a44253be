"""Filters as they are typed: `status=rejected`, `payout>=1`, `name:like=a%`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

import click

from metrics24.cli.text import printable
from metrics24.errors import FilterError
from metrics24.filters import Field, Filter, field, join

# The name ends at the first sign; whatever follows it is the value, signs included.
_TYPED = re.compile(r"(?P<name>[^=<>!:]+)(?::(?P<operator>[^=<>!:]+))?(?P<sign>>=|<=|=)(?P<value>.*)", re.DOTALL)
_FOREIGN = re.compile(r"(?P<name>[^=<>!:]+)(?P<sign>!=|<>|<|>)(?P<value>.*)", re.DOTALL)


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


def tell_of_commas(given: Mapping[str, Any]) -> None:
    """Say on stderr which values a server may take for several, unless a program reads it or nobody does.

    Raises:
        FilterError: one of the filters is not written as a filter.

    """
    parsed = [(column.name, operator, value) for column, operator, value in map(_parse, given["filters"])]
    if given["quiet"] or given["as_json"]:
        return
    for name, operator, value in dict.fromkeys(parsed):
        parts = value.split(",")
        if operator == "eq" and len(parts) > 1 and all(map(str.strip, parts)):
            many = "two" if len(parts) == 2 else str(len(parts))
            clear = " ".join(f"--filter {shlex.quote(f'{name}={part.strip()}')}" for part in parts)
            click.echo(
                printable(f"The server may take {name}={value} for one value or for {many}; to be sure write {clear}."),
                err=True,
            )


def _parse(text: str) -> tuple[Field, str, str]:
    found = _TYPED.fullmatch(text)
    if found is None or any(part != part.strip() for part in (found["name"], found["operator"] or "")):
        if hint := _hint(text):
            raise FilterError(f"{text!r} is not a filter: {hint}")
        quotes = "" if set("<>=") & set(text) else ", in quotes, since shells take < and > for themselves"
        raise FilterError(
            f"{text!r} is not a filter; write NAME=VALUE, NAME>=VALUE, NAME<=VALUE or NAME:OPERATOR=VALUE{quotes}"
        )
    operator = {"=": "eq", ">=": "gte", "<=": "lte"}[found["sign"]]
    if found["operator"] and operator != "eq":
        raise FilterError(f"{text!r} names two operators; write {found['name']}:{found['operator']}=VALUE")
    return field(found["name"]), found["operator"] or operator, found["value"]


def _hint(text: str) -> str:
    """What to write instead of a sign that there is not."""
    found = _FOREIGN.fullmatch(text)
    if found is None or not found["name"].strip() or (found["sign"] in "<>" and found["value"].startswith("=")):
        return ""
    name, sign, value = found["name"].strip(), found["sign"], found["value"].strip()
    if sign in ("!=", "<>"):
        return f"there is no {sign}; name the values that you want, as in {name}=VALUE, once for each"
    operator = "gt" if sign == ">" else "lt"
    return (
        f"for {sign} write {name}:{operator}={value or 'VALUE'}, which the API does not document, or "
        f"'{name}{sign}={value or 'VALUE'}', which it does"
    )


def _condition(column: Field, operator: str, value: str) -> Filter:
    if operator == "gte":
        return column.gte(value)
    if operator == "lte":
        return column.lte(value)
    return column.op(operator, value)
