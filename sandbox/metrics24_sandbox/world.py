"""The integrations that exist, their traffic, and who may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from .data import noise, txid
from .data.cast import assemble
from .data.timeline import Timeline
from .data.traffic import Traffic
from .problems import forbidden, not_found

if TYPE_CHECKING:
    from .options import SandboxOptions

ORGANIZATION = "acmegroup1"
INTEGRATIONS = ("acmeshop01", "acmeapps02")
FORBIDDEN = "forbidden1"
"""An integration that exists and that the key may not see."""

EPOCH = date(1970, 1, 1)
FILTER_GROUPS = 3
_SIZES = {"acmeshop01": 1.0, "acmeapps02": 0.1}


@dataclass(frozen=True)
class World:
    """All integrations of the organization by id."""

    seed: int
    traffic: dict[str, Traffic]

    def integration(self, name: str) -> Traffic:
        """The traffic of an integration; 404 if it does not exist, 403 if it is someone else's."""
        if name == FORBIDDEN:
            raise forbidden(f"the key may not see integration {name}")
        try:
            return self.traffic[name]
        except KeyError:
            raise not_found(f"integration {name!r}") from None


def create(options: SandboxOptions) -> World:
    """Draw the world from the seed."""
    return World(options.seed, {name: _traffic(options, name, size) for name, size in _SIZES.items()})


def mint(seed: int, now: int, *what: object) -> str:
    """The identifier of something new; the same for the same seed, time and name."""
    return txid.encode(now, int.from_bytes(noise.key(seed, *what)[:10]))


def _traffic(options: SandboxOptions, integration: str, size: float) -> Traffic:
    seed, first_day = options.seed, (date.fromisoformat(options.first_day) - EPOCH).days
    groups = tuple(preloaded_group(seed, integration, number) for number in range(FILTER_GROUPS))

    def timeline(kind: str, per_day: int) -> Timeline:
        return Timeline(noise.key(seed, integration, kind), round(per_day * size), options.variation, first_day)

    return Traffic(
        assemble(seed, integration, groups),
        clicks=timeline("clicks", options.clicks_per_day),
        conversions=timeline("conversions", options.conversions_per_day),
        impressions=timeline("impressions", options.impressions_per_day),
        settle_days=options.settle_days,
        utc_offset=options.utc_offset,
        unknown_columns=options.unknown_columns,
    )


def preloaded_group(seed: int, integration: str, number: int) -> str:
    """Id of a filter group that exists from the start; rejected rows name it."""
    return mint(seed, 1_704_067_200_000, "filter group", integration, number)
