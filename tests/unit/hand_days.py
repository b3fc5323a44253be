"""A table of several days, read in one of three ways, for walks over all days at once that are run by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from attrs import evolve

from metrics24.effects import RawResponse, Request
from metrics24.errors import Metrics24Error
from metrics24.flows.paging import Query, Walk
from metrics24.flows.retry import Policy
from metrics24.flows.shards import Shards
from unit.hand import Hand, Outcome, Row, policy, query, raw

READINGS = ("inclusive", "exclusive", "midnight")
FIRST = date(2025, 2, 1)
ELSEWHERE = timezone(timedelta(hours=5, minutes=45))


def at(day: int, second: int = 0) -> datetime:
    """A second of the n-th day."""
    return datetime.combine(FIRST + timedelta(days=day), time(), UTC) + timedelta(seconds=second)


def row(moment: datetime, name: str, **columns: object) -> Row:
    """A row, its time written in another zone than the one in which days are cut."""
    return {"real_tx_id": name, "request_time": moment.astimezone(ELSEWHERE).isoformat(), **columns}


def days(last: int, **changes: Any) -> Query:
    """Ask for the days 0 to `last`."""
    return query(start=FIRST, end=FIRST + timedelta(days=last), **changes)


class Days:
    """A server with rows at moments, newest first; its cursors are places among all rows."""

    def __init__(self, rows: Iterable[tuple[datetime, Row]], reading: str = "inclusive") -> None:
        self.rows = sorted(rows, key=lambda each: each[0], reverse=True)
        self.reading = reading

    def places(self, start: date, end: date) -> list[int]:
        """Where the rows of a range stand."""
        low, last = (datetime.combine(each, time(), UTC) for each in (start, end))
        high = last + timedelta(days=1 if self.reading == "inclusive" else 0, microseconds=self.reading == "midnight")
        return [place for place, (moment, _) in enumerate(self.rows) if low <= moment < high]

    def __call__(self, request: Request) -> RawResponse:
        """Answer with a page."""
        asked = dict(request.params)
        places = self.places(*(date.fromisoformat(asked[name]) for name in ("start_date", "end_date")))
        after, size = asked.get("page[after]"), int(asked["page[size]"])
        left = places if after is None else [place for place in places if place > int(after)]
        info = {
            "startCursor": str(left[0]) if left else None,
            "endCursor": str(left[size - 1 : size][0] if len(left) > size else left[-1]) if left else None,
            "hasPreviousPage": True,
            "hasNextPage": len(left) > size,
        }
        return raw(body={"data": {"data": [self.rows[place][1] for place in left[:size]], "pageInfo": info}})


def one_after_the_other(server: Callable[[Request], Outcome], asked: Query) -> list[Row]:
    """The rows of a plain walk."""
    walk, hand, rows = Walk(asked, policy(), {}), Hand(server), list[Row]()
    while not walk.done:
        rows += hand.run(walk.next_page()).rows
    return rows


class Together:
    """Walks all days at once: `pick` says which of the requests under way is answered next."""

    def __init__(
        self,
        server: Callable[[Request], Outcome],
        asked: Query,
        *,
        parallel: int = 3,
        ordered: bool = True,
        pick: Callable[[int], int] = lambda _: 0,
        rules: Policy | None = None,
    ) -> None:
        self.hand = Hand(server)
        self.shards = Shards(asked, rules or policy(), {}, parallel=parallel, ordered=ordered)
        self.rows: list[Row] = []
        self.has_next: list[bool] = []
        self.most = 0
        self._pick = pick
        self._under_way: list[Any] = []

    def run(self) -> list[Row]:
        """Walk to the end and give the rows; those given before an error stay in `rows`."""
        while not self.shards.done:
            while (shard := self.shards.next_to_ask()) is not None:
                self._under_way.append((shard, shard.flow()))
            self.most = max(self.most, len(self._under_way))
            if self._under_way:
                self._answer(*self._under_way.pop(self._pick(len(self._under_way))))
            self._take()
        self.shards.finish()
        return self.rows

    def _answer(self, shard: Any, flow: Any) -> None:
        try:
            table = self.hand.run(flow)
        except Metrics24Error as error:
            self.shards.failed(shard, error)
        else:
            self.shards.arrived(shard, table, shard.content())

    def _take(self) -> None:
        while (piece := self.shards.take()) is not None:
            self.rows += json.loads(piece.ticket)["data"]["data"][: piece.rows]
            self.has_next += [piece.has_next] * bool(piece.rows)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The ranges that were asked for, by their first and last days."""
        found = [dict(call.request.params) for call in self.hand.calls]
        return [(each["start_date"][-2:], each["end_date"][-2:]) for each in found]


def numbered(moments: Sequence[datetime]) -> list[tuple[datetime, Row]]:
    """Rows at these moments, each with an id of its own."""
    return [(moment, row(moment, f"r{number}")) for number, moment in enumerate(moments)]


def limited(asked: Query, limit: int) -> Query:
    """The same question, for the newest rows only."""
    return evolve(asked, limit=limit)
