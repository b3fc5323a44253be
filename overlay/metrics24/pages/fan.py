"""A walk of several days at once, as far as threads and tasks have it in common."""

from __future__ import annotations

import httpx

from metrics24.effects import Flow, RawResponse
from metrics24.flows.audit import Audit
from metrics24.flows.paging import Query
from metrics24.flows.repeats import CURSOR_FIELD
from metrics24.flows.retry import Policy
from metrics24.flows.sharding import Shard
from metrics24.flows.shards import Piece, Shards
from metrics24.pages.shelf import Shelf
from metrics24.responses import Table, read_table
from metrics24.sinks import Lens


class Fan:
    """What is under way and what waits to be given. Not safe to share: whoever runs it holds a lock.

    Pages wait as bytes and are decoded when they are given, so that rows take no memory before somebody wants them.
    """

    def __init__(
        self,
        shards: Shards,
        query: Query,
        policy: Policy,
        lens: Lens | None,
        *,
        parallel: int,
        shelf: Shelf | None = None,
    ) -> None:
        self.parallel = parallel
        self._shards, self._query, self._policy, self._lens = shards, query, policy, lens
        self._shelf = shelf or Shelf()
        self._audit = Audit(query.filter)
        self._remaining = query.limit

    @property
    def done(self) -> bool:
        """Whether nothing is left to be given."""
        return self._shards.done or self._remaining == 0

    def next_flow(self) -> tuple[Shard, Flow[Table]] | None:
        """What to run next, None as long as there is nothing."""
        shard = self._shards.next_to_ask()
        return None if shard is None else (shard, shard.flow())

    def arrived(self, shard: Shard, table: Table) -> None:
        """Take in what a flow answered."""
        try:
            self._shards.arrived(shard, table, self._shelf.put(shard.content()))
        except Exception as error:  # noqa: BLE001 - raised where the rows would be, and no thread ends unseen
            self.failed(shard, error)

    def failed(self, shard: Shard, error: BaseException) -> None:
        """Take in that a flow failed."""
        self._shards.failed(shard, error)

    def take(self) -> Piece | None:
        """The next page to give that has rows, None if it is not there yet or nothing is left."""
        while (piece := self._shards.take()) is not None and not piece.rows:
            self._shelf.take(piece.ticket)
        return piece

    def table(self, piece: Piece) -> Table:
        """Decode a page that was taken; needs no lock."""
        answer = RawResponse(200, httpx.Headers(), self._shelf.take(piece.ticket))
        table = read_table(answer, self._query.operation, self._policy.notices, self._lens)
        count = piece.rows if self._remaining is None else min(piece.rows, self._remaining)
        rows = table.rows[:count]
        self._remaining = None if self._remaining is None else self._remaining - count
        self._audit.see(rows)
        if count == len(table.rows):
            return Table(rows, table.start_cursor, table.end_cursor, piece.has_next)
        return Table(rows, table.start_cursor, rows[-1].get(CURSOR_FIELD), has_next=True)

    def finish(self) -> None:
        """Let go of the pages, and report what was noticed on the way."""
        self._shelf.close()
        self._shards.finish()
        self._audit.report()
