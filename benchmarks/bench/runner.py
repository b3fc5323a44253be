"""Runs: candidates in processes of their own, taking turns, so that a machine whose speed drifts treats them alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.job import Job, Outcome

BENCHMARKS = Path(__file__).parents[1]
LONGEST_RUN = 600


@dataclass
class Case:
    """One candidate at one work, and what came of it in each round.

    Attributes:
        rounds: in how many rounds it takes part at most.
        not_measured: why it does not take part; empty if it does.

    """

    section: str
    job: Job
    name: str
    rounds: int
    outcomes: list[Outcome] = field(default_factory=list)
    not_measured: str = ""

    def median(self, figure: str = "seconds") -> float | None:
        """The median of a figure; None if it was not measured."""
        return statistics.median(getattr(each, figure) for each in self.outcomes) if self.outcomes else None

    @property
    def spread(self) -> tuple[float, float]:
        """The shortest and the longest run."""
        seconds = [outcome.seconds for outcome in self.outcomes]
        return min(seconds), max(seconds)


@dataclass(frozen=True)
class Processes:
    """The interpreter that has all candidates, and the folder for what they write."""

    python: str
    folder: Path

    def run(self, job: Job) -> Outcome | str:
        """One run; text if it could not be measured."""
        folder = tempfile.mkdtemp(dir=self.folder)
        try:
            done = subprocess.run(
                [self.python, "-m", "bench.candidate"],
                input=replace(job, folder=folder).dumps(),
                env=environment(),
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=LONGEST_RUN,
                check=False,
            )
        except OSError as error:
            return f"its interpreter does not start: {error}"
        except subprocess.TimeoutExpired:
            return f"not done after {LONGEST_RUN} s"
        if done.returncode:
            return f"failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1][:200]}"
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return str(said["not_measured"]) if "not_measured" in said else Outcome(**said)


def environment() -> dict[str, str]:
    """The environment of a run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("METRICS24_", "PYTHON"))}
    given = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    path = [str(BENCHMARKS), *(str(Path(each).absolute()) for each in given)]  # runs have folders of their own
    return kept | {"PYTHONPATH": os.pathsep.join(path)}


def interleave(
    cases: list[Case], rounds: int, run: Callable[[Job], Outcome | str], tell: Callable[[str], None]
) -> None:
    """Run all cases in turn, each round beginning with another one."""
    for number in range(rounds):
        first = number % len(cases) if cases else 0
        for case in cases[first:] + cases[:first]:
            if case.not_measured or len(case.outcomes) >= case.rounds:
                continue
            tell(f"round {number + 1}/{rounds}: {case.section}, {case.job.work}, {case.name}")
            outcome = run(case.job)
            if isinstance(outcome, str):
                case.not_measured = outcome
            elif (wrong := mistake(case.job, outcome)) is not None:
                case.not_measured = wrong
            else:
                case.outcomes.append(outcome)
        disagreement(cases)


def mistake(job: Job, outcome: Outcome) -> str | None:
    """Describe what is wrong with a result: speed counts for nothing if rows are missing."""
    wanted = job.pages * 100 if job.path else job.options.get("rows")
    if outcome.rows not in {wanted, -1}:
        return f"wrong: {outcome.rows} rows instead of {wanted}"
    return None


def disagreement(cases: Iterable[Case]) -> None:
    """Take out candidates that saw other rows at the ends than most did."""
    groups: dict[tuple[str, int, int], list[Case]] = {}
    for case in cases:
        if case.outcomes and case.job.path:
            groups.setdefault((case.section, case.job.pages, case.job.latency), []).append(case)
    for group in groups.values():
        for figures, problem in (
            (("first", "last"), "other rows at its ends"),
            (("order",), "other rows, or in another order,"),
        ):
            told = [
                (case, tuple(getattr(case.outcomes[-1], each) for each in figures)) for case in group if case.outcomes
            ]
            told = [(case, said) for case, said in told if all(said)]
            usual = statistics.mode(said for _, said in told) if told else ()
            for case in (case for case, said in told if said != usual):
                case.not_measured = f"wrong: {problem} than the others"
                case.outcomes.clear()


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """A server in a process of its own; gives its address."""
    command = [sys.executable, "-m", "bench.server", *arguments]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            if not address:
                raise RuntimeError("the server of the benchmark did not start; what it said stands above")
            yield address
        finally:
            process.terminate()
