"""The doctor with leave to write: only in the scratch integration, and nothing stays behind without being reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import metrics24
from metrics24_api.operation_table import OPERATIONS
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from speccheck.conftest import ROWS, Doctor, Serve
from speccheck.groups import EXPORTS, GROUPS, NAME, SCRATCH, Failing, Groups
from speccheck.stage import operation_of
from support.scripted import Received, Step
from support.steps import reset, respond, respond_html, respond_json

REFUSED = respond_json({}, status=402)
DEAD = ("getFilterGroup", "updateFilterGroup", "bulkUpdateFilterGroups", "deleteFilterGroup")
WITHOUT_EFFECT = "inconclusive: answered with success, but"


def groups_of(box: Sandbox) -> list[dict[str, Any]]:
    """All filter groups of the scratch integration."""
    with metrics24.Client(api_key=box.api_key, base_url=box.base_url) as client:
        response = client.request("listFilterGroups", path={"integrationID": "acmeapps02"})
    groups: list[dict[str, Any]] = response.json()["data"]
    return groups


def scratches(box: Sandbox) -> list[str]:
    """The names of the doctor's own groups."""
    return [each["name"] for each in groups_of(box) if each["name"].startswith(NAME)]


def test_all_writes_are_tried_and_nothing_stays(doctor: Doctor, box: Sandbox) -> None:
    """With leave every write of filter groups is tried, in the scratch integration alone, and none is left."""
    before = groups_of(box)
    ended = doctor(box, "--integration", "acmeshop01", *SCRATCH, "--json")
    assert {name: ended.verdicts[name] for name in GROUPS} == dict.fromkeys(GROUPS, "works")
    assert groups_of(box) == before
    assert EXPORTS.isdisjoint(ended.verdicts)
    assert (ended.code, box.hits("downloadClicks")) == (0, 0)
    written = [each.path for each in box.requests if each.method != "GET"]
    assert len(written) == 2 + 2 + 1 + 1
    assert all("/acmeapps02/" in path for path in written)


@pytest.mark.parametrize("behaviour", [{}, {"created": "id"}, {"answer": "204"}, {"wrap": "data"}], ids=str)
def test_every_form_of_a_response_to_a_write_works(doctor: Doctor, behaviour: dict[str, Any]) -> None:
    """An id alone, no body, and a wrapped object are in the spec; with --include-exports exports are tried as well."""
    with Sandbox(SandboxOptions(**ROWS, behaviour=Behaviour(**behaviour))) as box:
        ended = doctor(box, *SCRATCH, "--include-exports", "--json")
        assert (ended.code, set(ended.verdicts.values())) == (0, {"works"})
        assert (scratches(box), box.hits("deleteExport"), ended.verdicts.keys() >= EXPORTS) == ([], 3, True)


@pytest.mark.parametrize(
    ("operation", "route", "expected"),
    [
        ("updateFilterGroup", f"PUT {OPERATIONS['updateFilterGroup'].path}", {"updateFilterGroup": "wrong method"}),
        ("deleteFilterGroup", f"PUT {OPERATIONS['deleteFilterGroup'].path}", {"deleteFilterGroup": "wrong method"}),
        (
            "createFilterGroup",
            "POST /api/v2/{integrationID}/groups",
            {
                "createFilterGroup": "wrong path",
                "deleteFilterGroup": "inconclusive: not asked: no filter group could be created to try it on",
            },
        ),
    ],
)
def test_a_wrong_route_of_a_write_is_found(
    doctor: Doctor, box: Sandbox, operation: str, route: str, expected: dict[str, str]
) -> None:
    """A route that the server does not have is found, and the groups are deleted all the same, in bulk if need be."""
    ended = doctor(box, *SCRATCH, "--route", f"{operation}={route}", "--json")
    ended.agrees(12, expected)
    assert (scratches(box), "clean-up" in ended.verdicts) == ([], False)


SERVERS: dict[str, tuple[Callable[[], Groups], int, dict[str, str]]] = {
    **{
        f"{name} has no effect": (lambda name=name: Groups(name), 13, {name: WITHOUT_EFFECT})  # type: ignore[misc]
        for name in ("updateFilterGroup", "bulkUpdateFilterGroups", "bulkDeleteFilterGroups")
    },
    "a lost create": (lambda: Groups(lost="createFilterGroup"), 6, {"createFilterGroup": "broken"}),
    "a second group is refused": (
        lambda: Failing(createFilterGroup=(2, REFUSED)),
        13,
        {"createFilterGroup": "works", "updateFilterGroup": "inconclusive"},
    ),
    "a lost create and a list that cannot be read": (
        lambda: Failing(createFilterGroup=(1, reset), listFilterGroups=(2, respond_html())),
        6,
        {"clean-up": "broken: may be left behind"},
    ),
    "a server that dies": (
        lambda: Failing(**dict.fromkeys(DEAD, (1, reset))),
        6,
        {
            "updateFilterGroup": "broken",
            "bulkDeleteFilterGroups": "inconclusive: not asked: the server had stopped answering",
            "downloadClicks": "inconclusive: not asked: ",
            "clean-up": "broken: may be left behind",
        },
    ),
    "no export can be requested": (
        lambda: Failing(**dict.fromkeys(EXPORTS - {"deleteExport"}, (1, REFUSED))),
        13,
        {
            "downloadClicks": "inconclusive",
            "deleteExport": "inconclusive: not asked: no export could be requested to try it on",
        },
    ),
}


@pytest.mark.parametrize("case", SERVERS)
def test_writes_that_fail_are_judged_and_cleaned_up(doctor: Doctor, serve: Serve, case: str) -> None:
    """Each write has its verdict, and what was created is deleted, or reported as possibly left behind."""
    make, code, expected = SERVERS[case]
    server = make()
    exports = ("--include-exports",) if EXPORTS & expected.keys() else ()
    ended = doctor(serve(server), *SCRATCH, *exports, "--json")
    ended.agrees(code, expected)
    assert ("clean-up" in ended.verdicts) == ("clean-up" in expected)
    assert server.kept == {} or "clean-up" in expected


def test_a_group_that_cannot_be_deleted_is_harmless_and_reported_by_name(doctor: Doctor, serve: Serve) -> None:
    """A group that is left behind is inactive, has a high priority and a telling name, which the report repeats."""
    server = Groups("deleteFilterGroup", "bulkDeleteFilterGroups")
    left = doctor(serve(server), *SCRATCH, "--json").named("clean-up")
    assert left["remedy"] == ["delete it by hand; it is inactive"]
    assert {each["name"] for each in server.kept.values()} == {left["summary"].split("'")[1]}
    assert len(server.kept) == 2
    for group in server.kept.values():
        assert group["name"].startswith(NAME)
        assert (group["active"], group["integration"], group["organization"]) == (False, "acmeapps02", "acmegroup1")
        assert group["priority"] >= 1_000_000


def test_a_lost_group_is_looked_for_on_every_page(doctor: Doctor, serve: Serve) -> None:
    """The clean-up reads the list's pages, full ones until one that is not."""
    full = [{"id": f"other-{number}", "name": "Other"} for number in range(100)]

    class Paged(Groups):
        def __call__(self, request: Received) -> Step:
            if request.parameter("page[number]") == "1":
                return respond_json({"data": full, "meta": {"total_count": 101, "total_page": 2}})
            return super().__call__(request)

    server = Paged(lost="createFilterGroup")
    doctor(serve(server), *SCRATCH)
    assert server.kept == {}


def test_a_create_that_gives_no_id_is_found_by_name(doctor: Doctor, serve: Serve) -> None:
    """A create whose response has no id is identified in the list by the name of its group."""

    class Mute(Groups):
        def __call__(self, request: Received) -> Step:
            step = super().__call__(request)
            return respond(b"", status=202) if operation_of(request) == "createFilterGroup" else step

    server = Mute()
    ended = doctor(serve(server), *SCRATCH, "--json")
    assert server.kept == {}
    assert {ended.verdicts[name] for name in GROUPS | {"getFilterGroup"}} == {"works"}
