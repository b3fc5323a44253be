"""The rows of one kind in time, and the way from a cursor to a row without a search.

Each day has a number of rows. The row of rank n (0 is the oldest) owns the n-th equal share of the day's traffic, so
times never decrease with the rank, and both directions, rank to time and time to rank, are arithmetic. A `real_tx_id`
hides the rank in its random part and seals it, hence a forged one is recognised.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from . import noise, txid

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 86_400_000
HOUR = 3_600_000

_HOURLY = (5, 4, 3, 3, 3, 4, 6, 8, 10, 11, 12, 13, 13, 12, 12, 13, 14, 15, 16, 17, 16, 14, 11, 8)
_WEEKDAYS = (0.1, 0.2, 0.3, 0.2, 0.1, -0.6, -0.3)
_SHARE = 1 << 40
_NO_ROW = 0xFFFFFFFF
_TRAFFIC = tuple(accumulate((share * _SHARE for share in _HOURLY), initial=0))
_TOTAL = _TRAFFIC[-1]


class Position(NamedTuple):
    """One row: its day (since 1970) and its place in the day, oldest first."""

    day: int
    rank: int


class Placed(NamedTuple):
    """A row's time (ms since 1970), identifier and randomness."""

    moment: int
    real_tx_id: str
    draws: noise.Draws


class Window(NamedTuple):
    """A half-open stretch of time in milliseconds since 1970."""

    start: int
    stop: int


def time_of_day(rank: int, fraction: int, count: int) -> int:
    """Milliseconds since midnight of row `rank` of `count`; `fraction` (32 bits) places it inside its share."""
    traffic = (rank << 32 | fraction) * _TOTAL // (count << 32)
    hour = bisect_right(_TRAFFIC, traffic) - 1
    return hour * HOUR + (traffic - _TRAFFIC[hour]) * HOUR // (_HOURLY[hour] * _SHARE)


def likely_rank(milliseconds: int, count: int) -> int:
    """The row, of `count`, whose share of the day holds this time of day: right to one row either way."""
    hour, rest = divmod(milliseconds, HOUR)
    traffic = _TRAFFIC[hour] + rest * _HOURLY[hour] * _SHARE // HOUR
    return traffic * count // _TOTAL


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rows of one kind in one integration."""

    key: bytes
    per_day: int
    variation: float
    first_day: int

    def count(self, day: int) -> int:
        """Return the number of rows of the whole day, also if it is not over."""
        if day < self.first_day:
            return 0
        return _day_count(self.key, self.per_day, self.variation, day)

    def place(self, day: int, rank: int) -> Placed:
        """Time, identifier and randomness of one existing row."""
        drawn = noise.draws(self.key, day, rank)
        moment = day * DAY + time_of_day(rank, drawn[0], self.count(day))
        seal = drawn[1] << 16 | drawn[2] & 0xFFFF
        return Placed(moment, txid.encode(moment, (rank ^ self._veil(moment)) << 48 | seal), drawn)

    def find(self, real_tx_id: str) -> Position | None:
        """The row that carries this identifier; None if no row does."""
        decoded = txid.decode(real_tx_id)
        if decoded is None:
            return None
        moment, tail = decoded
        position = Position(moment // DAY, tail >> 48 ^ self._veil(moment))
        if position.rank >= self.count(position.day) or self.place(*position).real_tx_id != real_tx_id:
            return None
        return position

    def before(self, moment: int) -> Position:
        """The place that a row at this moment would take: all rows with a smaller rank are older, no other is."""
        day, milliseconds = divmod(moment, DAY)
        count = self.count(day)
        rank = min(likely_rank(milliseconds, count), count)
        while rank > 0 and self._moment(day, rank - 1, count) >= moment:
            rank -= 1
        while rank < count and self._moment(day, rank, count) < moment:
            rank += 1
        return Position(day, rank)

    def shortly_before(self, moment: int) -> Position | None:
        """One of the latest rows that are older than this moment; cheaper than `before`, and seldom the very latest."""
        day, milliseconds = divmod(moment, DAY)
        rank = likely_rank(milliseconds, self.count(day)) - 2
        if rank < 0:
            day, rank = day - 1, self.count(day - 1) - 1
        return Position(day, rank) if rank >= 0 else None

    def older(self, window: Window, than: Position | None = None) -> Iterator[Position]:
        """Rows of the window from new to old, from its newest or from the first that is older than `than`."""
        low, high = self.before(max(window.start, self.first_day * DAY)), self.before(window.stop)
        if than is not None:
            high = min(high, than)
        for day in range(high.day, low.day - 1, -1):
            top = high.rank if day == high.day else self.count(day)
            bottom = low.rank if day == low.day else 0
            for rank in range(top - 1, bottom - 1, -1):
                yield Position(day, rank)

    def newer(self, window: Window, than: Position) -> Iterator[Position]:
        """Rows of the window that are newer than `than`, from old to new."""
        low = max(self.before(max(window.start, self.first_day * DAY)), Position(than.day, than.rank + 1))
        high = self.before(window.stop)
        for day in range(low.day, high.day + 1):
            top = high.rank if day == high.day else self.count(day)
            bottom = low.rank if day == low.day else 0
            for rank in range(bottom, top):
                yield Position(day, rank)

    def _moment(self, day: int, rank: int, count: int) -> int:
        return day * DAY + time_of_day(rank, noise.draws(self.key, day, rank)[0], count)

    def _veil(self, moment: int) -> int:
        return (moment * 0x9E3779B1 ^ int.from_bytes(self.key[:4])) & 0xFFFFFFFF


@lru_cache(maxsize=4096)
def _day_count(key: bytes, per_day: int, variation: float, day: int) -> int:
    swing = noise.draws(key, day, _NO_ROW)[-1] / 0xFFFFFFFF - 0.5
    return max(0, round(per_day * (1 + variation * (swing + _WEEKDAYS[(day + 3) % 7]))))
