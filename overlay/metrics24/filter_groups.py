"""What filter groups are asked to be, checked before anything is sent.

What each call on filter groups becomes: its arguments checked, a flow to run.

Filter groups: the rules for offers, publishers and advertisers, and what an operator does with them all day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypedDict, Unpack

from metrics24._core import group_flows as bulk
from metrics24._core import group_flows as filter_groups
from metrics24._core import group_flows as group_changes
from metrics24._core.effects import Flow
from metrics24._core.group_flows import BulkResult, Groups
from metrics24._core.requests import Routes
from metrics24._core.retry import Policy
from metrics24._io.driver import AsyncDriver, Driver
from metrics24.arguments import LARGEST_PAGE, ListParams, Sort, safe_id
from metrics24.errors import UsageError
from metrics24.filters import Filter
from metrics24.models import UNSET, FilterGroup, Unset
from metrics24.rows import AsyncListing, Listing

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


class GroupFlows:
    """What both kinds of filter groups have: arguments checked, flows made."""

    def __init__(self, policy: Policy, routes: Routes) -> None:
        self._policy, self._routes = policy, routes

    def _of(self, integration: str) -> Groups:
        return Groups(safe_id(integration, "integration"), self._policy, self._routes)

    def _get(self, integration: str, group_id: str) -> Flow[FilterGroup]:
        return filter_groups.get(self._of(integration), safe_id(group_id, "group_id"))

    def _create(
        self, integration: str, name: str, organization: str, priority: int, properties: Properties
    ) -> Flow[FilterGroup]:
        groups = self._of(integration)
        return filter_groups.create(groups, new_group(integration, name, organization, priority, properties))

    def _update(self, integration: str, group_id: str, changes: Changes) -> Flow[FilterGroup]:
        groups = self._of(integration)
        return group_changes.update(groups, safe_id(group_id, "group_id"), changes_of_one(changes))

    def _update_many(self, integration: str, ids: Iterable[str], changes: Changes) -> Flow[BulkResult]:
        chosen = group_ids("ids", ids)
        return bulk.update_many(self._of(integration), chosen, changes_of_many(chosen, changes))

    def _change_offers(self, integration: str, group_id: str, offers: Iterable[str], *, add: bool) -> Flow[FilterGroup]:
        groups, group_id, named = self._of(integration), safe_id(group_id, "group_id"), offer_ids("offers", offers)
        return group_changes.change_offers(groups, group_id, **{"add" if add else "remove": named})

    def _bulk_update(
        self, integration: str, ids: Iterable[str], monitoring_mode: bool, organization: str | None
    ) -> Flow[BulkResult]:
        groups, chosen, mode = self._of(integration), group_ids("ids", ids), switch("monitoring_mode", monitoring_mode)
        return bulk.bulk_update(groups, chosen, monitoring_mode=mode, organization=_organization(organization))

    def _bulk_delete(self, integration: str, ids: Iterable[str], organization: str | None) -> Flow[BulkResult]:
        groups, chosen = self._of(integration), group_ids("ids", ids)
        return bulk.bulk_delete(groups, chosen, organization=_organization(organization))

    def _delete(self, integration: str, group_id: str) -> Flow[None]:
        return group_changes.delete(self._of(integration), safe_id(group_id, "group_id"))


def _organization(given: str | None) -> str | None:
    return None if given is None else safe_id(given, "organization")


class FilterGroups(GroupFlows):
    """Filter groups (documentation: "Filter Groups").

    A write is sent once. If its answer is lost, the group is read back: where it is as asked the write is adopted,
    otherwise it is AmbiguousWrite.

    Raises:
        UsageError: before anything is sent, if an id or a property cannot be right.
        AmbiguousWrite: a write whose fate is unknown; its `candidates` are the groups that may be its work.

    """

    def __init__(self, policy: Policy, routes: Routes, driver: Driver) -> None:
        super().__init__(policy, routes)
        self._driver = driver

    def list(
        self,
        integration: str,
        *,
        filter: Filter | None = None,
        sort: Sort | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> Listing[FilterGroup]:
        """All filter groups of an integration, lazily (documentation: "List all filter groups").

        `sort` names columns, with `-` for descending; `page_size` is 1 to 100.
        """
        params = ListParams("listFilterGroups", safe_id(integration, "integration"), filter, sort, limit, page_size)
        return Listing(params, self._policy, self._routes, self._driver)

    def get(self, integration: str, group_id: str) -> FilterGroup:
        """One filter group (documentation: "Read a filter group"); NotFound if there is none."""
        return self._driver.run(self._get(integration, group_id))

    def create(
        self, integration: str, *, name: str, organization: str, priority: int, **properties: Unpack[Properties]
    ) -> FilterGroup:
        """Create a filter group and return it as the server has it (documentation: "Create a filter group").

        `priority` must be unique within the integration, ids must be unique in their lists, `tags` are 50 at most.
        """
        return self._driver.run(self._create(integration, name, organization, priority, properties))

    def update(self, integration: str, group_id: str, **changes: Unpack[Changes]) -> FilterGroup:
        """Change what is named and return the group as it is then (documentation: "Update a filter group").

        Left out: untouched. None: null. []: the empty list.
        """
        return self._driver.run(self._update(integration, group_id, changes))

    def update_many(self, integration: str, ids: Iterable[str], **changes: Unpack[Changes]) -> BulkResult:
        """Change several groups, one after the other; one that fails does not stop the others.

        The result says of each id what became of it, and holds the errors of those that failed.
        """
        return self._driver.run(self._update_many(integration, ids, changes))

    def add_offers(self, integration: str, group_id: str, offers: Iterable[str]) -> FilterGroup:
        """Add offers to those that the group has; nothing is written if it has them all.

        The group is read first. A change that somebody else makes at the same moment can be lost: the API has no lock.
        """
        return self._driver.run(self._change_offers(integration, group_id, offers, add=True))

    def remove_offers(self, integration: str, group_id: str, offers: Iterable[str]) -> FilterGroup:
        """Take offers from the group; nothing is written if it has none of them. Reads first, as `add_offers` does."""
        return self._driver.run(self._change_offers(integration, group_id, offers, add=False))

    def bulk_update(
        self, integration: str, ids: Iterable[str], *, monitoring_mode: bool, organization: str | None = None
    ) -> BulkResult:
        """Switch the monitoring mode of many groups with one request (documentation: "Bulk update filter groups").

        The list is read afterwards, and only what it shows counts as done.
        """
        return self._driver.run(self._bulk_update(integration, ids, monitoring_mode, organization))

    def bulk_delete(self, integration: str, ids: Iterable[str], *, organization: str | None = None) -> BulkResult:
        """Delete many groups with one request (documentation: "Bulk delete filter groups").

        The list is read before and afterwards, and only what is gone counts as done.
        """
        return self._driver.run(self._bulk_delete(integration, ids, organization))

    def delete(self, integration: str, group_id: str) -> None:
        """Delete one group (documentation: "Delete a filter group"); NotFound if there is none."""
        self._driver.run(self._delete(integration, group_id))


class AsyncFilterGroups(GroupFlows):
    """Filter groups; the asynchronous twin of `FilterGroups`, with the same arguments.

    Raises:
        UsageError: before anything is sent, if an id or a property cannot be right.
        AmbiguousWrite: a write whose fate is unknown; its `candidates` are the groups that may be its work.

    """

    def __init__(self, policy: Policy, routes: Routes, driver: AsyncDriver) -> None:
        super().__init__(policy, routes)
        self._driver = driver

    def list(
        self,
        integration: str,
        *,
        filter: Filter | None = None,
        sort: Sort | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncListing[FilterGroup]:
        """All filter groups of an integration, lazily (documentation: "List all filter groups").

        `sort` names columns, with `-` for descending; `page_size` is 1 to 100.
        """
        params = ListParams("listFilterGroups", safe_id(integration, "integration"), filter, sort, limit, page_size)
        return AsyncListing(params, self._policy, self._routes, self._driver)

    async def get(self, integration: str, group_id: str) -> FilterGroup:
        """One filter group (documentation: "Read a filter group"); NotFound if there is none."""
        return await self._driver.run(self._get(integration, group_id))

    async def create(
        self, integration: str, *, name: str, organization: str, priority: int, **properties: Unpack[Properties]
    ) -> FilterGroup:
        """Create a filter group and return it as the server has it (documentation: "Create a filter group").

        `priority` must be unique within the integration, ids must be unique in their lists, `tags` are 50 at most.
        """
        return await self._driver.run(self._create(integration, name, organization, priority, properties))

    async def update(self, integration: str, group_id: str, **changes: Unpack[Changes]) -> FilterGroup:
        """Change what is named and return the group as it is then (documentation: "Update a filter group").

        Left out: untouched. None: null. []: the empty list.
        """
        return await self._driver.run(self._update(integration, group_id, changes))

    async def update_many(self, integration: str, ids: Iterable[str], **changes: Unpack[Changes]) -> BulkResult:
        """Change several groups, one after the other; one that fails does not stop the others.

        The result says of each id what became of it, and holds the errors of those that failed.
        """
        return await self._driver.run(self._update_many(integration, ids, changes))

    async def add_offers(self, integration: str, group_id: str, offers: Iterable[str]) -> FilterGroup:
        """Add offers to those that the group has; nothing is written if it has them all.

        The group is read first. A change that somebody else makes at the same moment can be lost: the API has no lock.
        """
        return await self._driver.run(self._change_offers(integration, group_id, offers, add=True))

    async def remove_offers(self, integration: str, group_id: str, offers: Iterable[str]) -> FilterGroup:
        """Take offers from the group; nothing is written if it has none of them. Reads first, as `add_offers` does."""
        return await self._driver.run(self._change_offers(integration, group_id, offers, add=False))

    async def bulk_update(
        self, integration: str, ids: Iterable[str], *, monitoring_mode: bool, organization: str | None = None
    ) -> BulkResult:
        """Switch the monitoring mode of many groups with one request (documentation: "Bulk update filter groups").

        The list is read afterwards, and only what it shows counts as done.
        """
        return await self._driver.run(self._bulk_update(integration, ids, monitoring_mode, organization))

    async def bulk_delete(self, integration: str, ids: Iterable[str], *, organization: str | None = None) -> BulkResult:
        """Delete many groups with one request (documentation: "Bulk delete filter groups").

        The list is read before and afterwards, and only what is gone counts as done.
        """
        return await self._driver.run(self._bulk_delete(integration, ids, organization))

    async def delete(self, integration: str, group_id: str) -> None:
        """Delete one group (documentation: "Delete a filter group"); NotFound if there is none."""
        await self._driver.run(self._delete(integration, group_id))
