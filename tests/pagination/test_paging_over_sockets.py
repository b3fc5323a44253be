"""Faults 21 to 26 over sockets: cursors that loop, stall or vanish. All other cases are in test_paginator."""

from typing import Any

import pytest

from metrics24 import PaginationError
from support.running import RANGE, Running, collect
from support.scripted import Received, Script, Serve, Step, in_turn
from support.steps import respond_json
from support.tables import Row, Table, ids, newest_first, page, tx

A, B, C = newest_first(9, 7), newest_first(6, 4), newest_first(3, 1)


def cursors(requests: list[Received]) -> list[str | None]:
    """Give page[after] of each request."""
    return [request.parameter("page[after]") for request in requests]


def by_cursor(pages: dict[str | None, Step]) -> Script:
    """Answer each page[after] with its own page."""
    return lambda request: pages[request.parameter("page[after]")]


def read_until_error(run: Running, rows: Any) -> tuple[list[Row], PaginationError]:
    """Read until the error that must come; give it and what was delivered before it."""
    seen: list[Row] = []
    with pytest.raises(PaginationError) as caught:
        run.visit(rows.records(), seen.append)
    return seen, caught.value


def test_fault_21_a_loop_of_cursors_delivers_no_row_twice(run: Running, serve: Serve) -> None:
    """A, B, then A again is PaginationError, and rows of A and B were delivered once at most."""
    loop = {None: page(A, more=True), tx(7): page(B, more=True), tx(4): page(A, more=True)}
    server = serve(by_cursor(loop))
    seen, _ = read_until_error(run, run.client(server).reports.clicks("int1", **RANGE))
    assert seen == A + B
    assert server.hits == 3


def test_fault_23_an_empty_page_with_a_next_one_is_asked_once_more(run: Running, serve: Serve) -> None:
    """An empty page that claims a next one, twice running, is PaginationError, whichever cursor it gives."""
    empties = [page([], more=True, endCursor=f"fresh{turn}") for turn in range(3)]
    server = serve(in_turn(page(A, more=True), *empties))
    seen, _ = read_until_error(run, run.client(server).reports.clicks("int1", **RANGE))
    assert (seen, server.hits) == (A, 3)


def test_fault_24_a_short_page_with_a_next_one_goes_on(run: Running, serve: Serve) -> None:
    """The server decides where the table ends: a page of one row out of a hundred is no end."""
    server = serve(by_cursor({None: page(A[:1], more=True), tx(9): page(A[1:], more=True), tx(7): page(B)}))
    assert collect(run, run.client(server).reports.clicks("int1", **RANGE).records()) == A + B
    assert cursors(server.requests) == [None, tx(9), tx(7)]


def test_fault_25_rows_that_arrive_while_reading_change_nothing(run: Running, serve: Serve) -> None:
    """Younger rows at the head after the first page change nothing about the rows that are read."""
    table = Table(newest_first(10, 1))

    def script(request: Received) -> Step:
        step = table(request)
        table.arrive(*newest_first(100 + len(table.rows), 99 + len(table.rows)))
        return step

    client = run.client(serve(script))
    assert collect(run, client.reports.clicks("int1", page_size=3, **RANGE).records()) == newest_first(10, 1)


def test_fault_26_a_cursor_that_vanished_is_named(run: Running, serve: Serve) -> None:
    """When the server forgets the cursor of page two, PaginationError carries the last cursor it accepted."""
    gone = respond_json({"error": "unknown cursor"}, status=404)
    server = serve(by_cursor({None: page(A, more=True), tx(7): page(B, more=True), tx(4): gone}))
    seen, error = read_until_error(run, run.client(server).reports.clicks("int1", **RANGE))
    assert (seen, error.cursor) == (A + B, tx(7))
    assert server.hits == 3


def test_fault_26_rows_deleted_while_reading(run: Running, serve: Serve) -> None:
    """Deleted rows that were not read yet are missing, and the rest is whole."""
    table = Table(newest_first(9, 1))

    def script(request: Received) -> Step:
        if request.parameter("page[after]"):
            table.vanish(tx(5))
        return table(request)

    client = run.client(serve(script))
    rows = collect(run, client.reports.clicks("int1", page_size=3, **RANGE).records())
    assert ids(rows) == [tx(number) for number in (9, 8, 7, 6, 4, 3, 2, 1)]
