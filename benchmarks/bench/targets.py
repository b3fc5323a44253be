"""The figures that metrics24 is meant to reach, and whether it does."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from bench.job import DAYS, PAGE
from bench.runner import Case
from bench.startup import HELP

MILLION = 10_000  # pages
HAND_WRITTEN = ("requests", "httpx")


@dataclass(frozen=True, kw_only=True)
class Target:
    """One figure: `value` may be `limit` at most (at least, if `least`); None if it was not measured."""

    claim: str
    value: float | None
    limit: float
    unit: str = "x"
    least: bool = False

    @property
    def verdict(self) -> str:
        """Met, missed and by how much, or not measured."""
        if self.value is None:
            return "not measured"
        if (self.value >= self.limit) if self.least else (self.value <= self.limit):
            return "met"
        return f"**missed** by {abs(self.value / self.limit - 1):.0%}" if self.limit else "**missed**"


@dataclass(frozen=True)
class Figures:
    """All that was measured."""

    cases: list[Case]
    startup: dict[str, list[float]]
    foreign: list[str] | None

    @property
    def usable(self) -> dict[str, float]:
        """The medians of what was measured until metrics24 can be used."""
        return {name: statistics.median(seconds) for name, seconds in self.startup.items()}

    def find(self, section: str, work: str, candidate: str, *, parallel: bool = False, pages: int = 0) -> Case | None:
        """The case, if it was part of the run."""
        for case in self.cases:
            job = case.job
            same = (case.section, job.work, job.candidate) == (section, work, candidate)
            if same and bool(job.options.get("parallel")) == parallel and pages in {0, job.pages}:
                return case
        return None

    def median(self, section: str, work: str, candidate: str, *, figure: str = "seconds", **which: int) -> float | None:
        """Its median; None if it was not measured."""
        case = self.find(section, work, candidate, parallel=bool(which.get("parallel")), pages=which.get("pages", 0))
        return case.median(figure) if case else None


def ratio(value: float | None, base: float | None) -> float | None:
    """One figure in terms of another."""
    return value / base if value is not None and base else None


def targets(figures: Figures) -> list[Target]:
    """All figures, in the order of the works."""
    return [
        *parquet_targets(figures),
        *latency_targets(figures),
        *growth_targets(figures),
        *export_targets(figures),
        *startup_targets(figures),
    ]


def parquet_targets(figures: Figures) -> list[Target]:
    """Tables without latency."""
    of = _medians(figures, "wire", "parquet")
    own = of("metrics24")
    hand = [each for each in map(of, HAND_WRITTEN) if each is not None]
    models = _medians(figures, "wire", "models")
    claims = [
        ("the better of requests and httpx with json and pyarrow", min(hand, default=None), 0.45),
        ("the bare generated client", of("generated"), 0.33),
        ("dlt rest_api", of("dlt"), 0.12),
        ("the raw-socket limit", of("raw"), 1.9),
    ]
    found = [
        Target(claim=f"to Parquet, against {who}", value=ratio(own, base), limit=most) for who, base, most in claims
    ]
    value = ratio(models("metrics24"), models("generated"))
    return [*found, Target(claim="typed models, against the bare generated client", value=value, limit=0.75)]


def latency_targets(figures: Figures) -> list[Target]:
    """Ten days at once over a slow wire."""
    case = figures.find("latency", "parquet", "metrics24", parallel=True)
    own = case.median() if case else None
    least = case.job.pages * case.job.latency / 1000 / DAYS if case else None
    in_turn = figures.median("latency", "parquet", "httpx")
    name = f"{DAYS} days at once, exact order, against"
    return [
        Target(claim=f"{name} requests x latency / {DAYS}", value=ratio(own, least), limit=1.3),
        Target(claim=f"{name} httpx in turn", value=ratio(own, in_turn), limit=0.2),
    ]


def growth_targets(figures: Figures) -> list[Target]:
    """A million rows."""
    sizes = sorted(case.job.pages for case in figures.cases if case.section == "growth" and case.job.work == "parquet")
    below = max((size for size in sizes if size < MILLION), default=0)
    large = figures.median("growth", "parquet", "metrics24", pages=MILLION)
    small = figures.median("growth", "parquet", "metrics24", pages=below) if below else None
    linear = ratio(large, small * MILLION / below if small else None)
    peak = figures.median("growth", "parquet", "metrics24", pages=MILLION, figure="peak_mb")
    other = f"{below * PAGE:,}" if below else "fewer"
    return [
        Target(claim=f"1 million rows to Parquet, time per row against {other} rows", value=linear, limit=1.1),
        Target(claim="1 million rows to Parquet, peak memory", value=peak, limit=200, unit=" MB"),
    ]


def export_targets(figures: Figures) -> list[Target]:
    """A download."""
    of = _medians(figures, "export", "export")
    peak = figures.median("export", "export", "metrics24", figure="peak_mb")
    speed = ratio(of("curl"), of("metrics24"))
    return [
        Target(claim="export download, row check included, speed against curl", value=speed, limit=0.8, least=True),
        Target(claim="export download, peak memory", value=peak, limit=80, unit=" MB"),
    ]


def startup_targets(figures: Figures) -> list[Target]:
    """Until metrics24 can be used."""
    taken = figures.usable
    usable = ratio(taken.get("import metrics24, first Client()"), taken.get("import httpx"))
    seconds = taken.get(HELP)
    foreign = None if figures.foreign is None else len(figures.foreign)
    return [
        Target(claim="`import metrics24`, third-party packages loaded", value=foreign, limit=0, unit=""),
        Target(claim="`import metrics24` and first `Client()`, against `import httpx`", value=usable, limit=1.3),
        Target(claim=f"`{HELP}`", value=seconds and 1000 * seconds, limit=300, unit=" ms"),
    ]


def _medians(figures: Figures, section: str, work: str) -> Callable[[str], float | None]:
    return lambda candidate: figures.median(section, work, candidate)
