"""Clicks, conversions and impressions: the three tables and the two look-ups.

A table answers its newest rows first. `after` answers the rows right below the cursor; `before` the rows right above
it, also newest first, so that a walk with `before` climbs page by page to the head. A cursor is the `real_tx_id` of any
existing row of the table, whether or not dates and filters include it. The first page says that a previous one exists,
as the documented example does; an empty page says that there is none.
"""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from .conditions import all_hold
from .problems import bad_request, not_found
from .ranges import day_number, window
from .replies import Reply, listed, single

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .data.timeline import Position, Window
    from .data.traffic import Table
    from .data.visits import Row
    from .replies import Handler
    from .requests import Call
    from .world import World

_BREATH = 500
"""Rows that are looked at before other requests get their turn."""


class Reports:
    """Handlers of the report operations."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers by operationId."""
        return {
            "getClickReport": partial(self._report, kind="clicks"),
            "getConversionReport": partial(self._report, kind="conversions"),
            "getImpressionReport": partial(self._report, kind="impressions"),
            "getClick": self._click,
            "getConversion": self._conversion,
        }

    async def _report(self, call: Call, *, kind: str) -> Reply:
        table = self._world.integration(call.text("IntegrationIDQuery")).tables()[kind]
        start, end = (date.fromisoformat(call.text(name)) for name in ("StartDate", "EndDate"))
        span = window(start, end, call.behaviour.end_date, call.now)
        rows, more = await _page(call, table, span)
        info = {
            "startCursor": rows[0]["real_tx_id"] if rows else "",
            "endCursor": rows[-1]["real_tx_id"] if rows else "",
            "hasPreviousPage": bool(rows),
            "hasNextPage": more,
        }
        return Reply({"data": {"data": listed(rows, call.behaviour), "pageInfo": info}})

    async def _click(self, call: Call) -> Reply:
        traffic = self._world.integration(call.text("IntegrationIDQuery"))
        position = traffic.clicks.find(call.text("tx_id"))
        return _looked_up(call, traffic.tables()["clicks"], position, "click")

    async def _conversion(self, call: Call) -> Reply:
        traffic = self._world.integration(call.text("IntegrationIDQuery"))
        position = traffic.conversion_by_hash(_requested_day(call), call.text("hash"))
        return _looked_up(call, traffic.tables()["conversions"], position, "conversion")


async def _page(call: Call, table: Table, span: Window) -> tuple[list[Row], bool]:
    """The rows of a page, newest first, and whether older ones follow."""
    before, after, size = call.get("PageBefore"), call.get("PageAfter"), int(call.get("ReportPageSize"))
    timeline = table.timeline
    if before is not None and after is not None:
        raise bad_request(f"{call.wire('PageBefore')} and {call.wire('PageAfter')} exclude each other")
    if before is None:
        start = None if after is None else _cursor(call, table, after)
        found = await _take(call, table, timeline.older(span, start), size + 1)
        return [row for _, row in found[:size]], len(found) > size
    found = (await _take(call, table, timeline.newer(span, _cursor(call, table, before)), size))[::-1]
    older = await _take(call, table, timeline.older(span, found[-1][0]), 1) if found else []
    return [row for _, row in found], bool(older)


async def _take(call: Call, table: Table, places: Iterator[Position], count: int) -> list[tuple[Position, Row]]:
    """The first rows, at most `count`, that meet the conditions."""
    conditions = () if call.behaviour.filters == "ignore" else call.conditions
    if not conditions:
        return [(place, table.row(place, call.now)) for place in islice(places, count)]
    found: list[tuple[Position, Row]] = []
    for seen, place in enumerate(places):
        row = table.row(place, call.now)
        if all_hold(conditions, row):
            found.append((place, row))
            if len(found) == count:
                break
        if seen % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
    return found


def _cursor(call: Call, table: Table, text: str) -> Position:
    position = table.timeline.find(text)
    if position is None or table.timeline.place(*position).moment > call.now:
        raise not_found(f"cursor {text[:40]!r}")
    return position


def _looked_up(call: Call, table: Table, position: Position | None, what: str) -> Reply:
    """The row, if it happened by now and all keys of the look-up agree with it."""
    if position is not None and position.day == _requested_day(call):
        row = table.row(position, call.now)
        offer, publisher = call.text("Offer"), call.text("Publisher")
        happened = table.timeline.place(*position).moment <= call.now
        if happened and offer in (row["offer"], row["offer_id"]) and publisher == row["publisher"]:
            return single(row, call.behaviour)
    raise not_found(f"a {what} with these keys")


def _requested_day(call: Call) -> int:
    return day_number(date.fromisoformat(call.text("request_date")))
