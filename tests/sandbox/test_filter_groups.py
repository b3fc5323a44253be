"""Filter groups: the limits of the documentation, and what an update leaves alone."""

from typing import Any

import httpx
import pytest

from sandbox.calls import MAIN, Caller, Json, error_code

GROUP: Json = {"name": "Mine", "integration": MAIN, "organization": "acmegroup1", "priority": 7}


def create(call: Caller, **properties: Any) -> Json:
    """A new filter group."""
    group: Json = call.data("createFilterGroup", body={**GROUP, **properties})
    return group


def stored(call: Caller, identity: str) -> Json:
    """A filter group as it is now."""
    group: Json = call.data("getFilterGroup", path={"filterGroupID": identity})
    return group


def update(call: Caller, identity: str, body: Json) -> httpx.Response:
    """Change a filter group."""
    return call("updateFilterGroup", path={"filterGroupID": identity}, body=body)


def test_a_new_group_is_kept_as_it_was_sent(own: Caller) -> None:
    """Create answers 201 with the object, and reading it gives the same, filters of any shape included."""
    sent = {**GROUP, "tags": ["a"], "offer_ids": ["o1"], "filters": [{"what": {"ever": [1, None]}}], "active": False}
    response = own("createFilterGroup", body=sent)
    assert response.status_code == 201
    created = response.json()
    assert created | sent == created
    assert created["created_at"] == "2025-02-10T12:00:00Z"
    assert stored(own, created["id"]) == created
    assert own.data("listFilterGroups")["data"] == [created]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"integration": "acmeapps02"}, (400, "bad_request")),
        ({"organization": "else"}, (400, "bad_request")),
        ({"priority": "high"}, (400, "bad_request")),
        ({"tags": [str(number) for number in range(51)]}, (400, "bad_request")),
        ({"offer_ids": ["o1", "o1"]}, (400, "bad_request")),
        ({"publisher_ids": ["p", "p"]}, (400, "bad_request")),
        *(({name: value}, (400, "bad_request")) for name in GROUP for value in (None, ...)),
        ({"priority": 7}, (402, "request_failed")),
    ],
    ids=str,
)
def test_the_documented_limits_hold(own: Caller, change: Json, refusal: tuple[int, str]) -> None:
    """Missing and null properties, wrong parents, types, lists and a taken priority are refused; nothing is created."""
    create(own)
    body = {name: value for name, value in {**GROUP, "priority": 8, **change}.items() if value is not ...}
    assert error_code(own("createFilterGroup", body=body)) == refusal
    assert len(own.data("listFilterGroups")["data"]) == 1


def test_a_priority_is_unique_within_its_integration_only(own: Caller) -> None:
    """Two integrations may use the same priority, and a group keeps its own on update."""
    first = create(own)
    body = {**GROUP, "integration": "acmeapps02"}
    other = own.data("createFilterGroup", path={"integrationID": "acmeapps02"}, body=body)
    assert other["priority"] == first["priority"]
    assert update(own, first["id"], {"priority": 7}).is_success
    second = create(own, priority=9)
    assert error_code(update(own, second["id"], {"priority": 7})) == (402, "request_failed")


def test_absent_null_and_empty_are_three_things(own: Caller) -> None:
    """An update leaves absent properties alone, stores null as null and the empty list as the empty list."""
    group = create(own, tags=["a"], offer_ids=["o1"], description="d", publisher_ids=["p"])
    own.box.advance(60)
    assert update(own, group["id"], {"tags": [], "description": None, "offer_ids": None}).is_success
    changes: Json = {"tags": [], "description": None, "offer_ids": None, "updated_at": "2025-02-10T12:01:00Z"}
    assert stored(own, group["id"]) == {**group, **changes}


def test_parents_cannot_be_changed(own: Caller) -> None:
    """An update that names another integration is refused, one that repeats its own is not."""
    identity = create(own)["id"]
    assert error_code(update(own, identity, {"integration": "acmeapps02"})) == (400, "bad_request")
    assert update(own, identity, {"integration": MAIN, "organization": "acmegroup1"}).is_success


def test_a_group_belongs_to_its_integration(own: Caller) -> None:
    """Under another integration's path a group does not exist, nor can it be changed or deleted there."""
    path = {"integrationID": "acmeapps02", "filterGroupID": create(own)["id"]}
    for operation in ("getFilterGroup", "updateFilterGroup", "deleteFilterGroup"):
        body = {"active": True} if operation == "updateFilterGroup" else None
        assert error_code(own(operation, path=path, body=body)) == (404, "not_found")


def test_a_deleted_group_is_gone(own: Caller) -> None:
    """After a delete the group can neither be read nor deleted again, and its priority is free."""
    path = {"filterGroupID": create(own)["id"]}
    assert own("deleteFilterGroup", path=path).is_success
    assert own("getFilterGroup", path=path).status_code == own("deleteFilterGroup", path=path).status_code == 404
    assert create(own)["priority"] == 7


def test_bulk_operations_report_each_id(own: Caller) -> None:
    """Bulk update and bulk delete do what they can and tell which ids do not exist."""
    one, two = create(own, priority=1)["id"], create(own, priority=2)["id"]
    response = own.data("bulkUpdateFilterGroups", body={"data": [one, "no", one], "monitoring_mode": True})
    assert response == {"updated": [one], "missing": ["no"]}
    assert (stored(own, one)["monitoring_mode"], stored(own, two)["monitoring_mode"]) == (True, None)
    response = own.data("bulkDeleteFilterGroups", {"organization": "acmegroup1"}, body={"data": [two, "no"]})
    assert response == {"deleted": [two], "missing": ["no"]}
    assert [group["id"] for group in own.data("listFilterGroups")["data"]] == [one]


def test_bulk_operations_of_another_organization_find_nothing(own: Caller) -> None:
    """An organization that is not the integration's is a 404, and nothing is deleted."""
    identity = create(own)["id"]
    response = own("bulkDeleteFilterGroups", {"organization": "else"}, body={"data": [identity]})
    assert error_code(response) == (404, "not_found")
    assert stored(own, identity)["id"] == identity


def test_responses_can_be_made_to_differ(own: Caller) -> None:
    """By header a deletion gives {} or 204, a creation the id alone, an object is wrapped, and an empty list null."""
    for header, status, body in (("nothing", 200, b"{}"), ("204", 204, b"")):
        path = {"filterGroupID": create(own)["id"]}
        response = own("deleteFilterGroup", path=path, headers={"X-Sandbox-Answer": header})
        assert (response.status_code, response.content) == (status, body)
    group = stored(
        own, own.data("createFilterGroup", body=GROUP, headers={"X-Sandbox-Created": "id"})["created_item_id"]
    )
    assert group["name"] == "Mine"
    wrapped = own.data("getFilterGroup", path={"filterGroupID": group["id"]}, headers={"X-Sandbox-Wrap": "data"})
    empty = own.data("listFilterGroups", path={"integrationID": "acmeapps02"}, headers={"X-Sandbox-Empty": "null"})
    assert (wrapped, empty["data"]) == ({"data": group}, None)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"data": [1]}', b'{"x": NaN}', b'{"data": ["\\ud800"]}', b"[" * 100_000]
)
def test_a_broken_body_is_a_bad_request(own: Caller, body: bytes) -> None:
    """No body, no JSON, the wrong JSON, text that is no text: all are refused, none breaks the server."""
    assert error_code(own.raw("bulkDeleteFilterGroups", body)) == (400, "bad_request")
