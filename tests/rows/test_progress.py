"""The progress of a save, page by page, and how long the rest takes."""

from datetime import date
from typing import Any

import pytest
from attrs import evolve

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


START = date(2025, 2, 1)
HOUR = Progress(rows=1_000, newest="2025-02-28T23:59:59", oldest="2025-02-28T22:59:59")
LEFT = 28 * 24 - 1


@pytest.mark.parametrize(("parallel", "factor"), [(1, 1), (4, 4), (28, 28), (32, 28)])
def test_the_rest_is_taken_to_be_like_the_rows_so_far(parallel: int, factor: int) -> None:
    """Each hour before takes as long as the last one, less by the days read at once, no more than the range has."""
    assert HOUR.remaining(START, 2.0, parallel=parallel) == pytest.approx(LEFT * 2.0 / factor, rel=0.01)


def test_the_pace_of_the_rest_is_that_of_the_rows_so_far() -> None:
    """Rows of more days than are read at once have the pace of the rest, and rows of one moment count as a second's."""
    wide = evolve(HOUR, oldest="2025-02-20T00:00:00")
    assert wide.remaining(START, 2.0, parallel=4) == wide.remaining(START, 2.0)
    assert evolve(HOUR, oldest=HOUR.newest).remaining(START, 1.0) == pytest.approx(28 * 86_400, rel=0.01)


@pytest.mark.parametrize(
    "changes", [{"newest": None}, {"oldest": None}, {"oldest": "1740783599"}, {"oldest": "2025-03-01T00:00:00"}]
)
def test_rows_that_do_not_tell_give_no_estimate(changes: dict[str, Any]) -> None:
    """Without readable times that go back from the first row to the last nothing is estimated."""
    assert evolve(HOUR, **changes).remaining(START, 2.0) is None


@pytest.mark.parametrize("parallel", [1, 4])
@pytest.mark.parametrize("start", [date(2025, 2, 28), date(2025, 3, 5)])
def test_times_before_the_first_day_leave_nothing(start: date, parallel: int) -> None:
    """Rows whose times, in another zone, lie before the first day are taken for the end of the range."""
    early = evolve(HOUR, oldest="2025-02-27T20:00:00")
    assert early.remaining(start, 2.0, parallel=parallel) == 0
