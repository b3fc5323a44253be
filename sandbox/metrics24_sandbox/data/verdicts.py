"""Why rows are rejected, in the service's words and in those of third parties."""

from __future__ import annotations

from typing import Final, NamedTuple

APPROVED: Final = "approved"
REJECTED: Final = "rejected"
PROCESSING: Final = "processing"


class Rejection(NamedTuple):
    """A kind of rejection and what else it shows in the row."""

    code: str
    reason: str
    proxy_type: str | None = None
    isp: str | None = None
    is_bot: bool = False


REJECTIONS = {
    rejection.code: rejection
    for rejection in (
        Rejection("VPN", "The visitor hides behind a VPN", "VPN", "M247 Europe"),
        Rejection("DUPLICATE_IP", "The address was seen too often"),
        Rejection("DATACENTER", "The address belongs to a data center", "DCH", "Amazon AWS"),
        Rejection("BOT", "The browser is driven by a program", None, None, is_bot=True),
        Rejection("PROXY", "The visitor hides behind a public proxy", "PUB", "Contabo"),
        Rejection("SHORT_SESSION", "The visitor converted sooner than people can"),
        Rejection("GEO_MISMATCH", "The country is not one that the offer accepts"),
        Rejection("OUTDATED_BROWSER", "The browser is too old to be real"),
    )
}
THIRD_PARTY = Rejection("THIRD_PARTY", "A third party rejected the conversion")

_SHARES = {
    "VPN": 10,
    "DUPLICATE_IP": 8,
    "DATACENTER": 4,
    "BOT": 4,
    "PROXY": 3,
    "SHORT_SESSION": 2,
    "GEO_MISMATCH": 2,
    "OUTDATED_BROWSER": 1,
}
USUAL = tuple(REJECTIONS[code] for code, share in _SHARES.items() for _ in range(share))
"""Rejections outside of bursts, each repeated by its share."""

THIRD_PARTY_REASONS = (
    "Install hijacking (P360)",
    "click flooding",
    "Invalid placement; see ticket",
    "KYC failed",
    "chargeback\nsee the attached statement",
    'Advertiser: "not our customer"',
)
"""Free text, as third parties send it."""
