"""Fault 30, and pages in both directions: a table that was read in part is read on without losing or doubling a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.running import RANGE, Running, collect, running
from support.scripted import ScriptedServer, Serve
from support.tables import Row, Table, ids, newest_first, tx

MODES = ["sync", "async"]


@contextmanager
def client_of(table: Table, mode: str) -> Iterator[tuple[Running, Any]]:
    """Serve a table for one example; fixtures would be shared between the examples of a property."""
    with ScriptedServer(table) as server, contextmanager(running)(mode) as run:
        yield run, run.client(server)


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_fault_30_an_interrupted_paginator_resumes(mode: str, data: st.DataObject) -> None:
    """Stop after any number of rows and go on with after=the last one: the union is the whole, once."""
    whole = newest_first(data.draw(st.integers(1, 23), "rows"), 1)
    stops = data.draw(st.lists(st.integers(1, 9), max_size=4), "rows taken before each interruption")
    sizes = st.integers(1, 7)
    with client_of(Table(whole), mode) as (run, client):
        copied: list[Row] = []
        for stop in [*stops, None]:
            after = str(copied[-1]["real_tx_id"]) if copied else None
            size = data.draw(sizes, "page size")
            rows = client.reports.clicks("int1", after=after, page_size=size, **RANGE).records()
            copied += collect(run, rows) if stop is None else run.take(rows, stop)
    assert copied == whole


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=15, deadline=None)
@given(count=st.integers(1, 23), size=st.integers(1, 7), data=st.data())
def test_fault_30_before_gives_what_is_newer(mode: str, count: int, size: int, data: st.DataObject) -> None:
    """before=X gives exactly the rows newer than X, newest first: those a copy up to X still lacks."""
    known = data.draw(st.integers(1, count), "newest row of the copy")
    with client_of(Table(newest_first(count, 1)), mode) as (run, client):
        rows = client.reports.clicks("int1", before=tx(known), page_size=size, **RANGE).records()
        assert ids(collect(run, rows)) == [tx(number) for number in range(count, known, -1)]


def test_pages_lead_both_ways(run: Running, serve: Serve) -> None:
    """next_page and previous_page follow the API's own cursors, and are None where the table ends."""
    client = run.client(serve(Table(newest_first(5, 1))))
    first, second = collect(run, client.reports.clicks("int1", page_size=3, **RANGE).by_page())
    assert (first.start_cursor, first.end_cursor, first.has_next, second.has_next) == (tx(5), tx(3), True, False)
    following = run.result(first.next_page())
    assert [item.real_tx_id for item in following.items] == [tx(2), tx(1)]
    assert run.result(following.next_page()) is None
    back = run.result(following.previous_page())
    assert [item.real_tx_id for item in back.items] == [tx(5), tx(4), tx(3)]
    assert run.result(back.previous_page()) is None
