"""The arithmetic that makes ten million rows a day cost nothing."""

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics24_sandbox.data import noise, txid
from metrics24_sandbox.data.timeline import DAY, Position, Timeline, Window

FIRST = 20_000
TODAY = 20_100
days = st.integers(FIRST, TODAY)
sizes = st.sampled_from([1, 2, 3, 17, 24, 1_000, 86_399, 10_000_000])


def timeline(per_day: int, variation: float = 0.0) -> Timeline:
    """A table with so many rows a day."""
    return Timeline(noise.key("test", per_day), per_day, variation, FIRST)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Timeline, Position]:
    """A table and one of its rows."""
    line = timeline(draw(sizes))
    day = draw(days)
    return line, Position(day, draw(st.integers(0, line.count(day) - 1)))


@given(st.integers(0, (1 << 48) - 1), st.integers(0, (1 << 80) - 1))
def test_an_identifier_is_read_back_as_it_was_written(moment: int, tail: int) -> None:
    """Time and tail survive the way through 26 characters, and later identifiers sort later."""
    text = txid.encode(moment, tail)
    assert len(text) == 26
    assert set(text) <= set(txid.ALPHABET)
    assert txid.decode(text) == (moment, tail)
    assert txid.encode(moment, tail) < txid.encode(moment + 1, 0) or moment == (1 << 48) - 1


@given(st.text(max_size=30))
def test_no_text_upsets_the_decoder(text: str) -> None:
    """Any text is either an identifier that is written the same way again, or refused."""
    decoded = txid.decode(text)
    assert decoded is None or txid.encode(*decoded) == text


@given(rows())
def test_a_cursor_leads_back_to_its_row(row: tuple[Timeline, Position]) -> None:
    """Whatever the volume, the row that carries an identifier is found from the identifier alone."""
    line, position = row
    placed = line.place(*position)
    assert placed.moment // DAY == position.day
    assert line.find(placed.real_tx_id) == position


@given(rows(), st.integers(0, 25), st.sampled_from(txid.ALPHABET))
def test_a_forged_cursor_is_recognised(row: tuple[Timeline, Position], place: int, character: str) -> None:
    """Changing one character of an identifier leads nowhere, never to another row."""
    line, position = row
    real = line.place(*position).real_tx_id
    forged = real[:place] + character + real[place + 1 :]
    assert forged == real or line.find(forged) is None


def test_a_cursor_of_another_table_is_recognised() -> None:
    """The identifier of a click is no identifier of a conversion."""
    clicks = Timeline(noise.key("clicks"), 100, 0.0, FIRST)
    conversions = Timeline(noise.key("conversions"), 100, 0.0, FIRST)
    assert conversions.find(clicks.place(TODAY, 5).real_tx_id) is None


@given(rows(), st.integers(0, DAY - 1))
def test_a_moment_splits_the_day(row: tuple[Timeline, Position], milliseconds: int) -> None:
    """All rows below the place of a moment are older than it, and the row at that place is not."""
    line, (day, _) = row
    moment = day * DAY + milliseconds
    place = line.before(moment)
    assert place.day == day
    assert place.rank == 0 or line.place(day, place.rank - 1).moment < moment
    assert place.rank == line.count(day) or line.place(day, place.rank).moment >= moment


@given(rows(), st.integers(0, DAY - 1))
def test_a_row_shortly_before_is_older(row: tuple[Timeline, Position], milliseconds: int) -> None:
    """The cheap search finds a row that exists and is older than the moment."""
    line, (day, _) = row
    moment = day * DAY + milliseconds
    found = line.shortly_before(moment)
    if found is not None:
        assert found.rank < line.count(found.day)
        assert line.place(*found).moment < moment


@pytest.mark.parametrize("per_day", [1, 7, 500])
def test_walking_down_meets_each_row_once_and_never_a_younger_one(per_day: int) -> None:
    """From new to old, a window gives every row of its days in order of time; from old to new, the same reversed."""
    line = timeline(per_day, variation=0.5)
    window = Window((TODAY - 3) * DAY, TODAY * DAY + DAY // 2)
    positions = list(line.older(window))
    half = line.before(window.stop).rank
    assert len(positions) == len(set(positions)) == sum(line.count(TODAY - back) for back in (1, 2, 3)) + half
    moments = [line.place(*position).moment for position in positions]
    assert all(later >= earlier for later, earlier in pairwise(moments))
    assert list(line.newer(window, Position(FIRST, 0))) == positions[::-1]


def test_walks_start_anywhere_at_once() -> None:
    """In the middle of ten million rows a day, the next older and the next newer row are the neighbours."""
    line = timeline(10_000_000)
    here, window = Position(TODAY, 5_000_000), Window(FIRST * DAY, (TODAY + 1) * DAY)
    assert list(islice(line.older(window, here), 2)) == [(TODAY, 4_999_999), (TODAY, 4_999_998)]
    assert list(islice(line.newer(window, here), 2)) == [(TODAY, 5_000_001), (TODAY, 5_000_002)]
    assert list(islice(line.older(window, Position(TODAY, 0)), 1)) == [(TODAY - 1, 9_999_999)]


def test_there_is_nothing_before_the_first_day() -> None:
    """Days before the first one are empty, however far back a window reaches."""
    line = timeline(3)
    assert line.count(FIRST - 1) == 0
    assert len(list(line.older(Window(-(10**14), (FIRST + 1) * DAY)))) == 3
