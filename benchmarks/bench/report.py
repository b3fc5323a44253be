"""The measurements, as Markdown and as data. A candidate that is faster than metrics24 is shown like all others."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.plan import LATENCY, WORKS, Plan
from bench.runner import Case
from bench.targets import Figures, Target, ratio

TITLES = {
    "wire": "{rows:,} rows in pages of 100, no latency",
    "latency": "{latency_rows:,} rows in pages of 100, {latency} ms latency",
    "growth": "How cost grows",
    "export": "Download of an export of {export_mb:,} MB",
}
HEADER = (
    "| {} | median s | min - max s | rounds | CPU s | peak MB | file MB | per second | x {} |\n" + 9 * "|---" + "|\n"
)


def title(section: str, plan: Plan) -> str:
    """The title of a section."""
    return TITLES[section].format(latency=LATENCY, **asdict(plan))


def markdown(figures: Figures, plan: Plan, machine: dict[str, Any], verdicts: list[Target], notes: list[str]) -> str:
    """The whole report."""
    parts = [machine_text(machine), *notes, target_table(verdicts)]
    for section in TITLES:
        cases = [case for case in figures.cases if case.section == section]
        if cases:
            parts += [f"### {title(section, plan)}", *tables(cases, figures), *missing(cases)]
    if figures.startup:
        parts += ["### Until it can be used", startup_table(figures)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def machine_text(machine: dict[str, Any]) -> str:
    """The machine in a few lines."""
    load = ", ".join(map(str, machine["load"]))
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"Measured {machine['when']} on {machine['processor']}, {machine['cores']} cores, {machine['memory']}, "
        f"{machine['system']}, Python {machine['python']}; load average at the start: {load}. All "
        f"candidates share one environment: {packages}."
    )


def target_table(verdicts: list[Target]) -> str:
    """Each figure to reach, and whether it is reached."""
    lines = ["| figure | measured | to reach | |", "|---|---|---|---|"]
    for each in verdicts:
        digits = 0 if each.unit in {" MB", " ms", ""} else 2
        value = "" if each.value is None else f"{each.value:.{digits}f}{each.unit}"
        bound = f"at {'least' if each.least else 'most'} {each.limit:g}{each.unit}"
        lines.append(f"| {each.claim} | {value} | {bound} | {each.verdict} |")
    return "\n".join(lines)


def tables(cases: list[Case], figures: Figures) -> list[str]:
    """A table per work."""
    found = []
    for work in dict.fromkeys(case.job.work for case in cases):
        measured = [case for case in cases if case.job.work == work and case.outcomes]
        if measured:
            unit = "time per row" if measured[0].section == "growth" else "metrics24"
            found.append(HEADER.format(WORKS[work], unit) + "".join(row(case, figures) for case in measured))
    return found


def row(case: Case, figures: Figures) -> str:
    """One line."""
    median = case.median() or 0.0
    own = figures.find(case.section, case.job.work, "metrics24")  # of those that show growth, the smallest
    relative = ratio(median, own.median()) if own else None
    scale = case.job.pages / own.job.pages if own and own.job.pages else 1
    best, worst = case.spread
    speed = f"{case.outcomes[0].written / median / 1e6:,.0f} MB" if case.section == "export" else ""
    cells = (
        name(case),
        f"{median:.2f}",
        f"{best:.2f} - {worst:.2f}",
        str(len(case.outcomes)),
        f"{case.median('cpu'):.2f}",
        f"{case.median('peak_mb'):.0f}",
        f"{case.outcomes[0].written / 1e6:.1f}" if case.outcomes[0].written else "",
        speed or f"{case.outcomes[0].rows / median:,.0f} rows",
        f"{relative / scale:.2f}" if relative is not None else "",
    )
    return f"| {' | '.join(cells)} |\n"


def name(case: Case) -> str:
    """A case's name in its table."""
    return f"{case.name}, {case.job.pages * 100:,} rows" if case.section == "growth" else case.name


def missing(cases: list[Case]) -> list[str]:
    """The candidates that were not measured, and why."""
    lines = [f"- {WORKS[case.job.work]}, {name(case)}: {case.not_measured}" for case in cases if case.not_measured]
    return ["Not measured:\n\n" + "\n".join(lines)] if lines else []


def startup_table(figures: Figures) -> str:
    """Imports and the command."""
    base = figures.usable.get("import httpx")
    lines = ["| | median ms | x `import httpx` |", "|---|---|---|"]
    for what, seconds in figures.usable.items():
        lines.append(f"| `{what}` | {1000 * seconds:.0f} | {ratio(seconds, base):.2f} |")
    loaded = ", ".join(figures.foreign or []) or "nothing"
    return "\n".join(lines) + f"\n\n`import metrics24` loads {loaded} that is not of the standard library."


def data(figures: Figures, plan: Plan, machine: dict[str, Any], verdicts: list[Target]) -> dict[str, Any]:
    """All of it, every round included, for programs."""
    return {
        "machine": machine,
        "plan": asdict(plan),
        "targets": [asdict(each) | {"verdict": each.verdict.replace("*", "")} for each in verdicts],
        "startup_seconds": figures.startup,
        "third_party_at_import": figures.foreign,
        "cases": [
            {
                "section": case.section,
                "work": case.job.work,
                "candidate": case.job.candidate,
                "name": case.name,
                "pages": case.job.pages,
                "latency_ms": case.job.latency,
                "parallel": case.job.options.get("parallel"),
                "not_measured": case.not_measured,
                "rounds": [asdict(outcome) for outcome in case.outcomes],
            }
            for case in figures.cases
        ],
    }
