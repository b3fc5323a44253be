"""Read the days of a report table in parallel, with exactly the rows of one paginator, from the newest to the oldest.

It is not documented if the last day of a range counts whole, not at all, or until its first midnight, so nothing here
depends on it. All that is assumed: a range from day `a` to day `b` has the rows from `low(a)` to `high(b)`, and both
grow with the day. A table of the days S to E is cut into shards, each a range of two days: from d-1 to d, for d = E
down to S+1; and last the range from S to S, which the range from S to S+1 shares with anything older.

- The rows of a shard are rows of the whole range, in the same order and without a gap. What two neighbours share lies
  between `low(d-1)` and `high(d-1)`: the whole of day d-1 if last days count whole, its first moment if they count
  until midnight, nothing if they do not count.
- So if a shard shares anything with the older one, it shares the newest row of that one, the *border*. It delivers its
  rows up to the border and leaves the border and the rest to the older shard. The border is the first row of the older
  shard's first page. A shard recognises it as an equal row with an id and a time: several rows and days may have one
  id, but rows with the border's time belong to the older shard like the border, so no copy can come sooner.
- A shard whose older neighbour has no rows shares nothing and delivers all its rows. So does the oldest shard.
  Each thus delivers one day at most, however last days count: none takes twice as long as the others.
- A shard that ends without having met its border shares nothing either, unless the table changed meanwhile. The two
  could only share the range from d-1 to d-1: it is requested, and must be empty. If it is not, rows would be doubled:
  PaginationError. A server that refuses such a range (400) has nothing in it.

No time of a row is ever compared with a day, so rows may be written in any time zone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from attrs import evolve, frozen

from metrics24._core.effects import Flow, RawResponse
from metrics24._core.pagination import CURSOR_FIELD, Paginator, same_row
from metrics24._core.requests import Routes
from metrics24._core.responses import Table, read_table
from metrics24._core.retry import AdaptiveConcurrency, Policy
from metrics24._rows.decoding import partial_decoder, values_of
from metrics24.arguments import ReportParams
from metrics24.config import Retry
from metrics24.errors import BadRequest, PaginationError, RateLimited
from metrics24.kinds import TIME_COLUMNS, time_of
from metrics24.models import Notices

_DAY = timedelta(days=1)
_DECODER = partial_decoder((CURSOR_FIELD, *TIME_COLUMNS))
_SECOND_CHANCES = 2


def ranges(params: ReportParams) -> list[ReportParams]:
    """Return the ranges that a table is cut into, newest first; one alone if it cannot be cut."""
    ends = [params.end - _DAY * number for number in range((params.end - params.start).days + 1)]
    return [
        evolve(params, start=max(params.start, end - _DAY), end=end, page_size=params.size, limit=None) for end in ends
    ]


class _SilentNotices(Notices):
    """Notices that are not shown: pages are checked again when they are delivered, in the thread that takes them."""

    def once(self, key: str, message: str) -> None:
        """Do nothing."""


class _ShardPaginator(Paginator):
    """A paginator that decodes no more of a page than it must, and keeps the bytes of the page that it read last."""

    content = b""

    def _read(self, response: RawResponse) -> Table:
        self.content = response.content
        page = _DECODER.decode(response.content)
        return read_table(response, self._params.operation, _SilentNotices()) if page is None else Table(*page)


class Shard:
    """A range of two days, read until its border.

    Its first page is held until the border is known; no other page is requested before that.
    """

    def __init__(
        self, params: ReportParams, policy: Policy, routes: Routes, pressure: AdaptiveConcurrency, older: Shard | None
    ) -> None:
        self.older = older
        self.pages: deque[tuple[Any, int]] = deque()
        self.error: BaseException | None = None
        self.begun = self.ended = self.busy = False
        self.head: Any = None
        self.era = pressure.era
        self._pressure, self._on_retry = pressure, policy.retrying.on_retry
        self._policy = evolve(policy, retrying=evolve(policy.retrying, on_retry=self._retried))
        self._params, self._routes = params, routes
        self._paginator = _ShardPaginator(params, self._policy, routes)
        self._held: tuple[Any, Table] | None = None
        self._checks_overlap = False
        self._chances = _SECOND_CHANCES if policy.retrying.attempts > 1 else 0
        self._last_row: Any = None

    @property
    def is_empty(self) -> bool:
        """True if the shard is known to have no rows."""
        return self.begun and self.head is None

    @property
    def can_request(self) -> bool:
        """True if the shard has a request to make now."""
        return not (self.busy or self.ended or self._held)

    def flow(self) -> Flow[Table]:
        """Request the next page, or the range that it may share with the older shard."""
        self.busy, self.era = True, self._pressure.era
        if not self._checks_overlap:
            return self._paginator.next_page()
        shared = evolve(self._params, end=self._params.start, page_size=1)
        return _ShardPaginator(shared, self._policy, self._routes).next_page()

    def content(self) -> bytes:
        """Return the bytes of the page that arrived, once; none if its rows are not to be delivered."""
        content, self._paginator.content = self._paginator.content, b""
        return content

    def arrived(self, table: Table, ticket: object) -> None:
        """Accept the page that was requested; its bytes are kept under `ticket`."""
        self.busy = False
        self._pressure.succeeded()
        if self._checks_overlap:
            self.ended = True
            self.error = self._border_missed() if table.rows else None
            return
        if not self.begun:
            self.begun = True
            self.head = table.rows[0] if table.rows else None
        self._held = (ticket, table)

    def failed(self, error: BaseException) -> None:
        """Accept that the page did not come; after a 429 it is requested again, more slowly."""
        self.busy = False
        if isinstance(error, RateLimited) and error.retry_after is None and self._chances:
            self._chances -= 1
            self._pressure.failed(error, self.era)
            return
        empty = isinstance(error, BadRequest) and (self._checks_overlap or (not self.begun and self.older is None))
        self.begun = self.ended = True
        self.error = None if empty else error

    def settle(self) -> None:
        """Cut the held page at the border, if the border is known."""
        if self._held is None or not (self.older is None or self.older.begun):
            return
        (ticket, table), self._held = self._held, None
        border = None if self.older is None else self.older.head
        count = _rows_before(border, table.rows)
        self.pages.append((ticket, count))
        self._last_row = table.rows[count - 1] if count else self._last_row
        self.ended = count < len(table.rows) or (self._paginator.done and border is None)
        self._checks_overlap = self._paginator.done and not self.ended

    def _retried(self, retry: Retry) -> None:
        self.era = self._pressure.failed(retry.error, self.era)
        if self._on_retry is not None:
            self._on_retry(retry)

    def _border_missed(self) -> PaginationError:
        return PaginationError(
            f"The rows of {self._params.start} came in two ranges that were read in parallel, and the row at which the "
            "two meet is in one of them only: it came, went or changed meanwhile, or has no id and time. "
            f"{self._params.operation} stops here so that no row is doubled; try again, or without parallel=.",
            cursor=None if self._last_row is None else self._last_row.get(CURSOR_FIELD),
        )


def _rows_before(border: Any, rows: list[Any]) -> int:
    """Return the number of rows before the border; all of them if the border is not among them."""
    name = None if border is None else border.get(CURSOR_FIELD)
    if name is None or time_of(border) is None:
        return len(rows)
    found = (
        index
        for index, each in enumerate(values_of(rows, CURSOR_FIELD))
        if each == name and same_row(rows[index], border)
    )
    return next(found, len(rows))


@frozen
class ShardPage:
    """A page that can be delivered: the ticket of its bytes, and the number of its rows to deliver."""

    ticket: Any
    rows: int
    has_next: bool


class ShardQueue:
    """All shards of a table: picks the next to make a request, delivers pages in order. Needs a lock if shared."""

    def __init__(self, params: ReportParams, policy: Policy, routes: Routes) -> None:
        self._pressure = AdaptiveConcurrency(params.operation, params.parallel)
        self._under_way = 0
        self._left: list[Shard] = []
        older: Shard | None = None
        for each in reversed(ranges(params)):
            older = Shard(each, policy, routes, self._pressure, older)
            self._left.insert(0, older)

    @property
    def done(self) -> bool:
        """True if everything was delivered."""
        return not self._left

    def next_to_request(self) -> Shard | None:
        """Return the newest shard that has a request to make, if one more may be under way."""
        if self._under_way >= self._pressure.limit:
            return None
        shard = next((each for each in self._useful() if each.can_request), None)
        self._under_way += shard is not None
        return shard

    def arrived(self, shard: Shard, table: Table, ticket: object) -> None:
        """Accept the page that the shard requested."""
        shard.arrived(table, ticket)
        self._settle(shard)

    def failed(self, shard: Shard, error: BaseException) -> None:
        """Accept that the shard got an error instead."""
        shard.failed(error)
        self._settle(shard)

    def take(self) -> ShardPage | None:
        """Return the next page to deliver, None if it has not arrived yet or nothing is left.

        Raises:
            BaseException: the error that a shard got instead of a page, once all rows before it were delivered.

        """
        while self._left:
            shard = self._left[0]
            if shard.pages:
                ticket, rows = shard.pages.popleft()
                return ShardPage(ticket, rows, has_next=bool(shard.pages) or not shard.ended or self._has_older(shard))
            if shard.error is not None:
                raise shard.error
            if not shard.ended:
                return None
            self._left.pop(0)
        return None

    def finish(self) -> None:
        """Log how many requests at once the server accepted, if it refused any."""
        self._pressure.report()

    def _useful(self) -> Iterator[Shard]:
        """Yield the shards whose rows can still be delivered: none that is older than one that failed."""
        for shard in self._left:
            yield shard
            if shard.error is not None:
                return

    def _has_older(self, shard: Shard) -> bool:
        """Return True if an older shard has rows, as far as is known."""
        older = shard.older
        while older is not None and older.is_empty and older.error is None:
            older = older.older
        return older is not None

    def _settle(self, shard: Shard) -> None:
        self._under_way = max(0, self._under_way - 1)
        for each in self._left:
            if each is shard or each.older is shard:
                each.settle()
