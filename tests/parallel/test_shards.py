"""The number of requests under way, refusals, and rows that are doubtful."""

from __future__ import annotations

import pytest
from attrs import evolve

from metrics24._core.effects import Request
from metrics24.config import Retrying
from metrics24.errors import BadRequest, Metrics24Error, PaginationError
from parallel.fake_days import FakeReader, days, served
from support.days import Days, at, numbered, row
from support.fake_driver import Outcome, policy, raw

NOONS = [at(day, 43_200) for day in range(9)]


@pytest.mark.parametrize("parallel", [1, 2, 5])
@pytest.mark.parametrize("reading", ["inclusive", "exclusive"])
def test_as_many_are_under_way_as_was_allowed(parallel: int, reading: str) -> None:
    """While there is enough to ask for, neither fewer nor more requests are under way than were allowed."""
    counts: list[int] = []

    def oldest(count: int) -> int:
        counts.append(count)
        return 0

    reader = FakeReader(served(Days(numbered(NOONS), reading)), days(7, page_size=1), parallel=parallel, pick=oldest)
    reader.read()
    assert (reader.most, counts[:8]) == (parallel, [parallel] * 8)


def test_the_last_attempt_that_is_refused_slows_the_reading_too() -> None:
    """Each 429 of a request halves what may be under way, also the one after which it is not repeated at once."""
    left = [raw(429), raw(429)]

    def script(request: Request) -> Outcome:
        return left.pop() if left else served(Days(numbered(NOONS)))(request)

    rules = evolve(policy(), retrying=Retrying(attempts=2))
    reader = FakeReader(script, days(7), parallel=8, rules=rules)
    first = reader.shards.next_to_request()
    assert first is not None
    reader.answer(first, first.flow())
    assert sum(reader.shards.next_to_request() is not None for _ in range(8)) == 2


def refusing(start: str, end: str, *, later: bool) -> FakeReader:
    """Read three days, where a page of one range, the first or a later one, is refused with 400."""

    def script(request: Request) -> Outcome:
        asked = dict(request.params)
        this = (asked["start_date"][-2:], asked["end_date"][-2:]) == (start, end) and later == ("page[after]" in asked)
        return raw(400) if this else served(Days(numbered([*NOONS[:3], at(0, 5), at(1, 5)])))(request)

    return FakeReader(script, days(2, page_size=1))


@pytest.mark.parametrize(
    ("start", "end", "later", "error"),
    [("02", "03", False, BadRequest), ("01", "02", True, PaginationError), ("01", "01", True, PaginationError)],
)
def test_a_range_that_is_refused_is_not_empty(
    start: str, end: str, *, later: bool, error: type[Metrics24Error]
) -> None:
    """A 400 says that there are no rows to the first page of a range of no length alone; others are raised."""
    with pytest.raises(error):
        refusing(start, end, later=later).read()


def test_a_doubtful_border_is_told_with_the_cursor_of_the_last_row() -> None:
    """A caller that goes on after an error about a border goes on after the last row that was given."""
    rows = [(moment, {**row(moment, f"r{number}"), "request_time": None}) for number, moment in enumerate(NOONS)]
    reader = FakeReader(served(Days(rows)), days(3))
    with pytest.raises(PaginationError) as caught:
        reader.read()
    assert caught.value.cursor == reader.rows[-1]["real_tx_id"] == "r2"
