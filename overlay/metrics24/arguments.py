"""What reports and lists are asked for, checked before anything is sent."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from attrs import frozen

from metrics24._core.pagination import ListQuery, TableQuery
from metrics24._core.requests import safe_id
from metrics24.config import MOST_AT_ONCE
from metrics24.errors import UsageError
from metrics24.filters import Filter

Day = date | str
Sort = str | Iterable[str]
LARGEST_PAGE = 100

_SORTABLE = re.compile(r"-?[^\s,=&\[\]\x00-\x1f\x7f-]+[^\s,=&\[\]\x00-\x1f\x7f]*")


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


def check_parallel(parallel: object) -> None:
    """Check a number of requests at once.

    Raises:
        UsageError: it is no whole number, or out of range.

    """
    _refuse_count("parallel", parallel, range(1, MOST_AT_ONCE + 1), "1 reads one page after the other.")


@frozen
class Asked:
    """The arguments that all report tables share."""

    start: Day
    end: Day
    filter: Filter | None
    limit: int | None
    page_size: int
    after: str | None
    before: str | None
    parallel: int = 1
    ordered: bool = True

    def query(self, operation: str, integration: str) -> TableQuery:
        """The arguments as a query.

        Raises:
            UsageError: days reversed, both cursors or an empty one, a page size, limit or parallel out of range.

        """
        for name, cursor in (("after", self.after), ("before", self.before)):
            if cursor is not None and (not isinstance(cursor, str) or not cursor):
                raise UsageError(
                    f"{name} must be a row's cursor, not {cursor!r}; leave it out to begin with the newest row."
                )
        if self.after is not None and self.before is not None:
            raise UsageError("after and before exclude each other; give one of them.")
        _check_extent(self.filter, self.limit, self.page_size)
        self._check_parallel()
        start, end = in_order(as_day(self.start, "start"), as_day(self.end, "end"))
        return TableQuery(
            operation=operation,
            integration=safe_id(integration, "integration"),
            start=start,
            end=end,
            filter=self.filter,
            page_size=self.page_size,
            limit=self.limit,
            after=self.after,
            before=self.before,
        )

    def _check_parallel(self) -> None:
        check_parallel(self.parallel)
        if not isinstance(self.ordered, bool):
            raise UsageError(f"ordered must be True or False, not {self.ordered!r}.")
        if self.parallel > 1 and (self.after or self.before):
            raise UsageError("parallel reads whole days, so after and before do not go with it; leave one of them out.")


@frozen
class AskedOfList:
    """The arguments that all lists share."""

    filter: Filter | None
    sort: Sort | None
    limit: int | None
    page_size: int

    def query(self, operation: str, **place: str) -> ListQuery:
        """The arguments as a query; `place` holds the ids that the path needs.

        Raises:
            UsageError: a filter, sort, page size or limit that makes no sense.

        """
        _check_extent(self.filter, self.limit, self.page_size)
        return ListQuery(
            operation=operation,
            place=place,
            filter=self.filter,
            sort=None if self.sort is None else _sort(self.sort),
            page_size=self.page_size,
            limit=self.limit,
        )


def _sort(given: object) -> str:
    names: list[Any] = (
        given.split(",") if isinstance(given, str) else list(given) if isinstance(given, Iterable) else [given]
    )
    for name in names:
        if not isinstance(name, str) or not _SORTABLE.fullmatch(name):
            raise UsageError(f"sort={given!r} does not name columns; write them like ('-created_at', 'name').")
    return ",".join(names)


def _check_extent(filter_: object, limit: object, page_size: object) -> None:
    checked_filter(filter_)
    _refuse_count("page_size", page_size, range(1, LARGEST_PAGE + 1), "use limit for fewer rows.")
    if limit is not None:
        _refuse_count("limit", limit, range(sys.maxsize), "leave it out for all rows.")


def _refuse_count(name: str, value: object, allowed: range, advice: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        bounds = f"{allowed.start} to {allowed.stop - 1}" if allowed.stop < sys.maxsize else f"{allowed.start} or more"
        raise UsageError(f"{name} must be a whole number, {bounds}, not {value!r}; {advice}")
