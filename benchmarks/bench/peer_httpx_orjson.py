"""Hand-written: httpx and orjson."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from bench.peer_httpx import pull

if TYPE_CHECKING:
    from bench.job import Job, Result


def run(job: Job) -> Result:
    """Decode with orjson."""
    return pull(job, orjson.loads, orjson.dumps)
