"""The publishers, offers and visitors of one integration, drawn once from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from . import noise
from .places import COUNTRIES, DEVICES

if TYPE_CHECKING:
    from random import Random

SLOTS_PER_DAY = 144
"""Fraud comes in bursts of ten minutes, one day has this many places for one."""

TOO_MANY = "TOO_MANY_UNIQUE_SUB_ID"
"""Stored instead of a sub id once a publisher has sent too many different ones."""

_VISITORS = 2048
_BRANDS = ("Northwind", "Bluebird", "Kestrel", "Marigold", "Tamarack", "Halcyon", "Juniper", "Osprey")
_GOALS = ("Install", "Signup", "Deposit", "Subscription", "Purchase", "Lead")
_NETWORKS = ("TrafficTide", "AdLagoon", "ClickMeadow", "MobiHarbor", "LeadOrchard", "PixelBay")
_SITES = ("news", "games", "weather", "recipes", "sports", "deals", "video", "music")
_ADVERTISERS = ("Northwind Retail", "Bluebird Games", "Kestrel Bank", "Marigold Health")
_FILTER_GROUPS = 3


class Offer(NamedTuple):
    """An offer: the advertised product and the payout of a conversion."""

    id: str
    name: str
    advertiser: str
    payout: float
    revenue: float
    event_name: str


class Publisher(NamedTuple):
    """A publisher: a source of traffic, and the share of it that is fraud."""

    name: str
    network: str
    fraud: int
    """Rows whose 32-bit luck is below this are fraudulent."""
    sub_ids: tuple[str, ...]
    sites: tuple[str, ...]
    offers: tuple[Offer, ...]


class Burst(NamedTuple):
    """Ten minutes in which one publisher (a place in the crowd) floods the integration from one subnet."""

    publisher: int
    subnet: str
    rejection: str


Visitor = dict[str, object]
"""The columns that describe one visitor's place and device."""


@dataclass(frozen=True)
class Cast:
    """Everyone in one integration; `publishers` repeats each one by its share of the traffic."""

    integration: str
    key: bytes
    offers: tuple[Offer, ...]
    publishers: tuple[Publisher, ...]
    visitors: tuple[Visitor, ...]
    subnets: tuple[str, ...]
    filter_groups: tuple[str, ...]

    def burst(self, day: int, slot: int) -> Burst | None:
        """The fraud burst under way in a ten-minute slot of a day, if there is one."""
        return _bursts(self.key, day).get(slot)


def assemble(seed: int, integration: str, filter_groups: tuple[str, ...]) -> Cast:
    """Draw the cast of one integration."""
    dice = noise.dice(seed, integration, "cast")
    offers = tuple(_offer(dice, integration, number) for number in range(12))
    publishers = [_publisher(dice, offers, number) for number in range(40)]
    shares = [max(1, round(400 / (place + 2))) for place in range(len(publishers))]
    crowd = [publisher for publisher, share in zip(publishers, shares, strict=True) for _ in range(share)]
    visitors = tuple(_visitor(dice) for _ in range(_VISITORS))
    subnets = tuple(_subnet(dice) for _ in range(_VISITORS))
    key = noise.key(seed, integration, "bursts")
    return Cast(integration, key, offers, tuple(crowd), visitors, subnets, filter_groups)


def _offer(dice: Random, integration: str, number: int) -> Offer:
    goal = dice.choice(_GOALS)
    payout = round(dice.uniform(0.4, 28), 2)
    name = f"{dice.choice(_BRANDS)} {goal} {number + 1}"
    revenue = round(payout * dice.uniform(1.1, 1.5), 2)
    return Offer(f"{integration[:4]}-{1000 + number}", name, dice.choice(_ADVERTISERS), payout, revenue, goal.lower())


def _publisher(dice: Random, offers: tuple[Offer, ...], number: int) -> Publisher:
    honest = dice.random() < 0.8
    fraud = dice.uniform(0.005, 0.06) if honest else dice.uniform(0.2, 0.6)
    sub_ids = tuple(f"{dice.choice(_SITES)}-{dice.randrange(10_000):04}" for _ in range(dice.randint(3, 24)))
    sites = tuple(f"https://{dice.choice(_SITES)}-{dice.randrange(900)}.example/" for _ in range(5))
    chosen = tuple(dice.sample(offers, k=dice.randint(2, 6)))
    return Publisher(f"{200 + number * 7}", dice.choice(_NETWORKS), int(fraud * (1 << 32)), sub_ids, sites, chosen)


def _visitor(dice: Random) -> Visitor:
    country = dice.choices(COUNTRIES, [one.share for one in COUNTRIES])[0]
    device = dice.choices(DEVICES, [one.share for one in DEVICES])[0]
    os_version, browser_version = dice.choice(device.os_versions), dice.choice(device.browser_versions)
    return {
        "country": country.code,
        "city": dice.choice(country.cities) if dice.random() < 0.96 else None,
        "isp": dice.choice(country.providers),
        "browser_name": device.browser_name,
        "browser_version": browser_version,
        "browser_language": country.language,
        "os_name": device.os_name,
        "os_version": os_version,
        "device_type": device.type,
        "user_agent": device.user_agent.format(os=os_version, browser=browser_version),
    }


def _subnet(dice: Random) -> str:
    """Two octets of an address range that is set aside for documentation and tests (198.18.0.0/15)."""
    return f"198.{dice.randint(18, 19)}.{dice.randrange(256)}."


@lru_cache(maxsize=1024)
def _bursts(key: bytes, day: int) -> dict[int, Burst]:
    dice = noise.dice(key.hex(), day)
    rejections = ("VPN", "DUPLICATE_IP", "DATACENTER", "BOT")
    return {
        slot: Burst(dice.getrandbits(32), _subnet(dice), dice.choice(rejections))
        for slot in dice.sample(range(SLOTS_PER_DAY), k=dice.randint(2, 6))
    }
