"""dlt's rest_api source: iterated, or loaded into files by its own pipeline. No child tables, no packing.

Ten days at once are ten resources that fill one table in parallel, in whatever order they come.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bench.job import DAYS, FIRST_DAY, NotMeasured, Result
from bench.works import Counting

if TYPE_CHECKING:
    from bench.job import Job

SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
    "EXTRACT__WORKERS": str(DAYS),
    "EXTRACT__MAX_PARALLEL_ITEMS": str(2 * DAYS),
    "LOAD__DELETE_COMPLETED_JOBS": "true",
}
os.environ.update(SETTINGS)

import dlt  # noqa: E402 - it reads the settings above
from dlt.sources.rest_api import rest_api_source  # noqa: E402


def source(job: Job) -> Any:
    """The table as a source."""
    address = urlsplit(job.url)
    paginator = {
        "type": "cursor",
        "cursor_path": "data.pageInfo.endCursor",
        "cursor_param": job.cursor,
        "has_more_path": "data.pageInfo.hasNextPage",
    }
    fixed = {"path": address.path, "data_selector": "data.data", "paginator": paginator}
    client = {"base_url": job.base_url, "headers": {"API-KEY": "k"}}
    parallel = bool(job.options.get("parallel"))
    days = [(date.fromisoformat(FIRST_DAY) + timedelta(days=number)).isoformat() for number in range(DAYS)]
    asked = [{**job.params, **dict.fromkeys(job.day_params, day)} for day in days] if parallel else [job.params]
    resources = [
        {
            "name": f"rows_{number}",
            "table_name": "rows",
            "endpoint": {**fixed, "params": params},
        }
        for number, params in enumerate(asked)
    ]
    found = rest_api_source({"client": client, "resources": resources}, max_table_nesting=0)
    return found.parallelize() if parallel else found


def run(job: Job) -> Result:
    """Count the items of the source, or load it."""
    if job.work == "count":
        work = Counting()
        for row in source(job):
            work.seen(1, row["real_tx_id"], row["real_tx_id"])
        return work.close()
    if job.work not in {"jsonl", "parquet"}:
        raise NotMeasured("dlt makes neither models nor tables in memory")
    folder = Path(job.folder)
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.filesystem(bucket_url=str(folder / "loaded")),
        dataset_name="bench",
    )
    pipeline.run(source(job), loader_file_format=job.work)
    files = (
        ()
        if job.options.get("parallel")
        else tuple(sorted(str(path) for path in (folder / "loaded/bench/rows").iterdir()))
    )
    return Result(rows=pipeline.last_trace.last_normalize_info.row_counts["rows"], files=files)
