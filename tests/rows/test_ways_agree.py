"""Rows come as dicts, as models or into files, and are decoded otherwise each time: faults show in all of them."""

from pathlib import Path
from typing import Any

import pytest

from metrics24 import PaginationError, UnexpectedAnswerWarning
from support import programs
from support.running import RANGE, Running, collect
from support.scripted import Serve, Step, in_turn
from support.tables import Row, page, row

WAYS = ["models", "records", ".jsonl", ".csv", ".parquet"]


def through(run: Running, serve: Serve, folder: Path, way: str, *pages: Step) -> int:
    """Go through pages in one way, and count the rows."""
    rows: Any = run.client(serve(in_turn(*pages))).reports.clicks("int1", **RANGE)
    if way.startswith("."):
        return int(run.result(rows.save(folder / f"rows{way}")).rows)
    return len(collect(run, rows if way == "models" else rows.records()))


def odd(number: int, **columns: object) -> Row:
    """Give a row with a field that the spec does not know."""
    return row(number, zzz=number, **columns)


REPEATED = {
    "the cursor's row is counted in": [
        page([odd(9), row(8)], more=True),
        page([row(8), odd(7)], more=True),
        page([row(6)]),
    ],
    "an early page comes again": [
        page([row(9), odd(8)], more=True),
        page([row(7), row(6)], more=True),
        page([row(9), odd(8)], more=True, endCursor="q"),
        page([row(5)]),
    ],
    "a page comes again after fields were added": [
        page([], more=True, endCursor="e"),
        page([row(9), row(8)], more=True),
        page([odd(7)], more=True),
        page([row(9), row(8)], more=True, endCursor="q"),
        page([row(6)]),
    ],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("repeated", REPEATED)
def test_rows_that_come_again_are_noticed(run: Running, serve: Serve, tmp_path: Path, way: str, repeated: str) -> None:
    """A row that only some fields tell from others is not taken twice, whatever it is decoded into."""
    with pytest.raises(PaginationError):
        through(run, serve, tmp_path, way, *REPEATED[repeated])
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("wrong", ["text", 5, {"name": "a"}, "", 0, False, {}, [{"name": 3}]])
@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_type_is_warned_of_once(run: Running, serve: Serve, tmp_path: Path, way: str, wrong: object) -> None:
    """A value that is not documented may have another type: it is kept, with one warning, on any page."""
    pages = [page([row(9)], more=True), page([row(8, extra_parameters=wrong), row(7, extra_parameters=wrong)])]
    with pytest.warns(UnexpectedAnswerWarning, match="extra_parameters") as caught:
        assert through(run, serve, tmp_path, way, *pages) == 3
    assert len(caught) == 1


@pytest.mark.slow
@pytest.mark.parametrize("lane", ["records", "models"])
@pytest.mark.parametrize(("mode", "rows"), [("sync", 500_000), ("async", 50_000)])
def test_reading_many_rows_takes_the_memory_of_a_few(lane: str, mode: str, rows: int) -> None:
    """After the first pages the process grows by a few MiB at most, as models and as records."""
    seen, grown = programs.output("walking", lane, mode, str(rows), timeout=120)[-1].split()
    assert int(seen) == rows
    assert float(grown) < 8.0  # MiB; half a million rows are hundreds of them
