"""Feed every parser with what servers may send, for as long as one likes.

python -m attack.fuzzing --minutes 5
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
import traceback
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from attack.parsers import PARSERS, Parser, outcome

SLOWEST = 5.0  # seconds for one input, on a machine that is busy
_ROUND = 300


def fuzz(parser: Parser, examples: int, number: int) -> Counter[str]:
    """Give a parser so many inputs that follow from a number; count what came of them."""
    seen: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # what is found is small enough to be read, and shrinking can take minutes
    )
    @given(parser.given)
    def one(value: Any) -> None:
        begun = time.monotonic()
        seen[outcome(parser, value)] += 1
        assert "" not in seen
        assert time.monotonic() - begun < SLOWEST

    one()
    return seen


def attack(minutes: float, number: int, only: str = "") -> tuple[dict[str, Counter[str]], list[str]]:
    """Fuzz all parsers in turn until the time is over; give the counts, and what was found in those that failed."""
    end = time.monotonic() + 60 * minutes
    failures: dict[str, str] = {}
    totals: dict[str, Counter[str]] = {each.name: Counter() for each in PARSERS if each.name.startswith(only)}
    while time.monotonic() < end:
        for parser in [each for each in PARSERS if each.name.startswith(only) and each.name not in failures]:
            try:
                totals[parser.name] += fuzz(parser, _ROUND, number)
            except Exception:  # noqa: BLE001 - the others go on
                failures[parser.name] = f"{parser.name}: {traceback.format_exc()}"
            if time.monotonic() > end:
                break
        number += 1
    return totals, [*failures.values()]


def report(totals: dict[str, Counter[str]]) -> str:
    """A table of the inputs that each parser got, and of their outcomes."""
    lines = [f"{'parser':28}{'inputs':>10}{'values':>10}{'errors':>10}  kinds of errors"]
    for name, counts in totals.items():
        values = counts["a value"]
        kinds = ", ".join(sorted(counts.keys() - {"a value"}))
        lines.append(f"{name:28}{counts.total():>10}{values:>10}{counts.total() - values:>10}  {kinds}")
    everything = sum(counts.total() for counts in totals.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    lines.append(f"{everything} inputs in all; the process took {peak} MiB at most")
    return "\n".join(lines)


def main() -> None:
    """Fuzz, and print the report."""
    parser = argparse.ArgumentParser(description="Feed every parser with what servers may send.")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=None, help="by default another one each time")
    parser.add_argument("--parser", default="", help="only those whose name begins like this")
    asked = parser.parse_args()
    number = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    totals, failures = attack(asked.minutes, number, asked.parser)
    sys.stdout.write("\n".join([f"seed {number}", report(totals), *failures, ""]))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
