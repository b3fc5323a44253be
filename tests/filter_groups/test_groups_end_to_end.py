"""An operator's day with filter groups, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from metrics24 import UNSET, FilterGroup, field
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from support.clock import FakeClock
from support.running import Running, collect

FORMS = [{}, {"wrap": "data", "answer": "nothing", "created": "id"}, {"answer": "204", "empty": "null"}]
RULES: list[dict[str, Any]] = [
    {"type": "proxy", "zeta": None, "alpha": [1, {"b": None, "a": 1.5}], "nested": {"x": [], "y": {}}},
    {},
    {"data": "a rule may have this too"},
]


@pytest.fixture(scope="module", params=FORMS, ids=["whole", "curt", "silent"])
def shared(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """One sandbox for each form in which the real server may answer."""
    with Sandbox(SandboxOptions(behaviour=Behaviour(**request.param))) as box:
        yield box


@pytest.fixture
def box(shared: Sandbox) -> Sandbox:
    """Give a sandbox with three filter groups in its first integration, as new."""
    shared.reset()
    return shared


@pytest.fixture
def client(run: Running, box: Sandbox, clock: FakeClock) -> Any:
    """Give a client for the sandbox."""
    return run.client(box.base_url, clock=clock, api_key=box.api_key)


def made(run: Running, client: Any, box: Sandbox, **properties: Any) -> FilterGroup:
    """Create a group."""
    wanted = {"name": "Spring", "organization": box.organization, "priority": 7, **properties}
    group = run.result(client.filter_groups.create(box.integrations[0], **wanted))
    assert isinstance(group, FilterGroup)
    return group


def test_a_group_lives_and_dies(run: Running, client: Any, box: Sandbox) -> None:
    """A group is created, listed, read, changed and deleted, in every form in which a server may answer."""
    groups, place = client.filter_groups, box.integrations[0]
    group = made(run, client, box, offer_ids=["o1"], active=True, description="x", tags=["a"])
    assert (group.integration, group.organization, group.offer_ids) == (place, box.organization, ["o1"])
    found = collect(run, groups.list(place, filter=field("name").eq("Spring"), sort="-priority"))
    assert [each.id for each in found] == [group.id]
    changed = run.result(groups.update(place, group.id, active=False, description=None, tags=[], name="Summer"))
    assert (changed.active, changed.description, changed.tags, changed.name) == (False, UNSET, [], "Summer")
    assert (changed.offer_ids, changed.priority) == (["o1"], 7)
    assert run.result(groups.get(place, group.id)) == changed
    run.result(groups.delete(place, group.id))
    assert len(collect(run, groups.list(place))) == 3


def test_rules_of_unknown_shape_survive(run: Running, client: Any, box: Sandbox) -> None:
    """Filters that are read and written back, or left alone by another change, stay exactly as they were."""
    groups, place = client.filter_groups, box.integrations[0]
    group = made(run, client, box, filters=RULES)
    run.result(groups.update(place, group.id, filters=group.filters, active=True))
    run.result(groups.add_offers(place, group.id, ["o1"]))
    path = {"integrationID": place, "filterGroupID": group.id}
    answer = run.result(client.request("getFilterGroup", path=path)).json()
    kept = answer.get("data", answer)["filters"]
    assert kept == RULES
    assert [list(rule) for rule in kept] == [list(rule) for rule in RULES]
    twin = made(run, client, box, priority=8, filters=group.filters)
    assert twin.filters == group.filters


def test_offers_come_and_go(run: Running, client: Any, box: Sandbox) -> None:
    """Offers are added and taken away; what changes nothing writes nothing."""
    groups, place = client.filter_groups, box.integrations[0]
    group = made(run, client, box)
    assert run.result(groups.add_offers(place, group.id, ["o2", "o1"])).offer_ids == ["o2", "o1"]
    assert run.result(groups.add_offers(place, group.id, ["o1", "o3"])).offer_ids == ["o2", "o1", "o3"]
    assert run.result(groups.remove_offers(place, group.id, ["o1", "o9"])).offer_ids == ["o2", "o3"]
    writes = box.hits("updateFilterGroup")
    assert run.result(groups.add_offers(place, group.id, ["o3"])).offer_ids == ["o2", "o3"]
    assert run.result(groups.remove_offers(place, group.id, ["o1"])).offer_ids == ["o2", "o3"]
    assert (box.hits("updateFilterGroup"), writes) == (3, 3)


def test_many_groups_at_once(run: Running, client: Any, box: Sandbox) -> None:
    """One by one or all at once, each id has its verdict, and one that does not exist stops nobody."""
    groups, place = client.filter_groups, box.integrations[0]
    ids = [group.id for group in collect(run, groups.list(place))]
    many = run.result(groups.update_many(place, [ids[0], "nope", ids[1]], active=False))
    assert (many.ok, many.missing, many.unverified, list(many.errors)) == ((ids[0], ids[1]), ("nope",), (), ["nope"])
    mode = groups.bulk_update(place, [*ids, "nope"], monitoring_mode=True, organization=box.organization)
    assert run.result(mode).ok == tuple(ids)
    found = collect(run, groups.list(place))
    assert [(group.active, group.monitoring_mode) for group in found] == [(False, True), (False, True), (True, True)]
    gone = run.result(groups.bulk_delete(place, ["nope", *ids[:2]], organization=box.organization))
    assert (gone.ok, gone.missing, gone.unverified, gone.complete) == (tuple(ids[:2]), ("nope",), (), False)
    last = run.result(groups.bulk_delete(place, ids[2:]))
    assert (last.ok, last.complete, collect(run, groups.list(place))) == ((ids[2],), True, [])


def test_a_failing_group_stops_nobody(run: Running, client: Any, box: Sandbox) -> None:
    """A server error in the midst of many changes is that group's alone."""
    groups, place = client.filter_groups, box.integrations[0]
    ids = [group.id for group in collect(run, groups.list(place))]
    box.fail_next("updateFilterGroup", "400")
    result = run.result(groups.update_many(place, ids, active=False))
    assert (result.ok, result.unverified) == (tuple(ids[1:]), (ids[0],))
    assert [group.active for group in collect(run, groups.list(place))] == [True, False, False]
