"""Choose the tests for a mutant: those that reach its lines, the quickest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from attack.mutants import Mutant

LONGEST_TEST = 2.0  # seconds of work; what takes longer is no unit test
MOST_TESTING = 5.0  # seconds of work of tests for one mutant


@dataclass
class Reach:
    """The lines that each test reaches, the time that each takes, and the tests that fail without a mutant."""

    lines: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    failing: set[int] = field(default_factory=set)

    def of(self, mutant: Mutant, *paths: str) -> list[int]:
        """The tests to try a mutant with, the quickest first; all of the files' for what runs at their import."""
        files = [self.lines.get(path, {}) for path in paths]
        found = [lines.get(line, ()) for lines in files for line in (mutant.lines if mutant.function else lines)]
        return self.quickest({test for tests in found for test in tests})

    def quickest(self, tests: Iterable[int], most: float = MOST_TESTING) -> list[int]:
        """Those of some tests that fit into so much time, the quickest first."""
        able = {*tests} - self.failing
        chosen: list[int] = []
        total = 0.0
        for test in sorted(able, key=self.seconds.__getitem__):
            total += self.seconds[test]
            if self.seconds[test] > LONGEST_TEST or total > most:
                break
            chosen.append(test)
        return chosen
