"""Filter groups: the rules for offers, publishers and advertisers (documentation: "Filter Groups")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Protocol, TypedDict, Unpack

from metrics24._core import group_flows
from metrics24._core.effects import Flow
from metrics24._core.group_flows import BulkResult, Groups
from metrics24._core.requests import Routes
from metrics24._core.retry import Policy
from metrics24._io.driver import AsyncDriver, Driver
from metrics24.arguments import (
    LARGEST_PAGE,
    ListParams,
    Sort,
    any_text,
    checked,
    rules,
    safe_id,
    some_ids,
    some_texts,
    switch,
    tags,
    title,
    unique_texts,
    whole_number,
)
from metrics24.errors import UsageError
from metrics24.filters import Filter
from metrics24.models import FilterGroup, Unset
from metrics24.rows import AsyncListing, Listing


class Rule(Protocol):
    """One of a filter group's filters, as `FilterGroup.filters` holds them. Its shape is not documented."""

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as the server sent it."""


Rules = Sequence[Rule | Mapping[str, Any]]
Texts = Sequence[str]


class Properties(TypedDict, total=False):
    """Optional properties of a new filter group; those that are left out, or UNSET, are not sent."""

    active: Annotated[bool | Unset | None, switch]
    advertiser_ids: Annotated[Texts | Unset | None, unique_texts]
    click_filter_preset_id: Annotated[int | Unset | None, whole_number]
    conversion_filter_preset_id: Annotated[int | Unset | None, whole_number]
    description: Annotated[str | Unset | None, any_text]
    filters: Annotated[Rules | Unset | None, rules]
    monitoring_mode: Annotated[bool | Unset | None, switch]
    offer_ids: Annotated[Texts | Unset | None, unique_texts]
    publisher_ids: Annotated[Texts | Unset | None, unique_texts]
    rtb_enabled: Annotated[bool | Unset | None, switch]
    tags: Annotated[Texts | Unset | None, tags]


class Changes(Properties, total=False):
    """Changes to a filter group. Left out, or UNSET: untouched; None: null; []: the empty list."""

    name: Annotated[str | Unset | None, title]
    priority: Annotated[int | Unset | None, whole_number]


def new_group(
    integration: str, name: object, organization: object, priority: object, properties: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the body that creates a group. None is left out, since a new group has nothing to unset.

    Raises:
        UsageError: a property is unknown, missing, not of its type, or breaks a documented limit.

    """
    present = {name: value for name, value in properties.items() if value is not None}
    return {
        "integration": integration,
        "organization": safe_id(organization, "organization"),
        "name": title(name, "name"),
        "priority": whole_number(priority, "priority"),
        **checked(Changes, present, "A filter group"),
    }


def changes_of_one(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that changes a group.

    Raises:
        UsageError: there is no change, or one is unknown, not of its type, or breaks a documented limit.

    """
    body = checked(Changes, changes, "A filter group")
    if not body:
        raise UsageError("Nothing to change: name at least one property, such as active=False.")
    return body


def changes_of_many(ids: Sequence[str], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that changes each of several groups.

    Raises:
        UsageError: as for one group, or several groups would get one priority.

    """
    body = changes_of_one(changes)
    if len(ids) > 1 and body.get("priority") is not None:
        raise UsageError("priority is unique within an integration: give each group its own with update().")
    return body


def checked_changes(ids: Sequence[str], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Check ids and changes as `update_many` does, before anything is sent; return the body for each group.

    Raises:
        UsageError: an id or a change cannot be right.

    """
    return changes_of_many(some_ids(ids, "ids"), changes)


class GroupFlows:
    """The flows that `FilterGroups` and `AsyncFilterGroups` run, with checked arguments."""

    def __init__(self, policy: Policy, routes: Routes) -> None:
        self._policy, self._routes = policy, routes

    def _of(self, integration: str) -> Groups:
        return Groups(safe_id(integration, "integration"), self._policy, self._routes)

    def _get(self, integration: str, group_id: str) -> Flow[FilterGroup]:
        return group_flows.get(self._of(integration), safe_id(group_id, "group_id"))

    def _create(
        self, integration: str, name: str, organization: str, priority: int, properties: Properties
    ) -> Flow[FilterGroup]:
        groups = self._of(integration)
        return group_flows.create(groups, new_group(integration, name, organization, priority, properties))

    def _update(self, integration: str, group_id: str, changes: Changes) -> Flow[FilterGroup]:
        groups = self._of(integration)
        return group_flows.update(groups, safe_id(group_id, "group_id"), changes_of_one(changes))

    def _update_many(self, integration: str, ids: Iterable[str], changes: Changes) -> Flow[BulkResult]:
        chosen = some_ids(ids, "ids")
        return group_flows.update_many(self._of(integration), chosen, changes_of_many(chosen, changes))

    def _change_offers(self, integration: str, group_id: str, offers: Iterable[str], *, add: bool) -> Flow[FilterGroup]:
        groups, group_id, named = self._of(integration), safe_id(group_id, "group_id"), some_texts(offers, "offers")
        return group_flows.change_offers(groups, group_id, **{"add" if add else "remove": named})

    def _bulk_update(
        self, integration: str, ids: Iterable[str], monitoring_mode: bool, organization: str | None
    ) -> Flow[BulkResult]:
        groups, chosen, mode = self._of(integration), some_ids(ids, "ids"), switch(monitoring_mode, "monitoring_mode")
        return group_flows.bulk_update(groups, chosen, monitoring_mode=mode, organization=_organization(organization))

    def _bulk_delete(self, integration: str, ids: Iterable[str], organization: str | None) -> Flow[BulkResult]:
        groups, chosen = self._of(integration), some_ids(ids, "ids")
        return group_flows.bulk_delete(groups, chosen, organization=_organization(organization))

    def _delete(self, integration: str, group_id: str) -> Flow[None]:
        return group_flows.delete(self._of(integration), safe_id(group_id, "group_id"))


def _organization(value: str | None) -> str | None:
    return None if value is None else safe_id(value, "organization")


class FilterGroups(GroupFlows):
    """Filter groups (documentation: "Filter Groups").

    A write is sent once. If its response is lost, the group is read back: if it is as requested, the write has
    succeeded; otherwise AmbiguousWrite is raised.

    Raises:
        UsageError: an id or a property cannot be right; nothing was sent.
        AmbiguousWrite: the write may have happened; its `candidates` are the groups that may be the result.

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
        integration = safe_id(integration, "integration")
        params = ListParams("listFilterGroups", integration, filter, sort, limit, page_size)
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
        """Change the named properties and return the group as it is then (documentation: "Update a filter group").

        Left out: untouched. None: null. []: the empty list.
        """
        return self._driver.run(self._update(integration, group_id, changes))

    def update_many(self, integration: str, ids: Iterable[str], **changes: Unpack[Changes]) -> BulkResult:
        """Change several groups, one after the other; one that fails does not stop the others.

        The result gives the outcome for each id, and the errors of those that failed.
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
        UsageError: an id or a property cannot be right; nothing was sent.
        AmbiguousWrite: the write may have happened; its `candidates` are the groups that may be the result.

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
        integration = safe_id(integration, "integration")
        params = ListParams("listFilterGroups", integration, filter, sort, limit, page_size)
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
        """Change the named properties and return the group as it is then (documentation: "Update a filter group").

        Left out: untouched. None: null. []: the empty list.
        """
        return await self._driver.run(self._update(integration, group_id, changes))

    async def update_many(self, integration: str, ids: Iterable[str], **changes: Unpack[Changes]) -> BulkResult:
        """Change several groups, one after the other; one that fails does not stop the others.

        The result gives the outcome for each id, and the errors of those that failed.
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
