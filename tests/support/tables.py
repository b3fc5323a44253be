"""Report tables as the API documents them, and a small stateful one that pages as the documentation says."""

import threading
from collections.abc import Sequence

from support.scripted import Received, Step
from support.steps import respond_json

Row = dict[str, object]
PAGE_INFO = ("startCursor", "endCursor", "hasPreviousPage", "hasNextPage")


def tx(number: int) -> str:
    """Give the real_tx_id of row `number`: ULID-shaped, greater for younger rows."""
    return f"01J{number:023d}"


def row(number: int, **columns: object) -> Row:
    """Give one row; it serves clicks, conversions and impressions alike."""
    time = f"2025-02-{1 + number % 27:02d}T10:00:00Z"
    return {"real_tx_id": tx(number), "request_time": time, "conversion_time": time, "status": "approved", **columns}


def newest_first(first: int, last: int) -> list[Row]:
    """Give rows `first` down to `last`, both included."""
    return [row(number) for number in range(first, last - 1, -1)]


def ids(rows: Sequence[Row]) -> list[object]:
    """Give the real_tx_id of each row."""
    return [each["real_tx_id"] for each in rows]


def page_info(rows: Sequence[Row], *, more: bool) -> dict[str, object]:
    """Describe a page; hasPreviousPage is true even on the first one, as the documentation's own example has it."""
    ends = (rows[0]["real_tx_id"], rows[-1]["real_tx_id"]) if rows else ("", "")
    return dict(zip(PAGE_INFO, (*ends, True, more), strict=True))


def table(rows: Sequence[Row], *, more: bool = False, **info: object) -> dict[str, object]:
    """Make the response of a report operation; `info` overrides keys of pageInfo."""
    return {"data": {"data": list(rows), "pageInfo": page_info(rows, more=more) | info}}


def page(rows: Sequence[Row], *, more: bool = False, **info: object) -> Step:
    """Answer with one page of rows."""
    return respond_json(table(rows, more=more, **info))


class Table:
    """A server's table of rows, newest first, whose rows may come and go between two requests."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = list(rows)
        self._lock = threading.Lock()

    def __call__(self, request: Received) -> Step:
        """Answer as the documentation describes page[size], page[after] and page[before]."""
        with self._lock:
            rows = list(self.rows)
        size = int(request.parameter("page[size]") or 0)
        if not 1 <= size <= 100:
            return respond_json({"error": "page[size] must be between 1 and 100"}, status=400)
        after, before = request.parameter("page[after]"), request.parameter("page[before]")
        cursor = after or before
        if cursor is None:
            return page(rows[:size], more=len(rows) > size)
        if cursor not in ids(rows):
            return respond_json({"error": "unknown cursor"}, status=400)
        place = ids(rows).index(cursor)
        if after is not None:
            return page(rows[place + 1 : place + 1 + size], more=len(rows) > place + 1 + size)
        return page(rows[max(0, place - size) : place], more=True)

    def arrive(self, *rows: Row) -> None:
        """Let younger rows arrive at the head."""
        with self._lock:
            self.rows[:0] = rows

    def vanish(self, *cursors: str) -> None:
        """Let rows be deleted."""
        with self._lock:
            self.rows = [each for each in self.rows if each["real_tx_id"] not in cursors]
