"""Faults 21 to 28: cursors that loop, stall, vanish or contradict the page, and walks that must not be asked for."""

from typing import Any

import pytest

from metrics24 import BadRequest, PaginationError, UsageError
from support.answers import json_answer
from support.clock import FakeClock
from support.running import RANGE, Running, collect
from support.scripted import Received, Script, Serve, Step, in_turn
from support.tables import Row, Table, ids, newest_first, page, tx

A, B, C = newest_first(9, 7), newest_first(6, 4), newest_first(3, 1)


def cursors(requests: list[Received]) -> list[str | None]:
    """Give page[after] of each request."""
    return [request.parameter("page[after]") for request in requests]


def by_cursor(pages: dict[str | None, Step]) -> Script:
    """Answer each page[after] with its own page."""
    return lambda request: pages[request.parameter("page[after]")]


def walk(run: Running, rows: Any) -> tuple[list[Row], PaginationError]:
    """Walk into the error that must come; give what was delivered before it."""
    seen: list[Row] = []
    with pytest.raises(PaginationError) as caught:
        run.visit(rows.records(), seen.append)
    return seen, caught.value


def test_fault_21_a_loop_of_cursors_delivers_no_row_twice(run: Running, serve: Serve) -> None:
    """A, B, then A again is PaginationError, and rows of A and B were delivered once at most."""
    loop = {None: page(A, more=True), tx(7): page(B, more=True), tx(4): page(A, more=True)}
    server = serve(by_cursor(loop))
    seen, _ = walk(run, run.client(server).reports.clicks("int1", **RANGE))
    assert seen == A + B
    assert server.hits == 3


def test_fault_21_a_cursor_seen_before_ends_the_walk(run: Running, serve: Serve) -> None:
    """A page of new rows whose cursor was used before ends the walk, though no row came twice."""
    pages = {None: page(A, more=True), tx(7): page(B, more=True), tx(4): page(C, more=True, endCursor=tx(7))}
    server = serve(by_cursor(pages))
    seen, _ = walk(run, run.client(server).reports.clicks("int1", **RANGE))
    assert ids(seen) == ids(A + B + C)[: len(seen)]
    assert server.hits == 3


def test_fault_22_a_server_that_ignores_the_cursor_is_found_out(run: Running, serve: Serve) -> None:
    """A server that sends the first page whatever is asked is PaginationError after two hits, no row twice."""
    server = serve(in_turn(page(A, more=True)))
    seen, _ = walk(run, run.client(server).reports.clicks("int1", **RANGE))
    assert seen == A
    assert server.hits == 2


def test_fault_22_a_server_that_ignores_the_cursor_on_its_only_page(run: Running, serve: Serve) -> None:
    """Resuming against a server that ignores page[after] must not deliver the head of the table as older rows."""
    server = serve(in_turn(page(A)))
    seen, _ = walk(run, run.client(server).reports.clicks("int1", after=tx(8), **RANGE))
    assert seen == []


@pytest.mark.parametrize("claimed", ["", "fresh"])
@pytest.mark.parametrize("start", [True, False])
def test_fault_23_an_empty_page_with_a_next_one_is_asked_once_more(
    run: Running, serve: Serve, claimed: str, start: bool
) -> None:
    """An empty page that claims a next one, twice running, is PaginationError, whichever cursor it gives."""
    empties = [page([], more=True, endCursor=claimed and f"{claimed}{turn}") for turn in range(3)]
    server = serve(in_turn(*([] if start else [page(A, more=True)]), *empties))
    seen, _ = walk(run, run.client(server).reports.clicks("int1", **RANGE))
    assert seen == ([] if start else A)
    assert server.hits == (2 if start else 3)


def test_fault_23_one_empty_page_is_survived(run: Running, serve: Serve) -> None:
    """If the second request brings rows, reading goes on and loses nothing."""
    server = serve(in_turn(page(A, more=True), page([], more=True, endCursor=tx(7)), page(B)))
    assert collect(run, run.client(server).reports.clicks("int1", **RANGE).records()) == A + B


@pytest.mark.parametrize("cursor", [None, ""])
def test_fault_24_a_next_page_without_a_cursor_is_an_error(run: Running, serve: Serve, cursor: str | None) -> None:
    """A page that claims a next one but gives no cursor to it is PaginationError, never a silent end."""
    server = serve(in_turn(page(A, more=True, endCursor=cursor)))
    seen, _ = walk(run, run.client(server).reports.clicks("int1", **RANGE))
    assert seen in (A, [])
    assert server.hits == 1


def test_fault_24_a_short_page_with_a_next_one_goes_on(run: Running, serve: Serve) -> None:
    """The server decides where the table ends: a page of one row out of a hundred is no end."""
    server = serve(by_cursor({None: page(A[:1], more=True), tx(9): page(A[1:], more=True), tx(7): page(B)}))
    assert collect(run, run.client(server).reports.clicks("int1", **RANGE).records()) == A + B
    assert cursors(server.requests) == [None, tx(9), tx(7)]


def test_fault_25_rows_that_arrive_while_walking_change_nothing(run: Running, serve: Serve) -> None:
    """Younger rows at the head after the first page leave the walk as it would have been without them."""
    table = Table(newest_first(10, 1))

    def script(request: Received) -> Step:
        step = table(request)
        table.arrive(*newest_first(100 + len(table.rows), 99 + len(table.rows)))
        return step

    client = run.client(serve(script))
    assert collect(run, client.reports.clicks("int1", page_size=3, **RANGE).records()) == newest_first(10, 1)


@pytest.mark.parametrize("status", [400, 404])
def test_fault_26_a_cursor_that_vanished_is_named(run: Running, serve: Serve, status: int) -> None:
    """When the server forgets the cursor of page two, PaginationError carries the last cursor it accepted."""
    gone = json_answer({"error": "unknown cursor"}, status=status)
    server = serve(by_cursor({None: page(A, more=True), tx(7): page(B, more=True), tx(4): gone}))
    seen, error = walk(run, run.client(server).reports.clicks("int1", **RANGE))
    assert (seen, error.cursor) == (A + B, tx(7))
    assert server.hits == 3


def test_fault_26_rows_deleted_while_walking(run: Running, serve: Serve) -> None:
    """Deleted rows ahead of the walk are missing from it, and the rest is whole."""
    table = Table(newest_first(9, 1))

    def script(request: Received) -> Step:
        if request.parameter("page[after]"):
            table.vanish(tx(5))
        return table(request)

    client = run.client(serve(script))
    rows = collect(run, client.reports.clicks("int1", page_size=3, **RANGE).records())
    assert ids(rows) == [tx(number) for number in (9, 8, 7, 6, 4, 3, 2, 1)]


def test_fault_26_a_400_on_the_first_page_is_no_paging_error(run: Running, serve: Serve, clock: FakeClock) -> None:
    """Without a cursor in the request, a 400 is BadRequest: there is nothing to resume from."""
    client = run.client(serve(in_turn(json_answer({"error": "no"}, status=400))), clock=clock)
    with pytest.raises(BadRequest):
        collect(run, client.reports.clicks("int1", **RANGE))


@pytest.mark.parametrize(
    "options",
    [
        {"after": tx(1), "before": tx(2)},
        {"page_size": 0},
        {"page_size": 101},
        {"page_size": -1},
        {"page_size": "10"},
        {"page_size": None},
        {"limit": True},
        {"limit": 1.5},
        {"filter": "status=rejected"},
        {"limit": -1},
        {"start": "2025-02-27", "end": "2025-02-01"},
        {"start": "yesterday-ish"},
        {"start": "2025-02-30"},
        {"after": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["clicks", "conversions", "impressions"])
def test_fault_28_contradictory_arguments_never_reach_the_server(
    run: Running, serve: Serve, kind: str, options: dict[str, Any]
) -> None:
    """Arguments that cannot be meant are UsageError, and nothing is sent."""
    server = serve(in_turn(page(A)))
    table_of = getattr(run.client(server).reports, kind)
    with pytest.raises(UsageError):
        collect(run, table_of("int1", **{**RANGE, **options}))
    assert server.connections == 0
