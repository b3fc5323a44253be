"""The doctor with leave to write: only where it was told, and gone without a trace."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

import metrics24
from doctor.conftest import Doctor, Serve
from doctor.stage import META, NOT_FOUND, healthy, operation_of, root
from metrics24_api.operation_table import OPERATIONS
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from support.answers import answer, json_answer, reset
from support.scripted import Received, Step

SCRATCH = ("--include-writes", "--scratch-integration", "acmeapps02", "--organization", "acmegroup1")
GROUPS = {each.id for each in OPERATIONS.values() if each.effect == "write" and each.tag == "Filter groups"}
EXPORTS = {"downloadClicks", "downloadConversions", "downloadImpressions", "deleteExport"}
NAME = "metrics24 doctor scratch "
LATER = [("Retry-After", "99999")]


def groups_of(box: Sandbox) -> list[dict[str, Any]]:
    """All filter groups of the scratch integration."""
    with metrics24.Client(api_key=box.api_key, base_url=box.base_url) as client:
        answer = client.request("listFilterGroups", path={"integrationID": "acmeapps02"})
    groups: list[dict[str, Any]] = answer.json()["data"]
    return groups


def test_all_writes_on_filter_groups_are_tried_and_nothing_stays(doctor: Doctor, box: Sandbox) -> None:
    """With leave to write every operation on filter groups works, and the groups are those from before."""
    before = groups_of(box)
    visit = doctor(box, *SCRATCH, "--json")
    assert {name: visit.verdicts[name] for name in GROUPS} == dict.fromkeys(GROUPS, "works")
    assert groups_of(box) == before
    assert EXPORTS.isdisjoint(visit.verdicts)
    assert (visit.code, box.hits("downloadClicks")) == (0, 0)


def test_writes_touch_the_scratch_integration_alone(doctor: Doctor, box: Sandbox) -> None:
    """Whatever integration is read, only the one that is named for it is written to."""
    doctor(box, "--integration", "acmeshop01", *SCRATCH)
    written = [each.path for each in box.requests if each.method != "GET"]
    assert len(written) == 2 + 2 + 1 + 1
    assert all("/acmeapps02/" in path for path in written)


def test_exports_are_requested_and_deleted_with_leave_only(doctor: Doctor, box: Sandbox) -> None:
    """With --include-exports the four operations on exports work too, which makes the code 0."""
    visit = doctor(box, *SCRATCH, "--include-exports", "--json")
    assert {name: visit.verdicts[name] for name in EXPORTS} == dict.fromkeys(EXPORTS, "works")
    assert (visit.code, box.hits("deleteExport")) == (0, 3)


@pytest.mark.parametrize("behaviour", [{"created": "id"}, {"answer": "204"}, {"wrap": "data"}], ids=str)
def test_other_ways_to_answer_a_write_work(doctor: Doctor, behaviour: dict[str, Any]) -> None:
    """An id alone, no body, and a wrapped object are answers that the spec allows."""
    options = SandboxOptions(conversions_per_day=60, clicks_per_day=60, impressions_per_day=60)
    with Sandbox(replace(options, behaviour=Behaviour(**behaviour))) as box:
        visit = doctor(box, *SCRATCH, "--include-exports", "--json")
        assert (visit.code, set(visit.verdicts.values())) == (0, {"works"})
        assert [each for each in groups_of(box) if each["name"].startswith(NAME)] == []


def test_a_wrong_route_of_a_write_is_found(doctor: Doctor, box: Sandbox) -> None:
    """A method that the server does not have is found with leave to write, and the group is deleted all the same."""
    path = OPERATIONS["updateFilterGroup"].path
    visit = doctor(box, *SCRATCH, "--route", f"updateFilterGroup=PUT {path}", "--json")
    assert (visit.code, visit.verdicts["updateFilterGroup"]) == (12, "wrong method")
    assert [each for each in groups_of(box) if each["name"].startswith(NAME)] == []


def test_a_group_that_cannot_be_created_leaves_the_others_open(doctor: Doctor, box: Sandbox) -> None:
    """Where creating is wrong the other writes are inconclusive, and say why."""
    visit = doctor(box, *SCRATCH, "--route", "createFilterGroup=POST /api/v2/{integrationID}/groups", "--json")
    assert (visit.code, visit.verdicts["createFilterGroup"]) == (12, "wrong path")
    assert visit.named("deleteFilterGroup")["summary"] == "not asked: no filter group could be created to try it on"


class Groups:
    """A server that keeps filter groups; `lazy` operations answer with success and do nothing."""

    def __init__(self, *lazy: str, lost: str = "none") -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self._lazy, self._lost = lazy, lost
        self._numbers = iter(range(100, 200))

    def __call__(self, request: Received) -> Step:
        name = operation_of(request)
        body = json.loads(request.body or b"{}")
        last = request.path.rpartition("/")[2]
        if name not in self._lazy:
            self._perform(name, body, last)
        if name == self._lost:
            return reset
        if name == "listFilterGroups":
            return json_answer({"data": list(self.kept.values()), "meta": META})
        if name == "getFilterGroup":
            return json_answer(self.kept[last]) if last in self.kept else json_answer({"no": "group"}, status=404)
        if name in GROUPS:
            return json_answer({"id": list(self.kept)[-1]} if name == "createFilterGroup" else {})
        return {"/": root(), **healthy()}.get(name or request.path, NOT_FOUND)

    def _perform(self, name: str, body: dict[str, Any], last: str) -> None:
        if name == "createFilterGroup":
            identity = f"group-{next(self._numbers)}"
            self.kept[identity] = {"id": identity, **body}
        elif name == "deleteFilterGroup":
            self.kept.pop(last, None)
        elif name == "updateFilterGroup":
            self.kept[last].update(body)
        for identity in body.get("data", ()):
            if name == "bulkDeleteFilterGroups":
                self.kept.pop(identity, None)
            elif name == "bulkUpdateFilterGroups":
                self.kept[identity]["monitoring_mode"] = body["monitoring_mode"]


@pytest.mark.parametrize("name", ["updateFilterGroup", "bulkUpdateFilterGroups", "bulkDeleteFilterGroups"])
def test_a_success_without_effect_is_not_taken_for_one(doctor: Doctor, serve: Serve, name: str) -> None:
    """A write that is answered with success and changes nothing is inconclusive, and nothing stays behind."""
    server = Groups(name)
    visit = doctor(serve(server), *SCRATCH, "--json")
    assert (visit.code, visit.verdicts[name]) == (13, "inconclusive")
    assert visit.named(name)["summary"].startswith("answered with success, but")
    assert server.kept == {}


def test_a_group_whose_creation_was_not_confirmed_is_found_and_deleted(doctor: Doctor, serve: Serve) -> None:
    """A create whose answer was lost is cleaned up by the group's name."""
    server = Groups(lost="createFilterGroup")
    visit = doctor(serve(server), *SCRATCH, "--json")
    assert (visit.code, visit.verdicts["createFilterGroup"]) == (6, "broken")
    assert (server.kept, "clean-up" in visit.verdicts) == ({}, False)


def test_a_group_that_cannot_be_deleted_is_reported_by_name(doctor: Doctor, serve: Serve) -> None:
    """Where deleting has no effect the report names what is left behind and what to do."""
    server = Groups("deleteFilterGroup", "bulkDeleteFilterGroups")
    visit = doctor(serve(server), *SCRATCH, "--json")
    left = visit.named("clean-up")
    assert {each["name"] for each in server.kept.values()} == {left["summary"].split("'")[1]}
    assert left["remedy"] == ["delete it by hand; it is inactive"]


def test_groups_are_harmless_and_unmistakable(doctor: Doctor, serve: Serve) -> None:
    """What is created is inactive, only watches, has a high priority and a name that says whose it is."""
    server = Groups("deleteFilterGroup", "bulkDeleteFilterGroups")
    doctor(serve(server), *SCRATCH)
    assert len(server.kept) == 2
    for group in server.kept.values():
        assert group["name"].startswith(NAME)
        assert (group["active"], group["integration"], group["organization"]) == (False, "acmeapps02", "acmegroup1")
        assert group["priority"] >= 1_000_000


class Failing(Groups):
    """A server of filter groups on which some operations fail from their n-th request on."""

    def __init__(self, **failures: tuple[int, Step]) -> None:
        super().__init__()
        self._failures = failures
        self.asked: Counter[str] = Counter()

    def __call__(self, request: Received) -> Step:
        name = operation_of(request)
        self.asked[name] += 1
        count, step = self._failures.get(name, (0, NOT_FOUND))
        return step if name in self._failures and self.asked[name] >= count else super().__call__(request)


def test_a_second_group_that_cannot_be_created_leaves_none_behind(doctor: Doctor, serve: Serve) -> None:
    """Where only the first group can be created it is deleted again, and the other writes are not tried."""
    server = Failing(createFilterGroup=(2, json_answer({}, status=402)))
    visit = doctor(serve(server), *SCRATCH, "--json")
    assert visit.verdicts["createFilterGroup"] == "works"
    assert visit.verdicts["updateFilterGroup"] == "inconclusive"
    assert (server.kept, "clean-up" in visit.verdicts) == ({}, False)


def test_a_server_that_dies_between_writes_is_reported_with_what_may_be_left(doctor: Doctor, serve: Serve) -> None:
    """When nothing is answered any more the writes end, and the report names the group that may be left behind."""
    names = ("getFilterGroup", "updateFilterGroup", "bulkUpdateFilterGroups", "deleteFilterGroup")
    dead = dict.fromkeys(names, (1, reset))
    visit = doctor(serve(Failing(**dead)), *SCRATCH, "--include-exports", "--json")
    assert (visit.code, visit.verdicts["updateFilterGroup"]) == (6, "broken")
    assert visit.named("bulkDeleteFilterGroups")["summary"] == "not asked: the server had stopped answering"
    assert visit.named("downloadClicks")["summary"].startswith("not asked: ")
    assert "may be left behind" in visit.named("clean-up")["summary"]


def test_a_lost_creation_and_an_unreadable_list_are_reported(doctor: Doctor, serve: Serve) -> None:
    """Where neither the answer nor the list tells whether a group was created, the report says so."""
    listed = answer(b"<html>", content_type="text/html")
    visit = doctor(serve(Failing(createFilterGroup=(1, reset), listFilterGroups=(2, listed))), *SCRATCH, "--json")
    assert "may be left behind" in visit.named("clean-up")["summary"]


def test_a_lost_group_is_looked_for_on_every_page(doctor: Doctor, serve: Serve) -> None:
    """The clean-up walks the list's pages, full ones until one that is not."""
    full = [{"id": f"other-{number}", "name": "Other"} for number in range(100)]

    class Paged(Groups):
        def __call__(self, request: Received) -> Step:
            if request.parameter("page[number]") == "1":
                return json_answer({"data": full, "meta": {"total_count": 101, "total_page": 2}})
            return super().__call__(request)

    server = Paged(lost="createFilterGroup")
    doctor(serve(server), *SCRATCH)
    assert server.kept == {}


def test_an_export_without_an_id_is_not_deleted(doctor: Doctor, serve: Serve) -> None:
    """Where no export can be requested deleting one is not tried, and the report says why."""
    refusal = json_answer({"error": "quota"}, status=402)
    failures = dict.fromkeys(("downloadClicks", "downloadConversions", "downloadImpressions"), (1, refusal))
    visit = doctor(serve(Failing(**failures)), *SCRATCH, "--include-exports", "--json")
    assert visit.verdicts["downloadClicks"] == "inconclusive"
    assert visit.named("deleteExport")["summary"] == "not asked: no export could be requested to try it on"


def test_a_create_that_gives_no_id_is_found_by_name(doctor: Doctor, serve: Serve) -> None:
    """A create that answers without an id is identified in the list by the name of its group."""
    made: list[Step] = []

    class Mute(Groups):
        def __call__(self, request: Received) -> Step:
            step = super().__call__(request)
            if operation_of(request) == "createFilterGroup":
                made.append(step)
                return answer(b"", status=202)
            return step

    server = Mute()
    visit = doctor(serve(server), *SCRATCH, "--json")
    assert (len(made), server.kept) == (2, {})
    assert {visit.verdicts[name] for name in GROUPS | {"getFilterGroup"}} == {"works"}
