"""The rows of one integration: clicks, impressions, and conversions that each follow a click."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .cast import TOO_MANY, Cast, Offer, Publisher, Visitor
from .timeline import DAY, Placed, Position, Timeline
from .verdicts import (
    APPROVED,
    PROCESSING,
    REJECTED,
    REJECTIONS,
    THIRD_PARTY,
    THIRD_PARTY_REASONS,
    USUAL,
    Rejection,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from . import noise

Row = dict[str, object]

_TEN_MINUTES = 600_000
_FULL = 1 << 32
_SHARE_OF_BURST = 45
_HONEST_SESSIONS = (20, 35, 60, 95, 140, 220, 400, 700, 1_500, 3_600, 9_000, 21_000, 50_000, 86_400, 140_000, 200_000)
_CAMPAIGNS = ("spring", "brand", "retarget", "lookalike")
_CREATIVES = ("a", "b", "c")
_WITH_PURCHASE = ("deposit", "purchase", "subscription")


class Visit(NamedTuple):
    """What a click, an impression and the conversion that follows have in common."""

    publisher: Publisher
    offer: Offer
    visitor: Visitor
    ip: str
    sub_id: str
    rejection: Rejection | None


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

    def tables(self) -> dict[str, Table]:
        """The three tables by their plural names."""
        return {
            "clicks": Table(self.clicks, self.click),
            "conversions": Table(self.conversions, self.conversion),
            "impressions": Table(self.impressions, self.impression),
        }

    def click(self, position: Position, _now: int = 0) -> Row:
        """One click."""
        placed = self.clicks.place(*position)
        visit = self._visit(placed)
        time = self._time(placed.moment)
        row = self._row(placed.real_tx_id, placed.draws, visit, visit.rejection)
        row.update(tx_id=placed.real_tx_id, request_time=time, click_time=time, click_ip=visit.ip)
        return row

    def impression(self, position: Position, _now: int = 0) -> Row:
        """One impression."""
        placed = self.impressions.place(*position)
        visit = self._visit(placed)
        time = self._time(placed.moment)
        row = self._row(placed.real_tx_id, placed.draws, visit, visit.rejection)
        row.update(tx_id=placed.real_tx_id, request_time=time, impression_time=time, impression_ip=visit.ip)
        return row

    def conversion(self, position: Position, now: int) -> Row:
        """One conversion, with the verdict that it has at the moment `now`."""
        placed = self.conversions.place(*position)
        click = self._click_of(placed)
        visit = self._visit(click)
        drawn = placed.draws
        rejection = visit.rejection or (THIRD_PARTY if drawn[7] % 100 < 3 else None)
        if self.settle_days and drawn[8] % 100 < 30 and now < placed.moment + DAY * (1 + drawn[9] % self.settle_days):
            rejection = None
        row = self._row(placed.real_tx_id, click.draws, visit, rejection)
        if rejection is None and drawn[7] % 1000 > 994:
            row["status"] = PROCESSING
        offer = visit.offer
        third_party = THIRD_PARTY_REASONS[drawn[10] % len(THIRD_PARTY_REASONS)] if rejection is THIRD_PARTY else None
        row.update(
            tx_id=click.real_tx_id,
            hash=self._hash(position, drawn),
            conversion_time=self._time(placed.moment),
            click_time=self._time(click.moment),
            impression_time=self._time(click.moment - 1000 * (1 + drawn[11] % 90)),
            session_time=(placed.moment - click.moment) // 1000,
            click_ip=visit.ip,
            conversion_ip=visit.ip if drawn[11] % 8 else f"{visit.ip.rpartition('.')[0]}.{drawn[11] >> 8 & 255}",
            impression_ip=visit.ip,
            payout=offer.payout,
            revenue=offer.revenue,
            purchase_value=(500 + drawn[12] % 20_000) / 100 if offer.event_name in _WITH_PURCHASE else None,
            external_transaction_id=f"{drawn[13]:08x}-{drawn[14]:08x}",
            event_id=f"{drawn[15] % 100_000:05}",
            event_name=offer.event_name,
            third_party_status=REJECTED if third_party else APPROVED,
            third_party_rejected_reason=third_party,
        )
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

    def _hash(self, position: Position, drawn: noise.Draws) -> str:
        return f"{position.rank ^ self._veil(position.day):08x}{drawn[3]:08x}{drawn[5]:08x}{drawn[6]:08x}"

    def _veil(self, day: int) -> int:
        return day * 0x85EBCA6B & 0xFFFFFFFF

    def _click_of(self, conversion: Placed) -> Placed:
        """The click that led to a conversion; the conversion itself where the integration has no clicks."""
        drawn = conversion.draws
        session = _HONEST_SESSIONS[drawn[3] & 15] if drawn[3] & 31 else 2
        click = self.clicks.shortly_before(conversion.moment - 1000 * session)
        return conversion if click is None else self.clicks.place(*click)

    def _visit(self, placed: Placed) -> Visit:
        drawn, cast = placed.draws, self.cast
        day, milliseconds = divmod(placed.moment, DAY)
        burst = cast.burst(day, milliseconds // _TEN_MINUTES)
        visitor = drawn[6] & 2047
        crowd = cast.publishers
        if burst is not None and drawn[3] % 100 < _SHARE_OF_BURST:
            publisher, ip, sub_id = crowd[burst.publisher % len(crowd)], f"{burst.subnet}{drawn[6] >> 24 & 7}", TOO_MANY
            rejection = REJECTIONS[burst.rejection] if drawn[4] < 0.9 * _FULL else None
        else:
            publisher = crowd[drawn[3] % len(crowd)]
            rejection = USUAL[drawn[7] % len(USUAL)] if drawn[4] < publisher.fraud else None
            ip = f"{cast.subnets[visitor]}{drawn[6] >> 24}"
            sub_id = publisher.sub_ids[drawn[5] % len(publisher.sub_ids)]
        offer = publisher.offers[(drawn[5] >> 8) % len(publisher.offers)]
        return Visit(publisher, offer, cast.visitors[visitor], ip, sub_id, rejection)

    def _row(self, real_tx_id: str, drawn: noise.Draws, visit: Visit, rejection: Rejection | None) -> Row:
        publisher, offer, visitor = visit.publisher, visit.offer, visit.visitor
        mobile = visitor["device_type"] != "Desktop"
        groups = self.cast.filter_groups
        site = publisher.sites[drawn[9] % len(publisher.sites)]
        row: Row = {
            "real_tx_id": real_tx_id,
            "integration_id": self.cast.integration,
            "advertiser": offer.advertiser,
            "network": publisher.network,
            "offer": offer.name,
            "offer_id": offer.id,
            "publisher": publisher.name,
            "sub_id": visit.sub_id,
            "sub_id_2": f"c{drawn[8] % 40}",
            "sub_id_3": f"z{drawn[8] >> 8 & 255}" if drawn[8] & 64 else None,
            "sub_id_4": None,
            "sub_id_5": None,
            "sub_id_6": None,
            "status": APPROVED if rejection is None else REJECTED,
            "rejection": rejection and rejection.code,
            "rejection_reason": rejection and rejection.reason,
            **visitor,
            "proxy_type": rejection and rejection.proxy_type,
            "device_id": f"{drawn[10]:08x}-{drawn[11]:08x}" if mobile else None,
            "referer": site if drawn[9] & 256 else None,
            "site_url": site,
            "fingerprint": f"{drawn[12]:08x}{drawn[13]:08x}",
            "is_bot": rejection is not None and rejection.is_bot,
            "monitoring_mode": False,
            "filter_group_id": groups[drawn[14] % len(groups)] if rejection and groups else None,
            "keyword": None,
            "extra_parameters": _EXTRA_PARAMETERS[drawn[15] % len(_EXTRA_PARAMETERS)],
        }
        if rejection is not None and rejection.isp is not None:
            row["isp"] = rejection.isp
        return row

    def _time(self, moment: int) -> str:
        day, milliseconds = divmod(moment + self.utc_offset * 60_000, DAY)
        minutes, seconds = divmod(milliseconds // 1000, 60)
        return f"{_date(day)} {minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


_EXTRA_PARAMETERS = (
    *[
        [{"name": "campaign", "value": campaign}, {"name": "creative", "value": creative}]
        for campaign in _CAMPAIGNS
        for creative in _CREATIVES
    ],
    [],
)


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
