"""Rows that contradict a filter, and rows that only seem to."""

import warnings
from decimal import Decimal
from typing import Any

import pytest

from metrics24._core.pagination import FilterAudit, contradicts
from metrics24.filters import Filter, field

VERDICTS: list[tuple[Filter, dict[str, Any], bool]] = [
    (field("a").eq("x"), {"a": "x"}, False),
    (field("a").eq("x"), {"a": "X"}, False),
    (field("a").eq("x"), {"a": "y"}, True),
    (field("a").eq("x"), {}, False),
    (field("a").eq("x"), {"a": None}, False),
    (field("a").eq("x"), {"a": ["y"]}, False),
    (field("a").eq("x"), {"a": {"b": "y"}}, False),
    (field("a").eq(1), {"a": 1}, False),
    (field("a").eq(1), {"a": "1.0"}, False),
    (field("a").eq("1"), {"a": 2}, True),
    (field("a").eq(Decimal("1.50")), {"a": 1.5}, False),
    (field("a").eq(True), {"a": True}, False),
    (field("a").eq(True), {"a": False}, True),
    (field("a").eq(1), {"a": True}, True),
    (field("a").eq("x"), {"a": float("nan")}, False),
    (field("a").any_of("x", "y"), {"a": "y"}, False),
    (field("a").any_of("x", "y"), {"a": "z"}, True),
    (field("a").eq("x,y"), {"a": "x,y"}, False),
    (field("a").eq("x,y"), {"a": "x"}, False),
    (field("a").eq("x, y"), {"a": "Y"}, False),
    (field("a").eq("x,y"), {"a": "z"}, True),
    (field("a").any_of("w", "1,2"), {"a": 2}, False),
    (field("a").gte(5), {"a": 5}, False),
    (field("a").gte(5), {"a": "4.9"}, True),
    (field("a").lte(5), {"a": 5}, False),
    (field("a").lte(5), {"a": 6}, True),
    (field("a").lte(5), {"a": True}, False),
    (field("a").lte(5), {"a": float("inf")}, False),
    (field("a").gte("2025-02-01"), {"a": "2024-01-01"}, False),
    (field("a").op("like", "x%"), {"a": "y"}, False),
    (field("a.b").eq("x"), {"a": {"b": "y"}}, True),
    (field("a.b").eq("x"), {"a.b": "y"}, True),
    (field("a.b").eq("x"), {"a": {}}, False),
    (field("a.b").eq("x"), {"a": "y"}, False),
]


@pytest.mark.parametrize(("condition", "row", "verdict"), VERDICTS)
def test_only_what_surely_contradicts_counts(condition: Filter, row: dict[str, Any], verdict: bool) -> None:
    """A row contradicts a condition if it carries the column, comparably, and breaks it; in doubt it does not."""
    assert contradicts(row, condition.conditions[0]) is verdict


@pytest.mark.parametrize("condition", [None, field("a").eq("x")])
def test_nothing_is_reported_where_nothing_contradicts(condition: Filter | None) -> None:
    """Without a filter, and with one that holds, there is no warning."""
    audit = FilterAudit(condition)
    audit.check([{"a": "y" if condition is None else "x"}])
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        audit.report()
    assert warned == []


def test_each_report_counts_what_was_seen_since_the_last() -> None:
    """The warning has both numbers and the column, and rows that were reported are not counted again."""
    audit, said = FilterAudit(field("status").eq("x")), list[list[str]]()
    for statuses in ("yxz", "x", "y"):
        audit.check([{"status": status} for status in statuses])
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            audit.report()
        said.append([str(each.message) for each in warned])
    assert [len(each) for each in said] == [1, 0, 1]
    assert "the filter: 2 of 3 rows contradict it (status)." in said[0][0]
    assert "the filter: 1 of 1 rows contradict it (status)." in said[2][0]
