"""What a sandbox can be told: by its starter once, and by a test with every request."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

from .problems import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEADER_PREFIX = "x-sandbox-"
FAULT_HEADER = HEADER_PREFIX + "fault"

EndDate = Literal["inclusive", "exclusive", "midnight"]
Wrap = Literal["bare", "data"]
Empty = Literal["list", "null"]
Answer = Literal["report", "nothing", "204"]
Created = Literal["object", "id"]
Filters = Literal["apply", "ignore"]
Fate = Literal["complete", "error", "cancel", "stuck", "unknown", "no-artifact"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """How a request is answered. Header `X-Sandbox-<Name>` (hyphens for underscores) says so for one request."""

    latency: float = 0.0
    """Seconds before an answer."""
    rate_limit: float = 0.0
    """Requests per second and key before 429; 0: as many as you like."""
    end_date: EndDate = "inclusive"
    """Whether the end date's rows belong to a range: all, none, or those of its first second."""
    wrap: Wrap = "bare"
    """Whether single objects stand bare or in `data`."""
    empty: Empty = "list"
    """How an empty list is written: `[]`, or `null` as servers in Go do."""
    answer: Answer = "report"
    """What a change or deletion answers: the ids it touched, an empty object, or 204."""
    created: Created = "object"
    """What a create answers: the object, or `created_item_id`."""
    filters: Filters = "apply"
    """`ignore` accepts filters and applies none."""
    export_fate: Fate = "complete"
    """What becomes of an export that this request starts."""
    pending: float = 1.0
    """Seconds that a new export is pending."""
    running: float = 2.0
    """Seconds that it is in progress after that."""
    url_lifetime: float = 300.0
    """Seconds that a signed URL is valid."""

    def told(self, headers: Mapping[str, str]) -> Behaviour:
        """The behaviour with what the headers say; 400 for a name or value that does not exist."""
        said = {
            name.removeprefix(HEADER_PREFIX).replace("-", "_"): value
            for name, value in headers.items()
            if name.startswith(HEADER_PREFIX) and name != FAULT_HEADER
        }
        if not said:
            return self
        return replace(self, **{name: _parsed(name, value) for name, value in said.items()})


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxOptions:
    """How a sandbox is started. Equal options give equal bytes, ids of created things included, if `now` is set."""

    host: str = "127.0.0.1"
    port: int = 0
    storage_port: int = 0
    seed: int = 24
    api_key: str | None = None
    """None: a key that follows from the seed. The token always does."""
    database: str | Path | None = None
    """SQLite file that keeps filter groups and exports; None: memory."""
    now: str | None = None
    """ISO time at which the clock stands still (UTC if it names no zone); None: the real clock."""
    tick: float = 0.0
    """Seconds that a standing clock moves with each request, so that recorded exports still complete."""
    conversions_per_day: int = 4_300
    clicks_per_day: int = 25_000
    impressions_per_day: int = 80_000
    variation: float = 0.2
    """How much days differ in volume; 0: all days are exactly alike."""
    first_day: str = "2024-01-01"
    """Day before which there are no rows."""
    settle_days: int = 0
    """Days within which verdicts of conversions may still change; 0: they never do."""
    utc_offset: int = 0
    """Minutes that written times are ahead of UTC; days are cut in UTC all the same."""
    exports_per_day: int = 10
    export_rows: int = 5_000_000
    quota_status: Literal[402, 429] = 402
    """Status of an export beyond the daily quota; 402 is documented as a request that was valid and failed."""
    preloaded: bool = True
    """Whether filter groups and finished exports exist from the start."""
    behaviour: Behaviour = Behaviour()


def choices(name: str) -> tuple[str, ...]:
    """The words that a behaviour accepts; none where it takes a number."""
    return get_args(_HINTS[name])


def _parsed(name: str, value: str) -> Any:
    if name not in _NAMES:
        raise bad_request(f"the sandbox has no header {HEADER_PREFIX}{name.replace('_', '-')}")
    words = choices(name)
    if words:
        if value not in words:
            raise bad_request(f"{HEADER_PREFIX}{name} is one of {', '.join(words)}")
        return value
    try:
        return float(value)
    except ValueError:
        raise bad_request(f"{HEADER_PREFIX}{name} is a number") from None


_HINTS = get_type_hints(Behaviour)
_NAMES = frozenset(field.name for field in fields(Behaviour))
