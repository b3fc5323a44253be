"""Time 50,000 conversions from a loopback server: metrics24 against what one would write by hand, in one run.

The candidates take turns, so that a machine whose speed drifts treats them alike. Figures are medians of whole pulls;
the ratio is to the hand-written loop. Whoever is slower is printed all the same.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

import metrics24
from metrics24.resources.arguments import as_day
from metrics24_api.api.reports import get_conversion_report
from metrics24_api.models import ConversionTable
from metrics24_api.types import UNSET, Unset

PAGES = 500
ROUNDS = 5
DAYS = ("2025-02-01", "2025-02-07")


@contextmanager
def serving() -> Iterator[str]:
    """A server in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("server.py")), str(PAGES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline() if process.stdout else ""
            yield f"http://127.0.0.1:{int(port)}"
        finally:
            process.terminate()


def _bodies(url: str) -> Iterator[httpx.Response]:
    """The loop that a user would write, with the generated requests and nothing else."""
    cursor: str | Unset = UNSET
    start, end = (as_day(day, "day") for day in DAYS)
    with httpx.Client(base_url=url, headers={"API-KEY": "k"}, timeout=30) as client:
        while True:
            request = get_conversion_report.build_request(
                integration_id="acmeshop01", start_date=start, end_date=end, pagesize=100, pageafter=cursor
            )
            response = client.request(**request)
            yield response
            info = response.json()["data"]["pageInfo"]
            if not info["hasNextPage"]:
                return
            cursor = info["endCursor"]


def httpx_to_parquet(url: str, folder: Path) -> int:
    """Httpx + json + pyarrow: all rows in memory, then one file. No retry, no check, no bound."""
    rows = [row for response in _bodies(url) for row in response.json()["data"]["data"]]
    pq.write_table(pa.Table.from_pylist(rows), folder / "hand.parquet")
    return len(rows)


def metrics24_to_parquet(url: str, folder: Path) -> int:
    """metrics24: rows.save."""
    with metrics24.Client(api_key="k", base_url=url) as client:
        rows = client.reports.conversions("acmeshop01", start=DAYS[0], end=DAYS[1])
        return rows.save(folder / "metrics24.parquet", overwrite=True).rows


def generated_models(url: str, _folder: Path) -> int:
    """The bare generated client: models, counted."""
    return sum(len(ConversionTable.from_dict(response.json()).data.data or ()) for response in _bodies(url))


def metrics24_models(url: str, _folder: Path) -> int:
    """metrics24: models, counted."""
    with metrics24.Client(api_key="k", base_url=url) as client:
        return sum(1 for _ in client.reports.conversions("acmeshop01", start=DAYS[0], end=DAYS[1]))


CANDIDATES: dict[str, list[Callable[[str, Path], int]]] = {
    "rows to one Parquet file": [httpx_to_parquet, metrics24_to_parquet],
    "rows as models, counted": [generated_models, metrics24_models],
}


def main() -> None:
    """Run all candidates in turn and print the table."""
    seconds: dict[Callable[[str, Path], int], list[float]] = {}
    with serving() as url, tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for candidate in (each for group in CANDIDATES.values() for each in group):
                started = time.perf_counter()
                rows = candidate(url, Path(folder))
                seconds.setdefault(candidate, []).append(time.perf_counter() - started)
                if rows != PAGES * 100:
                    sys.exit(f"{candidate.__name__} gave {rows} rows instead of {PAGES * 100}.")
    print(f"{PAGES * 100:,} rows in {PAGES} pages from a loopback server, {ROUNDS} rounds in turn\n")
    print("| work | by | median s | min s | rows/s | ratio |\n|---|---|---|---|---|---|")
    for work, group in CANDIDATES.items():
        first = statistics.median(seconds[group[0]])
        for candidate in group:
            median = statistics.median(seconds[candidate])
            by = (candidate.__doc__ or "").split(":")[0]
            best, rate = min(seconds[candidate]), PAGES * 100 / median
            print(f"| {work} | {by} | {median:.2f} | {best:.2f} | {rate:,.0f} | {median / first:.2f} |")


if __name__ == "__main__":
    main()
