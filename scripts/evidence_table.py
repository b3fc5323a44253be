"""Write the README's table of what the API's documentation states and what is taken from elsewhere or guessed.

`--check` writes nothing and fails when the table is not fresh.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from metrics24_api.operation_table import MODELS, OPERATIONS, Operation, Property

if TYPE_CHECKING:
    from collections.abc import Iterable

README = Path(__file__).parents[1] / "README.md"
BEGIN = "<!-- evidence: written by make docs -->\n"
END = "<!-- end of evidence -->\n"
STRENGTH = ("documented", "observed", "sibling", "inferred")
HEADER = "| Operation | Method and path | Evidence | Parameters | Body | Answer |\n|---|---|---|---|---|---|\n"


def table() -> str:
    """One line per operation, in the spec's order."""
    return HEADER + "".join(row(operation) for operation in OPERATIONS.values())


def row(operation: Operation) -> str:
    """One operation: how sure its path is, and how many of its items have which evidence."""
    cells = (
        f"`{operation.id}`",
        f"`{operation.method.upper()} {operation.path}`",
        operation.evidence,
        tally(parameter.evidence for parameter in operation.parameters),
        tally(prop.evidence for prop in properties(operation.body)),
        tally(prop.evidence for prop in properties(operation.response)),
    )
    return f"| {' | '.join(cells)} |\n"


def tally(marks: Iterable[str]) -> str:
    """Count marks, the strongest evidence first."""
    counts = Counter(marks)
    return ", ".join(f"{counts[mark]} {mark}" for mark in STRENGTH if counts[mark]) or "none"


def properties(model: str, seen: frozenset[str] = frozenset()) -> list[Property]:
    """All properties of a model and of the models inside it."""
    if model in seen or model not in MODELS:
        return []
    own = MODELS[model]
    return [*own, *(inner for prop in own for inner in properties(prop.model, seen | {model}))]


def refreshed(text: str) -> str:
    """Put the table between the markers of a document."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{README.name} lacks the markers {BEGIN.strip()} and {END.strip()}")
    return f"{before}{begin}{table()}{end}{after}"


def main() -> int:
    """Refresh the README, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the table is stale")
    check = parser.parse_args().check
    text = README.read_text("utf-8")
    fresh = refreshed(text)
    if fresh == text:
        return 0
    if check:
        print("README.md does not show the spec's evidence as it is now: run `make docs`.", file=sys.stderr)
        return 1
    README.write_text(fresh, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
