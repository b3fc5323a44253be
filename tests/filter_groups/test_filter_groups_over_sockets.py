"""Faults 49 to 51: filter groups that are created and deleted under bad conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from metrics24 import AmbiguousWrite
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from support.clock import FakeClock
from support.running import Running

RULES = [{"type": "proxy", "zeta": None, "alpha": [1, {"b": None}]}, {"unknown": "shape"}]


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """One sandbox for the module: starting one takes longer than a test."""
    with Sandbox() as box:
        yield box


@pytest.fixture
def box(shared: Sandbox) -> Sandbox:
    """Give a sandbox with three filter groups in its first integration, as new."""
    shared.reset()
    return shared


def open_client(run: Running, box: Sandbox, clock: FakeClock | None = None, **options: Any) -> Any:
    """Open a client for a sandbox."""
    return run.client(box.base_url, clock=clock or FakeClock(), api_key=box.api_key, **options)


def spring(box: Sandbox, **changes: Any) -> dict[str, Any]:
    """Give the properties of a new group."""
    return {"name": "Spring, 100 % & more", "organization": box.organization, "priority": 7, "tags": [], **changes}


def existing(run: Running, client: Any, box: Sandbox) -> list[str]:
    """Give the ids of the groups that exist, as the server has them."""
    listed = run.result(client.request("listFilterGroups", path={"integrationID": box.integrations[0]}))
    return [group["id"] for group in listed.json()["data"]]


@pytest.mark.parametrize(("created", "wrap"), [("object", "bare"), ("id", "data")])
def test_fault_49_a_lost_create_is_found_and_adopted(run: Running, created: Any, wrap: Any) -> None:
    """Fault 49: a group whose create was carried out unseen is found by name and priority, and there is one of it."""
    with Sandbox(SandboxOptions(behaviour=Behaviour(created=created, wrap=wrap))) as box:
        client = open_client(run, box)
        box.fail_next("createFilterGroup", "lost")
        wanted = spring(box, offer_ids=["o2", "o1"], filters=RULES, active=False)
        group = run.result(client.filter_groups.create(box.integrations[0], **wanted))
        assert (group.name, group.priority, group.offer_ids) == (wanted["name"], 7, ["o2", "o1"])
        ids = existing(run, client, box)
        assert (len(ids), ids.count(group.id), box.hits("createFilterGroup")) == (4, 1, 1)


def test_fault_49_an_equal_create_within_the_second_is_not_adopted(run: Running) -> None:
    """Fault 49: a group that this client, or a copy with other options, has created already is no other call's work."""
    with Sandbox(SandboxOptions(now="2025-02-10T12:00:00")) as box:
        client = open_client(run, box)
        box.fail_next("createFilterGroup", "lost")
        made = run.result(client.filter_groups.create(box.integrations[0], **spring(box)))
        box.fail_next("createFilterGroup", "reset")
        copy = client.with_options(timeout=5.0)
        with pytest.raises(AmbiguousWrite) as caught:
            run.result(copy.filter_groups.create(box.integrations[0], **spring(box)))
        assert [group.id for group in caught.value.candidates] == [made.id]


def test_fault_50_a_lost_deletion_is_a_success(run: Running, box: Sandbox) -> None:
    """Fault 50: a group that is gone after a lost response was deleted, with one hit."""
    client = open_client(run, box)
    gone = existing(run, client, box)[0]
    box.fail_next("deleteFilterGroup", "lost")
    assert run.result(client.filter_groups.delete(box.integrations[0], gone)) is None
    assert gone not in existing(run, client, box)
    assert box.hits("deleteFilterGroup") == 1


def test_fault_51_a_body_that_is_stripped_is_no_silent_success(run: Running, box: Sandbox) -> None:
    """Fault 51: when a proxy takes the body from a bulk deletion, every group is reported as a survivor."""
    client = open_client(run, box)
    ids = existing(run, client, box)
    box.fail_next("bulkDeleteFilterGroups", "strip")
    result = run.result(client.filter_groups.bulk_delete(box.integrations[0], [*ids, "nope"]))
    assert (result.ok, result.missing, result.unverified) == ((), ("nope",), tuple(ids))
    assert (result.complete, bool(result)) == (False, False)
