"""The doctor with leave to write: only where it was told, and gone without a trace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import metrics24
from metrics24_api.operation_table import OPERATIONS
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from speccheck.conftest import Doctor, Serve
from speccheck.groups import EXPORTS, GROUPS, NAME, SCRATCH, Groups


def groups_of(box: Sandbox) -> list[dict[str, Any]]:
    """All filter groups of the scratch integration."""
    with metrics24.Client(api_key=box.api_key, base_url=box.base_url) as client:
        answer = client.request("listFilterGroups", path={"integrationID": "acmeapps02"})
    groups: list[dict[str, Any]] = answer.json()["data"]
    return groups


def test_all_writes_on_filter_groups_are_tried_and_nothing_stays(doctor: Doctor, box: Sandbox) -> None:
    """With leave to write every operation on filter groups works, and the groups are those from before."""
    before = groups_of(box)
    ended = doctor(box, *SCRATCH, "--json")
    assert {name: ended.verdicts[name] for name in GROUPS} == dict.fromkeys(GROUPS, "works")
    assert groups_of(box) == before
    assert EXPORTS.isdisjoint(ended.verdicts)
    assert (ended.code, box.hits("downloadClicks")) == (0, 0)


def test_writes_touch_the_scratch_integration_alone(doctor: Doctor, box: Sandbox) -> None:
    """Whatever integration is read, only the one that is named for it is written to."""
    doctor(box, "--integration", "acmeshop01", *SCRATCH)
    written = [each.path for each in box.requests if each.method != "GET"]
    assert len(written) == 2 + 2 + 1 + 1
    assert all("/acmeapps02/" in path for path in written)


def test_exports_are_requested_and_deleted_with_leave_only(doctor: Doctor, box: Sandbox) -> None:
    """With --include-exports the four operations on exports work too, which makes the code 0."""
    ended = doctor(box, *SCRATCH, "--include-exports", "--json")
    assert {name: ended.verdicts[name] for name in EXPORTS} == dict.fromkeys(EXPORTS, "works")
    assert (ended.code, box.hits("deleteExport")) == (0, 3)


@pytest.mark.parametrize("behaviour", [{"created": "id"}, {"answer": "204"}, {"wrap": "data"}], ids=str)
def test_other_ways_to_answer_a_write_work(doctor: Doctor, behaviour: dict[str, Any]) -> None:
    """An id alone, no body, and a wrapped object are answers that the spec allows."""
    options = SandboxOptions(conversions_per_day=60, clicks_per_day=60, impressions_per_day=60)
    with Sandbox(replace(options, behaviour=Behaviour(**behaviour))) as box:
        ended = doctor(box, *SCRATCH, "--include-exports", "--json")
        assert (ended.code, set(ended.verdicts.values())) == (0, {"works"})
        assert [each for each in groups_of(box) if each["name"].startswith(NAME)] == []


def test_a_wrong_route_of_a_write_is_found(doctor: Doctor, box: Sandbox) -> None:
    """A method that the server does not have is found with leave to write, and the group is deleted all the same."""
    path = OPERATIONS["updateFilterGroup"].path
    ended = doctor(box, *SCRATCH, "--route", f"updateFilterGroup=PUT {path}", "--json")
    assert (ended.code, ended.verdicts["updateFilterGroup"]) == (12, "wrong method")
    assert [each for each in groups_of(box) if each["name"].startswith(NAME)] == []


def test_a_group_that_cannot_be_created_leaves_the_others_open(doctor: Doctor, box: Sandbox) -> None:
    """If creating is wrong the other writes are inconclusive, and say why."""
    ended = doctor(box, *SCRATCH, "--route", "createFilterGroup=POST /api/v2/{integrationID}/groups", "--json")
    assert (ended.code, ended.verdicts["createFilterGroup"]) == (12, "wrong path")
    assert ended.named("deleteFilterGroup")["summary"] == "not asked: no filter group could be created to try it on"


@pytest.mark.parametrize("name", ["updateFilterGroup", "bulkUpdateFilterGroups", "bulkDeleteFilterGroups"])
def test_a_success_without_effect_is_not_taken_for_one(doctor: Doctor, serve: Serve, name: str) -> None:
    """A write that is answered with success and changes nothing is inconclusive, and nothing stays behind."""
    server = Groups(name)
    ended = doctor(serve(server), *SCRATCH, "--json")
    assert (ended.code, ended.verdicts[name]) == (13, "inconclusive")
    assert ended.named(name)["summary"].startswith("answered with success, but")
    assert server.kept == {}


def test_a_group_whose_creation_was_not_confirmed_is_found_and_deleted(doctor: Doctor, serve: Serve) -> None:
    """A create whose answer was lost is cleaned up by the group's name."""
    server = Groups(lost="createFilterGroup")
    ended = doctor(serve(server), *SCRATCH, "--json")
    assert (ended.code, ended.verdicts["createFilterGroup"]) == (6, "broken")
    assert (server.kept, "clean-up" in ended.verdicts) == ({}, False)


def test_a_group_that_cannot_be_deleted_is_reported_by_name(doctor: Doctor, serve: Serve) -> None:
    """If deleting has no effect the report names what is left behind and what to do."""
    server = Groups("deleteFilterGroup", "bulkDeleteFilterGroups")
    ended = doctor(serve(server), *SCRATCH, "--json")
    left = ended.named("clean-up")
    assert {each["name"] for each in server.kept.values()} == {left["summary"].split("'")[1]}
    assert left["remedy"] == ["delete it by hand; it is inactive"]


def test_a_group_that_can_be_deleted_in_bulk_only_is_deleted(doctor: Doctor, box: Sandbox) -> None:
    """If deleting one group has a wrong method, the clean-up deletes in bulk."""
    path = OPERATIONS["deleteFilterGroup"].path
    ended = doctor(box, *SCRATCH, "--route", f"deleteFilterGroup=PUT {path}", "--json")
    assert (ended.code, ended.verdicts["deleteFilterGroup"], "clean-up" in ended.verdicts) == (
        12,
        "wrong method",
        False,
    )
    assert [each for each in groups_of(box) if each["name"].startswith(NAME)] == []


def test_groups_are_harmless_and_unmistakable(doctor: Doctor, serve: Serve) -> None:
    """A created group is inactive, only watches, has a high priority and a name that says whose it is."""
    server = Groups("deleteFilterGroup", "bulkDeleteFilterGroups")
    doctor(serve(server), *SCRATCH)
    assert len(server.kept) == 2
    for group in server.kept.values():
        assert group["name"].startswith(NAME)
        assert (group["active"], group["integration"], group["organization"]) == (False, "acmeapps02", "acmegroup1")
        assert group["priority"] >= 1_000_000
