"""metrics24 itself, in each of its ways."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import metrics24
from bench.job import FIRST_DAY, LAST_DAY, NotMeasured, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.job import Job


def _counted(ids: Iterable[str | None]) -> Result:
    """Count while iterating, keeping the ends."""
    count, first, last = 0, None, None
    for last in ids:
        if not count:
            first = last
        count += 1
    return Result(rows=count, first=first, last=last)


def models(rows: Any, _job: Job) -> Result:
    """Iterate models."""
    return _counted(row.real_tx_id for row in rows)


def records(rows: Any, _job: Job) -> Result:
    """Iterate plain dicts."""
    return _counted(row["real_tx_id"] for row in rows.records())


def arrow(rows: Any, _job: Job) -> Result:
    """Make an Arrow table."""
    table = rows.to_arrow()
    ids = table.column("real_tx_id")
    return Result(rows=table.num_rows, first=ids[0].as_py(), last=ids[-1].as_py())


def save(rows: Any, job: Job) -> Result:
    """Save to a file."""
    path = Path(job.folder, f"{job.candidate}.{job.work}")
    return Result(rows=rows.save(path, overwrite=True).rows, files=(str(path),))


WORKS: dict[str, Callable[[Any, Job], Result]] = {
    "count": records,
    "models": models,
    "arrow": arrow,
    "jsonl": save,
    "parquet": save,
}


def run(job: Job) -> Result:
    """Pull a table, or download an export."""
    connections = max(8, job.options.get("parallel", 0))
    with metrics24.Client(api_key="k", base_url=job.base_url, max_connections=connections) as client:
        if job.work == "export":
            path = Path(job.folder, "export.csv")
            saved = client.exports.resume(job.options["export"]).save(path, overwrite=True)
            return Result(rows=saved.rows, files=(str(path),))
        options = {name: value for name, value in job.options.items() if name == "parallel"}
        if options and "parallel" not in inspect.signature(client.reports.conversions).parameters:
            raise NotMeasured("`client.reports.conversions` has no `parallel` in this version")
        rows = client.reports.conversions(job.integration, start=FIRST_DAY, end=LAST_DAY, **options)
        return WORKS[job.work](rows, job)
