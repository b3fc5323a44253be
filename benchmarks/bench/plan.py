"""The comparison: sections, works, candidates, sizes and rounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from bench.job import DAYS, FIRST_DAY, LAST_DAY, PAGE, Job, integration
from bench.runner import Case
from metrics24_api.api.reports import get_conversion_report

NAMES = {
    "metrics24": "metrics24",
    "raw": "raw socket (the limit)",
    "requests": "requests + json",
    "httpx": "httpx + json",
    "httpx_orjson": "httpx + orjson",
    "aiohttp": "aiohttp + orjson",
    "generated": "bare generated client",
    "dlt": "dlt rest_api",
    "curl": "curl (checks nothing)",
}
HAND_WRITTEN = ("requests", "httpx", "httpx_orjson", "aiohttp")
WORKS = {
    "parquet": "to Parquet",
    "models": "typed models, counted",
    "count": "plain rows, counted",
    "arrow": "to an Arrow table",
    "jsonl": "to JSON Lines",
    "export": "to a file",
}
CANDIDATES = {
    "parquet": ("metrics24", "raw", *HAND_WRITTEN, "generated", "dlt"),
    "models": ("metrics24", "generated"),
    "count": ("metrics24", "raw", *HAND_WRITTEN, "dlt"),
    "arrow": ("metrics24", *HAND_WRITTEN),
    "jsonl": ("metrics24", "raw", *HAND_WRITTEN, "generated", "dlt"),
}
LATENCY = 50
SECTIONS = ("wire", "latency", "growth", "startup", "export")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The amount of measuring.

    Attributes:
        rows, latency_rows: rows of the tables without and with latency.
        sizes: the tables that show how cost grows.
        rounds, slow_rounds: in how many rounds candidates take part, and dlt.
        export_mb: the size of the export.

    """

    rows: int
    latency_rows: int
    sizes: tuple[int, ...]
    rounds: int
    slow_rounds: int
    export_mb: int
    sections: tuple[str, ...] = SECTIONS

    @classmethod
    def short(cls) -> Plan:
        """A run of less than three minutes."""
        return cls(rows=10_000, latency_rows=3_000, sizes=(10_000, 100_000), rounds=3, slow_rounds=1, export_mb=1000)

    @classmethod
    def full(cls) -> Plan:
        """The figures of docs/performance.md; takes half an hour."""
        sizes = (10_000, 100_000, 1_000_000)
        return cls(rows=50_000, latency_rows=50_000, sizes=sizes, rounds=5, slow_rounds=5, export_mb=1000)


def table_job(candidate: str, work: str, rows: int, base_url: str, latency: int = 0, **options: Any) -> Job:
    """A pull of a table. What goes over the wire is taken from the generated client, for peers too."""
    pages = max(1, rows // PAGE)
    start, end = (date.fromisoformat(day) for day in (FIRST_DAY, LAST_DAY))
    request = get_conversion_report.build_request(
        integration_id=integration(pages, latency), start_date=start, end_date=end, pagesize=PAGE, pageafter="CURSOR"
    )
    params = {name: str(value) for name, value in request["params"].items()}
    cursor, first, last = (name_of(params, value) for value in ("CURSOR", FIRST_DAY, LAST_DAY))
    del params[cursor]
    return Job(
        candidate=candidate,
        work=work,
        base_url=base_url,
        folder="",
        pages=pages,
        latency=latency,
        path=request["url"],
        params=params,
        cursor=cursor,
        day_params=(first, last),
        options=options,
    )


def name_of(params: dict[str, str], value: str) -> str:
    """The name of the parameter that has this value."""
    return next(name for name, held in params.items() if held == value)


def cases(plan: Plan, base_url: str) -> list[Case]:
    """All pulls of tables."""
    found = []
    if "wire" in plan.sections:
        for work, candidates in CANDIDATES.items():
            found += [_case(plan, "wire", table_job(each, work, plan.rows, base_url)) for each in candidates]
    if "latency" in plan.sections:
        found += latency_cases(plan, base_url)
    if "growth" in plan.sections:
        for work in ("parquet", "models"):
            jobs = [table_job("metrics24", work, size, base_url) for size in plan.sizes]
            found += [_case(plan, "growth", job) for job in jobs]
    return found


def latency_cases(plan: Plan, base_url: str) -> list[Case]:
    """Pulls over a slow wire, one page after the other and ten days at once."""
    rows = max(plan.latency_rows, DAYS * PAGE)
    jobs = [
        table_job(each, "parquet", rows, base_url, LATENCY)
        for each in ("metrics24", "requests", "httpx", "aiohttp", "dlt")
    ]
    jobs += [
        table_job(each, "parquet", rows, base_url, LATENCY, parallel=DAYS) for each in ("metrics24", "aiohttp", "dlt")
    ]
    return [_case(plan, "latency", job) for job in jobs]


def _case(plan: Plan, section: str, job: Job) -> Case:
    name = NAMES[job.candidate]
    if job.options.get("parallel"):
        name += f", {DAYS} days at once"
    return Case(section, job, name, plan.slow_rounds if job.candidate == "dlt" else plan.rounds)
