"""Changing and deleting one filter group, with responses lost and found."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from filter_groups.fake_groups import LOST, GroupServer, groups_of
from metrics24._core.effects import RawResponse
from metrics24._core.group_flows import change_offers, delete, update
from metrics24.errors import AmbiguousWrite, BadRequest, Forbidden, NotFound, ResponseError, UnexpectedAnswerWarning
from metrics24.models import UNSET
from support.fake_driver import FakeDriver, in_turn, raw

RULES: list[Any] = [{"type": "vpn", "z": None}, {"type": "ip"}]


@pytest.mark.parametrize("form", ["", "nothing", "204", "html"])
def test_an_update_gives_the_group_as_it_is_then(form: str) -> None:
    """Whatever the server answers to the change, the group is read afterwards."""
    server = GroupServer([form])
    server.has("g1", active=True, description="x", tags=["a"])
    changed = server.driver.run(update(groups_of(), "g1", {"active": False, "description": None, "tags": []}))
    assert (changed.active, changed.description, changed.tags) == (False, UNSET, [])
    assert server.requests[0].body == {"active": False, "description": None, "tags": []}
    assert [request.operation for request in server.requests] == ["updateFilterGroup", "getFilterGroup"]


def test_an_update_that_does_not_show_is_warned_of() -> None:
    """When the server accepts a change and the group does not have it, a warning names the properties."""
    driver = FakeDriver(in_turn(raw(204), raw(body={"id": "g1", "active": True, "tags": None})))
    with pytest.warns(UnexpectedAnswerWarning, match="other values for active than"):
        changed = driver.run(update(groups_of(), "g1", {"active": False, "tags": None}))
    assert changed.active is True


@pytest.mark.parametrize("fault", LOST)
def test_fault_03_a_lost_update_is_adopted_if_the_group_shows_it(fault: str) -> None:
    """A group with every value that was sent is the result, another one a candidate; nothing is sent twice."""
    server = GroupServer([f"after {fault}", "", fault])
    server.has("g1", active=True, offer_ids=["x"])
    assert server.driver.run(update(groups_of(), "g1", {"active": False, "offer_ids": []})).active is False
    assert server.asked("updateFilterGroup") == 1
    with pytest.raises(AmbiguousWrite, match=r"does not show it \(active\)") as caught:
        server.driver.run(update(groups_of(), "g1", {"active": True, "offer_ids": []}))
    assert [group.id for group in caught.value.candidates] == ["g1"]
    assert server.asked("updateFilterGroup") == 2


@pytest.mark.parametrize(
    ("whims", "error", "match", "requests"),
    [
        (["400"], BadRequest, "", 1),
        (["403"], Forbidden, "", 1),
        (["", "403"], Forbidden, "accepted the change of filter group 'g1'", 2),
        (["after reset", "403"], AmbiguousWrite, "could not be read", 2),
    ],
    ids=str,
)
def test_an_update_without_a_result_is_an_error(
    whims: list[str], error: type[Exception], match: str, requests: int
) -> None:
    """A refusal is its own error, a change that cannot be read back is noted, and a lost one is ambiguous."""
    server = GroupServer(whims)
    server.has("g1")
    with pytest.raises(error) as caught:
        server.driver.run(update(groups_of(), "g1", {"active": False}))
    assert match in "".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert len(server.requests) == requests


def test_a_lost_update_of_a_group_that_is_gone_is_not_found() -> None:
    """If the read-back finds no such group, the error is NotFound."""
    with pytest.raises(NotFound):
        GroupServer(["reset"]).driver.run(update(groups_of(), "g1", {"active": False}))


@pytest.mark.parametrize(
    ("offers", "change", "expected"),
    [
        (None, {"add": ["a", "b"]}, ["a", "b"]),
        (["b", "c"], {"add": ["c", "a"]}, ["b", "c", "a"]),
        (["b", "c", "a"], {"remove": ["c", "x"]}, ["b", "a"]),
        (["c"], {"remove": ["c"]}, []),
    ],
)
def test_offers_are_read_changed_and_written(
    offers: list[str] | None, change: dict[str, list[str]], expected: list[str]
) -> None:
    """Existing offers keep their order, new ones come last, and only the offers are sent."""
    server = GroupServer()
    server.has("g1", offer_ids=offers, filters=RULES)
    assert server.driver.run(change_offers(groups_of(), "g1", **change)).offer_ids == expected
    assert server.requests[1].body == {"offer_ids": expected}
    assert server.groups["g1"]["filters"] == RULES


@pytest.mark.parametrize("change", [{"add": ["a"]}, {"remove": ["b"]}])
def test_nothing_is_written_where_nothing_changes(change: dict[str, list[str]]) -> None:
    """Offers that are there already, or are not there, cost one read."""
    server = GroupServer()
    server.has("g1", offer_ids=["a", "a"])
    assert server.driver.run(change_offers(groups_of(), "g1", **change)).offer_ids == ["a", "a"]
    assert [request.operation for request in server.requests] == ["getFilterGroup"]


@pytest.mark.parametrize("offers", [{}, {"offer_ids": "a,b"}, {"offer_ids": [1]}])
@pytest.mark.filterwarnings("ignore::metrics24.UnexpectedAnswerWarning")
def test_offers_that_are_not_known_are_not_overwritten(offers: dict[str, object]) -> None:
    """If the server does not say which offers a group has, adding one would lose the others: ResponseError."""
    driver = FakeDriver(in_turn(raw(body={"id": "g1", **offers})))
    with pytest.raises(ResponseError, match="could lose") as caught:
        driver.run(change_offers(groups_of(), "g1", add=["b"]))
    assert (caught.value.path, caught.value.operation, len(driver.calls)) == ("$.offer_ids", "getFilterGroup", 1)


def test_a_deletion_that_is_answered_with_a_page_is_read_back() -> None:
    """A page that something on the way wrote says nothing: the group is looked for, and deleted again if there."""
    server = GroupServer(["html"])
    server.has("g1")
    server.driver.run(delete(groups_of(), "g1"))
    assert [request.operation for request in server.requests] == ["deleteFilterGroup", "getFilterGroup"]
    page = RawResponse(200, httpx.Headers(), b"<html>Please log in</html>")
    driver = FakeDriver(in_turn(page, raw(body={"id": "g1"}), raw(204), raw(body={})))
    driver.run(delete(groups_of(), "g1"))
    assert [call.request.method for call in driver.calls] == ["DELETE", "GET", "DELETE"]


@pytest.mark.parametrize("form", ["", "nothing", "204"])
def test_a_deletion_is_one_request(form: str) -> None:
    """Any success of the API's is believed, whether it has a body or not."""
    server = GroupServer([form])
    server.has("g1")
    server.driver.run(delete(groups_of(), "g1"))
    assert ([request.operation for request in server.requests], server.groups) == (["deleteFilterGroup"], {})


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("happened", [True, False])
def test_fault_50_a_lost_deletion_is_read_back(fault: str, happened: bool) -> None:
    """A group that is gone after a lost response was deleted; one that survived is deleted once more."""
    server = GroupServer([f"after {fault}" if happened else fault])
    server.has("g1")
    server.driver.run(delete(groups_of(), "g1"))
    assert (server.asked("deleteFilterGroup"), server.groups) == (1 if happened else 2, {})
    assert server.driver.slept == ([] if happened else [0.5])


def test_fault_50_a_404_is_a_success_on_the_second_try_alone() -> None:
    """A deletion that took effect late ends well, and deleting what does not exist is NotFound."""
    driver = FakeDriver(in_turn(raw(503), raw(body={"id": "g1"}), raw(404)))
    driver.run(delete(groups_of(), "g1"))
    assert [call.request.method for call in driver.calls] == ["DELETE", "GET", "DELETE"]
    server = GroupServer()
    with pytest.raises(NotFound):
        server.driver.run(delete(groups_of(), "g1"))
    assert server.asked("deleteFilterGroup") == 1


@pytest.mark.parametrize("name", ["offer_ids", "publisher_ids", "advertiser_ids", "tags"])
@pytest.mark.filterwarnings("error")
def test_the_order_of_a_set_is_no_difference(name: str) -> None:
    """A server that sorts a group's lists has made the change as it was sent."""
    driver = FakeDriver(in_turn(raw(body={}), raw(body={"id": "g1", name: ["b", "a"]})))
    group = driver.run(update(groups_of(), "g1", {name: ["a", "b"]}))
    assert getattr(group, name) == ["b", "a"]


@pytest.mark.parametrize("blank", [b"", b" \r\n"])
def test_a_success_without_a_body_is_believed(blank: bytes) -> None:
    """Blanks are no page: the change counts as made, and the group is read once."""
    driver = FakeDriver(in_turn(RawResponse(200, httpx.Headers(), blank), raw(body={"id": "g1", "priority": 3})))
    assert driver.run(update(groups_of(), "g1", {"priority": 3})).name is UNSET
    assert len(driver.calls) == 2
