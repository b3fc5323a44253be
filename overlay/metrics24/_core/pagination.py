"""Find out whether the server ignored a filter: rows that contradict it say so.

Rows that came before: whether two are the same, and whether a page has rows from before its cursor.

Walk a report table by its cursors without losing or doubling a row (documentation: "Reports", "Pagination").

The server decides where the table ends. Cursors that cannot be followed safely end the walk with a PaginationError
before the doubtful page is delivered.

Walk a list in numbered pages (documentation: "Pagination").

Such a list shifts when something is created or deleted while it is read: what comes twice is delivered once, and a
count that does not agree at the end is reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import field, frozen

from metrics24._core.effects import Flow, Request
from metrics24._core.requests import Routes, build, conditions
from metrics24._core.responses import Listed, Table, read_list, read_table
from metrics24._core.retry import Policy, send
from metrics24._rows.decoding import DecodedRow, RowDecoder, as_rows, values_of
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


def contradicts(row: Mapping[str, Any] | DecodedRow, condition: Condition) -> bool:
    """Whether `row` carries the column and surely breaks the condition. In doubt, it does not."""
    value = _lookup(row, condition.name)
    match condition.operator:
        case "":
            return not any(_equal(value, each) for wanted in condition.values for each in _readings(wanted))
        case "gte" | "lte":
            order = _order(value, condition.values[0])
            return order is not None and (order < 0 if condition.operator == "gte" else order > 0)
    return False


def _lookup(row: Mapping[str, Any] | DecodedRow, name: str) -> object:
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


CURSOR_FIELD = "real_tx_id"


def same_row(one: Any, other: Any) -> bool:
    """Whether two rows are the same, in whichever form they were decoded; what is null may be absent."""
    if one is None or other is None or one.get(CURSOR_FIELD) != other.get(CURSOR_FIELD):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one == other
    left, right = ({name: value for name, value in row.items() if value is not None} for row in as_rows([one, other]))
    return left == right


def ignores_cursor(rows: Sequence[Any], cursor: str | None, last: Any) -> bool:
    """Whether a page that should follow `cursor` has rows from before it.

    One id may stand on several rows, so a page may begin with the cursor's id; but not with the very row that was read
    last, and not with other rows before the one that the cursor names.
    """
    if cursor is None or not rows:
        return False
    ids = values_of(rows, CURSOR_FIELD)
    return same_row(rows[0], last) or (cursor in ids and ids[0] != cursor)


@frozen(kw_only=True)
class TableQuery:
    """What is asked of a report table."""

    operation: str
    integration: str
    start: date
    end: date
    filter: Filter | None = None
    page_size: int = 100
    limit: int | None = None
    after: str | None = None
    before: str | None = None


def fetch(
    query: TableQuery,
    policy: Policy,
    routes: Routes,
    *,
    after: str | None = None,
    before: str | None = None,
    lens: RowDecoder | None = None,
) -> Flow[Table]:
    """Fetch one page: the newest one, or the one next to a cursor."""
    answer = yield from send(page_request(query, routes, after, before), policy)
    return read_table(answer, query.operation, policy.notices, lens)


def page_request(query: TableQuery, routes: Routes, after: str | None = None, before: str | None = None) -> Request:
    """The request for one page."""
    return build(
        query.operation,
        routes,
        integration_id=query.integration,
        start_date=query.start,
        end_date=query.end,
        pagesize=query.page_size if query.limit is None else max(1, min(query.page_size, query.limit)),
        pageafter=after,
        pagebefore=before,
        filter_=conditions(query.filter),
    )


class Paginator:
    """One walk from newer to older rows, a page at a time."""

    def __init__(self, query: TableQuery, policy: Policy, routes: Routes, lens: RowDecoder | None = None) -> None:
        self._query, self._policy, self._routes, self._lens = query, policy, routes, lens
        self._cursor = query.after
        self._accepted: str | None = None
        self._seen = set() if query.after is None else {query.after}
        self._last_ids: set[object] = set()
        self._first_row: Any = None
        self._last_row: Any = None
        self._remaining = query.limit
        self._audit = Audit(query.filter)
        self.pages = 0
        self.done = query.limit == 0

    @property
    def looks_ahead(self) -> bool:
        """Whether the next page is worth fetching before it is asked for: from page two on."""
        return self.pages > 1 and not self.done

    def next_page(self) -> Flow[Table]:
        """Fetch the next page. Its rows are those that the walk still wants."""
        table = yield from self._ask()
        if not table.rows and table.has_next:
            self._skip_to(table.end_cursor)
            table = yield from self._ask()
            if not table.rows and table.has_next:
                raise self._error("sent an empty page twice and claims that more follow")
        asked = self._cursor
        self._follow(table)
        rows = self._wanted(table.rows)
        self._audit.see(rows)
        self.pages += 1
        if len(rows) == len(table.rows):
            return table
        return Table(rows, table.start_cursor, rows[-1].get(CURSOR_FIELD) if rows else asked, has_next=True)

    def finish(self) -> None:
        """Report what was noticed on the way. Call it when the walk ends, wherever it ends."""
        self._audit.report()

    def _ask(self) -> Flow[Table]:
        try:
            table = yield from self._fetch()
        except (BadRequest, NotFound) as error:
            if self._cursor is None:
                raise
            raise unknown_cursor(self._query, self._cursor, error, self._accepted) from error
        if ignores_cursor(table.rows, self._cursor, self._last_row) or self._begins_anew(table):
            raise self._error("ignores the cursor, or counts its row in: rows that were read before came again")
        return table

    def _fetch(self) -> Flow[Table]:
        return fetch(self._query, self._policy, self._routes, after=self._cursor, lens=self._lens)

    def _begins_anew(self, table: Table) -> bool:
        """Whether the walk's first row came again at the head of a later page; rows without an id prove nothing."""
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

    def _leads_back(self, cursor: str | None) -> bool:
        return cursor is not None and (cursor in self._seen or cursor in self._last_ids)

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

    def _wanted(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Cut the page at the row that the walk runs up to, and at the limit."""
        if self._query.before is not None:
            rows = self._until(self._query.before, rows)
        if self._remaining is not None:
            rows = rows[: self._remaining]
            self._remaining -= len(rows)
            self.done = self.done or self._remaining == 0
        return rows

    def _until(self, target: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for index, row in enumerate(rows):
            if row.get(CURSOR_FIELD) == target:
                self.done = True
                return rows[:index]
        if self.done:
            raise PaginationError(
                f"The row {target!r} was not met between {self._query.start} and {self._query.end}: what is newer than "
                "it cannot be told. Was it deleted, or is it older than the first day?",
                cursor=self._accepted,
            )
        return rows

    def _error(self, problem: str) -> PaginationError:
        return PaginationError(
            f"The server {problem}. {self._query.operation} stops here so that no row is lost or doubled; go on with "
            "after= the last row you have.",
            cursor=self._accepted,
        )


def unknown_cursor(query: TableQuery, cursor: str, error: StatusError, accepted: str | None) -> PaginationError:
    """The error for a cursor that the server refuses."""
    return PaginationError(
        f"The server refused the cursor {cursor!r} of {query.operation} (status {error.status_code}). A cursor is the "
        "real_tx_id of a row between the two days; this one is misspelt, or its row is gone. Begin with another row "
        "that you have, or with the newest.",
        cursor=accepted,
    )


def neighbour(query: TableQuery, policy: Policy, routes: Routes, page: Table, *, older: bool) -> Flow[Table | None]:
    """Fetch the page next to `page`; None if there are no rows on that side.

    Raises:
        PaginationError: the server refuses or ignores the cursor.

    """
    cursor = page.end_cursor if older else page.start_cursor
    if cursor is None or (older and not page.has_next):
        return None
    try:
        table = yield from fetch(
            query, policy, routes, after=cursor if older else None, before=None if older else cursor
        )
    except (BadRequest, NotFound) as error:
        raise unknown_cursor(query, cursor, error, None) from error
    last = page.rows[-1] if older and page.rows else None
    stuck = older and table.has_next and table.end_cursor == cursor
    again = bool(page.rows and table.rows and same_row(table.rows[0], page.rows[0]))
    if stuck or again or (older and ignores_cursor(table.rows, cursor, last)):
        raise PaginationError(f"The server ignores the cursor {cursor!r}: rows that were read before came again.")
    audit = Audit(query.filter)
    audit.see(table.rows)
    audit.report()
    return table if table.rows else None


@frozen(kw_only=True)
class ListQuery:
    """What is asked of a list; `place` holds the ids that its path needs, as the generated request names them."""

    operation: str
    place: Mapping[str, str] = field(factory=dict)
    filter: Filter | None = None
    sort: str | None = None
    page_size: int = 100
    limit: int | None = None

    @property
    def size(self) -> int:
        """Items per request: the same on every page, or the numbers would not fit together."""
        return self.page_size if self.limit is None else max(1, min(self.page_size, self.limit))


def fetch_numbered(query: ListQuery, policy: Policy, routes: Routes, number: int) -> Flow[Listed]:
    """Fetch one page by its number, which counts from 1."""
    request = build(
        query.operation,
        routes,
        **query.place,
        filter_=conditions(query.filter),
        sort=query.sort,
        pagenumber=number,
        pagesize=query.size,
    )
    answer = yield from send(request, policy)
    return read_list(answer, query.operation, policy.notices)


class NumberedPaginator:
    """One walk from the first page to the last.

    It ends where `meta` says so; at an empty page; and at one with nothing new, since a server that ignores the
    page's number would send the same for ever.
    """

    def __init__(self, query: ListQuery, policy: Policy, routes: Routes) -> None:
        self._query, self._policy, self._routes = query, policy, routes
        self._seen: set[str] = set()
        self._remaining = query.limit
        self._total: int | None = None
        self._ended = False
        self._audit = Audit(query.filter)
        self.pages = 0
        self.done = query.limit == 0

    @property
    def looks_ahead(self) -> bool:
        """Whether the next page is worth fetching before it is asked for: from page two on."""
        return self.pages > 1 and not self.done

    def next_page(self) -> Flow[Table]:
        """Fetch the next page. Its rows are those that are new and still wanted."""
        self.pages += 1
        listed = yield from fetch_numbered(self._query, self._policy, self._routes, self.pages)
        rows = self._new(listed.rows)
        if listed.total is not None:  # the most that was ever said: who reads on after a deletion skips an item
            self._total = max(listed.total, self._total or 0)
        self._ended = not rows or (listed.pages is not None and self.pages >= listed.pages)
        self.done = self._ended
        if self._remaining is not None:
            rows = rows[: self._remaining]
            self._remaining -= len(rows)
            self.done = self.done or self._remaining == 0
        self._audit.see(rows)
        return Table(rows, None, None, has_next=not self._ended, number=self.pages, total=listed.total)

    def finish(self) -> None:
        """Report what was noticed on the way. Call it when the walk ends, wherever it ends."""
        self._audit.report()
        if self._ended and self._total not in {None, len(self._seen)}:
            warn(
                f"The server counts {self._total} items in the answer to {self._query.operation}, and {len(self._seen)}"
                " came. The list changed while it was read, or the count is wrong: read it again if none may be "
                "missing.",
                UnexpectedAnswerWarning,
            )

    def _new(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        fresh = []
        for row in rows:
            identity = _identity(row)
            if identity not in self._seen:
                self._seen.add(identity)
                fresh.append(row)
        return fresh


def numbered_neighbour(
    query: ListQuery, policy: Policy, routes: Routes, page: Table, *, after: bool
) -> Flow[Table | None]:
    """Fetch the page after or before `page`; None if there is nothing on that side."""
    number = page.number + (1 if after else -1)
    if number < 1 or (after and not page.has_next):
        return None
    listed = yield from fetch_numbered(query, policy, routes, number)
    if not listed.rows or {*map(_identity, listed.rows)} == {*map(_identity, page.rows)}:
        return None
    audit = Audit(query.filter)
    audit.see(listed.rows)
    audit.report()
    more = listed.pages is None or number < listed.pages
    return Table(listed.rows, None, None, has_next=more, number=number, total=listed.total)


def _identity(row: Mapping[str, Any]) -> str:
    """What makes an item the same when it comes again: its id, or all of it where it has none."""
    identity = row.get("id")
    return json.dumps(row if identity is None else identity, sort_keys=True)
