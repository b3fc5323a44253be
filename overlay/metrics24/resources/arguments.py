"""What the reports are asked for, checked before anything is sent."""

from __future__ import annotations

import sys
from datetime import date, datetime

from attrs import frozen

from metrics24.errors import UsageError
from metrics24.filters import Filter
from metrics24.flows.paging import Query
from metrics24.operations import safe_id

Day = date | str
LARGEST_PAGE = 100


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

    def query(self, operation: str, integration: str) -> Query:
        """The arguments as a query.

        Raises:
            UsageError: days reversed, both cursors or an empty one, a page size or limit out of range.

        """
        for name, cursor in (("after", self.after), ("before", self.before)):
            if cursor is not None and (not isinstance(cursor, str) or not cursor):
                raise UsageError(
                    f"{name} must be a row's cursor, not {cursor!r}; leave it out to begin with the newest row."
                )
        if self.after is not None and self.before is not None:
            raise UsageError("after and before exclude each other; give one of them.")
        if self.filter is not None and not isinstance(self.filter, Filter):
            raise UsageError(f"filter must be built with metrics24.field, not given as {type(self.filter).__name__}.")
        _refuse_count("page_size", self.page_size, range(1, LARGEST_PAGE + 1), "use limit for fewer rows.")
        if self.limit is not None:
            _refuse_count("limit", self.limit, range(sys.maxsize), "leave it out for all rows.")
        start, end = as_day(self.start, "start"), as_day(self.end, "end")
        if start > end:
            raise UsageError(f"start ({start}) lies after end ({end}); swap them.")
        return Query(
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


def _refuse_count(name: str, value: object, allowed: range, advice: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        bounds = f"{allowed.start} to {allowed.stop - 1}" if allowed.stop < sys.maxsize else f"{allowed.start} or more"
        raise UsageError(f"{name} must be a whole number, {bounds}, not {value!r}; {advice}")
