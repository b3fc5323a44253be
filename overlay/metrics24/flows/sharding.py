"""Walk several days of a report table at once, and give exactly the rows of one walk from the newest to the oldest.

Whether the last day of a range counts whole, not at all, or as far as its first midnight is not documented, so nothing
here depends on it. Say that a range from day `a` to day `b` has the rows from `low(a)` to `high(b)`; both grow with the
day, that is all. A table of the days S to E is cut into shards, each a range of two days: from d-1 to d, for d = E down
to S+1; and last the range from S to S, which is what the range from S to S+1 shares with whatever is older.

- The rows of a shard are rows of the whole range, in the same order and without a gap. What two neighbours share lies
  between `low(d-1)` and `high(d-1)`: the whole of day d-1 if last days count whole, its first moment if they count
  until midnight, nothing if they do not count.
- So where a shard shares anything with the older one, it shares the very newest row of that one, the *border*. It
  gives its rows up to the border and leaves that and the rest to the older shard. The border is the first row of the
  older shard's first page. It is met again as an equal row with an id and a time: one id may stand on several rows
  and days, but rows with the border's time belong to the older shard like the border, so no copy can come sooner.
- A shard whose older neighbour has no rows shares nothing and gives all that it has. So does the oldest shard.
  Each is thus left with one day at most, whichever way last days count: none takes twice as long as the others.
- A shard that ends without having met its border shares nothing either, unless the table changed meanwhile. What both
  would share is the range from d-1 to d-1: it is asked for, and must be empty. If it is not, rows would be doubled:
  PaginationError. A server that refuses such a range (400) has nothing in it.

No time of a row is ever compared with a day, so rows may be written in any time zone.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import Any

from attrs import evolve

from metrics24.effects import Flow, Now, ask
from metrics24.errors import BadRequest, PaginationError, RateLimited
from metrics24.flows.evenness import Stretch, share_of
from metrics24.flows.paging import Query, Walk, page_request
from metrics24.flows.pressure import Pressure
from metrics24.flows.repeats import CURSOR_FIELD, same_row
from metrics24.flows.retry import Policy, send
from metrics24.models import Notices
from metrics24.operations import Routes
from metrics24.responses import Table, read_table
from metrics24.settings import Retry
from metrics24.sinks import read_outlines, values_of

_TIMES = ("request_time", "conversion_time", "click_time", "impression_time")
_LOOKED_AT = (CURSOR_FIELD, *_TIMES)
_DAY = timedelta(days=1)
_SECOND_CHANCES = 2


def ranges(query: Query) -> list[Query]:
    """The ranges that a walk is cut into, newest first; one alone if it cannot be cut."""
    size = query.page_size if query.limit is None else max(1, min(query.page_size, query.limit))
    ends = [query.end - _DAY * number for number in range((query.end - query.start).days + 1)]
    return [evolve(query, start=max(query.start, end - _DAY), end=end, page_size=size, limit=None) for end in ends]


class _Unsaid(Notices):
    """Keeps still: pages are looked at again when their rows are given, and in the thread that takes them."""

    def once(self, key: str, message: str) -> None:
        """Say nothing."""


class _KeptWalk(Walk):
    """A walk that looks at pages no closer than it must, and hands on the bytes of the one that it read last."""

    content = b""

    def _fetch(self) -> Flow[Table]:
        answer = yield from send(page_request(self._query, self._routes, self._cursor), self._policy)
        self.content = answer.content
        found = read_outlines(answer.content, _LOOKED_AT)
        return read_table(answer, self._query.operation, _Unsaid()) if found is None else Table(*found)


class Shard:
    """A walk over two days that ends at its border.

    Its first page is held until the border is known, and no further one is asked for before.
    """

    def __init__(self, query: Query, policy: Policy, routes: Routes, pressure: Pressure, older: Shard | None) -> None:
        self.older = older
        self.pages, self.seconds = 0, 0.0
        self.pieces: deque[tuple[Any, int]] = deque()
        self.error: BaseException | None = None
        self.begun = self.ended = self.busy = False
        self.head: Any = None
        self.era = pressure.era
        self._pressure, self._on_retry = pressure, policy.retrying.on_retry
        self._policy = evolve(policy, retrying=evolve(policy.retrying, on_retry=self._noted))
        self._query, self._routes = query, routes
        self._walk = _KeptWalk(query, self._policy, routes)
        self._held: tuple[Any, Table] | None = None
        self._proves = False
        self._chances = _SECOND_CHANCES if policy.retrying.attempts > 1 else 0
        self._last_row: Any = None

    @property
    def is_empty(self) -> bool:
        """Whether it is known to have no rows."""
        return self.begun and self.head is None

    @property
    def stretch(self) -> Stretch:
        """How far it has come."""
        border = None if self.older is None else self.older.head
        share = share_of(*(_time_of(row) for row in (self.head, self._last_row, border)))
        return Stretch(pages=self.pages, seconds=self.seconds, share=share, ended=self.ended)

    @property
    def wants(self) -> bool:
        """Whether it has something to ask for now."""
        return not (self.busy or self.ended or self._held)

    def flow(self) -> Flow[Table]:
        """Ask for the next page, or for what it would share with the older shard."""
        self.busy, self.era = True, self._pressure.era
        if not self._proves:
            return self._timed(self._walk.next_page())
        shared = evolve(self._query, end=self._query.start, page_size=1)
        return _KeptWalk(shared, self._policy, self._routes).next_page()

    def content(self) -> bytes:
        """The bytes of the page that came, to be kept by whoever asked; none that are not for giving."""
        content, self._walk.content = self._walk.content, b""
        return content

    def arrived(self, table: Table, ticket: object) -> None:
        """Take the page in that was asked for; its bytes are kept under `ticket`."""
        self.busy = False
        self._pressure.relaxed()
        if self._proves:
            self.ended = True
            self.error = self._unmet() if table.rows else None
            return
        self.pages += 1
        if not self.begun:
            self.begun = True
            self.head = table.rows[0] if table.rows else None
        self._held = (ticket, table)

    def failed(self, error: BaseException) -> None:
        """Note that the page did not come; what was asked too fast is asked again, more slowly."""
        self.busy = False
        if isinstance(error, RateLimited) and error.retry_after is None and self._chances:
            self._chances -= 1
            self._pressure.met(error, self.era)
            return
        empty = isinstance(error, BadRequest) and (self._proves or (not self.begun and self.older is None))
        self.begun = self.ended = True
        self.error = None if empty else error

    def settle(self) -> None:
        """Cut the page that is held at the border, as soon as that is known."""
        if self._held is None or not (self.older is None or self.older.begun):
            return
        (ticket, table), self._held = self._held, None
        border = None if self.older is None else self.older.head
        count = _rows_before(border, table.rows)
        self.pieces.append((ticket, count))
        self._last_row = table.rows[count - 1] if count else self._last_row
        self.ended = count < len(table.rows) or (self._walk.done and border is None)
        self._proves = self._walk.done and not self.ended

    def _timed(self, flow: Flow[Table]) -> Flow[Table]:
        """Note how long a page takes, pauses included."""
        began = (yield from ask(Now())).monotonic
        table = yield from flow
        self.seconds += (yield from ask(Now())).monotonic - began
        return table

    def _noted(self, retry: Retry) -> None:
        self.era = self._pressure.met(retry.error, self.era)
        if self._on_retry is not None:
            self._on_retry(retry)

    def _unmet(self) -> PaginationError:
        return PaginationError(
            f"The rows of {self._query.start} came in two ranges that were read at once, and the row at which one goes "
            "over into the other stands in one only: it came, went or changed meanwhile, or has no id and time. "
            f"{self._query.operation} stops here so that no row is doubled; ask again, or without parallel=.",
            cursor=None if self._last_row is None else self._last_row.get(CURSOR_FIELD),
        )


def _rows_before(border: Any, rows: list[Any]) -> int:
    """How many rows stand before the border: all of them, if it is not among them."""
    name = None if border is None else border.get(CURSOR_FIELD)
    if border is None or name is None or not any(border.get(time) for time in _TIMES):
        return len(rows)
    found = (
        index
        for index, each in enumerate(values_of(rows, CURSOR_FIELD))
        if each == name and same_row(rows[index], border)
    )
    return next(found, len(rows))


def _time_of(row: Any) -> str | None:
    found = None if row is None else next((found for time in _TIMES if (found := row.get(time))), None)
    return found if isinstance(found, str) else None
