"""Options of a sandbox: at its start, and for single requests of a test."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_type_hints

from .problems import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER_PREFIX = "x-sandbox-"
FAULT_HEADER = HEADER_PREFIX + "fault"

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")

EndDate = Literal["inclusive", "exclusive", "midnight"]
Wrap = Literal["bare", "data"]
Empty = Literal["list", "null"]
Answer = Literal["report", "nothing", "204"]
Created = Literal["object", "id"]
Filters = Literal["apply", "ignore"]
Fate = Literal["complete", "error", "cancel", "stuck", "unknown", "no-artifact"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """Forms of responses. The header `X-Sandbox-<Name>` (hyphens for underscores) sets one for one request."""

    latency: Annotated[float, "seconds before an answer"] = 0.0
    rate_limit: Annotated[float, "requests per second and key before 429; 0: any number"] = 0.0
    end_date: Annotated[EndDate, "whether the end day counts: whole, not at all, its first second"] = "inclusive"
    wrap: Annotated[Wrap, "whether single objects stand bare or in `data`"] = "bare"
    empty: Annotated[Empty, "how an empty list is written: [] or, as servers in Go do, null"] = "list"
    answer: Annotated[Answer, "what changes and deletions answer: the ids touched, {}, or status 204"] = "report"
    created: Annotated[Created, "what a create answers: the object, or created_item_id alone"] = "object"
    filters: Annotated[Filters, "whether filters are applied, or accepted and ignored"] = "apply"
    export_fate: Annotated[Fate, "what becomes of an export that is started"] = "complete"
    pending: Annotated[float, "seconds that a new export is pending"] = 1.0
    running: Annotated[float, "seconds that it is in progress after that"] = 2.0
    url_lifetime: Annotated[float, "seconds that a signed URL is valid"] = 300.0

    def told(self, headers: Mapping[str, str]) -> Behaviour:
        """The behaviour with what the headers say; 400 for a name or value that does not exist."""
        said = {
            name.removeprefix(HEADER_PREFIX).replace("-", "_"): value
            for name, value in headers.items()
            if name.startswith(HEADER_PREFIX) and name != FAULT_HEADER
        }
        return replace(self, **{name: _parsed(name, value) for name, value in said.items()}) if said else self


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxOptions:
    """Options at start. Equal options with `now` give equal bytes, ids of created things included.

    Rows per day are those of the main integration; the smaller one has a tenth. Days are cut in UTC, and the smaller
    `variation` is, the more they are alike.
    """

    host: Annotated[str, "address to serve on"] = "127.0.0.1"
    port: Annotated[int, "port of the API; 0: a free one"] = 0
    storage_port: Annotated[int, "port of the storage that signed URLs point to; 0: a free one"] = 0
    seed: Annotated[int, "what all data follow from"] = 24
    api_key: Annotated[str | None, "key to accept; by default one that follows from the seed"] = None
    database: Annotated[str | None, "SQLite file that keeps filter groups and exports; by default memory"] = None
    now: Annotated[str | None, "ISO time (UTC) at which the clock stands still; by default the real clock runs"] = None
    tick: Annotated[float, "seconds that a standing clock moves with each request"] = 0.0
    conversions_per_day: Annotated[int, "conversions a day"] = 4_300
    clicks_per_day: Annotated[int, "clicks a day"] = 25_000
    impressions_per_day: Annotated[int, "impressions a day"] = 80_000
    variation: Annotated[float, "how much days differ in volume; 0: not at all"] = 0.2
    first_day: Annotated[str, "day before which there are no rows"] = "2024-01-01"
    settle_days: Annotated[int, "days within which some conversions still turn from approved to rejected"] = 0
    utc_offset: Annotated[int, "minutes that written times are ahead of UTC"] = 0
    exports_per_day: Annotated[int, "exports that may be requested in a day"] = 10
    export_rows: Annotated[int, "rows that an export holds at most"] = 5_000_000
    quota_status: Annotated[Literal[402, 429], "status of an export beyond the daily quota"] = 402
    unknown_columns: Annotated[bool, "whether rows carry columns that the spec has never heard of"] = False
    preloaded: Annotated[bool, "whether filter groups and finished exports exist from the start"] = True
    behaviour: Behaviour = Behaviour()


def _parsed(name: str, value: str) -> Any:
    if name not in _HINTS:
        raise bad_request(f"the sandbox has no header {HEADER_PREFIX}{name.replace('_', '-')}")
    words = get_args(_HINTS[name])
    if words and value not in words:
        raise bad_request(f"{HEADER_PREFIX}{name} is one of {', '.join(words)}")
    if not words and not _NUMBER.fullmatch(value):
        raise bad_request(f"{HEADER_PREFIX}{name} is a number")
    return value if words else float(value)


_HINTS = {one.name: get_type_hints(Behaviour)[one.name] for one in fields(Behaviour)}
