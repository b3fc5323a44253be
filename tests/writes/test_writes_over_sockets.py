"""Fault 3 for writes: what is sent again, what is read back, and what stays unknown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from metrics24 import AmbiguousWrite, RateLimited, Retrying
from support import steps
from support.clock import FakeClock
from support.running import Running
from support.scripted import Received, Script, Serve, Step, in_turn

GROUP: dict[str, Any] = {"id": "g1", "name": "Spring", "priority": 7, "active": True, "offer_ids": ["o1"]}
LOST = {"reset": steps.reset, "cut short": steps.cut_short(json.dumps(GROUP).encode())}
NOTHING = steps.respond(b"", status=204)


def methods(requests: list[Received]) -> list[str]:
    """The methods of requests that write."""
    return [request.method for request in requests if request.method != "GET"]


def one_group(write: Step, *, change: dict[str, Any] | None = None) -> Script:
    """Answer reads with the group, changed once it was written if there is a change, and writes with a step."""
    written = False

    def script(request: Received) -> Step:
        nonlocal written
        if request.method == "GET":
            return steps.respond_json({**GROUP, **(change or {})} if written else GROUP)
        written = True
        return write

    return script


@pytest.mark.parametrize("lost", LOST)
def test_fault_03_a_lost_change_that_was_made_is_adopted(
    run: Running, serve: Serve, clock: FakeClock, lost: str
) -> None:
    """Fault 3: a change whose response is lost is read back, and is the result if the group shows it; one hit."""
    server = serve(one_group(LOST[lost], change={"offer_ids": ["o1", "o2"]}))
    group = run.result(run.client(server, clock=clock).filter_groups.add_offers("int1", "g1", ["o2"]))
    assert (group.offer_ids, methods(server.requests)) == (["o1", "o2"], ["PATCH"])


def test_fault_03_a_lost_change_that_does_not_show_is_ambiguous(run: Running, serve: Serve, clock: FakeClock) -> None:
    """Fault 3: a change that does not show is AmbiguousWrite with the group as it is; one hit."""
    server = serve(one_group(steps.reset))
    with pytest.raises(AmbiguousWrite) as caught:
        run.result(run.client(server, clock=clock).filter_groups.remove_offers("int1", "g1", ["o1"]))
    assert ([group.id for group in caught.value.candidates], methods(server.requests)) == (["g1"], ["PATCH"])


def test_fault_03_a_write_that_times_out_is_not_repeated(run: Running, serve: Serve) -> None:
    """Fault 3: a server that never responds to a write gets it once, and the state decides."""
    server = serve(one_group(steps.silence, change={"active": False}))
    client = run.client(server, timeout=0.3)
    assert run.result(client.filter_groups.update("int1", "g1", active=False)).active is False
    assert methods(server.requests) == ["PATCH"]


def test_fault_03_a_read_back_is_retried_as_reads_are(run: Running, serve: Serve, clock: FakeClock) -> None:
    """Fault 3: the read-back is a read, so that faults of its own are ridden out."""
    failing = steps.respond_json({}, status=503)
    server = serve(in_turn(steps.reset, failing, failing, steps.respond_json({**GROUP, "active": False})))
    client = run.client(server, clock=clock)
    assert run.result(client.filter_groups.update("int1", "g1", active=False)).active is False
    assert methods(server.requests) == ["PATCH"]


def test_fault_03_a_write_that_was_throttled_is_tried_again(run: Running, serve: Serve, clock: FakeClock) -> None:
    """Fault 3: 429 says that nothing happened, so that the write is sent again, and is RateLimited at last."""
    throttled = steps.respond_json({}, status=429)
    server = serve(in_turn(throttled, NOTHING, steps.respond_json(GROUP), throttled))
    client = run.client(server, clock=clock, retrying=Retrying(attempts=2))
    assert run.result(client.filter_groups.update("int1", "g1", active=True)).id == "g1"
    assert methods(server.requests) == ["PATCH", "PATCH"]
    with pytest.raises(RateLimited):
        run.result(client.filter_groups.update("int1", "g1", active=True))
