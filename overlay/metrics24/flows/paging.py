"""Walk a report table by its cursors without losing or doubling a row (documentation: "Reports", "Pagination").

The server decides where the table ends. Cursors that cannot be followed safely end the walk with a PaginationError
before the doubtful page is delivered.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from attrs import frozen

from metrics24.effects import Flow, Request
from metrics24.errors import BadRequest, NotFound, PaginationError, StatusError
from metrics24.filters import Filter
from metrics24.flows.audit import Audit
from metrics24.flows.repeats import CURSOR_FIELD, ignores_cursor, same_row
from metrics24.flows.retry import Policy, send
from metrics24.operations import Routes, build, conditions
from metrics24.responses import Table, read_table
from metrics24.sinks import Lens, values_of


@frozen(kw_only=True)
class Query:
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
    query: Query,
    policy: Policy,
    routes: Routes,
    *,
    after: str | None = None,
    before: str | None = None,
    lens: Lens | None = None,
) -> Flow[Table]:
    """Fetch one page: the newest one, or the one next to a cursor."""
    answer = yield from send(page_request(query, routes, after, before), policy)
    return read_table(answer, query.operation, policy.notices, lens)


def page_request(query: Query, routes: Routes, after: str | None = None, before: str | None = None) -> Request:
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


class Walk:
    """One walk from newer to older rows, a page at a time."""

    def __init__(self, query: Query, policy: Policy, routes: Routes, lens: Lens | None = None) -> None:
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


def unknown_cursor(query: Query, cursor: str, error: StatusError, accepted: str | None) -> PaginationError:
    """The error for a cursor that the server refuses."""
    return PaginationError(
        f"The server refused the cursor {cursor!r} of {query.operation} (status {error.status_code}). A cursor is the "
        "real_tx_id of a row between the two days; this one is misspelt, or its row is gone. Begin with another row "
        "that you have, or with the newest.",
        cursor=accepted,
    )


def neighbour(query: Query, policy: Policy, routes: Routes, page: Table, *, older: bool) -> Flow[Table | None]:
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
