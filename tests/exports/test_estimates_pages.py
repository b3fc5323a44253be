"""How long pages of a range will take, by the first ones."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from metrics24._core import estimates as lanes
from metrics24._core.estimates import Estimate, Glimpse, by_pages
from support.fake_driver import NOON

START, END = date(2025, 2, 1), date(2025, 2, 28)
HOUR = Glimpse(rows=1_000, seconds=(0.2,) * 10, newest="2025-02-28T23:59:59", oldest="2025-02-28T22:59:59")


def test_a_range_is_thought_to_be_like_its_newest_rows() -> None:
    """1,000 rows of the last hour stand for as many in each of the hours before, at the pace of the first pages."""
    found = by_pages(HOUR, START, END)
    assert found is not None
    assert found.rows == 28 * 24 * 1_000
    assert found.seconds == pytest.approx((28 * 24 - 1) * 2.0, rel=0.01)


@pytest.mark.parametrize(("parallel", "factor"), [(1, 1), (4, 4), (28, 28), (32, 28)])
def test_days_at_once_take_less_time(parallel: int, factor: int) -> None:
    """Pages take as much less time as days are read at once, of which there are no more than the range has."""
    alone, together = by_pages(HOUR, START, END), by_pages(HOUR, START, END, parallel=parallel)
    assert alone is not None
    assert together is not None
    assert together.seconds == pytest.approx(alone.seconds / factor)


def test_what_was_gained_already_is_not_gained_again() -> None:
    """First pages that reach over more days than are read at once have the pace of all later ones."""
    wide = evolve(HOUR, oldest="2025-02-20T00:00:00")
    assert by_pages(wide, START, END, parallel=4) == by_pages(wide, START, END)


def test_the_first_page_tells_nothing_of_the_pace() -> None:
    """A cold first page, and a slow one among the others, do not make the pages to come seem slow."""
    cold = evolve(HOUR, seconds=(17.4, *(0.1, 0.2, 0.3) * 2, 0.2, 0.2, 60.0))
    assert by_pages(cold, START, END) == by_pages(HOUR, START, END)


def test_a_single_page_tells_its_own_pace() -> None:
    """Where there is no other page the first one is the measure."""
    found, usual = by_pages(evolve(HOUR, seconds=(2.0,)), START, END), by_pages(HOUR, START, END)
    assert found is not None
    assert usual is not None
    assert found.seconds == pytest.approx(usual.seconds)


def test_pages_of_days_that_are_read_at_once_come_in_bursts() -> None:
    """Pages that were there before they were due do not make the others seem as fast: their mean counts."""
    wide = evolve(HOUR, oldest="2025-02-20T00:00:00")
    bursts = evolve(wide, seconds=(5.0, 0.9, *(0.0,) * 6, 0.9, 0.0))
    found, even = by_pages(bursts, START, END, parallel=4), by_pages(wide, START, END, parallel=4)
    assert found is not None
    assert even is not None
    assert found.seconds == pytest.approx(even.seconds)
    alone = by_pages(bursts, START, END)
    assert alone is not None
    assert alone.seconds == 0


@pytest.mark.parametrize(("rate", "seconds"), [(1.0, 1.0), (0.5, 2.0), (4.0, 0.25)])
def test_a_rate_bounds_the_pace(rate: float, seconds: float) -> None:
    """With at most so many requests a second pages take their time, however many days are read at once."""
    found = by_pages(HOUR, START, END, parallel=4, rate=rate)
    assert found is not None
    assert found.seconds == pytest.approx((28 * 24 - 1) * 10 * seconds, rel=0.01)


@pytest.mark.parametrize(
    "changes",
    [{"newest": None}, {"oldest": None}, {"oldest": "1740783599"}, {"rows": 0}, {"oldest": "2025-03-01T00:00:00"}],
)
def test_rows_that_do_not_tell_give_no_estimate(changes: dict[str, Any]) -> None:
    """Without readable times that go back from the first row to the last nothing is estimated."""
    assert by_pages(evolve(HOUR, **changes), START, END) is None


def test_rows_of_one_moment_count_as_those_of_a_second() -> None:
    """Many rows of one time are no reason to divide by nothing."""
    found = by_pages(evolve(HOUR, oldest=HOUR.newest), START, END)
    assert found is not None
    assert found.rows == pytest.approx(28 * 86_400 * 1_000, rel=0.01)


def test_times_before_the_first_day_leave_nothing() -> None:
    """Rows whose times, in another zone, lie before the first day are taken for the end of the range."""
    found = by_pages(evolve(HOUR, oldest="2025-01-31T20:00:00"), START, END)
    assert found == Estimate(1_000, 0.0)


@given(
    rows=st.integers(1, 5_000),
    minutes=st.integers(0, 60_000),
    parallel=st.integers(1, 32),
    days=st.integers(0, 400),
    seconds=st.floats(0.001, 100),
)
def test_more_at_once_never_takes_longer(rows: int, minutes: int, parallel: int, days: int, seconds: float) -> None:
    """Estimates are never below what was seen, and reading more at once never lengthens them."""
    newest = NOON.replace(tzinfo=None)
    glimpse = Glimpse(
        rows=rows,
        seconds=(seconds,) * 10,
        newest=newest.isoformat(),
        oldest=(newest - timedelta(minutes=minutes)).isoformat(),
    )
    end = newest.date()
    one, many = (by_pages(glimpse, end - timedelta(days=days), end, parallel=number) for number in (1, parallel))
    assert one is not None
    assert many is not None
    assert one.rows == many.rows >= rows
    assert 0 <= many.seconds <= one.seconds * 1.000001


def test_ten_pages_are_looked_at() -> None:
    """A way is chosen after ten pages, as the documentation says; the pages of a rate are counted by them."""
    found = by_pages(evolve(HOUR, seconds=(0.2,) * lanes.LOOK_AFTER), START, END, rate=0.5)
    assert (lanes.LOOK_AFTER, found) == (10, by_pages(HOUR, START, END, rate=0.5))
