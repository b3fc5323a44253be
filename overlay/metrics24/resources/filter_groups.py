"""Filter groups: the rules for offers, publishers and advertisers, and what an operator does with them all day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from metrics24.drivers.driver import AsyncDriver, Driver
from metrics24.filters import Filter
from metrics24.flows.bulk import BulkResult
from metrics24.flows.retry import Policy
from metrics24.models import FilterGroup
from metrics24.operations import Routes
from metrics24.pages.listing import AsyncListing, Listing
from metrics24.resources.arguments import LARGEST_PAGE, AskedOfList, Sort
from metrics24.resources.group_arguments import Changes, Properties
from metrics24.resources.group_flows import GroupFlows


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
        return Listing(self._listed(integration, AskedOfList(filter, sort, limit, page_size)), self._driver)

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
        return AsyncListing(self._listed(integration, AskedOfList(filter, sort, limit, page_size)), self._driver)

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
