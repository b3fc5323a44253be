"""Methods that end a chain return what they say, with Client and with AsyncClient."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from metrics24 import UsageError
from support.running import Running

RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-02", "page_size": 2}
ROWS = [{"real_tx_id": str(number)} for number in range(5)]
ORIGIN = "http://127.0.0.1:9"


def respond(request: httpx.Request) -> httpx.Response:
    """Serve five rows in pages of two, or three filter groups in pages of one."""
    params = request.url.params
    if "page[number]" in params or "filter-groups" in request.url.path:
        number = int(params.get("page[number]", "1"))
        body: Any = {"data": [{"id": f"g{number}"}], "meta": {"total_count": 3, "total_page": 3}}
        return httpx.Response(200, content=json.dumps(body))
    rows = [] if "int0" in str(request.url) else ROWS
    begin = int(params.get("page[after]", -1)) + 1
    page = rows[begin : begin + 2]
    end = page[-1]["real_tx_id"] if page else None
    info = {"startCursor": end, "endCursor": end, "hasPreviousPage": False, "hasNextPage": begin + 2 < len(rows)}
    return httpx.Response(200, content=json.dumps({"data": {"data": page, "pageInfo": info}}))


@pytest.fixture
def client(run: Running) -> Any:
    """A client whose responses are made on the spot."""
    return run.client(ORIGIN, transport=httpx.MockTransport(respond))


def test_first_is_the_newest_row_or_none(run: Running, client: Any) -> None:
    """first() gives the first row of a table, and None of an empty one."""
    assert run.result(client.reports.clicks("int1", **RANGE).first()).real_tx_id == "0"
    assert run.result(client.reports.clicks("int0", **RANGE).first()) is None


def test_saving_tells_of_each_page_and_gives_what_was_saved(run: Running, client: Any, tmp_path: Path) -> None:
    """save() calls on_progress after each page, and returns the path, the rows and the bytes."""
    seen: list[tuple[int, str]] = []
    rows = client.reports.clicks("int1", **RANGE)
    saved = run.result(rows.save(tmp_path / "a.jsonl", on_progress=lambda each: seen.append((each.rows, each.cursor))))
    assert seen == [(2, "1"), (4, "3"), (5, "4")]
    assert (saved.path, saved.rows, saved.bytes) == (tmp_path / "a.jsonl", 5, (tmp_path / "a.jsonl").stat().st_size)


def test_columns_are_those_of_the_spec_or_left_out(run: Running, client: Any, tmp_path: Path) -> None:
    """Any other word for columns is a UsageError, and no file is begun."""
    with pytest.raises(UsageError, match="columns"):
        run.result(client.reports.clicks("int1", **RANGE).save(tmp_path / "a.csv", columns="all"))
    assert [*tmp_path.iterdir()] == []


def test_pages_of_lists_lead_to_one_another(run: Running, client: Any) -> None:
    """next_page() and previous_page() of a list's page give its neighbours, and None beyond the ends."""
    pages: list[Any] = []
    run.visit(client.filter_groups.list("int1", page_size=1).by_page(), pages.append)
    ids = [[group.id for group in page.items] for page in pages]
    assert ids == [["g1"], ["g2"], ["g3"]]
    assert [group.id for group in run.result(pages[0].next_page()).items] == ["g2"]
    assert [group.id for group in run.result(pages[2].previous_page()).items] == ["g2"]
    assert run.result(pages[2].next_page()) is None
    assert run.result(pages[0].previous_page()) is None


@pytest.mark.parametrize("frames", ["polars", "pandas"])
def test_a_missing_library_is_named(run: Running, client: Any, monkeypatch: pytest.MonkeyPatch, frames: str) -> None:
    """Without Polars or pandas, its data frame is a UsageError that says what to install."""
    monkeypatch.setitem(sys.modules, frames, None)
    with pytest.raises(UsageError, match=rf"pip install 'metrics24\[{frames}\]'"):
        run.result(getattr(client.reports.clicks("int1", **RANGE), f"to_{frames}")())


def test_a_plan_covers_the_days_that_were_asked_for(run: Running, client: Any) -> None:
    """exports.plan() gives exports from the first day to the last, and what it reckons with."""
    days = {name: date.fromisoformat(RANGE[name]) for name in ("start", "end")}
    plan = run.result(client.exports.plan("clicks", "int1", **days))
    assert (plan.exports[0].start, plan.exports[-1].end) == (days["start"], days["end"])
    assert plan.rows_per_day > 0
