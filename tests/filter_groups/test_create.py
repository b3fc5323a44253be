"""Reading and creating one filter group, with responses lost and found."""

from __future__ import annotations

from typing import Any

import pytest

from filter_groups.fake_groups import LOST, SPRING, GroupServer, groups_of, stamp
from metrics24._core.group_flows import create, get
from metrics24.errors import AmbiguousWrite, BadRequest, Forbidden, RateLimited, RequestFailed
from support.fake_driver import FakeDriver, in_turn, raw

RULES: list[Any] = [{"type": "vpn", "z": None, "a": {"deep": [1, None, {"b": 2}]}}, {"type": "ip"}]


@pytest.mark.parametrize("form", ["", "wrapped"])
def test_a_group_comes_bare_or_wrapped(form: str) -> None:
    """The group is the same whether the server wraps it in `data` or not, and keeps an id that is not repeated."""
    server = GroupServer([form])
    server.has("g1", tags=["a"])
    found = server.driver.run(get(groups_of(), "g1"))
    assert (found.id, found.name, found.tags) == ("g1", "Spring", ["a"])
    assert FakeDriver(in_turn(raw(body={"name": "x"}))).run(get(groups_of(), "g1")).id == "g1"


@pytest.mark.parametrize("form", ["", "wrapped", "id", "nothing", "204", "html"])
def test_a_new_group_is_given_back_however_the_server_answers(form: str) -> None:
    """A create ends in the whole group, whether it is sent back, named by its id, or not mentioned at all."""
    server = GroupServer([form])
    server.has("old", priority=1)
    made = server.driver.run(create(groups_of(), {**SPRING, "offer_ids": ["o2", "o1"], "tags": []}))
    assert (made.id, made.name, made.offer_ids) == ("new1", "Spring", ["o2", "o1"])
    assert server.asked("createFilterGroup") == 1


@pytest.mark.parametrize(
    ("part", "requests"),
    [
        ({"id": "g1"}, 2),
        ({"id": "g1", "name": "Spring"}, 2),
        ({"created_item_id": "g1", **SPRING}, 2),
        ({"id": "g1", **SPRING, "offer_ids": ["o1"]}, 1),
    ],
)
def test_a_part_of_a_group_is_not_taken_for_the_whole(part: dict[str, Any], requests: int) -> None:
    """A response without the id, or without a property that was sent, makes the client read the group."""
    driver = FakeDriver(in_turn(raw(201, part), raw(body={"id": "g1", **SPRING, "offer_ids": ["o1"]})))
    made = driver.run(create(groups_of(), {**SPRING, "offer_ids": ["o1"]}))
    assert (made.id, made.offer_ids, len(driver.calls)) == ("g1", ["o1"], requests)


def test_an_id_that_would_bend_the_url_is_not_followed() -> None:
    """A created id such as `..` is looked for in the list instead of being put into a path."""
    driver = FakeDriver(in_turn(raw(201, {"created_item_id": "../../exports"}), raw(body={"data": []})))
    with pytest.raises(AmbiguousWrite, match="does not name it"):
        driver.run(create(groups_of(), SPRING))
    assert [call.request.operation for call in driver.calls] == ["createFilterGroup", "listFilterGroups"]


def test_a_new_group_that_cannot_be_read_is_named() -> None:
    """When the read after a create fails, the error says that the group exists, and which it is."""
    server = GroupServer(["id", "403"])
    with pytest.raises(AmbiguousWrite, match="'new1', but reading it back failed") as caught:
        server.driver.run(create(groups_of(), SPRING))
    assert [(group.id, group.name) for group in caught.value.candidates] == [("new1", "Spring")]


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize("fault", LOST)
def test_fault_49_a_lost_create_is_adopted(fault: str, dated: bool) -> None:
    """The one group with every property that was sent, created since, is the result; nothing is sent twice."""
    server = GroupServer([f"after {fault}"], dated=dated)
    server.has("other", name="Autumn", priority=8)
    if not dated:
        server.driver.now += 70 * 86400  # no Date to compare clocks by: let the client's agree
    made = server.driver.run(create(groups_of(), {**SPRING, "offer_ids": ["b", "a"], "tags": [], "filters": RULES}))
    assert (made.id, server.asked("createFilterGroup")) == ("new1", 1)


@pytest.mark.parametrize("fault", LOST)
def test_fault_49_a_create_that_did_not_happen_is_ambiguous(fault: str) -> None:
    """When no group is there after a lost response, the client says so and does not create it again."""
    server = GroupServer([fault])
    server.has("other", name="Autumn", priority=8)
    with pytest.raises(AmbiguousWrite) as caught:
        server.driver.run(create(groups_of(), SPRING))
    assert (caught.value.candidates, server.asked("createFilterGroup"), server.created) == ((), 1, 0)


@pytest.mark.parametrize(
    "differences",
    [
        [{"created_at": stamp(-3)}],
        [{"created_at": None}],
        [{"created_at": "2025-05-01T12:00:00"}],
        [{"name": "Winter"}],
        [{"priority": 8}],
        [{"organization": "org2"}],
        [{"active": False}],
        [{"tags": ["x"]}],
        [{"filters": RULES[::-1]}],
        [{"offer_ids": ["a"]}],
        [{}, {}],
    ],
)
def test_a_group_that_is_not_surely_the_one_is_a_candidate(differences: list[dict[str, Any]]) -> None:
    """A group that is older, or differs in anything that was sent, is not adopted but shown, as are two equal ones."""
    sent = {**SPRING, "active": True, "tags": [], "filters": RULES, "offer_ids": ["a", "b"]}
    server = GroupServer(["reset"])
    for number, difference in enumerate(differences):
        server.has(f"g{number}", **{**sent, "created_at": stamp(0), **difference})
    with pytest.raises(AmbiguousWrite) as caught:
        server.driver.run(create(groups_of(), sent))
    assert [group.id for group in caught.value.candidates] == [*server.groups]


@pytest.mark.parametrize("first", ["", "id", "nothing", "after reset"])
def test_a_lost_create_is_not_taken_for_the_one_before(first: str) -> None:
    """A group that an equal create has given already, whether answered or adopted, is a candidate and no result."""
    server = GroupServer([first, *([""] if first else []), "reset"])  # what is not a whole group is read next
    groups = groups_of()
    made = server.driver.run(create(groups, SPRING))
    with pytest.raises(AmbiguousWrite) as caught:
        server.driver.run(create(groups, SPRING))
    assert [group.id for group in caught.value.candidates] == [made.id]


def test_a_lost_create_is_ambiguous_where_the_list_cannot_be_read() -> None:
    """When the read-back fails, the fate of the create stays open."""
    server = GroupServer(["after reset", "403"])
    with pytest.raises(AmbiguousWrite, match="list could not be read") as caught:
        server.driver.run(create(groups_of(), SPRING))
    assert isinstance(caught.value.__cause__, Forbidden)


def test_a_lost_create_is_found_on_a_late_page_of_the_list() -> None:
    """The whole list is searched, page after page."""
    server = GroupServer(["after reset"])
    for number in range(250):
        server.has(f"g{number}", name=f"n{number}", priority=1000 + number)
    assert server.driver.run(create(groups_of(), SPRING)).id == "new1"
    assert server.asked("listFilterGroups") == 3


def test_a_list_without_end_is_given_up() -> None:
    """A server that invents groups without end is given up, and the create is ambiguous."""
    ids = map(str, range(10**9))
    driver = FakeDriver(
        lambda request: raw(503) if request.access == "write" else raw(body={"data": [{"id": next(ids)}]})
    )
    with pytest.raises(AmbiguousWrite):
        driver.run(create(groups_of(), SPRING))
    assert len(driver.calls) == 501


@pytest.mark.parametrize(
    ("whims", "error", "hits"),
    [(["400"], BadRequest, 1), (["403"], Forbidden, 1), (["429"] * 3, RateLimited, 3), ([""], RequestFailed, 1)],
)
def test_a_refused_create_is_an_error(whims: list[str], error: type[Exception], hits: int) -> None:
    """A refusal is its own error, never ambiguous, and nothing is read back."""
    server = GroupServer(whims)
    server.has("taken", name="Autumn")
    with pytest.raises(error):
        server.driver.run(create(groups_of(attempts=3), SPRING))
    assert [request.operation for request in server.requests] == ["createFilterGroup"] * hits


def test_a_create_that_surely_did_not_happen_is_sent_again() -> None:
    """After a refused connection and a 429 the create is sent once more."""
    server = GroupServer(["connect", "429", ""])
    assert server.driver.run(create(groups_of(), SPRING)).id == "new1"
    assert (server.asked("createFilterGroup"), server.created) == (3, 1)
