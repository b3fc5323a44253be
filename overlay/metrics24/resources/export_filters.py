"""The documented filters of the list of exports, by names that editors complete; generated from the spec."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Unpack, cast

from metrics24.errors import FilterError
from metrics24.filters import Filter, field, join
from metrics24.operations import EXPORT_FILTERS, ExportFilterFields


def export_filter(**fields: Unpack[ExportFilterFields]) -> Filter:
    """Filter `exports.list` by what its documentation names ("List Download Center Exports"); all must hold.

        metrics24.export_filter(status="ERROR", offer_ids=["o1", "o2"], results_meta_total_gte=100)

    Anything else is `metrics24.field(...)`; join the two with `&`.

    Args:
        fields: what to filter by. Names in the plural take one value or several, of which one must match; days are
            dates or ISO text, and only the exact day matches; sizes are rows, durations are seconds.

    Raises:
        FilterError: an unknown name, or a value of the wrong type; nothing was sent.

    """
    joined = join(_condition(name, value) for name, value in cast("dict[str, Any]", fields).items())
    if joined is None:
        raise FilterError(f"export_filter needs at least one of {', '.join(EXPORT_FILTERS)}; or leave filter= out.")
    return joined


def _condition(name: str, value: Any) -> Filter:
    known = EXPORT_FILTERS.get(name)
    if known is None:
        raise FilterError(f"Exports have no documented filter {name!r}; known are {', '.join(EXPORT_FILTERS)}.")
    column = field(known.field)
    match known.type:
        case "array":
            return column.any_of(*_texts(name, value))
        case "integer":
            wanted: int | str = _whole(name, value)
        case _:
            wanted = _day(name, value) if known.format == "date" else _text(name, value)
    return column.op(known.operator or "eq", wanted)


def _texts(name: str, value: object) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [_text(name, value)]
    return [_text(name, each) for each in value]


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise FilterError(f"{name} takes text that is not empty, not {value!r}.")
    return value


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise FilterError(f"{name} takes a whole number, not {value!r}.")
    return value


def _day(name: str, value: object) -> str:
    """A day as the API compares it: as text, so that only the one spelling matches."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise FilterError(f"{name} takes a day: a datetime.date, or ISO text like 2025-02-01, not {value!r}.")
    return day.isoformat()
