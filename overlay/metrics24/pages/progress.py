"""How far a save has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

_TIMES = ("request_time", "conversion_time", "click_time", "impression_time")


@frozen
class Progress:
    """How far a save has come, after each page.

    Attributes:
        rows: rows so far.
        page_rows: rows of the last page.
        cursor: where to go on with `after=`, None before the first row. None too, like the times, if rows come in no
            order.
        oldest: the time of the oldest row so far, as the server writes it.
        newest: the time of the newest row.

    """

    rows: int = 0
    page_rows: int = 0
    cursor: str | None = None
    oldest: str | None = None
    newest: str | None = None

    def plus(self, records: list[dict[str, Any]], *, ordered: bool = True) -> Progress:
        """The progress after one more page."""
        if not ordered:
            return Progress(self.rows + len(records), len(records))
        if not records:
            return Progress(self.rows, 0, self.cursor, self.oldest, self.newest)
        return Progress(
            rows=self.rows + len(records),
            page_rows=len(records),
            cursor=records[-1].get("real_tx_id") or self.cursor,
            oldest=_time(records[-1]) or self.oldest,
            newest=self.newest or _time(records[0]),
        )


def _time(record: Mapping[str, Any]) -> str | None:
    return next((str(time) for name in _TIMES if (time := record.get(name))), None)


OnProgress = Callable[[Progress], object]
