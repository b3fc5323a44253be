"""Walk a list in numbered pages (documentation: "Pagination").

Such a list shifts when something is created or deleted while it is read: what comes twice is delivered once, and a
count that does not agree at the end is reported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from metrics24.effects import Flow
from metrics24.errors import UnexpectedAnswerWarning, warn
from metrics24.filters import Filter
from metrics24.flows.audit import Audit
from metrics24.flows.retry import Policy, send
from metrics24.operations import Routes, build, conditions
from metrics24.responses import Listed, Table, read_list


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


class ListWalk:
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
