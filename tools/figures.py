"""Print how large the code is and how far a call travels: python tools/figures.py [another tree of this repository]."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
QUESTION = re.compile(r"(What|Whether|How|Where|Which|Who|Whoever|That)\b")
PROSE = ("overlay", "sandbox", "tests", "tools", "scripts", "benchmarks", "examples")


def files(folder: str) -> list[Path]:
    """The Python files below a folder of the tree."""
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def lines(paths: list[Path]) -> int:
    """The number of lines of some files."""
    return sum(len(path.read_text("utf-8").splitlines()) for path in paths)


def docstrings(paths: list[Path]) -> Iterator[str]:
    """Every docstring of some files."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield ast.get_docstring(node) or ""


def twice(names: Iterator[str]) -> int:
    """The number of names that occur more than once."""
    return sum(count > 1 for count in Counter(names).values())


def travelled() -> tuple[int, int, int]:
    """Count the calls, files and changes of file between a method of a warm client and the first request it sends."""
    sys.path[:0] = [str(ROOT / "overlay"), str(ROOT / "generated")]
    import httpx

    import metrics24

    entered: list[str] = []
    own = tuple(str(ROOT / folder) for folder in ("overlay/metrics24/", "generated/metrics24_api/"))

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(own):
            entered.append(frame.f_code.co_filename)

    def respond(_: httpx.Request) -> httpx.Response:
        sys.setprofile(None)
        return httpx.Response(200, json={"data": {"data": [], "pageInfo": {"hasNextPage": False}}})

    with metrics24.Client(api_key="k", base_url="https://localhost", transport=httpx.MockTransport(respond)) as client:
        accepted = metrics24.field("status").eq("approved")
        for _ in range(3):
            entered.clear()
            sys.setprofile(profile)
            try:
                list(client.reports.conversions("int_1", start="2025-02-01", end="2025-02-27", filter=accepted))
            finally:
                sys.setprofile(None)
    jumps = sum(one != other for one, other in pairwise(entered))
    return len(entered), len(set(entered)), jumps


def main() -> None:
    """Print all figures."""
    overlay = files("overlay")
    trees = [ast.parse(path.read_text("utf-8")) for path in overlay]
    classes = (node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    modules = (path.stem for path in overlay if not path.stem.startswith("__"))
    calls, entered, jumps = travelled()
    figures = {
        "overlay, modules": len(overlay),
        "overlay, lines": lines(overlay),
        "tests, lines": lines(files("tests")),
        "calls of our own up to the wire": calls,
        "files of our own entered up to the wire": entered,
        "jumps between files up to the wire": jumps,
        "docstrings of the overlay that begin with a question word": sum(map(is_question, docstrings(overlay))),
        "docstrings that begin with a question word": sum(
            map(is_question, docstrings([path for folder in PROSE for path in files(folder)]))
        ),
        "class names that occur twice": twice(classes),
        "module names that occur twice": twice(modules),
    }
    sys.stdout.writelines(f"{name:60}{value:>8,}\n" for name, value in figures.items())


def is_question(docstring: str) -> bool:
    """True if a docstring begins with a word that starts a question or a subordinate clause."""
    return QUESTION.match(docstring) is not None


if __name__ == "__main__":
    main()
