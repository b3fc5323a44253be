"""Measure metrics24 against what one would use instead. `make bench` runs it; benchmarks/results/ holds what it finds.

ROWS=..., or FULL=1 for docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import exports
from bench.chart import Bar, Panel, chart
from bench.machine import described
from bench.plan import SECTIONS, WORKS, Plan, cases
from bench.report import data, markdown, name, title
from bench.runner import BENCHMARKS, Case, Processes, interleave, serving
from bench.startup import foreign_modules, startup
from bench.targets import Figures, targets

DOCUMENT = BENCHMARKS.parent / "docs" / "performance.md"
BEGIN, END = "<!-- measured: written by make bench -->\n", "<!-- end of measured -->\n"
TARGET_ROWS = 50_000
BUSY = 0.5  # load average
NEEDS = ("wire", "latency", "growth")  # sections that pull tables


def arguments() -> argparse.Namespace:
    """The arguments that make passes on."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rows", type=int, help="rows of the tables without latency")
    parser.add_argument("--rounds", type=int, help="rounds; medians are taken over them")
    parser.add_argument("--export-mb", type=int, help="size of the export")
    parser.add_argument("--full", action="store_true", help="all sizes, and docs/performance.md is written")
    parser.add_argument("--only", choices=SECTIONS, nargs="+", help="some sections only")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has all candidates")
    parser.add_argument("--results", type=Path, default=BENCHMARKS / "results", help="where the results go")
    return parser.parse_args()


def planned(asked: argparse.Namespace) -> Plan:
    """The plan for these arguments."""
    plan = Plan.full() if asked.full else Plan.short()
    changes = {"rows": asked.rows, "rounds": asked.rounds, "export_mb": asked.export_mb}
    plan = replace(plan, **{field: value for field, value in changes.items() if value is not None})
    if asked.rows and not asked.full:
        sizes = {asked.rows, *(size for size in plan.sizes if size < asked.rows)}
        plan = replace(plan, sizes=tuple(sorted(sizes)), latency_rows=min(plan.latency_rows, asked.rows))
    return replace(plan, sections=tuple(asked.only or SECTIONS))


def measure(plan: Plan, python: str) -> Figures:
    """Everything, in one run."""
    found: list[Case] = []
    memory = exports.place(plan.export_mb) if "export" in plan.sections else None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        processes = Processes(python, folder)
        if set(NEEDS) & set(plan.sections):
            disk = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            with serving() as url:
                found += cases(plan, url)
                interleave(found, plan.rounds, replace(processes, folder=disk).run, tell)
        if "export" in plan.sections:
            path = folder / "source.csv"
            rows = exports.prepare(path, plan.export_mb)
            with serving(str(path), str(rows)) as url:
                downloads = exports.cases(url, rows, plan.rounds)
                interleave(downloads, plan.rounds, processes.run, tell)
            found += downloads
    if "startup" not in plan.sections:
        return Figures(found, {}, None)
    tell("imports and the command")
    return Figures(found, startup(python), foreign_modules(python))


def tell(text: str) -> None:
    """Say on standard error what goes on."""
    print(text, file=sys.stderr, flush=True)


def notes(figures: Figures, plan: Plan, machine: dict[str, Any]) -> list[str]:
    """Notes that a reader needs to judge the figures."""
    found = [
        "Each run is a process of its own, and its warm-up, imports and start are not counted; its peak memory is that "
        "of the whole process. Candidates take turns; figures are medians over the rounds."
    ]
    raw = figures.find("wire", "count", "raw")
    if raw and (seconds := raw.median()):
        speed = raw.outcomes[0].read / seconds / 1e6
        found.append(
            f"The server is not the bottleneck: a raw socket gets {raw.job.pages / seconds:,.0f} pages a second "
            f"from it, {speed:,.0f} MB/s."
        )
    if machine["load"][0] > BUSY:
        found.append("**The machine was busy with other things when this began: do not trust these figures.**")
    if plan.rows != TARGET_ROWS:
        found.append(f"The figures to reach are meant for {TARGET_ROWS:,} rows; this run had {plan.rows:,}.")
    if plan.slow_rounds < plan.rounds:
        found.append(f"dlt takes part in {plan.slow_rounds} of {plan.rounds} rounds, since it takes long.")
    return found


def panels(figures: Figures, plan: Plan) -> list[Panel]:
    """The panels of the chart: seconds, shorter is better."""
    found = []
    for section in ("wire", "latency", "growth", "export"):
        measured = [case for case in figures.cases if case.section == section and case.outcomes]
        for work in dict.fromkeys(case.job.work for case in measured):
            chosen = [case for case in measured if case.job.work == work]
            bars = [Bar(name(case), case.median() or 0.0, case.job.candidate == "metrics24") for case in chosen]
            found.append(Panel(f"{title(section, plan)}: {WORKS[work]}", "s", bars))
    return found


def fill(document: Path, text: str) -> None:
    """Put the report between the markers of a document."""
    before, begin, rest = document.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document.name} lacks the markers {BEGIN.strip()} and {END.strip()}")
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


def main() -> None:
    """Measure, write and print."""
    asked = arguments()
    plan, machine = planned(asked), described(asked.python)
    figures = measure(plan, asked.python)
    verdicts = targets(figures)
    text = markdown(figures, plan, machine, verdicts, notes(figures, plan, machine))
    picture = chart("metrics24 and what one would use instead: seconds, less is better", panels(figures, plan))
    asked.results.mkdir(parents=True, exist_ok=True)
    (asked.results / "results.md").write_text(text, "utf-8")
    (asked.results / "results.json").write_text(json.dumps(data(figures, plan, machine, verdicts), indent=1), "utf-8")
    (asked.results / "chart.svg").write_text(picture, "utf-8")
    print(text)
    if asked.full and not asked.only:
        DOCUMENT.with_suffix(".svg").write_text(picture, "utf-8")
        fill(DOCUMENT, f"![The medians as bars](performance.svg)\n\n{text}")
    tell(f"Written to {asked.results}: results.md, results.json, chart.svg")


if __name__ == "__main__":
    main()
