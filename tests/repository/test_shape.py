"""Files, functions and tests keep the shape that makes them easy to read."""

from __future__ import annotations

import ast

from repository.tree import HAND_WRITTEN, functions, place, python_files

LINES_PER_FILE = 250
LINES_PER_FUNCTION = 40


def test_no_file_is_too_long_to_be_read_in_one_go() -> None:
    """No hand-written module has more than 250 lines."""
    lengths = {place(path, 1): len(path.read_text("utf-8").splitlines()) for path in python_files(*HAND_WRITTEN)}
    assert {where: lines for where, lines in lengths.items() if lines > LINES_PER_FILE} == {}


def test_no_function_is_too_long_to_be_understood() -> None:
    """No hand-written function has more than 40 lines, its docstring and signature included."""
    lengths = {
        place(path, function.lineno): (function.end_lineno or function.lineno) - function.lineno + 1
        for path in python_files(*HAND_WRITTEN)
        for function in functions(path)
    }
    assert {where: lines for where, lines in lengths.items() if lines > LINES_PER_FUNCTION} == {}


def test_every_test_states_its_claim_in_one_sentence() -> None:
    """Each test function's docstring is one sentence that ends in a full stop."""
    silent = [
        place(path, function.lineno)
        for path in python_files("tests")
        if path.name.startswith("test_")
        for function in functions(path)
        if function.name.startswith("test_") and not is_one_sentence(ast.get_docstring(function))
    ]
    assert silent == []


def is_one_sentence(docstring: str | None) -> bool:
    """One paragraph, ending in a full stop, with no other sentence before it."""
    text = (docstring or "").strip()
    return text.endswith(".") and "\n\n" not in text and ". " not in text.replace("e.g. ", "").replace("\n", " ")
