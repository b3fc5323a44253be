"""Faults 21, 25 and 26 over sockets: cursors that loop or vanish, and tables that change. More in test_paginator."""

import pytest

from metrics24 import PaginationError
from support.running import RANGE, Running, collect
from support.scripted import Received, Serve, Step
from support.steps import respond_json
from support.tables import Row, Table, ids, newest_first, page, tx

A, B = newest_first(9, 7), newest_first(6, 4)


@pytest.mark.parametrize("last", ["loop", "gone"])
def test_fault_21_26_a_cursor_that_cannot_be_followed_is_named(run: Running, serve: Serve, last: str) -> None:
    """A, B, then A again, or a cursor that the server forgot, is PaginationError with the last good cursor."""
    third = page(A, more=True) if last == "loop" else respond_json({"error": "unknown cursor"}, status=404)
    pages = {None: page(A, more=True), tx(7): page(B, more=True), tx(4): third}
    server = serve(lambda request: pages[request.parameter("page[after]")])
    seen: list[Row] = []
    with pytest.raises(PaginationError) as caught:
        run.visit(run.client(server).reports.clicks("int1", **RANGE).records(), seen.append)
    assert (seen, caught.value.cursor, server.hits) == (A + B, tx(7), 3)


def test_fault_25_rows_that_arrive_while_reading_change_nothing(run: Running, serve: Serve) -> None:
    """Younger rows at the head after the first page change nothing about the rows that are read."""
    table = Table(newest_first(10, 1))

    def script(request: Received) -> Step:
        step = table(request)
        table.arrive(*newest_first(100 + len(table.rows), 99 + len(table.rows)))
        return step

    client = run.client(serve(script))
    assert collect(run, client.reports.clicks("int1", page_size=3, **RANGE).records()) == newest_first(10, 1)


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
