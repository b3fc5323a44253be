"""Read a report table or a list page by page, without losing or doubling a row (documentation: "Pagination").

The last page:

- In a report table the server decides: it is the page that says `hasNextPage: false`, however many rows it has. A short
  page is not the last one, nor is an empty page that claims a next one; only two empty pages in a row that claim more
  are an error. A limit, or the row that `before=` names, can end the reading earlier.
- In a numbered list it is the page whose number is `meta.total_page`; where the server counts no pages, the first one
  that is empty or has no new item, since a server that ignores the page's number would send the same page for ever.

A cursor is followed only if it leads on. A cursor that was followed before, a server that ignores the cursor or sends
its row again, and a next page without a cursor raise PaginationError before the doubtful page is delivered.

Numbered lists shift when something is created or deleted while they are read. An item that comes twice is delivered
once, and the paginator warns at the end if the server's count differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from metrics24._core.effects import Flow, RawResponse, Request
from metrics24._core.requests import Routes, build
from metrics24._core.responses import Listed, Table, read_list, read_table
from metrics24._core.retry import Policy, send
from metrics24._rows.decoding import DecodedRow, NextDecoder, as_dicts, dicts, values_of
from metrics24.arguments import ListParams, ReportParams
from metrics24.errors import (
    BadRequest,
    FilterError,
    FilterIgnoredWarning,
    NotFound,
    PaginationError,
    StatusError,
    UnexpectedAnswerWarning,
    warn,
)
from metrics24.filters import Condition, Filter, render

CURSOR_FIELD = "real_tx_id"
_MISSING = object()


class Paginator:
    """Reads a report table from the newest row to the oldest, one page after the other."""

    def __init__(self, params: ReportParams, policy: Policy, routes: Routes, next_decoder: NextDecoder = dicts) -> None:
        self._params, self._policy, self._routes, self._next_decoder = params, policy, routes, next_decoder
        self._cursor = params.after
        self._accepted: str | None = None
        self._seen = set() if params.after is None else {params.after}
        self._last_ids: set[object] = set()
        self._first_row: Any = None
        self._last_row: Any = None
        self._remaining = params.limit
        self._audit = FilterAudit(params.filter)
        self.pages = 0
        self.done = params.limit == 0

    @property
    def prefetches(self) -> bool:
        """True if the next page is worth fetching before it is needed: from page two on."""
        return self.pages > 1 and not self.done

    def next_page(self) -> Flow[Table]:
        """Fetch the next page, without the rows beyond the limit or the row that `before` names."""
        table = yield from self._fetch()
        if not table.rows and table.has_next:
            self._skip_to(table.end_cursor)
            table = yield from self._fetch()
            if not table.rows and table.has_next:
                raise self._error("sent an empty page twice and claims that more follow")
        cursor = self._cursor
        self._follow(table)
        rows = self._cut(table.rows)
        self._audit.check(rows)
        self.pages += 1
        if len(rows) == len(table.rows):
            return table
        return Table(rows, table.start_cursor, rows[-1].get(CURSOR_FIELD) if rows else cursor, has_next=True)

    def neighbour(self, page: Table, *, after: bool) -> Flow[Table | None]:
        """Fetch the page of older (`after`) or newer rows next to `page`; None if there are no rows on that side.

        Raises:
            PaginationError: the server refuses or ignores the cursor.

        """
        cursor = page.end_cursor if after else page.start_cursor
        if cursor is None or (after and not page.has_next):
            return None
        sides = {"after": cursor} if after else {"before": cursor}
        try:
            table = yield from fetch(self._params, self._policy, self._routes, **sides)
        except (BadRequest, NotFound) as error:
            raise self._refused(cursor, error) from error
        last = page.rows[-1] if after and page.rows else None
        stuck = after and table.has_next and table.end_cursor == cursor
        again = bool(page.rows and table.rows and same_row(table.rows[0], page.rows[0]))
        if stuck or again or (after and ignores_cursor(table.rows, cursor, last)):
            raise PaginationError(f"The server ignores the cursor {cursor!r}: rows that were read before came again.")
        report_ignored(self._params.filter, table.rows)
        return table if table.rows else None

    def finish(self) -> None:
        """Warn if the filter was ignored. Call it when the reading ends, at whatever page."""
        self._audit.report()

    def _fetch(self) -> Flow[Table]:
        """Fetch the page after the cursor, and check that it has no rows from before it."""
        try:
            response = yield from send(page_request(self._params, self._routes, after=self._cursor), self._policy)
        except (BadRequest, NotFound) as error:
            if self._cursor is None:
                raise
            raise self._refused(self._cursor, error) from error
        table = self._read(response)
        if ignores_cursor(table.rows, self._cursor, self._last_row) or self._starts_over(table):
            raise self._error("ignores the cursor, or counts its row in: rows that were read before came again")
        return table

    def _read(self, response: RawResponse) -> Table:
        return read_table(response, self._params.operation, self._policy.notices, self._next_decoder())

    def _starts_over(self, table: Table) -> bool:
        """Return True if the very first row, known by its id, came again at the head of a later page."""
        head: Any = table.rows[0] if table.rows else {}
        if head.get(CURSOR_FIELD) is None:
            return False
        if self._first_row is None:
            self._first_row = head
            return False
        return same_row(head, self._first_row)

    def _skip_to(self, cursor: str | None) -> None:
        """Move past an empty page, if it has a cursor of its own; never back to rows that were read."""
        if cursor is None or cursor == self._cursor:
            return
        if self._leads_back(cursor):
            raise self._error(f"gave the cursor {cursor!r} to rows that were read before: its pages form a loop")
        self._seen.add(cursor)
        self._cursor = cursor

    def _leads_back(self, cursor: str) -> bool:
        return cursor in self._seen or cursor in self._last_ids

    def _follow(self, table: Table) -> None:
        """Move on to the cursor of the next page, or note that there is none."""
        following = table.end_cursor
        if not table.has_next:
            if following in self._seen and following != self._cursor:
                raise self._error(f"sent a page that was read before (cursor {following!r})")
            self.done = True
            return
        if following is None:
            raise self._error("claims a next page but gives no cursor to it")
        if self._leads_back(following):
            raise self._error(f"gave the cursor {following!r} a second time: its pages form a loop")
        self._seen.add(following)
        self._last_ids = set(values_of(table.rows, CURSOR_FIELD))
        self._last_row = table.rows[-1] if table.rows else self._last_row
        self._accepted, self._cursor = self._cursor, following

    def _cut(self, rows: list[Any]) -> list[Any]:
        """Cut the page at the row that `before` names, and at the limit."""
        if self._params.before is not None:
            rows = self._until(self._params.before, rows)
        if self._remaining is not None:
            rows = rows[: self._remaining]
            self._remaining -= len(rows)
            self.done = self.done or self._remaining == 0
        return rows

    def _until(self, cursor: str, rows: list[Any]) -> list[Any]:
        ids = values_of(rows, CURSOR_FIELD)
        if cursor in ids:
            self.done = True
            return rows[: ids.index(cursor)]
        if self.done:
            raise PaginationError(
                f"The row {cursor!r} was not found between {self._params.start} and {self._params.end}, so it is not "
                "known which rows are newer. Was it deleted, or is it older than the first day?",
                cursor=self._accepted,
            )
        return rows

    def _error(self, problem: str) -> PaginationError:
        return PaginationError(
            f"The server {problem}. {self._params.operation} stops here so that no row is lost or doubled; to go on, "
            "pass the id of the last row that you have as after=.",
            cursor=self._accepted,
        )

    def _refused(self, cursor: str, error: StatusError) -> PaginationError:
        return PaginationError(
            f"The server refused the cursor {cursor!r} of {self._params.operation} (status {error.status_code}). A "
            "cursor is the real_tx_id of a row between the two days; this one is misspelt, or its row is gone. Start "
            "from another row that you have, or from the newest.",
            cursor=self._accepted,
        )


def fetch(
    params: ReportParams, policy: Policy, routes: Routes, *, after: str | None = None, before: str | None = None
) -> Flow[Table]:
    """Fetch one page: the newest one, or the one next to a cursor."""
    response = yield from send(page_request(params, routes, after=after, before=before), policy)
    return read_table(response, params.operation, policy.notices)


def page_request(
    params: ReportParams, routes: Routes, *, after: str | None = None, before: str | None = None
) -> Request:
    """Make the request for one page."""
    return build(
        params.operation,
        routes,
        integration_id=params.integration,
        start_date=params.start,
        end_date=params.end,
        pagesize=params.size,
        pageafter=after,
        pagebefore=before,
        filter_=params.filter,
    )


def same_row(one: Any, other: Any) -> bool:
    """Return True if two rows are the same, however they were decoded; a null field equals an absent one."""
    if one is None or other is None or one.get(CURSOR_FIELD) != other.get(CURSOR_FIELD):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one == other
    left, right = ({name: value for name, value in row.items() if value is not None} for row in as_dicts([one, other]))
    return left == right


def ignores_cursor(rows: Sequence[Any], cursor: str | None, last: Any) -> bool:
    """Return True if a page that should follow `cursor` has rows from before it.

    Several rows may have one id, so a page may begin with the cursor's id; but not with the very row that was read
    last, nor with other rows before the one that the cursor names.
    """
    if cursor is None or not rows:
        return False
    ids = values_of(rows, CURSOR_FIELD)
    return same_row(rows[0], last) or (cursor in ids and ids[0] != cursor)


class NumberedPaginator:
    """Reads a list in numbered pages from the first to the last. Lists are short: their items are dicts."""

    def __init__(self, params: ListParams, policy: Policy, routes: Routes) -> None:
        self._params, self._policy, self._routes = params, policy, routes
        self._seen: set[str] = set()
        self._remaining = params.limit
        self._total: int | None = None
        self._ended = False
        self._audit = FilterAudit(params.filter)
        self.pages = 0
        self.done = params.limit == 0

    @property
    def prefetches(self) -> bool:
        """True if the next page is worth fetching before it is needed: from page two on."""
        return self.pages > 1 and not self.done

    def next_page(self) -> Flow[Table]:
        """Fetch the next page, with the items that are new and within the limit."""
        self.pages += 1
        listed = yield from self._fetch(self.pages)
        rows = self._unseen(listed.rows)
        if listed.total is not None:  # the highest count: reading on after a deletion skips an item
            self._total = max(listed.total, self._total or 0)
        self._ended = not rows or (listed.pages is not None and self.pages >= listed.pages)
        self.done = self._ended
        if self._remaining is not None:
            rows = rows[: self._remaining]
            self._remaining -= len(rows)
            self.done = self.done or self._remaining == 0
        self._audit.check(rows)
        return Table(rows, None, None, has_next=not self._ended, number=self.pages, total=listed.total)

    def neighbour(self, page: Table, *, after: bool) -> Flow[Table | None]:
        """Fetch the page after or before `page`; None if there is nothing on that side."""
        number = page.number + (1 if after else -1)
        if number < 1 or (after and not page.has_next):
            return None
        listed = yield from self._fetch(number)
        if not listed.rows or {*map(_identity, listed.rows)} == {*map(_identity, page.rows)}:
            return None
        report_ignored(self._params.filter, listed.rows)
        more = listed.pages is None or number < listed.pages
        return Table(listed.rows, None, None, has_next=more, number=number, total=listed.total)

    def finish(self) -> None:
        """Warn if the filter was ignored, or items are missing. Call it when the reading ends, at whatever page."""
        self._audit.report()
        if self._ended and self._total not in {None, len(self._seen)}:
            warn(
                f"The server counts {self._total} items in {self._params.operation}, but {len(self._seen)} came. The "
                "list changed while it was read, or the count is wrong: read it again if none may be missing.",
                UnexpectedAnswerWarning,
            )

    def _fetch(self, number: int) -> Flow[Listed]:
        """Fetch one page by its number, which counts from 1."""
        params = self._params
        request = build(
            params.operation,
            self._routes,
            integration_id=params.integration,
            filter_=params.filter,
            sort=params.sort,
            pagenumber=number,
            pagesize=params.size,
        )
        response = yield from send(request, self._policy)
        return read_list(response, params.operation, self._policy.notices)

    def _unseen(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        new = []
        for row in rows:
            identity = _identity(row)
            if identity not in self._seen:
                self._seen.add(identity)
                new.append(row)
        return new


def _identity(row: Mapping[str, Any]) -> str:
    """Return an item's id, or the whole item if it has none, to recognise it when it comes again."""
    identity = row.get("id")
    return json.dumps(row if identity is None else identity, sort_keys=True)


class FilterAudit:
    """Counts the rows that contradict a filter, to warn if the server ignores it."""

    def __init__(self, filter_: Filter | None) -> None:
        self._conditions = () if filter_ is None else filter_.conditions
        self._checked = self._contradicting = 0
        self._columns: set[str] = set()

    def check(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Check more rows."""
        if not self._conditions:
            return
        for row in rows:
            self._checked += 1
            broken = [condition.name for condition in self._conditions if contradicts(row, condition)]
            self._contradicting += bool(broken)
            self._columns.update(broken)

    def report(self) -> None:
        """Warn once if any row checked since the last report contradicts the filter."""
        checked, contradicting = self._checked, self._contradicting
        self._checked = self._contradicting = 0
        if contradicting:
            columns = ", ".join(sorted(self._columns))
            warn(
                f"The server seems to ignore the filter: {contradicting} of {checked} rows contradict it ({columns}). "
                "The rows are delivered as sent; filter them yourself, or check the column's name.",
                FilterIgnoredWarning,
            )


def report_ignored(filter_: Filter | None, rows: Iterable[Mapping[str, Any]]) -> None:
    """Warn if any of these rows contradicts the filter."""
    audit = FilterAudit(filter_)
    audit.check(rows)
    audit.report()


def contradicts(row: Mapping[str, Any] | DecodedRow, condition: Condition) -> bool:
    """Return True if `row` has the column and surely breaks the condition."""
    value = _value_of(row, condition.name)
    match condition.operator:
        case "":
            return not any(_equal(value, each) for expected in condition.values for each in _readings(expected))
        case "gte" | "lte":
            order = _order(value, condition.values[0])
            return order is not None and (order < 0 if condition.operator == "gte" else order > 0)
    return False


def _value_of(row: Mapping[str, Any] | DecodedRow, name: str) -> object:
    """Return the value under a name, or under its parts from object to object; None where there is none."""
    whole = row.get(name, _MISSING)
    if whole is not _MISSING:
        return whole
    first, *rest = name.split(".")
    value: Any = row.get(first)
    for part in rest:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _readings(expected: str) -> list[str]:
    """Return the value itself and, for servers that treat commas as separators, its parts."""
    return [expected, *(part.strip() for part in expected.split(","))]


def _equal(value: Any, expected: str) -> bool:
    """Return True if the two are equal, or cannot be compared: the value is absent, null, an object or a list."""
    try:
        text = render(value)
    except FilterError:
        return True
    return text.casefold() == expected.casefold() or _order(value, expected) == 0


def _order(value: object, expected: str) -> int | None:
    """Return -1, 0 or 1 for numbers; None for values that cannot be compared reliably, such as text and times."""
    if isinstance(value, bool):
        return None
    try:
        left, right = Decimal(str(value)), Decimal(expected)
    except InvalidOperation:
        return None
    if not (left.is_finite() and right.is_finite()):
        return None
    return (left > right) - (left < right)
