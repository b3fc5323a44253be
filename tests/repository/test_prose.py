"""Names are unique and in the words of the field, and docstrings are plain sentences."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from repository.tree import HAND_WRITTEN, place, python_files, syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBORDINATE = re.compile(r"(What|Whether|How|Where|Which|Who|Whoever|That)\b")
WORD = re.compile(r"[A-Z][a-z]+|[A-Z]+(?![a-z])")
DIALECT = {"Answer", "Cells", "Census", "Desk", "Fan", "Glimpse", "Hand", "Lens", "Outline", "Prospect", "Shelf"}
DIALECT |= {"Stretch", "Verbatim", "Walk", "Witness"}
PUBLIC = {"UnexpectedAnswerWarning"}  # a name that users know
OVERLAY = python_files("overlay")


def classes(*folders: str) -> Iterator[tuple[str, str]]:
    """Place and name of every class."""
    for path in python_files(*folders):
        for node in ast.walk(syntax_tree(path)):
            if isinstance(node, ast.ClassDef):
                yield place(path, node.lineno), node.name


def repeated(names: Iterator[str]) -> list[str]:
    """The names that occur more than once."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


@pytest.mark.parametrize("folder", HAND_WRITTEN)
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


def test_classes_are_named_in_the_words_of_the_field() -> None:
    """No class has a word of the dialect that CONTRIBUTING.md's glossary replaced."""
    named = [(where, name) for where, name in classes(*HAND_WRITTEN) if name not in PUBLIC]
    assert [f"{where}: {name}" for where, name in named if DIALECT & set(WORD.findall(name))] == []


def test_names_of_classes_are_unique() -> None:
    """No two classes of the overlay have one name."""
    assert repeated(name for _, name in classes("overlay")) == []


def test_names_of_modules_are_unique() -> None:
    """No two modules of the overlay have one name."""
    assert repeated(path.stem for path in OVERLAY if not path.stem.startswith("__")) == []
