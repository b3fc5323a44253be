"""Changing and deleting many filter groups: a verdict for each, and none that was not seen."""

from __future__ import annotations

from typing import Any

import pytest

from filter_groups.fake_groups import LOST, GroupServer, groups_of
from metrics24._core.group_flows import BulkResult, bulk_delete, bulk_update, update_many
from metrics24.errors import AmbiguousWrite, BadRequest, Forbidden, NotFound, TransportError, UsageError
from support.fake_driver import FakeDriver, in_turn, raw

IDS = ("g1", "g2", "g3")


def three(*whims: str) -> GroupServer:
    """A server of three groups, whose whims begin with the bulk request of an update."""
    server = GroupServer(whims)
    for number, identity in enumerate(IDS):
        server.has(identity, monitoring_mode=False, active=True, priority=number)
    return server


def test_a_result_is_true_if_all_is_well() -> None:
    """A result with anything missing or unverified is false, so that `if result:` does not lie."""
    assert BulkResult(ok=("a",))
    assert not BulkResult(ok=("a",), missing=("b",))
    assert not BulkResult(ok=("a",), unverified=("b",)).complete
    assert BulkResult(ok=("a",), errors={}) == BulkResult(ok=("a",), errors={"x": NotFound("x")})


def test_groups_are_changed_one_by_one() -> None:
    """One that fails does not stop the others, and each has its verdict and its error."""
    server = three("", "", "400", "503", "")
    result = server.driver.run(update_many(groups_of(), (*IDS, "g4"), {"active": False}))
    assert (result.ok, result.missing, result.unverified) == (("g1",), ("g4",), ("g2", "g3"))
    assert {identity: type(error) for identity, error in result.errors.items()} == {
        "g2": BadRequest,
        "g3": AmbiguousWrite,
        "g4": NotFound,
    }
    assert [group["active"] for group in server.groups.values()] == [False, True, True]


def test_what_cannot_be_sent_at_all_ends_the_whole_call() -> None:
    """A body that is no JSON is the caller's mistake with every id, and is raised."""
    driver = FakeDriver(in_turn(UsageError("no JSON")))
    with pytest.raises(UsageError):
        driver.run(update_many(groups_of(), IDS, {"active": False}))
    assert len(driver.calls) == 1


@pytest.mark.parametrize("whim", ["", "nothing", "204", "html", *(f"after {fault}" for fault in LOST)])
def test_a_bulk_operation_is_verified(whim: str) -> None:
    """Whatever the response is, the list says which groups have the mode, and which of those before it are gone."""
    server, named = three(whim), ("g3", "g9", "g1")
    result = server.driver.run(bulk_update(groups_of(), named, monitoring_mode=True, organization="org1"))
    assert (result.ok, result.missing, result.unverified, dict(result.errors)) == (("g3", "g1"), ("g9",), (), {})
    assert server.requests[0].body == {"data": [*named], "monitoring_mode": True}
    assert server.requests[0].params == (("organization", "org1"),)
    assert [request.operation for request in server.requests] == ["bulkUpdateFilterGroups", "listFilterGroups"]
    server = three("", whim)
    result = server.driver.run(bulk_delete(groups_of(), named, organization="org1"))
    assert (result.ok, result.missing, result.unverified) == (("g3", "g1"), ("g9",), ())
    assert (list(server.groups), server.asked("bulkDeleteFilterGroups")) == (["g2"], 1)
    assert server.requests[1].params == (("organization", "org1"),)


@pytest.mark.parametrize("fault", LOST)
def test_fault_51_a_bulk_operation_that_did_not_happen_is_unverified(fault: str) -> None:
    """Groups that are as before after a lost response are unverified, with the error that lost it."""
    for server, flow in (
        (three(fault), bulk_update(groups_of(), (*IDS, "g9"), monitoring_mode=True)),
        (three("", fault), bulk_delete(groups_of(), (*IDS, "g9"))),
    ):
        result = server.driver.run(flow)
        assert (result.ok, result.missing, result.unverified) == ((), ("g9",), IDS)
        assert result.errors.keys() == {*IDS}


def test_a_group_that_appears_meanwhile_is_unverified() -> None:
    """An id that was not there before a bulk deletion and is afterwards was not deleted."""
    listed = raw(body={"data": [{"id": "g1"}], "meta": {"total_count": 1, "total_page": 1}})
    answers = [raw(body={"data": None}), raw(204), listed]
    result = FakeDriver(in_turn(*answers)).run(bulk_delete(groups_of(), ("g1",)))
    assert result == BulkResult(unverified=("g1",))


@pytest.mark.parametrize("operation", [bulk_update, bulk_delete])
def test_a_bulk_operation_without_a_list_is_unverified_or_ambiguous(operation: Any) -> None:
    """When the list cannot be read, every id is unverified, and a lost response is AmbiguousWrite with all ids."""
    options = {"monitoring_mode": True} if operation is bulk_update else {}
    before = [] if options else [""]
    result = three(*before, "", "403").driver.run(operation(groups_of(), IDS, **options))
    assert (result.ok, result.missing, result.unverified) == ((), (), IDS)
    assert {type(error) for error in result.errors.values()} == {Forbidden}
    with pytest.raises(AmbiguousWrite, match="failed too") as caught:
        three(*before, "after reset", "403").driver.run(operation(groups_of(), IDS, **options))
    assert caught.value.candidates == IDS


@pytest.mark.parametrize("whims", [["403"], ["", "400"], ["", "connect"]])
def test_a_refused_bulk_deletion_is_an_error(whims: list[str]) -> None:
    """A list that cannot be read before, a refusal and a failed connection are errors, and nothing is deleted."""
    server = three(*whims)
    with pytest.raises((Forbidden, BadRequest, TransportError)):
        server.driver.run(bulk_delete(groups_of(attempts=1), IDS))
    assert list(server.groups) == list(IDS)


@pytest.mark.parametrize(("there", "gone"), [("g2", "g3"), ("g3", "g2")])
def test_groups_that_a_shifting_list_hides_are_asked_for(there: str, gone: str) -> None:
    """If the server counts more groups than the list showed, each id that was not seen is read by itself."""
    shown = {"data": [{"id": "g1", "monitoring_mode": True}], "meta": {"total_count": 3, "total_page": 1}}
    found = {"g2": raw(404), "g3": raw(404), there: raw(body={"monitoring_mode": True})}
    answers = [raw(204), raw(body=shown), *found.values()]
    result = FakeDriver(in_turn(*answers)).run(bulk_update(groups_of(), IDS, monitoring_mode=True))
    assert result == BulkResult(ok=("g1", there), missing=(gone,))


def test_groups_without_an_id_are_passed_over() -> None:
    """A list's item without an id is nobody's group."""
    answers = [
        raw(204),
        raw(body={"data": [{"name": "x"}, {"id": "g1", "monitoring_mode": True}]}),
        raw(body={"data": []}),
    ]
    result = FakeDriver(in_turn(*answers)).run(bulk_update(groups_of(), ("g1",), monitoring_mode=True))
    assert result == BulkResult(ok=("g1",))
