"""Whether days that are read at once are so uneven that hardly anything is read at once any more.

The pages of a day come one after the other. So where a few days have most of a range's rows, the rest takes as long as
it would without reading at once. That is told, once, when at least half of what could be read at once stands idle, the
days that are left have more pages than all others, and the longest of them takes another minute or more.

Walk several days of a report table at once, and give exactly the rows of one walk from the newest to the oldest.

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

The days of a report table that are walked at once: which of them asks next, and whose rows are given next.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from metrics24._core.effects import Flow, Now, ask
from metrics24._core.pagination import CURSOR_FIELD, Paginator, TableQuery, page_request, same_row
from metrics24._core.requests import Routes
from metrics24._core.responses import Table, read_table
from metrics24._core.retry import AdaptiveConcurrency, Policy, send
from metrics24._rows.decoding import read_outlines, values_of
from metrics24.config import Retry
from metrics24.errors import BadRequest, PaginationError, RateLimited
from metrics24.kinds import TIME_COLUMNS, time_of
from metrics24.models import Notices

_log = logging.getLogger("metrics24")

LEAST = 60.0
"""Seconds that a rest must take to be told."""

_TRUSTED = 10  # pages of a day by which the rest of it is estimated
_DAY = timedelta(days=1)


@frozen(kw_only=True)
class Stretch:
    """One of the days that are read at once, as far as it was read.

    Attributes:
        pages: how many of its pages have come.
        seconds: how long they took.
        share: which part of the day they cover, from 0 to 1; None as long as that cannot be told.
        ended: whether it was read to its end.

    """

    pages: int
    seconds: float
    share: float | None
    ended: bool

    @property
    def pages_left(self) -> float | None:
        """How many pages it has yet if it is not ended and goes on as before; None if that is not known."""
        if not self.share or self.pages < _TRUSTED:
            return None
        return self.pages * (1 / self.share - 1)


@frozen
class Rest:
    """What is left when most days are read.

    Attributes:
        days: how many days are still being read.
        seconds: how long the longest will take.

    """

    days: int
    seconds: float


def rest_of(stretches: Sequence[Stretch], at_once: int) -> Rest | None:
    """Tell what is left if the days turned out very uneven, by the rule above; None if they did not, or not yet."""
    open_ones = [each for each in stretches if not each.ended]
    left = [(each, pages) for each in open_ones if (pages := each.pages_left) is not None]
    if not open_ones or len(left) < len(open_ones) or len(open_ones) * 2 > min(at_once, len(stretches)):
        return None
    theirs = sum(each.pages + pages for each, pages in left)
    if theirs <= sum(each.pages for each in stretches if each.ended):
        return None
    seconds = max(each.seconds / each.pages * pages for each, pages in left)
    return Rest(len(left), seconds) if seconds >= LEAST else None


def share_of(newest: str | None, last: str | None, border: str | None) -> float | None:
    """Which part of a day lies between its newest row and the last one read; it ends at the older day's newest row.

    Where there is no such row, a day is thought to have 24 hours. None if the times cannot be read.
    """
    begun, reached, end = map(_moment, (newest, last, border))
    if begun is None or reached is None:
        return None
    whole = _DAY if end is None else begun - end
    return min(1.0, max(0.0, (begun - reached) / whole)) if whole > timedelta() else None


def tell(rest: Rest, operation: str, days: int) -> None:
    """Log what is left, and the other way to have it."""
    extra = {"operation": operation, "rest_days": rest.days, "rest_seconds": round(rest.seconds)}
    minutes = max(1, round(rest.seconds / 60))
    _log.info(
        "The days are very uneven: %d of %d have most rows, and what is left of them takes about %d min, since the "
        "pages of a day come one after the other. exports.start(...) may be faster.",
        rest.days,
        days,
        minutes,
        extra=extra,
    )


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_LOOKED_AT = (CURSOR_FIELD, *TIME_COLUMNS)
_SECOND_CHANCES = 2


def ranges(query: TableQuery) -> list[TableQuery]:
    """The ranges that a walk is cut into, newest first; one alone if it cannot be cut."""
    size = query.page_size if query.limit is None else max(1, min(query.page_size, query.limit))
    ends = [query.end - _DAY * number for number in range((query.end - query.start).days + 1)]
    return [evolve(query, start=max(query.start, end - _DAY), end=end, page_size=size, limit=None) for end in ends]


class _Unknown(Notices):
    """Keeps still: pages are looked at again when their rows are given, and in the thread that takes them."""

    def once(self, key: str, message: str) -> None:
        """Say nothing."""


class _KeptPages(Paginator):
    """A walk that looks at pages no closer than it must, and hands on the bytes of the one that it read last."""

    content = b""

    def _fetch(self) -> Flow[Table]:
        answer = yield from send(page_request(self._query, self._routes, self._cursor), self._policy)
        self.content = answer.content
        found = read_outlines(answer.content, _LOOKED_AT)
        return read_table(answer, self._query.operation, _Unknown()) if found is None else Table(*found)


class Shard:
    """A walk over two days that ends at its border.

    Its first page is held until the border is known, and no further one is asked for before.
    """

    def __init__(
        self, query: TableQuery, policy: Policy, routes: Routes, pressure: AdaptiveConcurrency, older: Shard | None
    ) -> None:
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
        self._walk = _KeptPages(query, self._policy, routes)
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
        share = share_of(*(row and time_of(row) for row in (self.head, self._last_row, border)))
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
        return _KeptPages(shared, self._policy, self._routes).next_page()

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
    if border is None or name is None or not time_of(border):
        return len(rows)
    found = (
        index
        for index, each in enumerate(values_of(rows, CURSOR_FIELD))
        if each == name and same_row(rows[index], border)
    )
    return next(found, len(rows))


_PAGES_BETWEEN_LOOKS = 10


@frozen
class ShardPage:
    """A page that waits to be given: what its bytes are kept under, and how many of its rows are to be given."""

    ticket: Any
    rows: int
    has_next: bool


class ShardQueue:
    """All shards of a walk: which of them asks next, and whose rows are given next. Not safe to share by itself."""

    def __init__(self, query: TableQuery, policy: Policy, routes: Routes, *, parallel: int, ordered: bool) -> None:
        self._pressure = AdaptiveConcurrency(query.operation, parallel)
        self._query, self._at_once = query, parallel
        self._ordered = ordered
        self._told = query.limit is not None  # what is left does not count then
        self._under_way = 0
        self._all: list[Shard] = []
        older: Shard | None = None
        for each in reversed(ranges(query)):
            older = Shard(each, policy, routes, self._pressure, older)
            self._all.insert(0, older)
        self._every = tuple(self._all)

    @property
    def done(self) -> bool:
        """Whether everything was given."""
        return not self._all

    def next_to_ask(self) -> Shard | None:
        """The newest shard that has something to ask for, if the server can take one more request."""
        if self._under_way >= self._pressure.limit:
            return None
        shard = next((each for each in self._of_use() if each.wants), None)
        self._under_way += shard is not None
        return shard

    def arrived(self, shard: Shard, table: Table, ticket: object) -> None:
        """Take in what the shard asked for."""
        shard.arrived(table, ticket)
        self._settle(shard)
        if not self._told and shard.pages % _PAGES_BETWEEN_LOOKS == 0:
            self._look_at_rest()

    def failed(self, shard: Shard, error: BaseException) -> None:
        """Take in that the shard got an error instead."""
        shard.failed(error)
        self._settle(shard)

    def take(self) -> ShardPage | None:
        """The next page to give, None if it is not there yet or nothing is left.

        Raises:
            BaseException: what a shard got instead of a page, where its rows would be.

        """
        for shard in self._open():
            if shard.pieces:
                ticket, rows = shard.pieces.popleft()
                return ShardPage(ticket, rows, has_next=bool(shard.pieces) or not shard.ended or self._follows(shard))
            if shard.error is not None:
                raise shard.error
        return None

    def finish(self) -> None:
        """Report what was noticed on the way."""
        self._pressure.report()

    def _open(self) -> list[Shard]:
        """The shards whose next rows may be given now."""
        self._all = [each for each in self._all if each.pieces or each.error or not each.ended]
        return self._all[:1] if self._ordered else self._all

    def _of_use(self) -> Iterator[Shard]:
        """The shards whose rows can still be given: in order, none that is older than one that failed."""
        for shard in self._all:
            yield shard
            if self._ordered and shard.error is not None:
                return

    def _follows(self, shard: Shard) -> bool:
        """Whether an older shard has rows, as far as is known."""
        older = shard.older
        while older is not None and older.is_empty and older.error is None:
            older = older.older
        return older is not None

    def _look_at_rest(self) -> None:
        """Tell, once, if a few days have most of the rows."""
        rest = rest_of([each.stretch for each in self._every], self._at_once)
        if rest is not None:
            self._told = True
            tell(rest, self._query.operation, len(self._every))

    def _settle(self, shard: Shard) -> None:
        self._under_way = max(0, self._under_way - 1)
        for each in self._all:
            if each is shard or each.older is shard:
                each.settle()
