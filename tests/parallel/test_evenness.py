"""Days that are so uneven that reading several at once helps little: when that is told, and what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from metrics24._core.effects import Request
from metrics24._core.parallel import LEAST, Rest, Stretch, rest_of, share_of, tell
from parallel.fake_days import Together, days, one_after_the_other, served
from support.days import Days, at, row
from support.fake_driver import FakeDriver, Outcome

DONE = Stretch(pages=2, seconds=1.0, share=1.0, ended=True)
HUGE = Stretch(pages=50, seconds=50.0, share=0.25, ended=False)

stretches = st.builds(
    Stretch,
    pages=st.integers(0, 500),
    seconds=st.floats(0, 5_000),
    share=st.none() | st.floats(0, 1),
    ended=st.booleans(),
)


def test_one_huge_day_is_told_with_what_is_left_of_it() -> None:
    """A day of which a quarter took 50 seconds has 150 to go, if nothing else is left."""
    assert rest_of([HUGE, DONE, DONE, DONE], 4) == Rest(1, 150.0)


@pytest.mark.parametrize(
    ("found", "at_once", "rest"),
    [
        ([HUGE, DONE], 2, Rest(1, 150.0)),
        ([HUGE, HUGE, DONE, DONE], 4, Rest(2, 150.0)),
        ([Stretch(pages=20, seconds=20.0, share=0.25, ended=False), DONE, DONE], 4, Rest(1, 60.0)),
        ([Stretch(pages=10, seconds=10.0, share=0.125, ended=False), DONE, DONE], 4, Rest(1, 70.0)),
        ([HUGE, evolve(DONE, pages=199)], 2, Rest(1, 150.0)),
    ],
    ids=["one of two", "half", "a minute", "ten pages", "a page more"],
)
def test_what_just_follows_from_the_rule_is_told(found: list[Stretch], at_once: int, rest: Rest) -> None:
    """Half of the days idle, a minute to go, ten pages of a day, or one page more than the others, are enough."""
    assert rest_of(found, at_once) == rest


@pytest.mark.parametrize(
    ("found", "at_once"),
    [
        ([DONE, DONE], 4),
        ([HUGE, DONE, DONE, DONE], 1),
        ([HUGE, evolve(HUGE, share=None), DONE, DONE], 4),
        ([HUGE, evolve(HUGE, share=0.0), DONE, DONE], 4),
        ([HUGE, evolve(HUGE, pages=3), DONE, DONE], 4),
        ([HUGE, HUGE, HUGE, DONE], 4),
        ([evolve(HUGE, share=0.9), DONE, DONE], 4),
        ([HUGE, evolve(DONE, pages=200), DONE], 4),
        ([HUGE, evolve(DONE, pages=200)], 2),
        ([], 4),
    ],
    ids=[
        "all read",
        "one at once",
        "no times",
        "no share",
        "hardly read",
        "many left",
        "nearly read",
        "not the most",
        "as many",
        "no days",
    ],
)
def test_all_else_is_not_worth_a_word(found: list[Stretch], at_once: int) -> None:
    """Nothing is told while many days are read, while it is not known how many rows are left, or where they are few."""
    assert rest_of(found, at_once) is None


@given(found=st.lists(stretches, max_size=12), at_once=st.integers(1, 32))
def test_what_is_told_is_true(found: list[Stretch], at_once: int) -> None:
    """A rest is told only if it is long, half stands idle, and the days left have more pages than the others."""
    rest = rest_of(found, at_once)
    if rest is not None:
        left = [each for each in found if not each.ended]
        assert rest.seconds >= LEAST
        assert rest.days == len(left) <= at_once / 2
        pages = sum(each.pages / (each.share or 1) for each in left)
        assert pages > sum(each.pages for each in found if each.ended) * 0.999


@pytest.mark.parametrize(
    ("times", "share"),
    [
        (("2025-02-02T24", "2025-02-02T12", None), None),
        (("2025-02-02T20:00:00", "2025-02-02T14:00:00", None), 0.25),
        (("2025-02-02T20:00:00Z", "2025-02-02T14:00:00Z", "2025-02-01T20:00:00Z"), 0.25),
        (("2025-02-02T20:00:00+05:00", "2025-02-02T14:00:00+05:00", "2025-02-02T08:00:00+05:00"), 0.5),
        (("2025-02-02T20:00:00", "2025-02-01T00:00:00", "2025-02-02T00:00:00"), 1.0),
        (("2025-02-02T20:00:00", "2025-02-02T21:00:00", None), 0.0),
        (("2025-02-02T20:00:00", "2025-02-02T20:00:00", "2025-02-02T20:00:00"), None),
        (("2025-02-02T20:00:00+05:00", "2025-02-02T09:00:00Z", None), 0.25),
        (("2025-02-02T20:00:00", "2025-02-02T14:00:00Z", None), 0.25),
        ((None, "2025-02-02T14:00:00", None), None),
        (("2025-02-02T20:00:00", None, None), None),
    ],
)
def test_the_share_of_a_day_is_told_by_times(times: tuple[str | None, ...], share: float | None) -> None:
    """A day goes from its newest row to that of the day before, or 24 hours back if there is none."""
    assert share_of(*times) == share


class Uneven:
    """Four days with a row each but for one of 600 rows, whose pages take two seconds each."""

    def __init__(self, day: int, reading: str = "inclusive", **columns: object) -> None:
        moments = [at(each, 86_000) for each in range(4) if each != day]
        moments += [at(day, 80_000) - timedelta(seconds=100 * number) for number in range(600)]
        ordered = sorted(moments)
        self.table = Days([(each, row(each, f"r{number}", **columns)) for number, each in enumerate(ordered)], reading)

    def walk(self, *, slow: float = 2.0, **options: Any) -> Together:
        """Prepare a walk over all of it at once."""
        limit = options.pop("limit", None)
        walk = Together(self.answer, days(3, page_size=5, limit=limit), parallel=4, **options)
        walk.hand = FakeDriver(self.answer, taking=slow)
        return walk

    def answer(self, request: Request) -> Outcome:
        """Answer from the table."""
        return served(self.table)(request)


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Give what was logged of a rest."""
    return [vars(record) for record in caplog.records if "rest_seconds" in vars(record)]


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("day", [0, 2, 3])
def test_a_walk_over_uneven_days_says_so_once(day: int, caplog: pytest.LogCaptureFixture, *, ordered: bool) -> None:
    """The logger tells at INFO how many days are left, how long that takes, and what else could be done."""
    uneven = Uneven(day)
    with caplog.at_level("INFO", "metrics24"):
        rows = uneven.walk(ordered=ordered).run()
    asked = days(3, page_size=5)
    assert sorted(map(str, rows)) == sorted(map(str, one_after_the_other(uneven.answer, asked)))
    (found,) = told(caplog)
    assert (found["operation"], found["rest_days"]) == ("getClickReport", 1)
    assert 60 <= found["rest_seconds"] <= 350
    assert "1 of 4" in found["message"]
    assert "exports.start(...)" in found["message"]


@pytest.mark.parametrize(("seconds", "minutes"), [(20.0, 1), (60.0, 1), (10_000.0, 167)])
def test_a_rest_is_told_in_minutes(caplog: pytest.LogCaptureFixture, seconds: float, minutes: int) -> None:
    """People read whole minutes, and at least one; programs read seconds."""
    with caplog.at_level("INFO", "metrics24"):
        tell(Rest(1, seconds), "getClickReport", 4)
    (found,) = told(caplog)
    assert f" takes about {minutes} min, " in found["message"]
    assert found["rest_seconds"] == seconds


@pytest.mark.parametrize("changes", [{"limit": 5_000}, {"slow": 0.1}], ids=["a limit", "a fast server"])
def test_nothing_is_said_where_it_is_of_no_use(caplog: pytest.LogCaptureFixture, changes: dict[str, Any]) -> None:
    """A walk with a limit may end anywhere, and a rest of seconds is no news."""
    with caplog.at_level("INFO", "metrics24"):
        Uneven(2).walk(**changes).run()
    assert told(caplog) == []


def test_times_that_are_no_text_tell_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Rows whose time is a number are walked as ever, and nothing is said of a rest."""
    uneven = Uneven(2)
    uneven.table.rows = [
        (moment, {**each, "request_time": number}) for number, (moment, each) in enumerate(uneven.table.rows, 1)
    ]
    with caplog.at_level("INFO", "metrics24"):
        uneven.walk().run()
    assert told(caplog) == []
