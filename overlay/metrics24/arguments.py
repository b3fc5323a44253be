"""The arguments of calls, declared and checked in one place before anything is sent.

A check takes a value and the argument's name; it returns the value as it is used, or raises a UsageError that names the
argument, the mistake and the remedy. Parameter classes declare their checks as validators and converters of attrs,
and TypedDicts of keyword arguments as annotations, which `checked` applies.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, get_type_hints

from attrs import Attribute, field, frozen
from attrs.validators import optional

from metrics24.config import MOST_AT_ONCE
from metrics24.errors import UsageError
from metrics24.filters import Filter
from metrics24.kinds import KINDS, Kind
from metrics24.models import EXPORT_FILTERS, UNSET

Day = date | str
Sort = str | Iterable[str]
Check = Callable[[Any, str], Any]
LARGEST_PAGE = 100
MOST_TAGS = 50

_UNSAFE_ID = re.compile(r"[/\\%?#\s\x00-\x20\x7f\ud800-\udfff]")
_LONGEST = 1e9  # some thirty years
_SORTABLE = re.compile(r"-?[^\s,=&\[\]\x00-\x1f\x7f-]+[^\s,=&\[\]\x00-\x1f\x7f]*")
_NAME = re.compile(r"[^,\x00-\x1f\x7f\ud800-\udfff]+")
_DELIMITER = re.compile(r'[^"\r\n\ud800-\udfff]')
_OF_EXPORTS = frozenset(each.field for each in EXPORT_FILTERS.values() if "." in each.field)


def safe_id(value: object, name: str) -> str:
    """Accept an id that is safe in a URL: no slash, blank, percent sign or control character, and no dot segment."""
    if not isinstance(value, str):
        raise UsageError(f"{name} must be text, not {type(value).__name__}.", arguments=(name,))
    if not value or value in {".", ".."} or _UNSAFE_ID.search(value):
        raise UsageError(
            f"{name} {value!r} cannot be an id: it is empty, a dot segment, or holds / \\ % ? # or a blank."
        )
    return value


def as_day(value: object, name: str) -> date:
    """Accept a day: a date, or ISO text; not a datetime, whose day depends on a time zone."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise UsageError(f"{name}={value!r} is not a day; write it like 2025-02-01.", arguments=(name,)) from None
    raise UsageError(
        f"{name} must be a datetime.date or ISO text like 2025-02-01, not {type(value).__name__}.", arguments=(name,)
    )


def in_order(start: date, end: date) -> tuple[date, date]:
    """Accept a range of days whose first day does not come after the last."""
    if start > end:
        raise UsageError(f"start ({start}) lies after end ({end}); swap them.", arguments=("start", "end"))
    return start, end


def whole_number(value: object, name: str) -> int:
    """Accept a whole number, but not True or False."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{name} must be a whole number, not {value!r}.", arguments=(name,))
    return value


def between(least: int, most: int, advice: str) -> Check:
    """Make a check of whole numbers between two bounds, both included."""
    bounds = f"{least} to {most}" if most < sys.maxsize else f"{least} or more"

    def check(value: object, name: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UsageError(f"{name} must be a whole number, {bounds}, not {value!r}; {advice}", arguments=(name,))
        return value

    return check


def seconds(value: object, name: str) -> float:
    """Accept a number of seconds, from 0 to a billion."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST:
        raise UsageError(
            f"{name} must be a number of seconds, from 0 to {_LONGEST:g}, not {value!r}.", arguments=(name,)
        )
    return float(value)


def switch(value: object, name: str) -> bool:
    """Accept True or False, and nothing that is only truthy."""
    if not isinstance(value, bool):
        raise UsageError(f"{name} must be True or False, not {value!r}.", arguments=(name,))
    return value


def any_text(value: object, name: str) -> str:
    """Accept text, also empty text."""
    if not isinstance(value, str):
        raise UsageError(f"{name} must be text, not {type(value).__name__}.", arguments=(name,))
    return value


def text(value: object, name: str) -> str:
    """Accept text that is not empty."""
    if not isinstance(value, str) or not value:
        raise UsageError(f"{name} must be text that is not empty, not {value!r}.", arguments=(name,))
    return value


def title(value: object, name: str) -> str:
    """Accept the name of a filter group: text that is not blank."""
    if isinstance(value, str) and value and not value.strip():
        raise UsageError(f"{name} must not be blank.", arguments=(name,))
    return text(value, name)


def artifact_name(value: object, name: str) -> str:
    """Accept the name of a file on the server."""
    if not isinstance(value, str) or not value:
        raise UsageError(
            f"{name} must be text that is not empty: an export's .artifact_name, once it is complete.",
            arguments=(name,),
        )
    return value


def cursor(value: object, name: str) -> str:
    """Accept a row's cursor."""
    if not isinstance(value, str) or not value:
        raise UsageError(
            f"{name} must be a row's cursor, not {value!r}; leave it out to begin with the newest row.",
            arguments=(name,),
        )
    return value


def delimiter(value: object, name: str) -> str:
    """Accept a character that can separate the fields of a CSV file."""
    if not isinstance(value, str) or not _DELIMITER.fullmatch(value):
        raise UsageError(f"{name} must be one character, and no quote or line break, not {value!r}.", arguments=(name,))
    return value


def items(value: object, name: str) -> list[Any]:
    """Accept any iterable but text and mappings, which would fall apart into letters and keys."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise UsageError(f"{name} must be a list, not {type(value).__name__}: write {name}=[...].", arguments=(name,))
    return list(value)


def unique_texts(value: object, name: str) -> list[str]:
    """Accept a list of texts that are not empty, each once."""
    texts = items(value, name)
    for each in texts:
        if not isinstance(each, str) or not each:
            raise UsageError(f"{name} must hold texts that are not empty, not {each!r}.", arguments=(name,))
    twice = [each for each, times in Counter(texts).items() if times > 1]
    if twice:
        raise UsageError(f"{name} holds {twice[0]!r} more than once; name each once.", arguments=(name,))
    return texts


def some_texts(value: object, name: str) -> tuple[str, ...]:
    """Accept at least one text; texts are not empty, and each occurs once."""
    texts = unique_texts(value, name)
    if not texts:
        raise UsageError(f"{name} is empty: name at least one.", arguments=(name,))
    return tuple(texts)


def some_ids(value: object, name: str) -> tuple[str, ...]:
    """Accept at least one id that is safe in a URL, each once."""
    return tuple(safe_id(each, name) for each in some_texts(value, name))


def tags(value: object, name: str) -> list[str]:
    """Accept tags, each once and no more than the API takes."""
    texts = unique_texts(value, name)
    if len(texts) > MOST_TAGS:
        raise UsageError(f"{name} has {len(texts)} entries; the API takes {MOST_TAGS} at most.", arguments=(name,))
    return texts


def rules(value: object, name: str) -> list[dict[str, Any]]:
    """Accept the filters of a filter group: mappings, or the models that were read."""
    found: list[dict[str, Any]] = []
    for each in items(value, name):
        if not isinstance(each, Mapping) and not callable(getattr(each, "to_dict", None)):
            raise UsageError(
                f"{name} must hold mappings, or the filters of a FilterGroup, not {type(each).__name__}.",
                arguments=(name,),
            )
        found.append(dict(each if isinstance(each, Mapping) else each.to_dict()))
    return found


def columns(value: object, name: str) -> tuple[str, ...]:
    """Accept the names of a file's columns, each once."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise UsageError(
            f"{name} must be a list of names like ['real_tx_id', 'status'], not {value!r}.", arguments=(name,)
        )
    names = tuple(value)
    for each in names:
        if not isinstance(each, str) or not _NAME.fullmatch(each) or each != each.strip():
            raise UsageError(
                f"{name} holds {each!r}, which is no name: text without commas and line breaks.", arguments=(name,)
            )
    if len(set(names)) < len(names):
        raise UsageError(f"{name} names a column twice; name each once.", arguments=(name,))
    return names


def kind_of_rows(value: object, name: str) -> Kind:
    """Accept the name of a kind of rows, and return the kind."""
    if not isinstance(value, str) or value not in KINDS:
        raise UsageError(f"{name} must be one of {', '.join(KINDS)}, not {value!r}.", arguments=(name,))
    return KINDS[value]


def any_filter(value: object, name: str) -> Filter:
    """Accept a filter."""
    if not isinstance(value, Filter):
        raise UsageError(
            f"{name} must be built with metrics24.field, as in field(NAME).eq(VALUE), not given as "
            f"{type(value).__name__}."
        )
    return value


def filter_of_rows(value: object, name: str) -> Filter:
    """Accept a filter of an export's rows; the API would ignore columns of exports, and export everything."""
    rows = any_filter(value, name)
    for condition in rows.conditions:
        if condition.name in _OF_EXPORTS:
            raise UsageError(
                f"{name} names {condition.name!r}, a property of exports, not a column of rows: export_filter is for "
                "exports.list, and the days of an export are start and end."
            )
    return rows


def valid(check: Check) -> Callable[[Any, Attribute[Any], Any], None]:
    """Make a validator of attrs from a check that returns its value unchanged."""

    def validate(_: object, attribute: Attribute[Any], value: object) -> None:
        check(value, attribute.name)

    return validate


def row_keys(integration: str, request_date: Day, **keys: str) -> dict[str, object]:
    """Check the five keys of a look-up, and return them as the generated request takes them."""
    texts = {name: text(value, name.rstrip("_")) for name, value in keys.items()}
    day = as_day(request_date, "request_date")
    return dict(integration_id=safe_id(integration, "integration"), request_date=day, **texts)


def checked(declared: type, arguments: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Check keyword arguments by the checks that a TypedDict declares; None stays None, and UNSET is left out."""
    checks = _checks_of(declared)
    for name in arguments.keys() - checks.keys():
        raise UsageError(f"{owner} has no property {name!r} to set; it has {', '.join(sorted(checks))}.")
    return {
        name: None if value is None else checks[name](value, name)
        for name, value in arguments.items()
        if value is not UNSET
    }


@cache
def _checks_of(declared: type) -> dict[str, Check]:
    hints = get_type_hints(declared, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def _start(value: Day) -> date:
    return as_day(value, "start")


def _end(value: Day) -> date:
    return as_day(value, "end")


def _sort(value: Sort | None) -> str | None:
    if value is None:
        return None
    names: list[Any] = (
        value.split(",") if isinstance(value, str) else list(value) if isinstance(value, Iterable) else [value]
    )
    for name in names:
        if not isinstance(name, str) or not _SORTABLE.fullmatch(name):
            raise UsageError(f"sort={value!r} does not name columns; write them like ('-created_at', 'name').")
    return ",".join(names)


_FILTER = optional(valid(any_filter))
_LIMIT = optional(valid(between(0, sys.maxsize, "leave it out for all rows.")))
_PAGE_SIZE = valid(between(1, LARGEST_PAGE, "use limit for fewer rows."))
_CURSOR = optional(valid(cursor))
_PARALLEL = valid(between(1, MOST_AT_ONCE, "1 reads one page after the other."))


@frozen
class ReportParams:
    """The arguments of a report table.

    Raises:
        UsageError: days in the wrong order, both cursors or an empty one, a page size, limit or parallel out of range.

    """

    kind: Kind = field(repr=lambda kind: kind.name)
    integration: str = field(validator=valid(safe_id))
    start: date = field(converter=_start)
    end: date = field(converter=_end)
    filter: Filter | None = field(default=None, validator=_FILTER)
    limit: int | None = field(default=None, validator=_LIMIT)
    page_size: int = field(default=LARGEST_PAGE, validator=_PAGE_SIZE)
    after: str | None = field(default=None, validator=_CURSOR)
    before: str | None = field(default=None, validator=_CURSOR)
    parallel: int = field(default=1, validator=_PARALLEL)

    def __attrs_post_init__(self) -> None:
        in_order(self.start, self.end)
        if self.after is not None and self.before is not None:
            raise UsageError("after and before exclude each other; pass one of them.", arguments=("after", "before"))
        if self.parallel > 1 and (self.after or self.before):
            raise UsageError(
                "parallel reads whole days, so after and before do not go with it; leave one of them out.",
                arguments=("parallel", "after", "before"),
            )

    @property
    def operation(self) -> str:
        """The operation that gives the table."""
        return self.kind.report

    @property
    def size(self) -> int:
        """Rows per request."""
        return self.page_size if self.limit is None else max(1, min(self.page_size, self.limit))


def whole_days(params: object, option: str) -> ReportParams:
    """Accept the parameters of all rows of whole days; `option` is the option that needs them."""
    if not isinstance(params, ReportParams):
        raise UsageError(f"{option} is for the rows of reports; lists have no days.")
    for name in ("limit", "after", "before"):
        if getattr(params, name) is not None:
            raise UsageError(
                f"{name} does not go with {option}, which takes all rows of each day; leave it out.", arguments=(name,)
            )
    return params


@frozen
class ListParams:
    """The arguments of a list in numbered pages; `integration` is None for a list of the whole account.

    Raises:
        UsageError: a filter, sort, page size or limit that makes no sense.

    """

    operation: str
    integration: str | None = field(default=None, validator=optional(valid(safe_id)))
    filter: Filter | None = field(default=None, validator=_FILTER)
    sort: str | None = field(default=None, converter=_sort)
    limit: int | None = field(default=None, validator=_LIMIT)
    page_size: int = field(default=LARGEST_PAGE, validator=_PAGE_SIZE)

    @property
    def size(self) -> int:
        """Items per request: the same on every page, since pages are numbered by it."""
        return self.page_size if self.limit is None else max(1, min(self.page_size, self.limit))


def _kind(value: str) -> Kind:
    return kind_of_rows(value, "kind")


def _fields(value: Iterable[str]) -> tuple[str, ...]:
    names = columns(value, "fields")
    if not names:
        raise UsageError("fields is empty; name the columns of the file.")
    return names


def _extra_parameters(value: Iterable[str]) -> tuple[str, ...]:
    return columns(value, "extra_parameters")


def _first_day(value: Day | None) -> date | None:
    return None if value is None else as_day(value, "start")


def _last_day(value: Day | None) -> date | None:
    return None if value is None else as_day(value, "end")


@frozen(kw_only=True)
class ExportParams:
    """The parameters of an export.

    Raises:
        UsageError: one of them makes no sense.

    """

    kind: Kind = field(converter=_kind)
    integration: str = field(validator=valid(safe_id))
    fields: tuple[str, ...] = field(converter=_fields)
    extra_parameters: tuple[str, ...] = field(default=(), converter=_extra_parameters)
    start: date | None = field(default=None, converter=_first_day)
    end: date | None = field(default=None, converter=_last_day)
    delimiter: str | None = field(default=None, validator=optional(valid(delimiter)))
    filter: Filter | None = field(default=None, validator=optional(valid(filter_of_rows)))
    reuse: float = field(default=0.0, validator=valid(seconds))

    def __attrs_post_init__(self) -> None:
        if self.start is not None and self.end is not None:
            in_order(self.start, self.end)
