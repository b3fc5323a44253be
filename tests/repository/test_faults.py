"""Every known fault has a test that names it."""

from __future__ import annotations

import re

from repository.tree import functions, python_files

LAST = 67
NAMED = re.compile(r"_fault((?:_\d\d)+)(?:_|$)")


def test_every_fault_has_a_test_that_names_it() -> None:
    """Each number of the fault catalogue stands in the name of a test, and no other number does."""
    named = {
        int(number)
        for path in python_files("tests")
        for function in functions(path)
        if function.name.startswith("test_") and (found := NAMED.search(function.name))
        for number in found[1].split("_")[1:]
    }
    assert {*range(1, LAST + 1)} == named
