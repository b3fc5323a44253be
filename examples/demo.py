"""A week of conversions from a local sandbox into a Parquet file, and what a fraud analyst would look at first.

Run it with `make demo`. It needs no account: the sandbox is a real HTTP server with made-up data.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from pyarrow import parquet
from rich.bar import Bar
from rich.console import Console
from rich.table import Table

import metrics24

INTEGRATION = "acmeshop01"
START, END = "2025-02-01", "2025-02-07"
END_OF_MONTH = "2025-02-28"
MANY_ROWS = 50_000
TARGET = Path("demo-output") / "conversions.parquet"
PUBLISHERS_SHOWN = 10
SAME_IN_PYTHON = f"""\
from metrics24 import Client
days = {json.dumps({"start": START, "end": END})}
Client().reports.conversions("{INTEGRATION}", **days).save("{TARGET.name}")"""


class Group(NamedTuple):
    """Conversions that have something in common."""

    name: str
    statuses: Counter[str]
    at_risk: float
    """Payout of those that are rejected or undecided."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.statuses.total()

    @property
    def rejected_share(self) -> float:
        """The share of rejected rows."""
        return self.statuses["rejected"] / max(self.rows, 1)


def main() -> None:
    """Pull, show, time, and tell how to do the same."""
    console = Console(highlight=False)
    with sandbox() as (base_url, api_key), metrics24.Client(api_key=api_key, base_url=base_url) as client:
        console.print(f"A 24Metrics sandbox serves at {base_url}")
        TARGET.parent.mkdir(exist_ok=True)
        week = client.reports.conversions(INTEGRATION, start=START, end=END)
        saved, seconds = timed_save(console, week, TARGET)
        console.print(f"{saved.rows:,} conversions of {INTEGRATION}, {START} to {END}:")
        console.print(f"{TARGET} ({saved.bytes / 1e6:.1f} MB, {seconds:.1f} s, {saved.rows / seconds:,.0f} rows/s)")
        show(console, parquet.read_table(TARGET, columns=["publisher", "status", "rejection", "payout"]).to_pylist())
        with TemporaryDirectory() as folder:
            month = client.reports.conversions(INTEGRATION, start=START, end=END_OF_MONTH, limit=MANY_ROWS)
            saved, seconds = timed_save(console, month, Path(folder) / "many.parquet")
        console.print(f"\n{saved.rows:,} rows into Parquet took {seconds:.1f} s: {saved.rows / seconds:,.0f} rows/s\n")
    console.print("The sandbox is stopped. The same against any 24Metrics, in Python (the address")
    console.print("and the key come from METRICS24_BASE_URL and METRICS24_API_KEY):\n")
    console.print(SAME_IN_PYTHON, markup=False, soft_wrap=True)


@contextmanager
def sandbox() -> Iterator[tuple[str, str]]:
    """Run a sandbox on free ports; gives its address and a key."""
    command = [sys.executable, "-m", "metrics24", "sandbox", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  all of it stands above
        try:
            introduction = process.stdout.readline() if process.stdout else ""
            if not introduction:
                sys.exit("The sandbox did not start; what it says stands above.")
            served = json.loads(introduction)
            yield served["base_url"], served["api_key"]
        finally:
            process.terminate()


def timed_save(console: Console, rows: metrics24.Rows[Any], path: Path) -> tuple[metrics24.Saved, float]:
    """Save rows while telling how far it is; gives what was saved and the seconds that it took."""
    started = time.perf_counter()
    with console.status("asking for the first page") as status:
        saved = rows.save(
            path,
            overwrite=True,
            on_progress=lambda progress: status.update(f"{progress.rows:,} rows, back to {progress.oldest}"),
        )
    return saved, time.perf_counter() - started


def show(console: Console, conversions: list[dict[str, Any]]) -> None:
    """Print the publishers with most payout at risk, and why conversions were rejected."""
    publishers = grouped(conversions, lambda row: row["publisher"])
    rest = publishers[PUBLISHERS_SHOWN:]
    shown = publishers[:PUBLISHERS_SHOWN]
    if rest:
        shown.append(merged(f"{len(rest)} others", rest))
    console.print(publisher_table(shown, merged("all", publishers)))
    rejected = [row for row in conversions if row["status"] == "rejected"]
    console.print(reason_table(grouped(rejected, lambda row: row["rejection"]), len(rejected)))


def grouped(conversions: Iterable[dict[str, Any]], name: Callable[[dict[str, Any]], str | None]) -> list[Group]:
    """Group conversions, those with most payout at risk first."""
    statuses: dict[str, Counter[str]] = {}
    at_risk: Counter[str] = Counter()
    for row in conversions:
        group = name(row) or "unknown"
        statuses.setdefault(group, Counter())[row["status"] or "unknown"] += 1
        if row["status"] != "approved":
            at_risk[group] += row["payout"] or 0
    groups = [Group(group, counts, at_risk[group]) for group, counts in statuses.items()]
    return sorted(groups, key=lambda group: -group.at_risk)


def merged(name: str, groups: Iterable[Group]) -> Group:
    """Add groups up."""
    statuses: Counter[str] = Counter()
    at_risk = 0.0
    for group in groups:
        statuses += group.statuses
        at_risk += group.at_risk
    return Group(name, statuses, at_risk)


def publisher_table(groups: list[Group], total: Group) -> Table:
    """Make a table with a line per publisher and a sum."""
    table = plain_table("Conversions by publisher", "publisher")
    for heading in ("rows", "approved", "rejected", "processing", "at risk"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("share rejected", width=15)
    for group in (*groups, total):
        if group is total:
            table.add_section()
        counts = (group.rows, *(group.statuses[status] for status in ("approved", "rejected", "processing")))
        table.add_row(
            group.name, *(f"{count:,}" for count in counts), f"{group.at_risk:,.2f}", bar(group.rejected_share)
        )
    table.caption = "at risk: payout of conversions that are rejected or still processing"
    return table


def reason_table(groups: list[Group], rejected: int) -> Table:
    """Make a table with a line per rejection reason."""
    table = plain_table("Why conversions were rejected", "reason")
    table.add_column("rows", justify="right")
    table.add_column("payout", justify="right")
    table.add_column("share", width=15)
    for group in groups:
        table.add_row(group.name, f"{group.rows:,}", f"{group.at_risk:,.2f}", bar(group.rows / max(rejected, 1)))
    return table


def plain_table(title: str, first: str) -> Table:
    """Make a table that fits 80 columns, with or without colours."""
    table = Table(title=f"\n{title}", title_justify="left", caption_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column(first, no_wrap=True)
    return table


def bar(share: float) -> Table:
    """Draw a share as a bar with its percentage."""
    drawing = Table.grid(padding=(0, 1, 0, 0))
    drawing.add_row(Bar(size=1.0, begin=0.0, end=share, width=10), f"{share:4.0%}")
    return drawing


if __name__ == "__main__":
    main()
