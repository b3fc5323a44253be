"""Columns that the spec has never heard of, as a live API may have them: made-up names, each with a type of its own."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from . import noise

if TYPE_CHECKING:
    from .visits import Row


def surprising(row: Row) -> Row:
    """The columns that a row has beyond those of the spec; always the same for the same row."""
    drawn = noise.draws(noise.key("surprises", row["real_tx_id"]), 0, 0)
    second = f"2025-02-01T{drawn[0] % 24:02}:{drawn[1] % 60:02}:{drawn[2] % 60:02}"
    rare = drawn[3] % 3 == 0
    columns: Row = {
        "handset": None if rare else f"model {drawn[4] % 90}",
        "risk_score": drawn[5] % 1000 / 10,
        "hops": drawn[6] % 9,
        "is_relayed": drawn[7] % 2 == 0,
        "scored_at": f"{second}Z",
        "scored_at_local": second.replace("T", " "),
        "scoring_day": f"2025-02-{1 + drawn[8] % 28:02}",
        "scoring_run": str(uuid.UUID(bytes=noise.key("run", drawn[9])[:16])),
        "relay_ip": f"2001:db8::{drawn[10] % 65_536:x}",
        "landing_page": f"https://landing-{drawn[11] % 50}.example/start",
        "matched_rules": [f"rule {number}" for number in range(drawn[12] % 3)],
        "signals": {"depth": drawn[13] % 5},
    }
    if drawn[14] % 2:
        columns["trail"] = row["real_tx_id"]
    return columns
