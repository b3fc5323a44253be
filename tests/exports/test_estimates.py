"""Which way a range of rows is had sooner: the estimate of an export, and the rule that chooses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.fake_exports import Record
from metrics24._core.estimates import Estimate, Past, by_export, choose, past, span, unfit
from metrics24.config import Limits
from support.fake_driver import NOON

LIMITS = Limits()
FREE = Past(10)
LONG = Estimate(1_000_000, 4_000.0)


def finished(rows: object = 1_000, seconds: object = 30, *, days_ago: int = 1, **changes: Any) -> Record:
    """Describe an export that was made in so many seconds."""
    meta = {"total": rows, "duration_seconds": seconds}
    created = (NOON - timedelta(days=days_ago)).isoformat()
    return {"id": "e1", "type": "click_logs", "created_at": created, "results_meta": meta, **changes}


def test_the_list_of_exports_tells_what_is_left_and_how_fast_they_are() -> None:
    """Exports of today count against the quota, of whatever kind; finished ones of the kind tell their pace."""
    listed = [
        finished(days_ago=0),
        finished(type="conversion_logs", days_ago=0),
        finished(None, days_ago=0),
        finished(2_000, 0.5),
        finished(0),
        finished(seconds=True),
        finished(seconds="30"),
        finished(seconds=-1),
        finished(results_meta=None),
        finished(created_at=None),
    ]
    told = past(listed, "clicks", Limits(exports_per_day=4), NOON)
    assert told == Past(1, ((1_000, 30.0), (2_000, 0.5), (1_000, 30.0)))
    assert past(listed, "clicks", Limits(exports_per_day=2), NOON).left == 0


def test_an_export_that_took_more_than_a_day_tells_nothing() -> None:
    """A time of up to 24 hours is believed, and no longer one."""
    told = past([finished(seconds=86_400), finished(seconds=86_400.5)], "clicks", LIMITS, NOON)
    assert told.made == ((1_000, 86_400.0),)


def test_earlier_exports_tell_how_long_one_takes() -> None:
    """An export takes as long as half of the earlier ones at least, and by the row as long as large ones."""
    told = Past(10, ((1_000, 10.0), (100_000, 20.0), (200_000, 80.0)))
    assert by_export(100, told) == pytest.approx(20 + 100 / 10_000)
    assert by_export(1_000_000, told) == pytest.approx(1_000_000 * 0.0003 + 100)


def test_small_exports_tell_nothing_of_large_ones() -> None:
    """The time of a few rows is waiting, and is not multiplied."""
    assert by_export(1_000_000, Past(10, ((14, 1.0),))) == 1 + 100 + 100


def test_without_earlier_exports_a_minute_is_assumed() -> None:
    """A minute, a second for 10,000 rows, and one for as many that arrive."""
    assert by_export(200_000, FREE) == 60 + 20 + 20


@pytest.mark.parametrize(
    ("estimate", "told", "export", "why"),
    [
        (None, FREE, False, "By pages: the rows have no times by which to tell how many there are."),
        (Estimate(12_345, 40.2), FREE, False, "By pages: about 12,000 rows, 40 s."),
        (Estimate(9, 0.0), FREE, False, "By pages: about 9 rows, 1 s."),
        (LONG, Past(0), False, "By pages: about 1,000,000 rows, 67 min; the day's 10 exports are used up."),
        (Estimate(4_000_000, 9_000), FREE, False, "By pages: about 4,000,000 rows, 2.5 h; one export, which ends at"),
        (Estimate(1_000_000, 300), FREE, False, "By pages: about 1,000,000 rows, 5 min; an export would hardly be"),
        (
            LONG,
            FREE,
            True,
            "By export: about 1,000,000 rows; 4 min by an export, a guess, as the server tells of no earlier one, "
            "instead of 67 min by pages.",
        ),
        (
            LONG,
            Past(1, ((100_000, 5.0),)),
            True,
            "By export: about 1,000,000 rows; 2 min by an export, judged by earlier ones, instead of 67 min by pages.",
        ),
        (
            LONG,
            Past(10, ((100_000, 1_000.0),)),
            False,
            "By pages: about 1,000,000 rows, 67 min; an export would hardly be",
        ),
    ],
)
def test_the_rule(estimate: Estimate | None, told: Past, *, export: bool, why: str) -> None:
    """The way and the reason follow from the estimate, the quota, the most rows of an export and its pace."""
    choice = choose(estimate, told, LIMITS)
    assert choice.export is export
    assert choice.why.startswith(why)


@pytest.mark.parametrize(("seconds", "long"), [(119.9, False), (120.0, True)])
def test_two_minutes_are_worth_an_export(seconds: float, *, long: bool) -> None:
    """An export is thought of from two minutes on."""
    assert Estimate(1, seconds).is_long is long


@pytest.mark.parametrize(("seconds", "export"), [(199.9, False), (200.0, True)])
def test_half_the_time_is_fast_enough(seconds: float, *, export: bool) -> None:
    """An export that takes 100 seconds is taken in place of pages that take 200."""
    assert choose(Estimate(200_000, seconds), FREE, LIMITS).export is export


@pytest.mark.parametrize(("most", "export"), [(1_499_999, False), (1_500_000, True)])
def test_an_export_has_room_for_half_as_many_rows_again(most: int, *, export: bool) -> None:
    """An export that holds just what is needed is taken."""
    assert choose(LONG, FREE, Limits(export_rows=most)).export is export


@given(rows=st.integers(1, 10**9), seconds=st.floats(0, 10**7), left=st.integers(0, 10))
def test_an_export_is_never_taken_in_vain(rows: int, seconds: float, left: int) -> None:
    """An export is chosen only if there is one left, it holds the rows, and it takes less than half the time."""
    estimate, told = Estimate(rows, seconds), Past(left)
    worth = by_export(rows, told) * 2 <= seconds and rows * 1.5 <= LIMITS.export_rows
    assert choose(estimate, told, LIMITS).export is (bool(left) and worth and estimate.is_long)


def test_an_export_knows_no_limit_and_no_cursor() -> None:
    """What an export cannot heed is named, the limit of no rows among it."""
    assert unfit(limit=None, after=None, before=None) is None
    assert [unfit(limit=0, after=None, before=None), unfit(limit=None, after="x", before=None)] == ["limit", "after"]
    assert unfit(limit=None, after=None, before="x") == "before"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (99, "99 s"),
        (100, "2 min"),
        (300, "5 min"),
        (5_999, "100 min"),
        (6_000, "1.7 h"),
        (7_560, "2.1 h"),
    ],
)
def test_lengths_of_time_are_short_to_read(seconds: float, words: str) -> None:
    """Seconds, minutes or hours, whichever is the shortest to read."""
    assert span(seconds) == words
