"""The doctor writing to a server that loses, refuses or forgets: what stays behind, and what is said of it."""

from __future__ import annotations

from speccheck.conftest import Doctor, Serve
from speccheck.groups import GROUPS, SCRATCH, Failing, Groups
from speccheck.stage import operation_of
from support.scripted import Received, Step
from support.steps import reset, respond, respond_json


def test_a_second_group_that_cannot_be_created_leaves_none_behind(doctor: Doctor, serve: Serve) -> None:
    """If only the first group can be created it is deleted again, and the other writes are not tried."""
    server = Failing(createFilterGroup=(2, respond_json({}, status=402)))
    ended = doctor(serve(server), *SCRATCH, "--json")
    assert ended.verdicts["createFilterGroup"] == "works"
    assert ended.verdicts["updateFilterGroup"] == "inconclusive"
    assert (server.kept, "clean-up" in ended.verdicts) == ({}, False)


def test_a_server_that_dies_between_writes_is_reported_with_what_may_be_left(doctor: Doctor, serve: Serve) -> None:
    """When nothing is answered any more the writes end, and the report names the group that may be left behind."""
    names = ("getFilterGroup", "updateFilterGroup", "bulkUpdateFilterGroups", "deleteFilterGroup")
    dead = dict.fromkeys(names, (1, reset))
    ended = doctor(serve(Failing(**dead)), *SCRATCH, "--include-exports", "--json")
    assert (ended.code, ended.verdicts["updateFilterGroup"]) == (6, "broken")
    assert ended.named("bulkDeleteFilterGroups")["summary"] == "not asked: the server had stopped answering"
    assert ended.named("downloadClicks")["summary"].startswith("not asked: ")
    assert "may be left behind" in ended.named("clean-up")["summary"]


def test_a_lost_creation_and_an_unreadable_list_are_reported(doctor: Doctor, serve: Serve) -> None:
    """If neither the response nor the list tells whether a group was created, the report says so."""
    listed = respond(b"<html>", content_type="text/html")
    ended = doctor(serve(Failing(createFilterGroup=(1, reset), listFilterGroups=(2, listed))), *SCRATCH, "--json")
    assert "may be left behind" in ended.named("clean-up")["summary"]


def test_a_lost_group_is_looked_for_on_every_page(doctor: Doctor, serve: Serve) -> None:
    """The clean-up walks the list's pages, full ones until one that is not."""
    full = [{"id": f"other-{number}", "name": "Other"} for number in range(100)]

    class Paged(Groups):
        def __call__(self, request: Received) -> Step:
            if request.parameter("page[number]") == "1":
                return respond_json({"data": full, "meta": {"total_count": 101, "total_page": 2}})
            return super().__call__(request)

    server = Paged(lost="createFilterGroup")
    doctor(serve(server), *SCRATCH)
    assert server.kept == {}


def test_an_export_without_an_id_is_not_deleted(doctor: Doctor, serve: Serve) -> None:
    """If no export can be requested deleting one is not tried, and the report says why."""
    refusal = respond_json({"error": "quota"}, status=402)
    failures = dict.fromkeys(("downloadClicks", "downloadConversions", "downloadImpressions"), (1, refusal))
    ended = doctor(serve(Failing(**failures)), *SCRATCH, "--include-exports", "--json")
    assert ended.verdicts["downloadClicks"] == "inconclusive"
    assert ended.named("deleteExport")["summary"] == "not asked: no export could be requested to try it on"


def test_a_create_that_gives_no_id_is_found_by_name(doctor: Doctor, serve: Serve) -> None:
    """A create that answers without an id is identified in the list by the name of its group."""
    made: list[Step] = []

    class Mute(Groups):
        def __call__(self, request: Received) -> Step:
            step = super().__call__(request)
            if operation_of(request) == "createFilterGroup":
                made.append(step)
                return respond(b"", status=202)
            return step

    server = Mute()
    ended = doctor(serve(server), *SCRATCH, "--json")
    assert (len(made), server.kept) == (2, {})
    assert {ended.verdicts[name] for name in GROUPS | {"getFilterGroup"}} == {"works"}
