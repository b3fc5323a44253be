"""Fault 8, seen by the caller: `on_retry` is called for each retry, and may end the call."""

import threading
from pathlib import Path
from typing import Any

import pytest

from metrics24 import RateLimited, Retry, Retrying, ServerError, TransportError
from support import steps
from support.clock import FakeClock
from support.lanes import LANES
from support.running import KEY, RANGE, Running, collect
from support.scripted import Serve, in_turn
from support.tables import newest_first, page

ROWS = newest_first(4, 1)
BUSY = steps.respond_json({}, status=429, headers=[("Retry-After", "3")])


class Enough(Exception):  # noqa: N818 - a reader's own exception, named as a reader would
    """An error that a caller's function raises."""


def test_fault_08_each_retry_is_told_before_its_pause(run: Running, serve: Serve, clock: FakeClock) -> None:
    """Two 503, a reset and a 429 are told in order with their errors, and the pauses are those that are slept."""
    script = in_turn(steps.respond_html(503), steps.respond_html(503), steps.reset, BUSY, page(ROWS))
    told: list[Retry] = []
    client = run.client(serve(script), clock=clock, retrying=Retrying(on_retry=told.append))
    assert collect(run, client.reports.clicks("int1", **RANGE).records()) == ROWS
    assert [type(retry.error) for retry in told] == [ServerError, ServerError, TransportError, RateLimited]
    assert [retry.attempt for retry in told] == [1, 2, 3, 4]
    assert [retry.pause for retry in told] == clock.slept
    assert KEY not in repr(told)


def test_fault_08_a_function_can_be_given_to_some_calls_only(run: Running, serve: Serve, clock: FakeClock) -> None:
    """A function given to with_options is called for that client's calls, not for those of the client it came from."""
    server = serve(in_turn(*[steps.respond_html(503), page(ROWS)] * 2))
    told: list[Retry] = []
    client = run.client(server, clock=clock)
    collect(run, client.with_options(retrying=Retrying(on_retry=told.append)).reports.clicks("int1", **RANGE))
    collect(run, client.reports.clicks("int1", **RANGE))
    assert (len(told), server.hits) == (1, 4)


@pytest.mark.parametrize("lane", LANES)
def test_fault_08_what_the_function_raises_ends_the_call(
    run: Running, serve: Serve, clock: FakeClock, tmp_path: Path, lane: str
) -> None:
    """The caller's exception reaches the caller in every lane, after one request and no pause."""
    enough = Enough("not today")

    def on_retry(retry: Retry) -> None:
        raise enough

    server = serve(in_turn(steps.respond_html(503), page(ROWS)))
    client = run.client(server, clock=clock, retrying=Retrying(on_retry=on_retry))
    with pytest.raises(Enough) as caught:
        LANES[lane](run, client.reports.clicks("int1", **RANGE), tmp_path)
    assert caught.value is enough
    assert (server.hits, clock.slept) == (1, [])
    assert list(tmp_path.iterdir()) == []


def test_fault_08_the_client_goes_on_after_such_an_end(run: Running, serve: Serve, clock: FakeClock) -> None:
    """A page that was ended by the caller's exception loses no connection, and its iteration can begin again."""
    failing = iter([Enough()])

    def on_retry(retry: Retry) -> None:
        for error in failing:
            raise error

    first, second = newest_first(4, 3), newest_first(2, 1)
    server = serve(in_turn(page(first, more=True), steps.respond_html(503), page(first, more=True), page(second)))
    client = run.client(server, clock=clock, retrying=Retrying(on_retry=on_retry), max_connections=1)
    rows = client.reports.clicks("int1", **RANGE)
    seen: list[Any] = []
    with pytest.raises(Enough):
        run.visit(rows.records(), seen.append)
    assert seen == first
    assert collect(run, rows.records()) == first + second


def test_fault_08_a_function_is_shared_by_all_concurrent_calls(run: Running, serve: Serve, clock: FakeClock) -> None:
    """With many calls at once the function is called for each one's retry exactly once."""
    lock, told = threading.Lock(), list[Retry]()

    def on_retry(retry: Retry) -> None:
        with lock:
            told.append(retry)

    server = serve(in_turn(*[steps.respond_html(503)] * 12, page(ROWS)))
    client = run.client(server, clock=clock, retrying=Retrying(attempts=13, on_retry=on_retry))
    walks = [client.reports.clicks("int1", **RANGE).records() for _ in range(6)]
    assert run.collect_all(walks, at_once=6) == [ROWS] * 6
    assert len(told) == 12
