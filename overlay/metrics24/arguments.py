"""The arguments of reports and lists, checked before anything is sent."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from attrs import Attribute, field, frozen
from attrs.validators import optional

from metrics24.config import MOST_AT_ONCE
from metrics24.errors import UsageError
from metrics24.filters import Filter
from metrics24.kinds import Kind

Day = date | str
Sort = str | Iterable[str]
LARGEST_PAGE = 100

_UNSAFE_ID = re.compile(r"[/\\%?#\s\x00-\x20\x7f\ud800-\udfff]")
_SORTABLE = re.compile(r"-?[^\s,=&\[\]\x00-\x1f\x7f-]+[^\s,=&\[\]\x00-\x1f\x7f]*")


def safe_id(value: object, name: str) -> str:
    """Return an id that cannot bend a URL.

    Raises:
        UsageError: it is not text, empty, a dot segment, or holds a slash, blank, percent sign or control character.

    """
    if not isinstance(value, str):
        raise UsageError(f"{name} must be text, not {type(value).__name__}.")
    if not value or value in {".", ".."} or _UNSAFE_ID.search(value):
        raise UsageError(
            f"{name} {value!r} cannot be an id: it is empty, a dot segment, or holds / \\ % ? # or a blank."
        )
    return value


def as_day(value: object, name: str) -> date:
    """A day as given: a date, or ISO text.

    Raises:
        UsageError: it is neither, or it is a datetime, whose day depends on a time zone.

    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise UsageError(f"{name}={value!r} is not a day; write it like 2025-02-01.") from None
    raise UsageError(f"{name} must be a datetime.date or ISO text like 2025-02-01, not {type(value).__name__}.")


def in_order(start: date, end: date) -> tuple[date, date]:
    """The first and the last day of a range.

    Raises:
        UsageError: the first comes after the last.

    """
    if start > end:
        raise UsageError(f"start ({start}) lies after end ({end}); swap them.")
    return start, end


def checked_filter(filter_: object) -> Filter | None:
    """A filter, or none.

    Raises:
        UsageError: it is something else.

    """
    if filter_ is not None and not isinstance(filter_, Filter):
        raise UsageError(
            "filter must be built with metrics24.field, as in field(NAME).eq(VALUE), not given as "
            f"{type(filter_).__name__}."
        )
    return filter_


def row_keys(integration: str, request_date: Day, **keys: str) -> dict[str, object]:
    """The five keys of a look-up, as the generated request takes them.

    Raises:
        UsageError: one is missing or not of its type.

    """
    for name, value in keys.items():
        if not isinstance(value, str) or not value:
            raise UsageError(f"{name.rstrip('_')} must be text that is not empty.")
    day = as_day(request_date, "request_date")
    return dict(integration_id=safe_id(integration, "integration"), request_date=day, **keys)


_Validator = Callable[[Any, "Attribute[Any]", Any], None]


def _whole(least: int, most: int, advice: str) -> _Validator:
    """Make a validator of whole numbers between two bounds."""
    bounds = f"{least} to {most}" if most < sys.maxsize else f"{least} or more"

    def check(_: object, attribute: Attribute[Any], value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UsageError(f"{attribute.name} must be a whole number, {bounds}, not {value!r}; {advice}")

    return check


def _is_parallel(instance: object, attribute: Attribute[Any], value: object) -> None:
    _whole(1, MOST_AT_ONCE, "1 reads one page after the other.")(instance, attribute, value)


def _start(value: Day) -> date:
    return as_day(value, "start")


def _end(value: Day) -> date:
    return as_day(value, "end")


def _is_id(_: object, attribute: Attribute[Any], value: object) -> None:
    safe_id(value, attribute.name)


def _is_cursor(_: object, attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value:
        raise UsageError(
            f"{attribute.name} must be a row's cursor, not {value!r}; leave it out to begin with the newest row."
        )


def _is_filter(_: object, __: Attribute[Any], value: object) -> None:
    checked_filter(value)


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


_LIMIT = optional(_whole(0, sys.maxsize, "leave it out for all rows."))
_PAGE_SIZE = _whole(1, LARGEST_PAGE, "use limit for fewer rows.")


@frozen
class ReportParams:
    """The arguments of a report table.

    Raises:
        UsageError: days in the wrong order, both cursors or an empty one, a page size, limit or parallel out of range.

    """

    kind: Kind = field(repr=lambda kind: kind.name)
    integration: str = field(validator=_is_id)
    start: date = field(converter=_start)
    end: date = field(converter=_end)
    filter: Filter | None = field(default=None, validator=optional(_is_filter))
    limit: int | None = field(default=None, validator=_LIMIT)
    page_size: int = field(default=LARGEST_PAGE, validator=_PAGE_SIZE)
    after: str | None = field(default=None, validator=optional(_is_cursor))
    before: str | None = field(default=None, validator=optional(_is_cursor))
    parallel: int = field(default=1, validator=_is_parallel)

    def __attrs_post_init__(self) -> None:
        in_order(self.start, self.end)
        if self.after is not None and self.before is not None:
            raise UsageError("after and before exclude each other; give one of them.")
        if self.parallel > 1 and (self.after or self.before):
            raise UsageError("parallel reads whole days, so after and before do not go with it; leave one of them out.")

    @property
    def operation(self) -> str:
        """The operation that gives the table."""
        return self.kind.report

    @property
    def size(self) -> int:
        """Rows per request."""
        return self.page_size if self.limit is None else max(1, min(self.page_size, self.limit))


@frozen
class ListParams:
    """The arguments of a list in numbered pages; `integration` is None where the list is that of the account.

    Raises:
        UsageError: a filter, sort, page size or limit that makes no sense.

    """

    operation: str
    integration: str | None = field(default=None, validator=optional(_is_id))
    filter: Filter | None = field(default=None, validator=optional(_is_filter))
    sort: str | None = field(default=None, converter=_sort)
    limit: int | None = field(default=None, validator=_LIMIT)
    page_size: int = field(default=LARGEST_PAGE, validator=_PAGE_SIZE)

    @property
    def size(self) -> int:
        """Items per request: the same on every page, or the numbers would not fit together."""
        return self.page_size if self.limit is None else max(1, min(self.page_size, self.limit))
