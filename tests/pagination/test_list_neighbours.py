"""The pages before and after a page of a numbered list."""

from __future__ import annotations

from typing import Any

import pytest

from metrics24 import field
from metrics24._core.effects import RawResponse
from metrics24._core.pagination import NumberedPaginator
from metrics24._core.responses import Table
from metrics24.errors import FilterIgnoredWarning
from pagination.fake_lists import ids, listed, numbered, params, serving
from support.fake_driver import FakeDriver, policy


def neighbours(driver: FakeDriver, page: Table, **changes: Any) -> list[list[object] | None]:
    """The ids on the pages before and after a page."""
    asked = params(page_size=2, **changes)
    found = [driver.run(NumberedPaginator(asked, policy(), {}).neighbour(page, after=after)) for after in (False, True)]
    return [None if table is None else ids(table) for table in found]


def test_a_page_has_neighbours() -> None:
    """The pages on both sides of a page are there, and beyond the first and the last there is none."""
    driver = FakeDriver(serving(numbered(*range(5))))
    paginator = NumberedPaginator(params(page_size=2), policy(), {})
    pages = [driver.run(paginator.next_page())]
    while (page := driver.run(paginator.neighbour(pages[-1], after=True))) is not None:
        pages.append(page)
    assert [ids(page) for page in pages] == [[0, 1], [2, 3], [4]]
    assert [neighbours(driver, page) for page in pages] == [[None, [2, 3]], [[0, 1], [4]], [[2, 3], None]]
    assert [(page.number, page.has_next, page.total) for page in pages] == [(1, True, 5), (2, True, 5), (3, False, 5)]


@pytest.mark.parametrize("answer", [listed(numbered(1, 2)), listed(numbered(2, 1)), listed(None)])
def test_a_neighbour_that_is_the_page_itself_is_none(answer: RawResponse) -> None:
    """A server that ignores the number, or has nothing there, has no page there."""
    page = Table(numbered(1, 2), None, None, has_next=True, number=2)
    assert neighbours(FakeDriver(lambda _: answer), page) == [None, None]


def test_a_neighbour_that_contradicts_the_filter_is_told() -> None:
    """Also a single page is held against the filter."""
    page = Table(numbered(1, 2), None, None, has_next=True, number=1)
    with pytest.warns(FilterIgnoredWarning, match="2 of 2"):
        assert neighbours(FakeDriver(serving(numbered(1, 2, 3, 4))), page, filter=field("id").eq("9")) == [None, [3, 4]]
