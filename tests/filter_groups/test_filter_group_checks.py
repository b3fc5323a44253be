"""Faults 51 to 54: what filter groups are asked to be is checked, and sent as it was given."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from metrics24 import UNSET, UsageError
from metrics24.filter_groups import Changes
from support import answers
from support.clock import FakeClock
from support.running import Running
from support.scripted import Serve, in_turn

BAD_IDS = ["..", ".", "", "a/b", "%2e%2e", "a b", "a?b", "a#b", "a\\b", None, 5]
Call = Callable[[], Any]
LISTS = ["advertiser_ids", "filters", "offer_ids", "publisher_ids", "tags"]


@pytest.mark.parametrize("ids", [[], (), "g1", ["g1", "g1"], ["g1", 2], None])
def test_fault_51_ids_that_make_no_sense_are_refused(run: Running, serve: Serve, clock: FakeClock, ids: object) -> None:
    """Fault 51: an empty list, repeated ids, ids that are no text and a text for a list are UsageError, unsent."""
    server = serve(in_turn(answers.json_answer({})))
    groups = run.client(server, clock=clock).filter_groups
    calls: list[Call] = [
        lambda: groups.bulk_delete("int1", ids),
        lambda: groups.bulk_update("int1", ids, monitoring_mode=True),
        lambda: groups.update_many("int1", ids, active=True),
        lambda: groups.add_offers("int1", "g1", ids),
        lambda: groups.remove_offers("int1", "g1", ids),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            run.result(call())
    assert server.connections == 0


@pytest.mark.parametrize("bad", BAD_IDS)
def test_fault_52_ids_that_could_bend_a_url_are_refused(run: Running, serve: Serve, clock: FakeClock, bad: Any) -> None:
    """Fault 52: an unsafe id of an integration, group or organization is UsageError in every call, unsent."""
    server = serve(in_turn(answers.json_answer({})))
    groups = run.client(server, clock=clock).filter_groups
    new = {"name": "x", "organization": "org1", "priority": 1}
    calls: list[Call] = [
        lambda: groups.get(bad, "g1"),
        lambda: groups.get("int1", bad),
        lambda: groups.create(bad, **new),
        lambda: groups.create("int1", **{**new, "organization": bad}),
        lambda: groups.update(bad, "g1", active=True),
        lambda: groups.update("int1", bad, active=True),
        lambda: groups.update_many(bad, ["g1"], active=True),
        lambda: groups.update_many("int1", ["g1", bad], active=True),
        lambda: groups.add_offers("int1", bad, ["o"]),
        lambda: groups.remove_offers(bad, "g1", ["o"]),
        lambda: groups.delete("int1", bad),
        lambda: groups.delete(bad, "g1"),
        lambda: groups.bulk_delete("int1", [bad]),
        lambda: groups.bulk_delete(bad, ["g1"]),
        lambda: groups.bulk_update("int1", [bad], monitoring_mode=True),
        lambda: groups.bulk_update("int1", ["g1"], monitoring_mode=True, organization="a/b"),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            run.result(call())
    with pytest.raises(UsageError):
        groups.list(bad)
    assert server.connections == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"tags": [str(number) for number in range(51)]},
        {"offer_ids": ["o1", "o2", "o1"]},
        {"advertiser_ids": ["1", "1"]},
        {"publisher_ids": ["1", "1"]},
        {"offer_ids": "o1"},
        {"filters": ["vpn"]},
        {"priority": True},
        {"name": ""},
    ],
)
def test_fault_53_what_breaks_a_documented_limit_is_refused(
    run: Running, serve: Serve, clock: FakeClock, wrong: dict[str, Any]
) -> None:
    """Fault 53: 51 tags, repeated ids and values of the wrong type are UsageError in create and updates, unsent."""
    server = serve(in_turn(answers.json_answer({})))
    groups = run.client(server, clock=clock).filter_groups
    new: dict[str, Any] = {"name": "x", "organization": "org1", "priority": 1, **wrong}
    calls: list[Call] = [
        lambda: groups.create("int1", **new),
        lambda: groups.update("int1", "g1", **wrong),
        lambda: groups.update_many("int1", ["g1"], **wrong),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            run.result(call())
    assert server.connections == 0


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        *[({name: None}, {name: None}) for name in Changes.__annotations__],
        *[({name: []}, {name: []}) for name in LISTS],
        ({"tags": [], "description": None, "active": False}, {"tags": [], "description": None, "active": False}),
        ({"tags": UNSET, "name": "x"}, {"name": "x"}),
    ],
)
def test_fault_54_absent_null_and_empty_stay_apart(
    run: Running, serve: Serve, clock: FakeClock, changes: dict[str, Any], body: dict[str, Any]
) -> None:
    """Fault 54: an update sends exactly what was given: nothing, null and the empty list are three things."""
    server = serve(in_turn(answers.answer(b"", status=204), answers.json_answer({"id": "g1", **body})))
    client = run.client(server, clock=clock)
    run.result(client.filter_groups.update("int1", "g1", **changes))
    assert json.loads(server.requests[0].body) == body


def test_fault_54_an_empty_update_is_refused(run: Running, serve: Serve, clock: FakeClock) -> None:
    """Fault 54: an update without a change is UsageError, unsent."""
    server = serve(in_turn(answers.json_answer({})))
    groups = run.client(server, clock=clock).filter_groups
    calls: list[Call] = [
        lambda: groups.update("int1", "g1"),
        lambda: groups.update_many("int1", ["g1"], tags=UNSET),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            run.result(call())
    assert server.connections == 0
