"""Mutation testing: find mistakes in the deciding code that no test notices.

python -m attack.mutation --minutes 20
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from attack.mutants import mutants

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "overlay" / "metrics24"
TARGETS = (
    "filters.py",
    "_core/*.py",
    "_io/prefetch.py",
    "rows.py",
    "daily.py",
    "exports.py",
    "export_job.py",
    "files/partial.py",
    "files/csv_import.py",
)
TESTS = (  # the quick ones of those that reach the targets; a whole run of them precedes the mutants
    "tests/pagination/test_*.py",
    "tests/parallel/test_[!p]*.py",
    "tests/rows/test_*.py",
    "tests/filters/test_filters*.py",
    "tests/retry/test_*.py",
    "tests/reports/test_*.py",
    "tests/writes/test_*.py",
    "tests/filter_groups/test_[!g]*.py",
    "tests/downloads/test_*.py",
    "tests/exports/test_*.py",
    "tests/files/test_csv_records.py",
    "tests/files/test_partial_download.py",
    "tests/daily/test_*.py",
    "tests/network/test_re*.py",
    "tests/parallel/test_parallel_over_sockets.py",
    "tests/cli/test_by_day_endings.py",
    "tests/cli/exports/test_export_center.py",
)
PARTS = ("overlay", "generated", "sandbox", "openapi", "tests", "tools", "pyproject.toml")
EXPLAINED = Path(__file__).parent / "explained.toml"
VERDICTS = ("killed", "timed out", "survived", "explained")


def modules(only: str | None = None) -> list[str]:
    """The modules that are attacked, by their path in the package."""
    found = sorted(path.relative_to(PACKAGE).as_posix() for each in TARGETS for path in PACKAGE.glob(each))
    return [each for each in found if only is None or any(part in each for part in only.split(","))]


def attack(
    names: list[str],
    *,
    minutes: float,
    seed: int,
    jobs: int = 2,
    most: int | None = None,
    tests: tuple[str, ...] = TESTS,
    function: str | None = None,
) -> dict[str, Any]:
    """Try mutants in a copy of the repository, in an order that follows from the seed, until the time is over.

    With `function` only those of that function, or of the modules' constants if it is empty.
    """
    order = [
        (name, each.number)
        for name in names
        for each in mutants((PACKAGE / name).read_text("utf-8"))
        if function in {None, each.function}
    ]
    random.Random(seed).shuffle(order)
    found = sorted(path.relative_to(ROOT).as_posix() for each in tests for path in ROOT.glob(each))
    asked = {"modules": names, "order": order[:most], "minutes": minutes, "jobs": jobs, "tests": found}
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        copy = Path(folder).resolve()
        for part in PARTS:
            _copy(ROOT / part, copy / part)
        (copy / "request.json").write_text(json.dumps(asked), "utf-8")
        paths = [str(copy / each) for each in ("overlay", "generated", "sandbox", "tests", "tools")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "attack.trial", "request.json", "result.json"]
        done = subprocess.run(command, cwd=copy, env=environment, check=False, capture_output=True, text=True)
        if done.returncode or not (copy / "result.json").exists():
            raise RuntimeError(f"the trial ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        result: dict[str, Any] = json.loads((copy / "result.json").read_text("utf-8"))
    excused = Counter(_name(each) for each in tomllib.loads(EXPLAINED.read_text("utf-8")).get("mutant", []))
    for each in result["verdicts"]:
        if each["verdict"] == "survived" and excused[_name(each)]:
            each["verdict"] = "explained"
            excused[_name(each)] -= 1
    return {**result, "all": len(order), "idle": sorted(_idle(names))}


def _idle(names: list[str]) -> list[tuple[str, str, str]]:
    """The explanations of mutants that there are not, or not any more."""
    found = {
        (name, each.function, each.change) for name in names for each in mutants((PACKAGE / name).read_text("utf-8"))
    }
    explained = {_name(each) for each in tomllib.loads(EXPLAINED.read_text("utf-8")).get("mutant", [])}
    return [each for each in explained - found if each[0] in names]


def _copy(origin: Path, target: Path) -> None:
    if origin.is_dir():
        shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    else:
        shutil.copy(origin, target)


def _name(mutant: dict[str, Any]) -> tuple[str, str, str]:
    return mutant["module"], mutant["function"], mutant["change"]


def report(result: dict[str, Any]) -> str:
    """Report the verdicts by module, and the places of the mutants that no test noticed."""
    table = Counter((each["module"], each["verdict"]) for each in result["verdicts"])
    lines = [f"{'module':34}" + "".join(f"{verdict:>11}" for verdict in VERDICTS)]
    for name in [*sorted({module for module, _ in table}), "all"]:
        counts = [
            sum(n for (module, said), n in table.items() if said == one and name in {module, "all"}) for one in VERDICTS
        ]
        lines.append(f"{name:34}" + "".join(f"{count:>11}" for count in counts))
    lines.append(f"{len(result['verdicts'])} of {result['all']} mutants tried")
    lines += [f"not used, since it fails as things are: {test}" for test in result["failing"]]
    lines += [f"explained, but there is no such mutant: {': '.join(each)}" for each in result["idle"]]
    survived = [each for each in result["verdicts"] if each["verdict"] == "survived"]
    for each in sorted(survived, key=lambda each: (each["module"], each["line"], each["number"])):
        lines.append(f"overlay/metrics24/{each['module']}:{each['line']}: {each['function']}: {each['change']}")
    return "\n".join(lines)


def main() -> None:
    """Attack, and print the report."""
    parser = argparse.ArgumentParser(description="Find mistakes that no test would notice.")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=24)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--module", help="only those whose path contains this, or one of these: part,paging")
    given = parser.parse_args()
    result = attack(modules(given.module), minutes=given.minutes, seed=given.seed, jobs=given.jobs)
    sys.stdout.write(report(result) + "\n")
    sys.exit(any(each["verdict"] == "survived" for each in result["verdicts"]))


if __name__ == "__main__":
    main()
