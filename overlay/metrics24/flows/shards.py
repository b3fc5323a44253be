"""The days of a report table that are walked at once: which of them asks next, and whose rows are given next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from metrics24.flows.evenness import rest_of, tell
from metrics24.flows.paging import Query
from metrics24.flows.pressure import Pressure
from metrics24.flows.retry import Policy
from metrics24.flows.sharding import Shard, ranges
from metrics24.operations import Routes
from metrics24.responses import Table

_PAGES_BETWEEN_LOOKS = 10


@frozen
class Piece:
    """A page that waits to be given: what its bytes are kept under, and how many of its rows are to be given."""

    ticket: Any
    rows: int
    has_next: bool


class Shards:
    """All shards of a walk: which of them asks next, and whose rows are given next. Not safe to share by itself."""

    def __init__(self, query: Query, policy: Policy, routes: Routes, *, parallel: int, ordered: bool) -> None:
        self._pressure = Pressure(query.operation, parallel)
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

    def take(self) -> Piece | None:
        """The next page to give, None if it is not there yet or nothing is left.

        Raises:
            BaseException: what a shard got instead of a page, where its rows would be.

        """
        for shard in self._open():
            if shard.pieces:
                ticket, rows = shard.pieces.popleft()
                return Piece(ticket, rows, has_next=bool(shard.pieces) or not shard.ended or self._follows(shard))
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
