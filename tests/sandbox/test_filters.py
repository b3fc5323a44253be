"""Filters on tables, lists and objects: one mechanism everywhere."""

from collections.abc import Callable
from typing import Any

import pytest

from metrics24_sandbox import conditions
from metrics24_sandbox.conditions import Condition
from sandbox.calls import DAY, Caller, Json

THING: Json = {
    "name": "a_b",
    "total": 7,
    "payout": 2.5,
    "active": True,
    "none": None,
    "tags": ["red", "blue"],
    "meta": {"total": 100, "offers": {"values": ["o1", "o2"]}},
    "extra": [{"name": "campaign", "value": "x"}],
}


@pytest.mark.parametrize(
    ("key", "values", "holds"),
    [
        ("filter[name]", ["a_b"], True),
        ("filter[name]", ["A_B"], False),
        ("filter[name][eq]", ["no", "a_b"], True),
        ("filter[name]", ["no,a_b"], True),
        ("filter[total]", ["7"], True),
        ("filter[total]", ["7.0"], True),
        ("filter[total][gte]", ["7"], True),
        ("filter[total][gte]", ["10"], False),
        ("filter[total][gt]", ["7"], False),
        ("filter[total][lt]", ["10"], True),
        ("filter[payout][lte]", ["2.5"], True),
        ("filter[active]", ["true"], True),
        ("filter[active]", ["false"], False),
        ("filter[none]", [""], False),
        ("filter[absent][lte]", ["1"], False),
        ("filter[tags]", ["blue"], True),
        ("filter[meta.total][gte]", ["100"], True),
        ("filter[meta.offers.values]", ["o3", "o2"], True),
        ("filter[meta.offers.values]", ["o3"], False),
        ("filter[extra.value]", ["x"], True),
        ("filter[name][like]", ["A%"], True),
        ("filter[name][like]", ["a__"], True),
        ("filter[name][like]", ["%c"], False),
    ],
)
def test_a_condition_holds_or_not(key: str, values: list[str], holds: bool) -> None:
    """Equality, order, patterns, dots, lists and alternatives mean what they say; null and absence meet nothing."""
    assert conditions.read(key, values).holds(THING) is holds


def test_a_condition_is_read_into_its_parts() -> None:
    """Name, operator and values are taken apart; the operator is `eq` when left out."""
    assert conditions.read("filter[a.b]", ["1", "2,3"]) == Condition("a.b", "eq", ("1", "2", "3"))
    assert conditions.read("filter[a.b][gte]", ["1"]) == Condition("a.b", "gte", ("1",))


@pytest.mark.parametrize(
    ("query", "keeps"),
    [
        ({"filter[status]": "rejected"}, lambda row: row["status"] == "rejected"),
        ({"filter[rejection]": ["VPN", "BOT"]}, lambda row: row["rejection"] in ("VPN", "BOT")),
        ({"filter[rejection]": "VPN,BOT"}, lambda row: row["rejection"] in ("VPN", "BOT")),
        ({"filter[payout][gte]": "10", "filter[payout][lte]": "20"}, lambda row: 10 <= row["payout"] <= 20),
        (
            {"filter[country]": "DE", "filter[is_bot]": "false"},
            lambda row: row["country"] == "DE" and not row["is_bot"],
        ),
        (
            {"filter[conversion_time][gte]": "2025-02-03 12:00:00"},
            lambda row: row["conversion_time"] >= "2025-02-03 12",
        ),
        ({"filter[offer][like]": "b%"}, lambda row: row["offer"].startswith("B")),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_a_filtered_table_holds_just_the_rows_that_fit(call: Caller, query: Json, keeps: Callable[[Json], Any]) -> None:
    """Filtering while paging gives what filtering afterwards would have given."""
    everything = call.rows()
    kept = [row for row in everything if keeps(row)]
    assert call.rows(**query, size=7) == kept
    assert 0 < len(kept) < len(everything)


def test_a_filter_can_be_ignored_on_purpose(call: Caller) -> None:
    """With the header, the sandbox accepts a filter and answers as if it had not been sent."""
    query = {**DAY, "page[size]": 20, "filter[status]": "rejected"}
    ignored = call.data("getConversionReport", query, headers={"X-Sandbox-Filters": "ignore"})["data"]["data"]
    assert ignored == call.page(size=20)[0]
    assert any(row["status"] == "approved" for row in ignored)
