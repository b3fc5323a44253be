"""What each call on filter groups becomes: its arguments checked, a flow to run."""

from __future__ import annotations

from collections.abc import Iterable

from metrics24.effects import Flow
from metrics24.flows import bulk, filter_groups, group_changes
from metrics24.flows.bulk import BulkResult
from metrics24.flows.filter_groups import Groups
from metrics24.flows.retry import Policy
from metrics24.models import FilterGroup
from metrics24.operations import Routes, safe_id
from metrics24.pages.source import ListSource
from metrics24.resources.arguments import AskedOfList
from metrics24.resources.group_arguments import (
    Changes,
    Properties,
    changes_of_many,
    changes_of_one,
    group_ids,
    new_group,
    offer_ids,
    switch,
)


class GroupFlows:
    """What both kinds of filter groups have: arguments checked, flows made."""

    def __init__(self, policy: Policy, routes: Routes) -> None:
        self._policy, self._routes = policy, routes

    def _listed(self, integration: str, asked: AskedOfList) -> ListSource:
        query = asked.query("listFilterGroups", integration_id=safe_id(integration, "integration"))
        return ListSource(query=query, policy=self._policy, routes=self._routes)

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
