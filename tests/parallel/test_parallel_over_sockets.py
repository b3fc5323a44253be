"""Fault 29: several days at once give exactly the rows of one paginator, in its order, over real connections."""

import threading
import time
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from metrics24 import FilterIgnoredWarning, field
from support import steps
from support.days import READINGS, Days, asked_for, at, numbered, row
from support.lanes import LANES, read_back
from support.running import Running, collect
from support.scripted import Received, Serve, Step
from support.tables import Row

PROMPT = 0.2  # seconds
LAST = 7
LARGE, EMPTY = 3, (1, 5)


@cache
def hostile() -> tuple[tuple[datetime, Row], ...]:
    """Give a table with everything that fault 29 names."""
    rows = [(at(LARGE, 8 * number), row(at(LARGE, 8 * number), f"large{number}")) for number in range(10_000)]
    for day in (each for each in range(-1, LAST + 2) if each not in (LARGE, *EMPTY)):
        moments = [at(day, second) for second in (1, 1, 40_000, 40_000, 86_399)]
        rows += [(each, row(each, "one-id-everywhere", status=str(number))) for number, each in enumerate(moments)]
    for day in range(LAST + 2):
        rows += [(at(day), row(at(day), f"m{number % 70}", status=str(number))) for number in range(day * 40)]
    return tuple(rows)


def parallel(client: Any, last: int = LAST, **options: Any) -> Any:
    """Ask for the days 0 to `last`, eight requests at once by default."""
    return client.reports.clicks("int1", **{**asked_for(last), "parallel": 8, **options})


@pytest.mark.parametrize("reading", READINGS)
def test_fault_29_days_at_once_give_the_sequential_rows(run: Running, serve: Serve, reading: str) -> None:
    """Equal times at midnight, an id on many days, empty days and one of 10,000 rows: the rows of one paginator."""
    table = Days(hostile(), reading)
    client = run.client(serve(table))
    assert collect(run, parallel(client).records()) == table.whole(LAST)


SMALL = [at(day, second) for day in (0, 1, 1, 3, 4, 4) for second in range(0, 60, 2)]


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("reading", READINGS)
def test_fault_29_every_lane_gives_the_same(
    run: Running, serve: Serve, tmp_path: Path, lane: str, reading: str
) -> None:
    """Models, records and files of several days at once are those without parallel=; so are rows of pages."""
    client = run.client(serve(Days(numbered(SMALL), reading)))
    outcomes: list[Any] = []
    for number, at_once in enumerate((1, 3)):
        folder = tmp_path / str(number)
        folder.mkdir()
        found: Any = LANES[lane](run, parallel(client, 4, parallel=at_once, page_size=7), folder)
        if lane == "pages":
            found = [record for page in found for record in page.records]
        outcomes.append(read_back(found.path) if hasattr(found, "path") else found)
    assert outcomes[0]
    assert outcomes[0] == outcomes[1]


def test_fault_29_a_page_that_a_limit_cut_leads_on(run: Running, serve: Serve) -> None:
    """The last page of several days at once ends with the cursor of the last row that was kept, and says so."""
    pages = collect(run, parallel(run.client(serve(Days(numbered(SMALL)))), 4, limit=35, page_size=20).by_page())
    assert sum(len(page.records) for page in pages) == 35
    assert (pages[-1].end_cursor, pages[-1].has_next) == (pages[-1].records[-1]["real_tx_id"], True)


def test_fault_29_rows_are_the_same_when_iterated_again(run: Running, serve: Serve) -> None:
    """Rows stay re-iterable: each iteration asks again, and a single day is read page by page."""
    table = Days(numbered(SMALL), "exclusive")
    rows = parallel(run.client(serve(table)), 4)
    assert [collect(run, rows.records()) for _ in range(2)] == [table.whole(4)] * 2
    table = Days(numbered(SMALL))
    server = serve(table)
    assert collect(run, parallel(run.client(server), 0, page_size=20).records()) == table.whole(0)
    assert server.hits == 2


def test_fault_29_an_ignored_filter_is_reported_once(run: Running, serve: Serve) -> None:
    """The warning counts the rows that were given, not those that ranges share."""
    table = Days([(moment, row(moment, f"r{place}", status="approved")) for place, moment in enumerate(SMALL)])
    with pytest.warns(FilterIgnoredWarning, match=f"{len(SMALL)} of {len(SMALL)}") as warned:
        collect(run, parallel(run.client(serve(table)), 4, filter=field("status").eq("rejected")))
    assert len(warned) == 1


def test_fault_29_giving_up_stops_everything(run: Running, serve: Serve) -> None:
    """Stopping after the first row returns within 200 ms, no thread goes on, and nothing more is asked."""
    table = Days(numbered(SMALL), unless=lambda first, *_: None if first > 1 else steps.silence)
    arrived = threading.Barrier(4, timeout=30)

    def script(request: Received) -> Step:
        step = table(request)
        if step is steps.silence:
            threading.Thread(target=arrived.wait).start()
        return step

    server = serve(script)
    client = run.client(server, timeout=60)
    started: list[float] = []

    def stop(_: Any) -> None:
        arrived.wait()
        started.append(time.monotonic())
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run.visit(parallel(client, 4).records(), stop)
    assert time.monotonic() - started[0] < PROMPT
    assert not [thread for thread in threading.enumerate() if "metrics24-parallel" in thread.name]
    assert server.hits == 5  # one for each two days, and one for the first
