"""The rows of one integration: clicks, impressions, and conversions that each follow a click."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from .surprises import surprising
from .timeline import DAY, Placed, Position, Timeline
from .verdicts import APPROVED, PROCESSING, REJECTED, THIRD_PARTY, THIRD_PARTY_REASONS, Rejection
from .visits import Row, Visit, columns, visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cast import Cast
    from .noise import Draws

_SESSIONS = (20, 35, 60, 95, 140, 220, 400, 700, 1_500, 3_600, 9_000, 21_000, 50_000, 86_400, 140_000, 200_000)
"""Seconds between click and conversion, each as likely as the others."""
_SHORT_SESSION = 2
_WITH_PURCHASE = ("deposit", "purchase", "subscription")
_UNSETTLED = 30
"""Percent of the conversions whose verdict changes later, if any does."""


@dataclass(frozen=True)
class Table:
    """Rows of one kind: where they lie, and how each one looks at a given moment (ms since 1970)."""

    timeline: Timeline
    row: Callable[[Position, int], Row]


@dataclass(frozen=True)
class Traffic:
    """Everything that happened in one integration."""

    cast: Cast
    clicks: Timeline
    conversions: Timeline
    impressions: Timeline
    settle_days: int = 0
    """Days within which some verdicts of conversions still change; 0: none ever does."""
    utc_offset: int = 0
    """Minutes that the written times are ahead of UTC."""
    unknown_columns: bool = False
    """True if rows carry columns that the spec does not know."""

    def tables(self) -> dict[str, Table]:
        """The three tables by their plural names."""
        return {
            "clicks": self._table(self.clicks, self.click),
            "conversions": self._table(self.conversions, self.conversion),
            "impressions": self._table(self.impressions, self.impression),
        }

    def _table(self, timeline: Timeline, row: Callable[[Position, int], Row]) -> Table:
        if not self.unknown_columns:
            return Table(timeline, row)

        def surprising_row(position: Position, now: int) -> Row:
            plain = row(position, now)
            return plain | surprising(plain)

        return Table(timeline, surprising_row)

    def click(self, position: Position, _now: int = 0) -> Row:
        """One click."""
        placed = self.clicks.place(*position)
        seen = visit(self.cast, placed)
        time = self._time(placed.moment)
        row = columns(self.cast, placed.real_tx_id, placed.draws, seen, seen.rejection)
        row.update(tx_id=placed.real_tx_id, request_time=time, click_time=time, click_ip=seen.ip)
        return row

    def impression(self, position: Position, _now: int = 0) -> Row:
        """One impression."""
        placed = self.impressions.place(*position)
        seen = visit(self.cast, placed)
        time = self._time(placed.moment)
        row = columns(self.cast, placed.real_tx_id, placed.draws, seen, seen.rejection)
        row.update(tx_id=placed.real_tx_id, request_time=time, impression_time=time, impression_ip=seen.ip)
        return row

    def conversion(self, position: Position, now: int) -> Row:
        """One conversion, with the verdict that it has at the moment `now`."""
        placed = self.conversions.place(*position)
        click = self._click_of(placed)
        seen = visit(self.cast, click)
        rejection = self._verdict(placed, seen, now)
        row = columns(self.cast, placed.real_tx_id, click.draws, seen, rejection)
        row.update(
            tx_id=click.real_tx_id,
            hash=self._hash(position, placed.draws),
            conversion_time=self._time(placed.moment),
            click_time=self._time(click.moment),
            impression_time=self._time(click.moment - 1000 * (1 + placed.draws[11] % 90)),
            session_time=(placed.moment - click.moment) // 1000,
        )
        if rejection is None and placed.draws[7] % 1000 > 994:
            row["status"] = PROCESSING
        row.update(_outcome(placed.draws, seen, rejection))
        return row

    def conversion_by_hash(self, day: int, text: str) -> Position | None:
        """The conversion of a day that has this hash, which hides the conversion's place in the day."""
        try:
            position = Position(day, int(text[:8], 16) ^ self._veil(day))
        except ValueError:
            return None
        if not 0 <= position.rank < self.conversions.count(day):
            return None
        return position if self._hash(position, self.conversions.place(*position).draws) == text else None

    def _hash(self, position: Position, drawn: Draws) -> str:
        return f"{position.rank ^ self._veil(position.day):08x}{drawn[3]:08x}{drawn[5]:08x}{drawn[6]:08x}"

    def _veil(self, day: int) -> int:
        return day * 0x85EBCA6B & 0xFFFFFFFF

    def _click_of(self, conversion: Placed) -> Placed:
        """The click that led to a conversion; the conversion itself where the integration has no clicks."""
        drawn = conversion.draws
        session = _SESSIONS[drawn[3] & 15] if drawn[3] >> 4 & 31 else _SHORT_SESSION
        click = self.clicks.shortly_before(conversion.moment - 1000 * session)
        return conversion if click is None else self.clicks.place(*click)

    def _verdict(self, conversion: Placed, seen: Visit, now: int) -> Rejection | None:
        """The visit's rejection or a third party's, unless it is one that comes later than `now`."""
        drawn = conversion.draws
        comes_late = self.settle_days and drawn[8] % 100 < _UNSETTLED
        if comes_late and now < conversion.moment + DAY * (1 + drawn[9] % self.settle_days):
            return None
        return seen.rejection or (THIRD_PARTY if drawn[7] % 100 < 3 else None)

    def _time(self, moment: int) -> str:
        day, milliseconds = divmod(moment + self.utc_offset * 60_000, DAY)
        minutes, seconds = divmod(milliseconds // 1000, 60)
        return f"{_date(day)} {_MINUTES[minutes]}:{seconds:02}"


def _outcome(drawn: Draws, seen: Visit, rejection: Rejection | None) -> Row:
    """Addresses, money and third parties of a conversion."""
    offer, moved = seen.offer, drawn[11] % 8 == 0
    third_party = THIRD_PARTY_REASONS[drawn[10] % len(THIRD_PARTY_REASONS)] if rejection is THIRD_PARTY else None
    return {
        "click_ip": seen.ip,
        "conversion_ip": f"{seen.ip.rpartition('.')[0]}.{drawn[11] >> 8 & 255}" if moved else seen.ip,
        "impression_ip": seen.ip,
        "payout": offer.payout,
        "revenue": offer.revenue,
        "purchase_value": (500 + drawn[12] % 20_000) / 100 if offer.event_name in _WITH_PURCHASE else None,
        "external_transaction_id": f"{drawn[13]:08x}-{drawn[14]:08x}",
        "event_id": f"{drawn[15] % 100_000:05}",
        "event_name": offer.event_name,
        "third_party_status": REJECTED if third_party else APPROVED,
        "third_party_rejected_reason": third_party,
    }


_MINUTES = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in range(24 * 60))


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
