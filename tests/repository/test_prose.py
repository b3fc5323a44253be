"""Names are unique and in the words of the field, and docstrings are plain sentences."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from repository.tree import place, python_files, syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBORDINATE = re.compile(r"(What|Whether|How|Where|Which|Who|Whoever|That)\b")
OVERLAY = python_files("overlay")


def repeated(names: Iterator[str]) -> list[str]:
    """The names that occur more than once."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


@pytest.mark.parametrize("folder", ["sandbox", "scripts", "tools", "examples", "benchmarks"])
def test_docstrings_begin_with_what_a_thing_is_or_does(folder: str) -> None:
    """No docstring begins with a word that opens a question or a subordinate clause."""
    odd = [
        place(path, node.body[0].lineno)
        for path in python_files(folder)
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and SUBORDINATE.match(ast.get_docstring(node) or "")
    ]
    assert odd == []


def test_names_of_modules_are_unique() -> None:
    """No two modules of the overlay have one name."""
    assert repeated(path.stem for path in OVERLAY if not path.stem.startswith("__")) == []
