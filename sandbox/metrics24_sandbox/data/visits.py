"""Visits: the part that clicks, impressions and conversions share (visitor, origin, verdict)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .cast import TOO_MANY, Cast, Offer, Publisher, Visitor
from .timeline import DAY, Placed
from .verdicts import APPROVED, REJECTED, REJECTIONS, USUAL, Rejection

if TYPE_CHECKING:
    from .noise import Draws

Row = dict[str, object]

_TEN_MINUTES = 600_000
_FULL = 1 << 32
_SHARE_OF_BURST = 45
"""Percent of the rows that a burst takes while it lasts."""

_EXTRA_PARAMETERS = (
    *[
        [{"name": "campaign", "value": campaign}, {"name": "creative", "value": creative}]
        for campaign in ("spring", "brand", "retarget", "lookalike")
        for creative in ("a", "b", "c")
    ],
    [],
)


class Visit(NamedTuple):
    """One visitor brought by one publisher to one offer; `rejection` is None if nothing is wrong with it."""

    publisher: Publisher
    offer: Offer
    visitor: Visitor
    ip: str
    sub_id: str
    rejection: Rejection | None


def visit(cast: Cast, placed: Placed) -> Visit:
    """The visit behind a row."""
    drawn, crowd = placed.draws, cast.publishers
    day, milliseconds = divmod(placed.moment, DAY)
    burst = cast.burst(day, milliseconds // _TEN_MINUTES)
    visitor = drawn[6] & 2047
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


def columns(cast: Cast, real_tx_id: str, drawn: Draws, seen: Visit, rejection: Rejection | None) -> Row:
    """The columns that rows of all kinds have; the verdict may differ from the visit's own."""
    publisher, offer, visitor = seen.publisher, seen.offer, seen.visitor
    groups, site = cast.filter_groups, publisher.sites[drawn[9] % len(publisher.sites)]
    row: Row = {
        "real_tx_id": real_tx_id,
        "integration_id": cast.integration,
        "advertiser": offer.advertiser,
        "network": publisher.network,
        "offer": offer.name,
        "offer_id": offer.id,
        "publisher": publisher.name,
        "sub_id": seen.sub_id,
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
        "device_id": None if visitor["device_type"] == "Desktop" else f"{drawn[10]:08x}-{drawn[11]:08x}",
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
