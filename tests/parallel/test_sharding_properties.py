"""Whichever way a server counts the last day, several days at once give the rows of one paginator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from parallel.fake_days import FakeReader, days, one_after_the_other, served
from support.days import READINGS, Days, at, row
from support.tables import Row

SECONDS = (0, 0, 1, 43_200, 86_399)
EACH = st.tuples(st.integers(-1, 6), st.sampled_from(SECONDS), st.sampled_from("abcde"), st.integers(0, 2))


def rows_of(drawn: list[Any]) -> list[tuple[datetime, Row]]:
    """Rows with the moments, ids and contents that were drawn."""
    return [(at(day, second), row(at(day, second), name, status=str(status))) for day, second, name, status in drawn]


@given(
    drawn=st.lists(EACH, max_size=60, unique=True),
    reading=st.sampled_from(READINGS),
    size=st.integers(1, 7),
    last=st.integers(1, 5),
    parallel=st.integers(2, 9),
    data=st.data(),
)
def test_days_at_once_give_the_rows_of_one_paginator(
    *, drawn: list[Any], reading: str, size: int, last: int, parallel: int, data: st.DataObject
) -> None:
    """Equal times at midnight, one id on many rows and days, empty days: the same rows, in the same order."""
    server = served(Days(rows_of(drawn), reading))
    asked = days(last, page_size=size)
    picked = st.integers(0, 8)
    reader = FakeReader(server, asked, parallel=parallel, pick=lambda count: data.draw(picked) % count)
    assert reader.read() == one_after_the_other(server, asked)
    assert reader.most <= parallel
    assert all(reader.has_next[:-1])
