"""The progress of a save, page by page."""

from __future__ import annotations

import pytest

from metrics24.rows import Progress

TIMES = ["request_time", "conversion_time", "click_time", "impression_time"]


@pytest.mark.parametrize("name", TIMES)
def test_progress_knows_the_time_of_every_kind_of_row(name: str) -> None:
    """Pages come newest first: the newest time is that of the first row, the oldest that of the last so far."""
    first = Progress().plus([{"real_tx_id": "c", name: "3"}, {"real_tx_id": "b", name: "2"}])
    assert first == Progress(rows=2, page_rows=2, cursor="b", oldest="2", newest="3")
    assert first.plus([{"real_tx_id": "a", name: "1"}]) == Progress(3, 1, "a", "1", "3")


def test_an_empty_page_and_rows_without_an_id_keep_what_is_known() -> None:
    """An empty page changes no more than its own count, and a row without id and time leaves the place as it was."""
    known = Progress(rows=2, page_rows=2, cursor="b", oldest="2", newest="3")
    assert known.plus([]) == Progress(2, 0, "b", "2", "3")
    assert known.plus([{}]) == Progress(3, 1, "b", "2", "3")
