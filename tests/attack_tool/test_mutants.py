"""The mistakes that `make attack` puts into the code are real ones, and the tests notice a sample of them."""

from __future__ import annotations

import ast

import pytest

from attack.mutants import mutants, mutated
from attack.mutation import attack, report

pytestmark = pytest.mark.slow

SOURCE = '''
from __future__ import annotations
MOST = 3
def small(number: int = 7) -> bool:
    """Say whether it is small."""
    if number < MOST and not number == 2:
        raise ValueError("it is a small number")
    return number * 2 > 1
'''
CHANGES = [
    "3 -> 4",
    "number < MOST and (not number == 2) -> number < MOST or not number == 2",
    "number < MOST and (not number == 2) -> not (number < MOST and (not number == 2))",
    "number < MOST -> number <= MOST",
    "not number == 2 -> number == 2",
    "number == 2 -> number != 2",
    "2 -> 3",
    "raise ValueError('it is a small number') -> pass",
    "return number * 2 > 1 -> return None",
    "number * 2 > 1 -> number * 2 >= 1",
    "number * 2 -> number + 2",
    "2 -> 3",
    "1 -> 2",
]


def test_a_mutant_is_one_change() -> None:
    """Each operator, constant, condition, return and raise is changed by itself; types, defaults and prose are not."""
    assert [each.change for each in mutants(SOURCE)] == CHANGES
    whole = ast.unparse(ast.parse(SOURCE))
    changed = [ast.unparse(mutated(SOURCE, number)[0]) for number in range(len(CHANGES))]
    assert len({whole, *changed}) == len(CHANGES) + 1


def test_the_tests_notice_mistakes() -> None:
    """Of a sample of mistakes in filters each one fails a test, in a copy of the repository."""
    result = attack(["filters.py"], minutes=1, seed=24, most=10, tests=("tests/filters/test_filters*.py",))
    assert [each["change"] for each in result["verdicts"] if each["verdict"] == "survived"] == []
    assert len(result["verdicts"]) == 10
    assert "10 of" in report(result)


def test_a_constant_changes_in_the_modules_that_import_it() -> None:
    """A wrong name of the cursor's field is noticed by the tests of a module that imports it."""
    tests = ("tests/parallel/test_shards.py",)
    result = attack(["_core/pagination.py"], minutes=1, seed=24, tests=tests, function="")
    verdicts = {each["change"]: each["verdict"] for each in result["verdicts"]}
    assert verdicts["'real_tx_id' -> 'real_tx_id~'"] == "killed"


def test_tests_that_fail_by_themselves_notice_nothing() -> None:
    """A test that fails although nothing was changed is named and not used, so that no mutant counts as noticed."""
    tests = ("tools/attack/programs/passes_once.py",)
    result = attack(["filters.py"], minutes=1, seed=24, most=1, tests=tests)
    assert [each["verdict"] for each in result["verdicts"]] == ["survived"]
    assert f"not used, since it fails as things are: {tests[0]}::test_that_passes_once" in report(result)
