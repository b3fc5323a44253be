"""The profile that serves columns which the spec has never heard of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metrics24_sandbox.spec import find_property
from sandbox.calls import DAY, MAIN, SPEC

if TYPE_CHECKING:
    from sandbox.conftest import Start

REPORTS = ("getClickReport", "getConversionReport", "getImpressionReport")


@pytest.mark.parametrize("operation", REPORTS)
def test_rows_carry_columns_that_the_spec_does_not_know(start: Start, operation: str) -> None:
    """With unknown columns each table has the same strange columns, of several types, beside the usual ones."""
    rows, _ = start(unknown_columns=True).page(operation)
    item = SPEC.operations[operation].item
    strange = [{name: row[name] for name in row if find_property(item, name) is None} for row in rows]
    assert {*strange[0], "trail"} == set().union(*strange)
    assert {type(value) for row in strange for value in row.values()} == {str, int, float, bool, list, dict, type(None)}
    assert all(row["offer"] for row in rows)


def test_the_columns_are_optional_in_every_way(start: Start) -> None:
    """One of the columns is absent from some rows and another one is null in some, never in all."""
    rows, _ = start(unknown_columns=True).page()
    assert 0 < sum("trail" in row for row in rows) < len(rows)
    assert 0 < sum(row["handset"] is None for row in rows) < len(rows)


def test_table_and_look_up_agree(start: Start) -> None:
    """A click that is looked up has the very columns that its row has in the table."""
    call = start(unknown_columns=True)
    row = call.page("getClickReport")[0][0]
    keys = {name: row[name] for name in ("offer", "publisher", "tx_id")}
    query = {"integration_id": MAIN, "request_date": DAY["start_date"], **keys}
    assert call.data("getClick", query) == row


def test_nothing_strange_is_served_unasked(start: Start) -> None:
    """The profile changes no other column, and without it rows are as they always were."""
    usual, strange = start().page()[0], start(unknown_columns=True).page()[0]
    assert all(usual[place].items() <= strange[place].items() for place in range(len(usual)))
    assert "handset" not in usual[0]
