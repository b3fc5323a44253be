"""The repository as its own tests see it: the files under version control, and their syntax trees."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
HAND_WRITTEN = ("overlay", "sandbox", "scripts", "tests", "tools", "examples", "benchmarks")


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that git tracks or would track, so that a new file is judged before it is committed."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git has no fixed place
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(path for name in sorted(filter(None, listing.split("\0"))) if (path := ROOT / name).is_file())


def python_files(*folders: str) -> tuple[Path, ...]:
    """The Python files below some of the repository's top folders."""
    return tuple(
        path for path in tracked_files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders
    )


@cache
def syntax_tree(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module, at any depth."""
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def string_literals(path: Path) -> Iterator[ast.Constant]:
    """Every string of a module, pieces of f-strings included, docstrings not."""
    tree = syntax_tree(path)
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node


def place(path: Path, line: int) -> str:
    """A file and a line, as editors understand them."""
    return f"{path.relative_to(ROOT)}:{line}"
