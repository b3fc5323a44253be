"""Numbered lists for flows that are run by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from metrics24._core.effects import RawResponse, Request
from metrics24._core.pagination import NumberedPaginator
from metrics24._core.responses import Table
from metrics24.arguments import ListParams
from support.fake_driver import FakeDriver, Outcome, policy, raw

Item = dict[str, Any]


def listed(items: Sequence[Item] | None, **meta: object) -> RawResponse:
    """Answer with a page of a list; without `meta` if none is given."""
    return raw(body={"data": items, **({"meta": meta} if meta else {})})


def numbered(*numbers: object) -> list[Item]:
    """Items by their ids."""
    return [{"id": str(number)} for number in numbers]


def serving(items: Sequence[Item], *, meta: bool = True) -> Callable[[Request], Outcome]:
    """Serve a list as the documentation has it."""

    def answer(request: Request) -> Outcome:
        asked = dict(request.params)
        size, number = int(asked["page[size]"]), int(asked["page[number]"])
        page = items[(number - 1) * size : number * size]
        counts = {"total_count": len(items), "total_page": -(-len(items) // size)} if meta else {}
        return listed([*page] or None, **counts)

    return answer


def params(**changes: Any) -> ListParams:
    """Ask for exports."""
    return ListParams("listExports", **changes)


def ids(page: Table) -> list[object]:
    """The ids on a page as numbers where they are some, or the items where they have none."""
    found = [item.get("id", item) for item in page.rows]
    return [int(each) if isinstance(each, str) and each.isdigit() else each for each in found]


def read_all(driver: FakeDriver, asked: ListParams) -> list[object]:
    """Read to the end; return the ids of what came, or the items where they have none."""
    paginator, found = NumberedPaginator(asked, policy(), {}), list[object]()
    while not paginator.done:
        found += ids(driver.run(paginator.next_page()))
        assert paginator.pages < 100, "a loop"
    paginator.finish()
    return found
