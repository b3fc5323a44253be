"""Faults 51 to 54: arguments of filter groups are checked, and sent as they were given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from metrics24 import UNSET, UsageError
from support import steps
from support.clock import FakeClock
from support.running import Running
from support.scripted import Serve, in_turn

BAD_IDS = ["..", ".", "", "a/b", "%2e%2e", "a b", "a?b", "a#b", "a\\b", None, 5]


@pytest.fixture
def groups(run: Running, serve: Serve, clock: FakeClock) -> Iterator[Any]:
    """Give the filter groups of a client; nothing may be sent."""
    server = serve(in_turn(steps.respond_json({})))
    yield run.client(server, clock=clock).filter_groups
    assert server.connections == 0


def refused(run: Running, *calls: Callable[[], Any]) -> None:
    """Expect UsageError of each call."""
    for call in calls:
        with pytest.raises(UsageError):
            run.result(call())


def test_fault_51_ids_that_make_no_sense_are_refused(run: Running, groups: Any) -> None:
    """Fault 51: an empty list, repeated ids, ids that are no text and a text for a list are UsageError, unsent."""
    for ids in ([], (), "g1", ["g1", "g1"], ["g1", 2], None):
        refused(
            run,
            partial(groups.bulk_delete, "int1", ids),
            partial(groups.bulk_update, "int1", ids, monitoring_mode=True),
            partial(groups.update_many, "int1", ids, active=True),
            partial(groups.add_offers, "int1", "g1", ids),
            partial(groups.remove_offers, "int1", "g1", ids),
        )


@pytest.mark.parametrize("bad", BAD_IDS)
def test_fault_52_ids_that_could_bend_a_url_are_refused(run: Running, groups: Any, bad: Any) -> None:
    """Fault 52: an unsafe id of an integration, group or organization is UsageError in every call, unsent."""
    new = {"name": "x", "organization": "org1", "priority": 1}
    refused(
        run,
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
        lambda: groups.list(bad),
    )


def test_fault_53_what_breaks_a_documented_limit_is_refused(run: Running, groups: Any) -> None:
    """Fault 53: 51 tags, repeated ids and values of the wrong type are UsageError in create and updates, unsent."""
    wrongs: list[dict[str, Any]] = [
        {"tags": [str(number) for number in range(51)]},
        {"offer_ids": ["o1", "o2", "o1"]},
        {"advertiser_ids": ["1", "1"]},
        {"publisher_ids": ["1", "1"]},
        {"offer_ids": "o1"},
        {"filters": ["vpn"]},
        {"priority": True},
        {"name": ""},
    ]
    for wrong in wrongs:
        refused(
            run,
            partial(groups.create, "int1", **{"name": "x", "organization": "org1", "priority": 1, **wrong}),
            partial(groups.update, "int1", "g1", **wrong),
            partial(groups.update_many, "int1", ["g1"], **wrong),
        )


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"tags": [], "description": None, "active": False}, {"tags": [], "description": None, "active": False}),
        ({"tags": UNSET, "name": "x"}, {"name": "x"}),
    ],
)
def test_fault_54_absent_null_and_empty_stay_apart(
    run: Running, serve: Serve, clock: FakeClock, changes: dict[str, Any], body: dict[str, Any]
) -> None:
    """Fault 54: an update sends exactly what was given: nothing, null and the empty list are three things."""
    server = serve(in_turn(steps.respond(b"", status=204), steps.respond_json({"id": "g1", **body})))
    client = run.client(server, clock=clock)
    run.result(client.filter_groups.update("int1", "g1", **changes))
    assert json.loads(server.requests[0].body) == body


def test_fault_54_an_empty_update_is_refused(run: Running, groups: Any) -> None:
    """Fault 54: an update without a change is UsageError, unsent."""
    refused(run, lambda: groups.update("int1", "g1"), lambda: groups.update_many("int1", ["g1"], tags=UNSET))
