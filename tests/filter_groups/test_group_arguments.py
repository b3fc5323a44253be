"""The properties and ids of filter groups are checked before anything is sent."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest

from metrics24.arguments import some_ids, some_texts, switch
from metrics24.errors import UsageError
from metrics24.filter_groups import Changes, changes_of_many, changes_of_one, new_group
from metrics24.models import UNSET, FilterGroup

RULES: list[Any] = [{"z": None, "a": [1, {"b": None}]}, {"type": "ip"}]
GOOD: dict[str, Any] = {
    "active": False,
    "advertiser_ids": ["1"],
    "click_filter_preset_id": 3,
    "conversion_filter_preset_id": 4,
    "description": "",
    "filters": RULES,
    "monitoring_mode": True,
    "name": "x",
    "offer_ids": ["o1", "o2"],
    "priority": -1,
    "publisher_ids": [],
    "rtb_enabled": True,
    "tags": ["t", "u"],
}
BAD: dict[str, list[object]] = {
    "active": [0, "true"],
    "advertiser_ids": ["1", [1], ["1", "1"], [""], 1, {"1": 1}],
    "click_filter_preset_id": [True, "3", 1.5],
    "conversion_filter_preset_id": [False, "3"],
    "description": [1, ["x"]],
    "filters": ["vpn", {"type": "vpn"}, [["type", "vpn"]], ["vpn"], [None], 1],
    "monitoring_mode": [1, "on"],
    "name": ["", "  ", 1],
    "offer_ids": ["o1", b"o1", [1], ["o1", "o2", "o1"], [None], 7],
    "priority": [True, "1", 1.0],
    "publisher_ids": ["p", ["p", "p"], {"p"} | {1}],
    "rtb_enabled": [1],
    "tags": ["t", [1], [""], ["t", "u", "t"], [str(number) for number in range(51)]],
}


def made(**more: Any) -> dict[str, Any]:
    """A new group's properties."""
    return new_group("int1", "x", "org1", 1, more)


def test_every_property_is_checked() -> None:
    """There is a good and a bad example here for each property that can be changed."""
    assert get_type_hints(Changes).keys() == GOOD.keys() == BAD.keys()


def test_what_is_right_is_sent_as_it_is() -> None:
    """Right values go out unchanged, whatever kind of list they came in."""
    assert changes_of_one(GOOD) == GOOD
    assert changes_of_one({"offer_ids": ("a", "b"), "tags": iter(["t"])}) == {"offer_ids": ["a", "b"], "tags": ["t"]}
    assert len(changes_of_one({"tags": [str(number) for number in range(50)]})["tags"]) == 50


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_what_is_wrong_is_refused(name: str, value: object) -> None:
    """A value of the wrong type, or beyond a documented limit, is UsageError that names the property."""
    with pytest.raises(UsageError, match=name):
        changes_of_one({name: value})
    if name not in {"name", "priority"}:
        with pytest.raises(UsageError, match=name):
            made(**{name: value})


@pytest.mark.parametrize(
    ("name", "organization", "priority"),
    [
        *[(name, "org1", 1) for name in ("", None, UNSET)],
        *[("x", organization, 1) for organization in ("", "a/b", None)],
        *[("x", "org1", priority) for priority in (None, True, "1", UNSET)],
    ],
)
def test_a_new_group_needs_three_things(name: Any, organization: Any, priority: Any) -> None:
    """A name, an organization and a priority must be there and make sense."""
    with pytest.raises(UsageError):
        new_group("int1", name, organization, priority, {})


def test_a_new_group_says_what_it_is_given() -> None:
    """The body repeats the integration; None and UNSET are left out, since there is nothing to unset."""
    required = {"integration": "int1", "organization": "org1", "name": "x", "priority": 1}
    assert made(active=None, tags=UNSET, offer_ids=[]) == {**required, "offer_ids": []}


def test_absent_null_and_empty_are_three_things() -> None:
    """UNSET is left out, None stays null, and the empty list stays empty, for every property."""
    assert changes_of_one({**dict.fromkeys(GOOD, UNSET), "tags": []}) == {"tags": []}
    assert changes_of_one(dict.fromkeys(GOOD)) == dict.fromkeys(GOOD)


@pytest.mark.parametrize("changes", [{}, {"active": UNSET}])
def test_an_update_needs_a_change(changes: dict[str, Any]) -> None:
    """An update of nothing is a mistake."""
    with pytest.raises(UsageError, match="Nothing to change"):
        changes_of_one(changes)


@pytest.mark.parametrize("name", ["id", "integration", "organization", "offers", "created_at"])
def test_other_properties_do_not_exist(name: str) -> None:
    """A misspelt property, or one that the server keeps, is refused and the right ones are listed."""
    with pytest.raises(UsageError, match=f"no property '{name}' .*offer_ids, priority"):
        changes_of_one({name: "x"})
    with pytest.raises(UsageError, match="no property"):
        made(**{"id": "x"})


def test_one_priority_is_for_one_group() -> None:
    """Several groups cannot get one priority; one group can, and several can lose theirs."""
    assert changes_of_many(("a",), {"priority": 1}) == {"priority": 1}
    assert changes_of_many(("a", "b"), {"priority": None}) == {"priority": None}
    with pytest.raises(UsageError, match="unique within an integration"):
        changes_of_many(("a", "b"), {"priority": 1})


def test_rules_that_were_read_go_back_as_they_came() -> None:
    """The filters of a group keep the order, the nulls and the unknown keys that the server sent."""
    group = FilterGroup.from_dict({"id": "g1", "filters": RULES})
    changes: Changes = {"filters": group.filters}
    sent: list[Any] = changes_of_one(changes)["filters"]
    assert sent == RULES
    assert [list(rule) for rule in sent] == [list(rule) for rule in RULES]


@pytest.mark.parametrize("ids", [[], (), "g1", b"g1", None, 5, {"g1": 1}, ["g1", "g1"], [1], [None], [""], iter([])])
def test_ids_that_make_no_sense_are_refused(ids: object) -> None:
    """No ids, repeated ones, ids that are no text and a text instead of a list are UsageError."""
    for check in (some_ids, some_texts):
        with pytest.raises(UsageError, match="things"):
            check(ids, "things")


@pytest.mark.parametrize("bad", ["..", ".", "a/b", "%2e%2e", "a b", "a?b", "a#b", "a\\b"])
def test_ids_that_could_bend_a_url_are_refused(bad: str) -> None:
    """Ids of groups are checked like those in paths; ids of offers stand in bodies only, and are the user's own."""
    with pytest.raises(UsageError, match="ids"):
        some_ids(["g1", bad], "ids")
    assert some_texts([bad], "offers") == (bad,)


@pytest.mark.parametrize("value", [None, 0, 1, "true", UNSET])
def test_a_switch_is_true_or_false(value: object) -> None:
    """A value that is only truthy is no switch."""
    assert switch(True, "monitoring_mode") is True
    with pytest.raises(UsageError, match="monitoring_mode"):
        switch(value, "monitoring_mode")
