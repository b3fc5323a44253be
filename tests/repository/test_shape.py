"""Every test says in one sentence what it claims. How complex a function may be is up to ruff (C901, PLR09)."""

from __future__ import annotations

import ast

from repository.tree import functions, place, python_files


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
