"""Faults 62, 63 and 67: bounds on memory, use from many threads and after a fork, and clocks that jump."""

from typing import Any

import pytest

from metrics24 import BadRequest, RateLimited, Retrying, ServerError
from support import programs, steps
from support.clock import FakeClock
from support.running import RANGE, Running, collect
from support.scripted import Received, Serve, Step, in_turn
from support.steps import MIB
from support.tables import Table, newest_first, page, row

HOUR = 3600
MODES = ["sync", "async"]
PEAK = 128  # MiB: the bound of 32, its decoded text, and one undecoded block
OVERSIZED: dict[str, tuple[Step, str]] = {
    "endless": (steps.endless(), "ResponseError"),
    "endless_error": (steps.endless(status=400), "BadRequest"),
    "page_of_33_mib": (page([row(1, note="x" * 33 * MIB)]), "ResponseError"),
    "bomb": (steps.gzip_bomb(256), "ResponseError"),
    "bomb_in_a_bomb": (steps.gzip_bomb(256, layers=2), "ResponseError"),
    "error_bomb": (steps.gzip_bomb(256, status=400), "BadRequest"),
}


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("body", OVERSIZED)
def test_fault_62_oversized_responses_stop_at_the_bound(serve: Serve, mode: str, body: str) -> None:
    """Pages over 32 MiB, bombs and endless bodies end in a typed error while memory stays bounded."""
    step, expected = OVERSIZED[body]
    server = serve(in_turn(step))
    ((outcome, peak),) = [line.split() for line in programs.output("bounded", mode, server.base_url)]
    assert (outcome, server.hits) == (expected, 1)
    assert int(peak) < PEAK


def test_fault_62_a_large_page_below_the_bound_is_read(run: Running, serve: Serve) -> None:
    """A page of 20 MiB is unusual, and fine."""
    client = run.client(serve(in_turn(page([row(1, note="x" * 20 * MIB)]))))
    (record,) = collect(run, client.reports.clicks("int1", **RANGE).records())
    assert len(record["note"]) == 20 * MIB


def test_fault_62_the_body_of_an_error_is_cut(run: Running, serve: Serve) -> None:
    """An error keeps the head of an endless body, not all that was read."""
    client = run.client(serve(in_turn(steps.endless(status=400))))
    with pytest.raises(BadRequest) as caught:
        collect(run, client.reports.clicks("int1", **RANGE))
    assert 0 < len(caught.value.body) <= 64 * 1024


def test_fault_62_limit_fetches_no_more_than_it_needs(run: Running, serve: Serve) -> None:
    """limit=3 ends after three rows without requesting a second page, since more would be wasted."""
    server = serve(Table(newest_first(500, 1)))
    rows = run.client(server).reports.clicks("int1", limit=3, **RANGE)
    assert collect(run, rows.records()) == newest_first(500, 498)
    assert server.hits == 1


def own_rows(request: Received) -> Step:
    """Answer with ten rows that carry the requested integration, so that mixed-up responses show."""
    rows = [{**each, "offer": request.parameter("integration_id")} for each in newest_first(10, 1)]
    return Table(rows)(request)


@pytest.mark.parametrize("connections", [1, 8])
def test_fault_63_one_client_serves_32_threads(run: Running, serve: Serve, connections: int) -> None:
    """A client shared by 32 threads or tasks gives each its own rows, even over one connection."""
    client = run.client(serve(own_rows), max_connections=connections)
    names = [f"int{number}" for number in range(64)]
    outcomes = run.collect_all([client.reports.clicks(name, page_size=4, **RANGE).records() for name in names])
    assert [[record["offer"] for record in rows] for rows in outcomes if isinstance(rows, list)] == [
        [name] * 10 for name in names
    ]


@pytest.mark.parametrize("mode", MODES)
def test_fault_63_after_a_fork_the_client_works_or_says_so(serve: Serve, mode: str) -> None:
    """Parent and child never read each other's responses: right rows, or in the child an error of ours."""
    outcomes = dict(line.split(": ") for line in programs.output("forking", mode, serve(own_rows).base_url))
    assert outcomes["parent"] == "right rows, right rows"
    assert outcomes["child"] in {"right rows, right rows", "right rows, UsageError", "right rows, ConfigurationError"}


@pytest.mark.parametrize("moment", ["idle", "busy"])
def test_fault_63_a_forked_iteration_goes_on_or_fails(serve: Serve, moment: str) -> None:
    """A child never waits for a page that only its parent can fetch: it has all rows, or an error of ours."""
    outcomes = dict(line.split(": ") for line in programs.output("forking_amid", serve(own_rows).base_url, moment))
    assert outcomes["parent"] == "10 rows"
    assert outcomes["child"] in {"10 rows", "UsageError"}


@pytest.mark.parametrize("jump", [-24 * HOUR, 24 * HOUR])
def test_fault_67_a_jump_of_the_wall_clock_ends_no_call_early(run: Running, serve: Serve, jump: float) -> None:
    """Setting the machine's clock during a retry neither exhausts the deadline nor lengthens it."""
    clock = FakeClock(on_sleep=lambda moved: moved.jump(jump))
    server = serve(in_turn(*[steps.respond_html(503)] * 2, page(newest_first(3, 1))))
    client = run.client(server, clock=clock, retrying=Retrying(attempts=5, deadline=120))
    assert len(collect(run, client.reports.clicks("int1", **RANGE))) == 3


@pytest.mark.parametrize("jump", [-24 * HOUR, 0, 24 * HOUR])
@pytest.mark.parametrize(("status", "error"), [(503, ServerError), (429, RateLimited)])
def test_fault_67_the_deadline_holds_always(run: Running, serve: Serve, jump: float, status: int, error: Any) -> None:
    """With attempts to spare, the deadline in monotonic seconds ends the retries of a call."""
    clock = FakeClock(on_sleep=lambda moved: moved.jump(jump))
    started = clock.monotonic()
    headers = [("Retry-After", "7")]
    server = serve(in_turn(steps.respond_json({}, status=status, headers=headers)))
    client = run.client(server, clock=clock, retrying=Retrying(attempts=1000, deadline=60))
    with pytest.raises(error):
        collect(run, client.reports.clicks("int1", **RANGE))
    assert clock.monotonic() - started <= 60
    assert server.hits == 9
