"""Creating, changing and deleting one filter group, answers lost and found."""

from __future__ import annotations

from typing import Any

import pytest

from metrics24.errors import (
    AmbiguousWrite,
    BadRequest,
    Forbidden,
    NotFound,
    RateLimited,
    RequestFailed,
    ResponseError,
    ServerError,
    UnexpectedAnswerWarning,
)
from metrics24.flows.filter_groups import create, get
from metrics24.flows.group_changes import change_offers, delete, update
from metrics24.flows.retry import RetryBudget
from metrics24.models import UNSET
from unit.groups import LOST, SPRING, GroupServer, groups_of, stamp
from unit.hand import Hand, in_turn, raw

RULES: list[Any] = [{"type": "vpn", "z": None, "a": {"deep": [1, None, {"b": 2}]}}, {"type": "ip"}]


@pytest.mark.parametrize("form", ["", "wrapped"])
def test_a_group_comes_bare_or_wrapped(form: str) -> None:
    """The group is the same whether the server wraps it in `data` or not."""
    server = GroupServer([form])
    server.has("g1", tags=["a"])
    found = server.hand.run(get(groups_of(), "g1"))
    assert (found.id, found.name, found.tags) == ("g1", "Spring", ["a"])


def test_a_group_without_its_id_has_the_one_that_was_asked_for() -> None:
    """A server that does not repeat the id does not make it unknown."""
    assert Hand(in_turn(raw(body={"name": "x"}))).run(get(groups_of(), "g1")).id == "g1"


@pytest.mark.parametrize("form", ["", "wrapped", "id", "nothing", "204", "html"])
def test_a_new_group_is_given_back_however_the_server_answers(form: str) -> None:
    """A create ends in the whole group, whether it is sent back, named by its id, or not mentioned at all."""
    server = GroupServer([form])
    server.has("old", priority=1)
    made = server.hand.run(create(groups_of(), {**SPRING, "offer_ids": ["o2", "o1"], "tags": []}))
    assert (made.id, made.name, made.offer_ids) == ("new1", "Spring", ["o2", "o1"])
    assert server.asked("createFilterGroup") == 1


def test_an_id_that_would_bend_the_url_is_not_followed() -> None:
    """A created id such as `..` is looked for in the list instead of being put into a path."""
    server = GroupServer()
    answers = in_turn(raw(201, {"created_item_id": "../../exports"}), raw(body={"data": []}))
    server.hand = Hand(answers)
    with pytest.raises(AmbiguousWrite, match="does not name it"):
        server.hand.run(create(groups_of(), SPRING))
    assert [call.request.operation for call in server.hand.calls] == ["createFilterGroup", "listFilterGroups"]


def test_a_new_group_that_cannot_be_read_is_named() -> None:
    """When the read after a create fails, the error says that the group exists, and which it is."""
    server = GroupServer(["id", "403"])
    with pytest.raises(AmbiguousWrite, match="'new1', but reading it back failed") as caught:
        server.hand.run(create(groups_of(), SPRING))
    assert [(group.id, group.name) for group in caught.value.candidates] == [("new1", "Spring")]


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize("fault", LOST)
def test_a_lost_create_is_adopted(fault: str, dated: bool) -> None:
    """The one group with every property that was sent, created since, is the result; nothing is sent twice."""
    server = GroupServer([f"after {fault}"], dated=dated)
    server.has("other", name="Autumn", priority=8)
    if not dated:
        server.hand.now += 70 * 86400  # no Date to compare clocks by: let the client's agree
    made = server.hand.run(create(groups_of(), {**SPRING, "offer_ids": ["b", "a"], "tags": [], "filters": RULES}))
    assert made.id == "new1"
    assert server.asked("createFilterGroup") == 1


@pytest.mark.parametrize("fault", LOST)
def test_a_create_that_did_not_happen_is_ambiguous(fault: str) -> None:
    """When no group is there after a lost answer, the client says so and does not create it again."""
    server = GroupServer([fault])
    server.has("other", name="Autumn", priority=8)
    with pytest.raises(AmbiguousWrite) as caught:
        server.hand.run(create(groups_of(), SPRING))
    assert (caught.value.candidates, server.asked("createFilterGroup"), server.created) == ((), 1, 0)


@pytest.mark.parametrize(
    "difference",
    [
        {"created_at": stamp(-3)},
        {"created_at": None},
        {"created_at": "2025-05-01T12:00:00"},
        {"name": "Winter"},
        {"priority": 8},
        {"organization": "org2"},
        {"active": False},
        {"tags": ["x"]},
        {"filters": RULES[::-1]},
        {"offer_ids": ["a"]},
    ],
)
def test_a_group_that_is_not_surely_the_one_is_a_candidate(difference: dict[str, Any]) -> None:
    """A group that is older, or differs in anything that was sent, is not adopted but shown."""
    sent = {**SPRING, "active": True, "tags": [], "filters": RULES, "offer_ids": ["a", "b"]}
    server = GroupServer(["reset"])
    server.has("g1", **{**sent, "created_at": stamp(0), **difference})
    with pytest.raises(AmbiguousWrite) as caught:
        server.hand.run(create(groups_of(), sent))
    assert [group.id for group in caught.value.candidates] == ["g1"]


def test_two_groups_that_could_be_it_are_both_candidates() -> None:
    """Where two groups equal what was sent, neither is adopted."""
    server = GroupServer(["reset"])
    for identity in ("g1", "g2"):
        server.has(identity, created_at=stamp(5))
    with pytest.raises(AmbiguousWrite) as caught:
        server.hand.run(create(groups_of(), SPRING))
    assert [group.id for group in caught.value.candidates] == ["g1", "g2"]


def test_a_lost_create_is_ambiguous_where_the_list_cannot_be_read() -> None:
    """When the read-back fails, the fate of the create stays open."""
    server = GroupServer(["after reset", "403"])
    with pytest.raises(AmbiguousWrite, match="list could not be read") as caught:
        server.hand.run(create(groups_of(), SPRING))
    assert isinstance(caught.value.__cause__, Forbidden)


def test_a_lost_create_is_found_on_a_late_page_of_the_list() -> None:
    """The whole list is searched, page after page."""
    server = GroupServer(["after reset"])
    for number in range(250):
        server.has(f"g{number}", name=f"n{number}", priority=1000 + number)
    assert server.hand.run(create(groups_of(), SPRING)).id == "new1"
    assert server.asked("listFilterGroups") == 3


def test_a_list_without_end_is_not_walked_for_ever() -> None:
    """A server that invents groups without end is given up, and the create is ambiguous."""
    ids = map(str, range(10**9))
    hand = Hand(lambda request: raw(503) if request.effect == "write" else raw(body={"data": [{"id": next(ids)}]}))
    with pytest.raises(AmbiguousWrite):
        hand.run(create(groups_of(), SPRING))
    assert len(hand.calls) == 501


@pytest.mark.parametrize(
    ("whims", "error", "hits"),
    [(["400"], BadRequest, 1), (["403"], Forbidden, 1), (["429"] * 3, RateLimited, 3), ([""], RequestFailed, 1)],
)
def test_a_refused_create_is_an_error(whims: list[str], error: type[Exception], hits: int) -> None:
    """A refusal is its own error, never ambiguous, and nothing is read back."""
    server = GroupServer(whims)
    server.has("taken", name="Autumn")
    with pytest.raises(error):
        server.hand.run(create(groups_of(attempts=3), SPRING))
    assert [request.operation for request in server.requests] == ["createFilterGroup"] * hits


def test_a_create_that_surely_did_not_happen_is_sent_again() -> None:
    """After a refused connection and a 429 the create is sent once more."""
    server = GroupServer(["connect", "429", ""])
    assert server.hand.run(create(groups_of(), SPRING)).id == "new1"
    assert (server.asked("createFilterGroup"), server.created) == (3, 1)


@pytest.mark.parametrize("form", ["", "nothing", "204", "html"])
def test_an_update_gives_the_group_as_it_is_then(form: str) -> None:
    """Whatever the server answers to the change, the group is read afterwards."""
    server = GroupServer([form])
    server.has("g1", active=True, description="x", tags=["a"])
    changed = server.hand.run(update(groups_of(), "g1", {"active": False, "description": None, "tags": []}))
    assert (changed.active, changed.description, changed.tags) == (False, UNSET, [])
    assert server.requests[0].body == {"active": False, "description": None, "tags": []}
    assert [request.operation for request in server.requests] == ["updateFilterGroup", "getFilterGroup"]


def test_an_update_that_does_not_show_is_warned_of() -> None:
    """When the server accepts a change and the group does not have it, a warning names the properties."""
    hand = Hand(in_turn(raw(204), raw(body={"id": "g1", "active": True, "tags": None})))
    with pytest.warns(UnexpectedAnswerWarning, match="other values for active than"):
        changed = hand.run(update(groups_of(), "g1", {"active": False, "tags": None}))
    assert changed.active is True


def test_an_update_that_cannot_be_read_back_says_that_it_was_made() -> None:
    """The error of the read carries a note that the change itself was accepted."""
    server = GroupServer(["", "403"])
    server.has("g1")
    with pytest.raises(Forbidden) as caught:
        server.hand.run(update(groups_of(), "g1", {"active": False}))
    assert "accepted the change of filter group 'g1'" in caught.value.__notes__[0]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_update_is_adopted_if_the_group_shows_it(fault: str) -> None:
    """The group with every value that was sent is the result, and nothing is sent twice."""
    server = GroupServer([f"after {fault}"])
    server.has("g1", active=True, offer_ids=["x"])
    assert server.hand.run(update(groups_of(), "g1", {"active": False, "offer_ids": []})).active is False
    assert server.asked("updateFilterGroup") == 1


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_update_is_ambiguous_if_the_group_does_not_show_it(fault: str) -> None:
    """The group as it is becomes the candidate, since the change may be under way."""
    server = GroupServer([fault])
    server.has("g1", active=True, offer_ids=["x"])
    with pytest.raises(AmbiguousWrite, match=r"does not show it \(active\)") as caught:
        server.hand.run(update(groups_of(), "g1", {"active": False, "offer_ids": ["x"]}))
    assert [group.id for group in caught.value.candidates] == ["g1"]
    assert server.asked("updateFilterGroup") == 1


def test_a_lost_update_of_a_group_that_is_gone_is_not_found() -> None:
    """Where the read-back says that there is no such group, that is the answer."""
    with pytest.raises(NotFound):
        GroupServer(["reset"]).hand.run(update(groups_of(), "g1", {"active": False}))


def test_a_lost_update_is_ambiguous_where_the_group_cannot_be_read() -> None:
    """When the read-back fails too, the fate of the change stays open."""
    server = GroupServer(["after reset", "403"])
    server.has("g1")
    with pytest.raises(AmbiguousWrite, match="could not be read"):
        server.hand.run(update(groups_of(), "g1", {"active": False}))


@pytest.mark.parametrize("whim", ["400", "403"])
def test_a_refused_update_is_an_error(whim: str) -> None:
    """A refusal is its own error, and nothing is read back."""
    server = GroupServer([whim])
    server.has("g1")
    with pytest.raises((BadRequest, Forbidden)):
        server.hand.run(update(groups_of(), "g1", {"active": False}))
    assert len(server.requests) == 1


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
    """What is there keeps its order, what is new comes last, and only the offers are sent."""
    server = GroupServer()
    server.has("g1", offer_ids=offers, filters=RULES)
    assert server.hand.run(change_offers(groups_of(), "g1", **change)).offer_ids == expected
    assert server.requests[1].body == {"offer_ids": expected}
    assert server.groups["g1"]["filters"] == RULES


@pytest.mark.parametrize("change", [{"add": ["a"]}, {"remove": ["b"]}])
def test_nothing_is_written_where_nothing_changes(change: dict[str, list[str]]) -> None:
    """Offers that are there already, or are not there, cost one read."""
    server = GroupServer()
    server.has("g1", offer_ids=["a", "a"])
    assert server.hand.run(change_offers(groups_of(), "g1", **change)).offer_ids == ["a", "a"]
    assert [request.operation for request in server.requests] == ["getFilterGroup"]


@pytest.mark.parametrize("offers", [{}, {"offer_ids": "a,b"}, {"offer_ids": [1]}])
@pytest.mark.filterwarnings("ignore::metrics24.UnexpectedAnswerWarning")
def test_offers_that_are_not_known_are_not_overwritten(offers: dict[str, object]) -> None:
    """Where the server does not say which offers a group has, adding one would lose the others: ResponseError."""
    hand = Hand(in_turn(raw(body={"id": "g1", **offers})))
    with pytest.raises(ResponseError, match="could lose") as caught:
        hand.run(change_offers(groups_of(), "g1", add=["b"]))
    assert (caught.value.path, len(hand.calls)) == ("$.offer_ids", 1)


@pytest.mark.parametrize("form", ["", "nothing", "204", "html"])
def test_a_deletion_is_one_request(form: str) -> None:
    """Any success is believed, whatever its body."""
    server = GroupServer([form])
    server.has("g1")
    server.hand.run(delete(groups_of(), "g1"))
    assert ([request.operation for request in server.requests], server.groups) == (["deleteFilterGroup"], {})


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_deletion_of_what_is_gone_is_a_success(fault: str) -> None:
    """When the group is not there after a lost answer, it was deleted."""
    server = GroupServer([f"after {fault}"])
    server.has("g1")
    server.hand.run(delete(groups_of(), "g1"))
    assert (server.asked("deleteFilterGroup"), server.groups) == (1, {})


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_deletion_of_what_is_still_there_is_sent_again(fault: str) -> None:
    """To delete is idempotent, so that a group that survived is deleted once more."""
    server = GroupServer([fault])
    server.has("g1")
    server.hand.run(delete(groups_of(), "g1"))
    assert (server.asked("deleteFilterGroup"), server.groups, server.hand.slept) == (2, {}, [0.5])


def test_a_deletion_that_took_effect_late_is_a_success() -> None:
    """404 on the second try means that the first one worked after all."""
    hand = Hand(in_turn(raw(503), raw(body={"id": "g1"}), raw(404)))
    hand.run(delete(groups_of(), "g1"))
    assert len(hand.calls) == 3


def test_a_first_404_is_not_found() -> None:
    """404 on the first try is NotFound."""
    with pytest.raises(NotFound):
        GroupServer().hand.run(delete(groups_of(), "g1"))


@pytest.mark.parametrize(
    ("changes", "hits"), [({"attempts": 3}, 3), ({"deadline": 0.4}, 1), ({"budget": RetryBudget(1)}, 2)]
)
def test_a_deletion_is_given_up_at_last(changes: dict[str, Any], hits: int) -> None:
    """When answers are lost until attempts, deadline or budget are used up, it is AmbiguousWrite."""
    server = GroupServer(["503", ""] * 10)
    server.has("g1")
    with pytest.raises(AmbiguousWrite, match=f"lost {hits} times") as caught:
        server.hand.run(delete(groups_of(**changes), "g1"))
    assert isinstance(caught.value.__cause__, ServerError)
    assert server.asked("deleteFilterGroup") == hits


def test_a_lost_deletion_is_ambiguous_where_the_group_cannot_be_read() -> None:
    """When the read-back fails, nobody knows whether the group is gone."""
    server = GroupServer(["after 503", "403"])
    server.has("g1")
    with pytest.raises(AmbiguousWrite, match="failed too"):
        server.hand.run(delete(groups_of(), "g1"))


@pytest.mark.parametrize("whims", [["400"], ["503", "", "403"]])
def test_a_refused_deletion_is_an_error(whims: list[str]) -> None:
    """A refusal is its own error, on whichever attempt it comes."""
    server = GroupServer(whims)
    server.has("g1")
    with pytest.raises((BadRequest, Forbidden)):
        server.hand.run(delete(groups_of(), "g1"))
    assert "g1" in server.groups
