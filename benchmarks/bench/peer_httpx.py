"""Hand-written: httpx, with json or with orjson. One client, so that the connection is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

from bench.works import Row, doing, to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.job import Job, Result


def pull(job: Job, loads: Callable[[bytes], Any], dumps: Callable[[Row], bytes]) -> Result:
    """Page by cursor."""
    work, params = doing(job, dumps), dict(job.params)
    with httpx.Client(headers={"API-KEY": "k"}, timeout=30) as client:
        while True:
            response = client.get(job.url, params=params)
            response.raise_for_status()
            table = loads(response.content)["data"]
            work.take(table["data"])
            if not table["pageInfo"]["hasNextPage"]:
                return work.close()
            params[job.cursor] = table["pageInfo"]["endCursor"]


def run(job: Job) -> Result:
    """Decode with json."""
    return pull(job, json.loads, to_json)
