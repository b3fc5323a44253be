"""From page to page by cursors: the end of a table, and cursors that are not followed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from metrics24._core.effects import Request
from metrics24._core.pagination import Paginator
from metrics24.arguments import ReportParams
from metrics24.errors import BadRequest, NotFound, PaginationError, ServerError
from metrics24.filters import field
from support.fake_driver import FakeDriver, Outcome, in_turn, page, params, policy, raw

Script = Callable[[Request], Outcome]


def read_all(driver: FakeDriver, asked: ReportParams, seen: list[int] | None = None) -> list[int]:
    """Read to the end; return the rows' numbers, which are in `seen` also after an error."""
    paginator, seen = Paginator(asked, policy(), {}), [] if seen is None else seen
    while not paginator.done:
        seen += [int(row["real_tx_id"]) for row in driver.run(paginator.next_page()).rows]
    paginator.finish()
    return seen


def refused(driver: FakeDriver, asked: ReportParams) -> tuple[list[int], PaginationError]:
    """Read until PaginationError; return the numbers of the rows delivered before, and the error."""
    seen: list[int] = []
    with pytest.raises(PaginationError) as caught:
        read_all(driver, asked, seen)
    return seen, caught.value


def cursors(driver: FakeDriver) -> list[str | None]:
    """Give the page[after] of each request."""
    return [dict(call.request.params).get("page[after]") for call in driver.calls]


GOOD: dict[str, tuple[list[Outcome], list[int]]] = {
    "one page": ([page([3, 2, 1], more=False)], [3, 2, 1]),
    "no rows": ([page([], more=False)], []),
    "a short page goes on": ([page([9], more=True), page([8, 7], more=False)], [9, 8, 7]),
    "no cursor at the end": ([page([9], more=True), page([8], more=False, end=None)], [9, 8]),
    "the cursor asked for comes back at the end": ([page([9], more=True), page([], more=False, end=9)], [9]),
    "one empty page on the way": ([page([9], more=True), page([], more=True), page([8], more=False)], [9, 8]),
    "an empty page that leads on": ([page([9], more=True), page([], more=True, end=5), page([4], more=False)], [9, 4]),
    "a row's id on two rows": ([page([9, 9], more=True, event="a"), page([9, 8], more=False, event="b")], [9, 9, 9, 8]),
    "an older id again on the last page": ([page([9, 8], more=True), page([7, 9], more=False)], [9, 8, 7, 9]),
    "no ids, no last cursor": ([page([9, 8], more=True, end="c"), page([7], more=False, end=None)], [9, 8, 7]),
}


@pytest.mark.parametrize("case", GOOD)
def test_fault_24_the_server_decides_where_the_table_ends(case: str) -> None:
    """Rows are delivered in order until hasNextPage is false, whatever the pages' sizes."""
    answers, rows = GOOD[case]
    driver = FakeDriver(in_turn(*answers))
    assert read_all(driver, params()) == rows
    assert len(driver.calls) == len(answers)


def test_cursors_are_followed() -> None:
    """Each page is asked for with the end cursor of the one before, an empty one's included."""
    answers = [page([9], more=True), page([], more=True, end=5), page([4], more=True), page([3], more=False)]
    driver = FakeDriver(in_turn(*answers))
    read_all(driver, params())
    assert cursors(driver) == [None, "9", "5", "4"]


@pytest.mark.parametrize("end", [None, 9])
def test_fault_23_an_empty_page_that_leads_nowhere_is_requested_again(end: int | None) -> None:
    """Without a cursor of its own an empty page is requested once more, and the next page follows the last row."""
    driver = FakeDriver(in_turn(page([9], more=True), page([], more=True, end=end), page([8], more=False)))
    assert read_all(driver, params()) == [9, 8]
    assert cursors(driver) == [None, "9", "9"]


BAD: dict[str, tuple[list[Outcome], list[int], str | None, str]] = {
    "loop to an empty page": (
        [page([9], more=True), page([], more=True, end=5), page([4], more=True, end=5)],
        [9],
        None,
        "a second time",
    ),
    "loop": ([page([9], more=True), page([8], more=True), page([7], more=True, end=9)], [9, 8], "9", "loop"),
    "cursor ignored": ([page([9, 8], more=True), page([9, 8], more=True)], [9, 8], None, "ignores the cursor"),
    "cursor ignored at the end": ([page([9, 8], more=True), page([9, 8], more=False)], [9, 8], None, "ignores"),
    "the head again, much later": (
        [page([9], more=True), page([8, 7], more=True), page([6, 5], more=True), page([9, 8], more=True)],
        [9, 8, 7, 6, 5],
        "7",
        "read before",
    ),
    "cursor counted in": ([page([9, 8], more=True), page([8, 7], more=True)], [9, 8], None, "counts its row in"),
    "empty twice": ([page([9], more=True), page([], more=True), page([], more=True)], [9], None, "empty page twice"),
    "empty twice, with other cursors": (
        [page([9], more=True), page([], more=True, end=5), page([], more=True, end=4)],
        [9],
        None,
        "empty page twice",
    ),
    "empty twice at the head, with other cursors": (
        [page([], more=True, end=5), page([], more=True, end=4)],
        [],
        None,
        "empty page twice",
    ),
    "no cursor, in text": ([page([9], more=True, end="")], [], None, "no cursor"),
    "empty twice at the head": ([page([], more=True), page([], more=True)], [], None, "empty page twice"),
    "no cursor": ([page([9], more=True, end=None)], [], None, "no cursor"),
    "an old page at the end": (
        [page([9], more=True), page([8], more=True), page([7], more=False, end=9)],
        [9, 8],
        "9",
        "read before",
    ),
    "an empty page that leads back": (
        [page([9], more=True), page([8], more=True), page([], more=True, end=9)],
        [9, 8],
        "9",
        "loop",
    ),
    "cursor unknown, 400": ([page([9], more=True), raw(400)], [9], None, "refused the cursor '9'"),
    "cursor unknown, 404": (
        [page([9], more=True), page([8], more=True), raw(404)],
        [9, 8],
        "9",
        "refused the cursor '8'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_fault_21_22_23_26_what_cannot_be_followed_ends_the_reading(case: str) -> None:
    """Loops, ignored and missing cursors end in PaginationError before the doubtful page, with the last good cursor."""
    answers, rows, cursor, words = BAD[case]
    seen, error = refused(FakeDriver(in_turn(*answers)), params())
    assert (seen, error.cursor) == (rows, cursor)
    assert words in str(error)


@pytest.mark.parametrize(
    ("before", "failures", "error"),
    [([], [raw(400)], BadRequest), ([], [raw(404)], NotFound), ([page([9], more=True)], [raw(503)] * 5, ServerError)],
)
def test_other_errors_stay_what_they_are(
    before: list[Outcome], failures: list[Outcome], error: type[Exception]
) -> None:
    """Errors of the first page and of the server are no PaginationError, and the page can be requested again."""
    driver = FakeDriver(in_turn(*before, *failures, page([8], more=False)))
    paginator = Paginator(params(), policy(), {})
    for _ in before:
        driver.run(paginator.next_page())
    with pytest.raises(error):
        driver.run(paginator.next_page())
    assert [row["real_tx_id"] for row in driver.run(paginator.next_page()).rows] == ["8"]


def test_after_begins_behind_a_row() -> None:
    """after=X sends X with the first request, and X never comes back as a next cursor."""
    driver = FakeDriver(in_turn(page([4], more=True), page([3], more=True, end=5)))
    seen, error = refused(driver, params(after="5"))
    assert (cursors(driver), seen, error.cursor) == (["5", "4"], [4], "5")


def test_fault_22_rows_newer_than_after_are_refused() -> None:
    """A server that ignores page[after] on its only page does not deliver the head of the table as older rows."""
    seen, error = refused(FakeDriver(in_turn(page([9, 8, 7], more=False))), params(after="8"))
    assert (seen, "ignores the cursor" in str(error)) == ([], True)


@pytest.mark.parametrize(("limit", "rows", "hits"), [(0, 0, 0), (1, 1, 1), (2, 2, 1), (3, 3, 2), (4, 4, 2), (9, 4, 2)])
def test_a_limit_ends_the_reading(limit: int, rows: int, hits: int) -> None:
    """No more rows than the limit are delivered, and no page more than they need is requested."""
    driver = FakeDriver(in_turn(page([9, 8], more=True), page([7, 6], more=False)))
    assert read_all(driver, params(limit=limit)) == [9, 8, 7, 6][:rows]
    assert len(driver.calls) == hits


@pytest.mark.parametrize(("limit", "size"), [(None, "40"), (3, "3"), (40, "40"), (41, "40")])
def test_a_limit_below_the_page_size_asks_for_less(limit: int | None, size: str) -> None:
    """page[size] is the page size or the limit, whichever is smaller."""
    driver = FakeDriver(in_turn(page([9], more=False)))
    read_all(driver, params(limit=limit, page_size=40))
    assert dict(driver.calls[0].request.params)["page[size]"] == size


BEFORE: dict[str, tuple[int | None, list[Outcome], list[int]]] = {
    "on page one": (None, [page([9, 8, 7], more=True)], [9, 8]),
    "on page two": (None, [page([9, 8], more=True), page([7, 6], more=False)], [9, 8]),
    "the newest": (None, [page([7, 6], more=True)], []),
    "a limit that is reached before": (2, [page([9, 8], more=True)], [9, 8]),
}


@pytest.mark.parametrize("case", BEFORE)
def test_before_gives_what_is_newer(case: str) -> None:
    """before=7 gives the rows above 7, and requests no page beyond it or beyond the limit."""
    limit, pages, rows = BEFORE[case]
    driver = FakeDriver(in_turn(*pages))
    assert read_all(driver, params(before="7", limit=limit)) == rows
    assert len(driver.calls) == len(pages)


def test_before_a_row_that_is_not_there() -> None:
    """A row that is never met makes the last page doubtful: it is not delivered."""
    driver = FakeDriver(in_turn(page([9], more=True), page([8], more=False)))
    seen, error = refused(driver, params(before="7"))
    assert (seen, error.cursor) == ([9], None)
    assert "'7' was not found between 2025-02-01 and 2025-02-27" in str(error)


def test_prefetching_pays_from_page_two_on() -> None:
    """The next page is worth fetching after the second page, and not after the last."""
    driver = FakeDriver(in_turn(page([9], more=True), page([8], more=True), page([7], more=False)))
    paginator, wishes = Paginator(params(), policy(), {}), list[bool]()
    while not paginator.done:
        driver.run(paginator.next_page())
        wishes.append(paginator.prefetches)
    assert wishes == [False, True, False]


def test_an_ignored_filter_is_reported_once_at_the_end() -> None:
    """Rows of all pages that contradict the filter are counted in one warning, and a second report is silent."""
    driver = FakeDriver(in_turn(page([9, 8], more=True, status="a"), page([7], more=False, status="b")))
    with pytest.warns(UserWarning, match="2 of 3 rows contradict it \\(status\\)") as warned:
        assert read_all(driver, params(filter=field("status").eq("b"))) == [9, 8, 7]
    assert len(warned) == 1
