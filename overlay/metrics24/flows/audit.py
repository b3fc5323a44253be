"""Find out whether the server ignored a filter: rows that contradict it say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from metrics24.errors import FilterError, FilterIgnoredWarning, warn
from metrics24.filters import Condition, Filter, render
from metrics24.sinks import Cells

_MISSING = object()


class Audit:
    """Counts the rows that contradict a filter, and warns once."""

    def __init__(self, filter_: Filter | None) -> None:
        self._conditions = () if filter_ is None else filter_.conditions
        self._seen = self._contradicting = 0
        self._columns: set[str] = set()

    def see(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Look at rows as they are read."""
        if not self._conditions:
            return
        for row in rows:
            self._seen += 1
            broken = [condition.name for condition in self._conditions if contradicts(row, condition)]
            self._contradicting += bool(broken)
            self._columns.update(broken)

    def report(self) -> None:
        """Warn of what was seen since the last report, if any row contradicts the filter."""
        seen, contradicting = self._seen, self._contradicting
        self._seen = self._contradicting = 0
        if contradicting:
            columns = ", ".join(sorted(self._columns))
            warn(
                f"The server seems to ignore the filter: {contradicting} of {seen} rows contradict it ({columns}). "
                "The rows are delivered as sent; filter them yourself, or check the column's name.",
                FilterIgnoredWarning,
            )


def contradicts(row: Mapping[str, Any] | Cells, condition: Condition) -> bool:
    """Whether `row` carries the column and surely breaks the condition. In doubt, it does not."""
    value = _lookup(row, condition.name)
    match condition.operator:
        case "":
            return not any(_equal(value, each) for wanted in condition.values for each in _readings(wanted))
        case "gte" | "lte":
            order = _order(value, condition.values[0])
            return order is not None and (order < 0 if condition.operator == "gte" else order > 0)
    return False


def _lookup(row: Mapping[str, Any] | Cells, name: str) -> object:
    """What stands under a name, or under its parts from object to object; None where nothing does."""
    whole = row.get(name, _MISSING)
    if whole is not _MISSING:
        return whole
    first, *rest = name.split(".")
    value: Any = row.get(first)
    for part in rest:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _readings(wanted: str) -> list[str]:
    """The value whole, and what a server looks for that takes its commas for separators."""
    return [wanted, *(part.strip() for part in wanted.split(","))]


def _equal(value: Any, wanted: str) -> bool:
    """Whether the two are equal, or nothing can be said: of what is absent, null, an object or a list."""
    try:
        text = render(value)
    except FilterError:
        return True
    return text.casefold() == wanted.casefold() or _order(value, wanted) == 0


def _order(value: object, wanted: str) -> int | None:
    """-1, 0 or 1 for numbers; None where the two cannot be compared for sure, as with texts and times."""
    if isinstance(value, bool):
        return None
    try:
        left, right = Decimal(str(value)), Decimal(wanted)
    except InvalidOperation:
        return None
    if not (left.is_finite() and right.is_finite()):
        return None
    return (left > right) - (left < right)
