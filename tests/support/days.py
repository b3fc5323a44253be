"""A table of several days that cuts ranges of days in one of three ways."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from support.scripted import Received, Step
from support.steps import respond_json
from support.tables import Row

READINGS = ("inclusive", "exclusive", "midnight")
FIRST = date(2025, 2, 1)
ELSEWHERE = timezone(timedelta(hours=5, minutes=45))


def at(day: int, second: int = 0) -> datetime:
    """A second of the n-th day."""
    return datetime.combine(FIRST + timedelta(days=day), time(), UTC) + timedelta(seconds=second)


def row(moment: datetime, name: str, **columns: object) -> Row:
    """A row, its time written in another zone than the one in which days are cut."""
    return {"real_tx_id": name, "request_time": moment.astimezone(ELSEWHERE).isoformat(), **columns}


def numbered(moments: Sequence[datetime]) -> list[tuple[datetime, Row]]:
    """Rows at these moments, each with an id of its own."""
    return [(moment, row(moment, f"r{number}")) for number, moment in enumerate(moments)]


def asked_for(last: int) -> dict[str, Any]:
    """The days 0 to `last`."""
    return {"start": FIRST, "end": FIRST + timedelta(days=last)}


class Days:
    """Rows at moments, newest first, in pages; cursors are places among all rows.

    `unless` may answer a request otherwise: it is given the first and the last day as numbers, and whether it is for a
    first page.
    """

    def __init__(
        self,
        rows: Iterable[tuple[datetime, Row]],
        reading: str = "inclusive",
        unless: Callable[[int, int, bool], Step | None] = lambda *_: None,
    ) -> None:
        self.rows = sorted(rows, key=lambda each: each[0], reverse=True)
        self.reading = reading
        self._unless = unless
        self._lock = threading.Lock()

    def places(self, start: date, end: date) -> list[int]:
        """The places of the rows of a range."""
        low, last = (datetime.combine(each, time(), UTC) for each in (start, end))
        high = last + timedelta(days=1 if self.reading == "inclusive" else 0, microseconds=self.reading == "midnight")
        return [place for place, (moment, _) in enumerate(self.rows) if low <= moment < high]

    def whole(self, last: int) -> list[Row]:
        """The rows of the days 0 to `last`, as this server understands that."""
        return [self.rows[place][1] for place in self.places(*asked_for(last).values())]

    def body(self, asked: Mapping[str, str]) -> dict[str, object]:
        """One page."""
        places = self.places(*(date.fromisoformat(asked[name]) for name in ("start_date", "end_date")))
        after, size = asked.get("page[after]"), int(asked["page[size]"])
        left = places if after is None else [place for place in places if place > int(after)]
        shown = left[:size]
        info = {
            "startCursor": str(shown[0]) if shown else None,
            "endCursor": str(shown[-1]) if shown else None,
            "hasPreviousPage": True,
            "hasNextPage": len(left) > size,
        }
        return {"data": {"data": [self.rows[place][1] for place in shown], "pageInfo": info}}

    def __call__(self, request: Received) -> Step:
        """Answer a request that came over a socket."""
        asked = dict(request.query)
        span = [(date.fromisoformat(asked[name]) - FIRST).days for name in ("start_date", "end_date")]
        with self._lock:
            otherwise = self._unless(span[0], span[1], "page[after]" not in asked)
        return otherwise or respond_json(self.body(asked))
