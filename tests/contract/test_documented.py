"""The literal examples of the API's documentation, written by hand, are asked and read as it says."""

from pathlib import Path
from typing import Any

import pytest

from contract import cassettes
from contract.scrubbing import API_HOST, KEY
from metrics24 import field
from support.running import Running, collect

FOLDER = cassettes.FOLDER / "documented"
BASE_URL = f"https://{API_HOST}"


def test_pages_of_the_conversion_table(run: Running) -> None:
    """The client asks for both documented pages as they are written, and reads the documented responses."""
    with cassettes.replaying(FOLDER / "conversion_table.yaml") as cassette:
        reports = run.client(BASE_URL, api_key=KEY).reports
        rows = reports.conversions("{integrationID}", start="2025-02-01", end="2025-02-27", page_size=25)
        pages = collect(run, rows.by_page())
    assert [[row["real_tx_id"] for row in page.records] for page in pages if page.records] == [
        ["ABC", "............", "XYZ"],
        ["{startCursor}", "............", "{endCursor}"],
    ]
    assert [(page.start_cursor, page.end_cursor, page.has_next) for page in pages[:2]] == [
        ("ABC", "XYZ", True),
        ("{startCursor}", "{endCursor}", True),
    ]
    assert cassette.all_played


def test_numbered_pages_filters_and_sorting(run: Running) -> None:
    """The client asks for the documented pages, filters and order as they are written, and reads their meta."""
    with cassettes.replaying(FOLDER / "numbered_pages.yaml") as cassette:
        client = run.client(BASE_URL, api_key=KEY, routes={"listExports": ("GET", "/api/v2/coffees")})
        [first] = run.take(client.exports.list().by_page(), 1)
        second = run.result(first.next_page())
        wanted = field("outer_field.inner_field").eq("value") & field("field_name").op("operator", "value")
        narrowed: Any = client.exports.list(filter=wanted, sort=["-type", "name"], page_size=1)
        chosen = collect(run, narrowed)
    assert [export.id for export in (*first.items, *second.items, *chosen)] == ["espresso", "lungo", "ristretto"]
    assert first.total == 1000
    assert first.has_next
    assert cassette.all_played


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_fixture_says_that_it_was_written_by_hand(path: Path) -> None:
    """A documented example cannot be mistaken for a recording."""
    assert path.read_text("utf-8").startswith("# Written by hand: the literal example of the API's documentation")
