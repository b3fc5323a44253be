"""A page leads to the pages on both sides of it, also if it was cut."""

from __future__ import annotations

from typing import Any

import pytest

from metrics24._core.pagination import Paginator
from metrics24._core.responses import Table
from metrics24.errors import PaginationError
from metrics24.filters import field
from support.fake_driver import FakeDriver, Outcome, in_turn, page, params, policy, raw

HERE = Table([{"real_tx_id": "6"}, {"real_tx_id": "5"}], "6", "5", has_next=True)
NEIGHBOURS: dict[str, tuple[bool, Outcome, list[str] | None]] = {
    "older": (True, page([4, 3], more=False), ["4", "3"]),
    "newer": (False, page([8, 7], more=True), ["8", "7"]),
    "none older": (True, page([], more=False), None),
    "none newer": (False, page([], more=False), None),
}


@pytest.mark.parametrize("case", NEIGHBOURS)
def test_a_page_has_neighbours(case: str) -> None:
    """The page next to a page is fetched as the API offers it, and None stands for no rows there."""
    older, outcome, rows = NEIGHBOURS[case]
    driver = FakeDriver(in_turn(outcome))
    table = driver.run(Paginator(params(), policy(), {}).neighbour(HERE, after=older))
    assert (None if table is None else [row["real_tx_id"] for row in table.rows]) == rows
    sent = dict(driver.calls[0].request.params)
    assert (sent.get("page[after]"), sent.get("page[before]")) == (("5", None) if older else (None, "6"))


@pytest.mark.parametrize(
    ("older", "outcome"),
    [
        (True, page([6, 5], more=True)),
        (True, page([4], more=True, end=5)),
        (True, page([7, 5, 4], more=False)),
        (True, page([5, 4], more=True)),
        (False, page([6, 5], more=True)),
        (True, raw(404)),
        (False, raw(400)),
    ],
)
def test_a_neighbour_that_cannot_be_one_is_refused(older: bool, outcome: Outcome) -> None:
    """Rows that were read before, a cursor that stands still and a cursor refused are PaginationError."""
    with pytest.raises(PaginationError):
        FakeDriver(in_turn(outcome)).run(Paginator(params(), policy(), {}).neighbour(HERE, after=older))


def test_a_neighbour_that_contradicts_the_filter_is_reported() -> None:
    """Turning a page reports an ignored filter as reading the table does."""
    driver = FakeDriver(in_turn(page([4], more=False, status="a")))
    paginator = Paginator(params(filter=field("status").eq("b")), policy(), {})
    with pytest.warns(UserWarning, match="1 of 1 rows contradict it"):
        driver.run(paginator.neighbour(HERE, after=True))


def test_an_empty_page_leads_on_only_where_it_has_a_cursor() -> None:
    """A page without rows that says that more follow has an older one; no cursor on a side means no page there."""
    driver, paginator = FakeDriver(in_turn(page([4], more=False))), Paginator(params(), policy(), {})
    for older in (True, False):
        table = Table([], None, None, has_next=False)
        assert driver.run(paginator.neighbour(table, after=older)) is None
    assert driver.calls == []
    found = driver.run(paginator.neighbour(Table([], None, "5", has_next=True), after=True))
    assert found is not None
    assert found.rows == [{"real_tx_id": "4"}]


@pytest.mark.parametrize(
    ("changes", "kept", "cursor"),
    [({"limit": 2}, ["9", "8"], "8"), ({"before": "8"}, ["9"], "9"), ({"before": "9"}, [], None)],
)
def test_a_page_that_was_cut_leads_on_from_where_it_was_cut(
    changes: dict[str, Any], kept: list[str], cursor: str | None
) -> None:
    """The page's own cursor leads to the rows that a limit or a known row cut off, so that nothing is skipped."""
    driver = FakeDriver(in_turn(page([9, 8, 7], more=False)))
    table = driver.run(Paginator(params(page_size=3, **changes), policy(), {}).next_page())
    assert ([row["real_tx_id"] for row in table.rows], table.end_cursor, table.has_next) == (kept, cursor, True)
