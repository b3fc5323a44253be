"""The doctor and the last day of a range, which a server may count or not: the documentation does not say."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from speccheck.conftest import WEEK, Doctor

HERE = ("--integration", "acmeshop01", "--json")
TODAY = "2025-02-20T15:30:00"


def small(**options: object) -> SandboxOptions:
    """A sandbox that has few rows and stands still in time."""
    few = {"conversions_per_day": 60, "clicks_per_day": 60, "impressions_per_day": 60}
    return SandboxOptions(**{"now": TODAY, **few, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("end_date", ["exclusive", "midnight"])
def test_a_last_day_that_does_not_count_is_a_note(doctor: Doctor, end_date: str) -> None:
    """A server that leaves the last day out, or all but its first moment, gets a note that says how to pull it."""
    behaviour = Behaviour(end_date=end_date)  # type: ignore[arg-type]
    with Sandbox(small(behaviour=behaviour)) as box:
        ended = doctor(box, *HERE, *WEEK)
    found = ended.named("last day")
    assert (ended.code, found["verdict"]) == (0, "note")
    assert found["summary"].startswith("does not count: from S to E gives no rows of day E")
    assert [each.partition(":")[0] for each in found["remedy"]] == [
        "metrics24 pull -o",
        "metrics24 pull --by-day",
        "in Python",
    ]


@pytest.mark.parametrize(
    ("options", "days", "requested"),
    [
        ({}, WEEK, [("2025-02-01", "2025-02-07"), ("2025-02-07", "2025-02-07")]),
        (
            {"utc_offset": 14 * 60, "now": "2025-02-07T15:30:00"},
            WEEK,
            [("2025-02-01", "2025-02-07"), ("2025-02-08", "2025-02-08"), ("2025-02-07", "2025-02-07")],
        ),
        ({}, ("--start", "2025-02-03"), [("2025-02-03", "2025-02-03")]),
    ],
    ids=["a week", "rows that write the day of another zone", "a single day"],
)
def test_a_last_day_that_counts_costs_few_requests(
    doctor: Doctor, options: dict[str, object], days: tuple[str, ...], requested: list[tuple[str, str]]
) -> None:
    """The newest day with rows is requested alone, and the days beside it if rows may write another day than theirs."""
    with Sandbox(small(**options)) as box:
        assert doctor(box, *HERE, *days).verdicts["last day"] == "works"
        queries = [dict(parse_qsl(each.query)) for each in box.requests if each.operation == "getClickReport"]
    assert [(each["start_date"], each["end_date"]) for each in queries] == requested
