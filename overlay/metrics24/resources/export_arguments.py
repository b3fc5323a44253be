"""What exports are asked for, checked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import frozen

from metrics24.errors import UsageError
from metrics24.filters import Filter
from metrics24.flows.exports import OPERATIONS, Wanted
from metrics24.flows.paging import Query
from metrics24.flows.planning import TABLES
from metrics24.operations import EXPORT_FILTERS, safe_id
from metrics24.resources.arguments import Day, as_day, checked_filter, in_order

_LONGEST = 1e9  # some thirty years
_OF_EXPORTS = frozenset(each.field for each in EXPORT_FILTERS.values() if "." in each.field)
_NAME = re.compile(r"[^,\x00-\x1f\x7f\ud800-\udfff]+")
_DELIMITER = re.compile(r'[^"\r\n\ud800-\udfff]')


@frozen
class Columns:
    """How the file shall look, as it was given."""

    fields: Iterable[str]
    extra_parameters: Iterable[str]
    delimiter: str | None


def wanted(
    kind: str, integration: str, columns: Columns, *, start: Day | None, end: Day | None, filter: Filter | None
) -> Wanted:
    """The arguments of an export.

    Raises:
        UsageError: one of them makes no sense.

    """
    first = None if start is None else as_day(start, "start")
    last = None if end is None else as_day(end, "end")
    if first is not None and last is not None:
        in_order(first, last)
    fields, delimiter = _names("fields", columns.fields), columns.delimiter
    if not fields:
        raise UsageError("fields is empty; name the columns that the file shall have.")
    if delimiter is not None and (not isinstance(delimiter, str) or not _DELIMITER.fullmatch(delimiter)):
        raise UsageError(f"delimiter must be one character, and no quote or line break, not {delimiter!r}.")
    return Wanted(
        kind=_kind(kind),
        integration=safe_id(integration, "integration"),
        fields=fields,
        extra_parameters=_names("extra_parameters", columns.extra_parameters),
        start=first,
        end=last,
        delimiter=delimiter,
        filter=_of_rows(filter),
    )


def planned(kind: str, integration: str, start: Day, end: Day) -> Query:
    """What a plan samples: the report table of a kind.

    Raises:
        UsageError: an argument makes no sense.

    """
    first, last = in_order(as_day(start, "start"), as_day(end, "end"))
    return Query(operation=TABLES[_kind(kind)], integration=safe_id(integration, "integration"), start=first, end=last)


def artifact(name: object) -> str:
    """The name of a file on the server.

    Raises:
        UsageError: it is not text, or empty.

    """
    if not isinstance(name, str) or not name:
        raise UsageError(
            "artifact_name must be text that is not empty: an export's .artifact_name, once it is complete."
        )
    return name


def seconds(name: str, value: object) -> float:
    """A number of seconds.

    Raises:
        UsageError: it is none, below 0, or too large to be meant.

    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST:
        raise UsageError(f"{name} must be a number of seconds, from 0 to {_LONGEST:g}, not {value!r}.")
    return float(value)


def _of_rows(filter_: object) -> Filter | None:
    """A filter of rows: what only exports have would be ignored at best, and an export of everything costs the same."""
    checked = checked_filter(filter_)
    for condition in () if checked is None else checked.conditions:
        if condition.name in _OF_EXPORTS:
            raise UsageError(
                f"filter names {condition.name!r}, which exports have and rows have not: export_filter is for "
                "exports.list, and the days of an export are start and end."
            )
    return checked


def _kind(kind: object) -> str:
    if not isinstance(kind, str) or kind not in OPERATIONS:
        raise UsageError(f"There are exports of {', '.join(OPERATIONS)}, not of {kind!r}.")
    return kind


def _names(what: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise UsageError(f"{what} must be a list of names like ['real_tx_id', 'status'], not {given!r}.")
    names = tuple(given)
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.strip():
            raise UsageError(f"{what} holds {name!r}, which is no name: text without commas and line breaks.")
    if len(set(names)) < len(names):
        raise UsageError(f"{what} names a column twice; name each once.")
    return names
