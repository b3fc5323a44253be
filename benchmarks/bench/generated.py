"""The bare generated client: its requests sent with httpx, its models made from the responses."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, cast

import httpx

from bench.job import FIRST_DAY, LAST_DAY
from bench.works import doing
from metrics24_api.api.reports import get_conversion_report
from metrics24_api.models import ConversionTable
from metrics24_api.types import UNSET, Unset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.job import Job, Result


def tables(job: Job) -> Iterator[ConversionTable]:
    """Page by cursor."""
    cursor: str | Unset = UNSET
    start, end = (date.fromisoformat(day) for day in (FIRST_DAY, LAST_DAY))
    with httpx.Client(base_url=job.base_url, headers={"API-KEY": "k"}, timeout=30) as client:
        while True:
            request = get_conversion_report.build_request(
                integration_id=job.integration, start_date=start, end_date=end, pagesize=100, pageafter=cursor
            )
            response = client.request(**request)
            response.raise_for_status()
            body = json.loads(response.content)
            yield ConversionTable.from_dict(body)
            info = body["data"]["pageInfo"]
            if not info["hasNextPage"]:
                return
            cursor = info["endCursor"]


def run(job: Job) -> Result:
    """Models, counted; for files, made into dicts again."""
    work = doing(job)
    for table in tables(job):
        models = table.data.data or []
        if job.work == "models":
            work.seen(len(models), cast("str", models[0].real_tx_id), cast("str", models[-1].real_tx_id))
        else:
            work.take([model.to_dict() for model in models])
    return work.close()
