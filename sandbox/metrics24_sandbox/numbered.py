"""Lists in numbered pages: filtered, sorted, cut, and counted in `meta`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .conditions import all_hold
from .problems import bad_request
from .replies import Reply, listed
from .spec import find_property

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .requests import Call

_DEFAULT_SIZE = 25


def page(call: Call, things: Sequence[dict[str, Any]]) -> Reply:
    """The page of the list that the call asks for; a page beyond the last one is empty."""
    conditions = () if call.behaviour.filters == "ignore" else call.conditions
    chosen = [thing for thing in things if all_hold(conditions, thing)]
    for name in reversed((call.get("Sort") or "").split(",")):
        _sort(call, chosen, name)
    number, size = int(call.get("PageNumber") or 1), int(call.get("ListPageSize") or _DEFAULT_SIZE)
    pages = -(-len(chosen) // size)
    link = partial(_link, call, size, pages)
    links = {"next": link(number + 1), "prev": link(number - 1)}
    meta = {"total_count": len(chosen), "total_page": pages, "links": links}
    return Reply({"data": listed(chosen[(number - 1) * size : number * size], call.behaviour), "meta": meta})


def _sort(call: Call, things: list[dict[str, Any]], name: str) -> None:
    """Sort in place by one property; objects that lack it come last, either way."""
    if not name:
        return
    plain = name.removeprefix("-")
    if find_property(call.operation.item, plain) is None:
        raise bad_request(f"cannot sort by {plain!r}: no such property")
    descending = name != plain
    things.sort(key=lambda thing: _key(_value(thing, plain)), reverse=descending)
    things.sort(key=lambda thing: _value(thing, plain) is None)


def _value(thing: Any, dotted: str) -> Any:
    for step in dotted.split("."):
        thing = thing.get(step) if isinstance(thing, dict) else None
    return thing


def _key(value: object) -> tuple[int, float, str]:
    """Numbers by size before everything else by its text."""
    return (0, value, "") if isinstance(value, int | float) else (1, 0, str(value))


def _link(call: Call, size: int, pages: int, number: int) -> dict[str, int] | None:
    if not 1 <= number <= pages:
        return None
    return {call.wire("PageNumber"): number, call.wire("ListPageSize"): size}
