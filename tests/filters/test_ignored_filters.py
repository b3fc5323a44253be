"""Fault 66: a server that ignores a filter is found out by the rows that it sends."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from metrics24 import FilterIgnoredWarning, field
from metrics24.filters import Filter
from support.lanes import LANES
from support.running import RANGE, Running, collect
from support.scripted import Serve
from support.tables import Table, row


def spelled(value: object) -> str:
    """Name a test by what its filter looks like on the wire."""
    return "&".join("=".join(pair) for pair in value.params()) if isinstance(value, Filter) else str(value)


STATUSES = ("approved", "rejected", "processing")
ROWS = [row(number, status=STATUSES[number % 3], payout=number) for number in range(30, 0, -1)]
IGNORED = [
    (field("status").eq("rejected"), 20),
    (field("status").any_of("rejected", "approved"), 10),
    (field("payout").gte(25), 24),
    (field("payout").lte(5), 25),
    (field("payout").eq("12"), 29),
    (field("status").eq("rejected") & field("payout").gte(25), 28),
]
SILENT = [
    field("country").eq("NL"),
    field("status").op("like", "rej%"),
    field("payout").gte(1) & field("payout").lte(30),
    field("status").any_of(*STATUSES),
    field("no.such.path").lte(3),
]


@pytest.mark.parametrize(("condition", "contradicting"), IGNORED, ids=spelled)
@pytest.mark.parametrize("lane", ["models", "records", "pages", "jsonl", "csv", "parquet"])
def test_fault_66_ignored_filters_warn_once_with_the_count(
    run: Running, serve: Serve, tmp_path: Path, *, condition: Any, contradicting: int, lane: str
) -> None:
    """Rows that contradict a filter, over several pages, give one warning with their number, in every lane."""
    client = run.client(serve(Table(ROWS)))
    with pytest.warns(FilterIgnoredWarning) as warned:
        LANES[lane](run, client.reports.conversions("int1", filter=condition, page_size=7, **RANGE), tmp_path)
    assert len(warned) == 1
    assert re.search(rf"\b{contradicting}\b", str(warned[0].message))


@pytest.mark.parametrize("count", [7, 99])
def test_fault_66_rows_are_delivered_and_giving_up_warns_too(run: Running, serve: Serve, count: int) -> None:
    """Everything that the server sent is delivered, and stopping after a few rows still warns of the filter."""
    reports = run.client(serve(Table(ROWS))).reports
    rows = reports.conversions("int1", filter=field("status").eq("x"), page_size=5, **RANGE)
    with pytest.warns(FilterIgnoredWarning) as warned:
        found = run.take(rows.records(), count)
    assert (found, len(warned)) == (ROWS[:count], 1)


@pytest.mark.parametrize("condition", SILENT, ids=spelled)
def test_fault_66_filters_that_cannot_be_judged_stay_silent(run: Running, serve: Serve, condition: Any) -> None:
    """Columns that rows do not carry, unknown operators, and filters that hold give no warning."""
    server = serve(Table(ROWS))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = collect(run, run.client(server).reports.conversions("int1", filter=condition, **RANGE))
    assert len(rows) == 30
    assert set(condition.params()) <= set(server.requests[0].query)
