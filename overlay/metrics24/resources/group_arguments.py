"""What filter groups are asked to be, checked before anything is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypedDict

from metrics24.errors import UsageError
from metrics24.models import UNSET, Unset
from metrics24.operations import safe_id

MOST_TAGS = 50


class Rule(Protocol):
    """One of a filter group's filters, as `FilterGroup.filters` holds them. Its shape is not documented."""

    def to_dict(self) -> dict[str, Any]:
        """The rule as it came."""


Rules = Sequence[Rule | Mapping[str, Any]]
Texts = Sequence[str]


class Properties(TypedDict, total=False):
    """What a filter group can be given besides its name and priority; what is left out, or UNSET, is not sent."""

    active: bool | Unset | None
    advertiser_ids: Texts | Unset | None
    click_filter_preset_id: int | Unset | None
    conversion_filter_preset_id: int | Unset | None
    description: str | Unset | None
    filters: Rules | Unset | None
    monitoring_mode: bool | Unset | None
    offer_ids: Texts | Unset | None
    publisher_ids: Texts | Unset | None
    rtb_enabled: bool | Unset | None
    tags: Texts | Unset | None


class Changes(Properties, total=False):
    """What can be changed about a filter group: left out, or UNSET: untouched; None: null; []: the empty list."""

    name: str | Unset | None
    priority: int | Unset | None


def new_group(
    integration: str, name: object, organization: object, priority: object, more: Mapping[str, Any]
) -> dict[str, Any]:
    """The properties of a new group, as they are sent; None is left out, since there is nothing to unset.

    Raises:
        UsageError: one is unknown, missing or not of its type, or breaks a documented limit.

    """
    given = {name: value for name, value in more.items() if value is not None}
    return {
        "integration": integration,
        "organization": safe_id(organization, "organization"),
        "name": _name("name", name),
        "priority": _number("priority", priority),
        **_checked(given),
    }


def changes_of_one(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes to a group, as they are sent.

    Raises:
        UsageError: there is none, or one is unknown, not of its type, or breaks a documented limit.

    """
    checked = _checked(changes)
    if not checked:
        raise UsageError("Nothing to change: name at least one property, such as active=False.")
    return checked


def changes_of_many(ids: tuple[str, ...], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes to several groups, as they are sent.

    Raises:
        UsageError: as for one group, or several groups would get one priority.

    """
    checked = changes_of_one(changes)
    if len(ids) > 1 and checked.get("priority") is not None:
        raise UsageError("priority is unique within an integration: give each group its own with update().")
    return checked


def group_ids(name: str, ids: object) -> tuple[str, ...]:
    """Ids of groups, each once.

    Raises:
        UsageError: there is none, one is repeated or unsafe, or it is no list.

    """
    return tuple(safe_id(each, name) for each in _some_ids(name, ids))


def offer_ids(name: str, ids: object) -> tuple[str, ...]:
    """Ids of offers, each once. They are the users' own and never stand in a URL, so that any text will do.

    Raises:
        UsageError: there is none, one is repeated or empty, or it is no list.

    """
    return tuple(_some_ids(name, ids))


def switch(name: str, value: object) -> bool:
    """True or false.

    Raises:
        UsageError: it is neither.

    """
    if not isinstance(value, bool):
        raise UsageError(f"{name} must be True or False, not {value!r}.")
    return value


def _some_ids(name: str, ids: object) -> list[str]:
    checked = _ids(name, ids)
    if not checked:
        raise UsageError(f"{name} is empty: name at least one.")
    return checked


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given.keys() - _CHECKS.keys():
        raise UsageError(f"A filter group has no property {name!r} to set; it has {', '.join(sorted(_CHECKS))}.")
    return {
        name: None if value is None else _CHECKS[name](name, value)
        for name, value in given.items()
        if value is not UNSET
    }


def _number(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"{name} must be a whole number, not {value!r}.")
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{name} must be text, not {type(value).__name__}.")
    return value


def _name(name: str, value: object) -> str:
    if not _text(name, value).strip():
        raise UsageError(f"{name} must not be empty.")
    return _text(name, value)


def _list(name: str, value: object) -> list[Any]:
    """A list of something; a text or a mapping would come apart into letters or keys."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise UsageError(f"{name} must be a list, not {type(value).__name__}.")
    return list(value)


def _texts(name: str, value: object) -> list[str]:
    items = _list(name, value)
    for item in items:
        if not isinstance(item, str) or not item:
            raise UsageError(f"{name} must hold texts that are not empty, not {item!r}.")
    return items


def _ids(name: str, value: object) -> list[str]:
    return _once(name, _texts(name, value), "the API wants each id once")


def _once(name: str, items: list[str], rule: str) -> list[str]:
    twice = [item for item, times in Counter(items).items() if times > 1]
    if twice:
        raise UsageError(f"{name} holds {twice[0]!r} more than once; {rule}.")
    return items


def _tags(name: str, value: object) -> list[str]:
    tags = _texts(name, value)
    if len(tags) > MOST_TAGS:
        raise UsageError(f"{name} has {len(tags)} entries; the API takes {MOST_TAGS} at most.")
    return _once(name, tags, "a group has a tag or not")


def _rules(name: str, value: object) -> list[dict[str, Any]]:
    return [_rule(name, rule) for rule in _list(name, value)]


def _rule(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if callable(getattr(value, "to_dict", None)):
        return dict(value.to_dict())
    raise UsageError(f"{name} must hold mappings, or the filters of a FilterGroup, not {type(value).__name__}.")


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "active": switch,
    "advertiser_ids": _ids,
    "click_filter_preset_id": _number,
    "conversion_filter_preset_id": _number,
    "description": _text,
    "filters": _rules,
    "monitoring_mode": switch,
    "name": _name,
    "offer_ids": _ids,
    "priority": _number,
    "publisher_ids": _ids,
    "rtb_enabled": switch,
    "tags": _tags,
}
