"""Filter groups: the seven operations and the limits that the documentation states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import numbered
from .clock import iso
from .problems import bad_request, failed, not_found
from .replies import Reply, done, single
from .world import FILTER_GROUPS, INTEGRATIONS, ORGANIZATION, mint, preloaded_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .replies import Handler
    from .requests import Call
    from .spec import Spec
    from .store import Store, Thing
    from .world import World

KIND = "filter group"
_EDITOR = "sandbox@24metrics.example"
_PRIORITY_STEP = 100


class FilterGroups:
    """Handlers of the filter group operations."""

    def __init__(self, world: World, store: Store, spec: Spec) -> None:
        self._world, self._store = world, store
        self._properties = spec.properties("FilterGroupCreate")

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers by operationId."""
        return {
            "listFilterGroups": self._list,
            "createFilterGroup": self._create,
            "getFilterGroup": self._get,
            "updateFilterGroup": self._update,
            "deleteFilterGroup": self._delete,
            "bulkUpdateFilterGroups": self._bulk_update,
            "bulkDeleteFilterGroups": self._bulk_delete,
        }

    def preload(self, now: int) -> None:
        """Create the groups that exist from the start."""
        for integration in INTEGRATIONS:
            for number in range(FILTER_GROUPS):
                body = _example(integration, number)
                self._keep(preloaded_group(self._world.seed, integration, number), body, now)

    async def _list(self, call: Call) -> Reply:
        return numbered.page(call, self._store.things(KIND, parent=self._integration(call)))

    async def _create(self, call: Call) -> Reply:
        integration, body = self._integration(call), call.body
        if body["integration"] != integration:
            raise bad_request(f"the body names integration {body['integration']!r}, the path {integration!r}")
        if body["organization"] != ORGANIZATION:
            raise bad_request(f"integration {integration!r} does not belong to organization {body['organization']!r}")
        self._check_priority(integration, body["priority"])
        identity = mint(self._world.seed, call.now, KIND, self._store.next_number())
        group = self._keep(identity, body, call.now)
        if call.behaviour.created == "id":
            return Reply({"created_item_id": identity}, 201)
        return single(group, call.behaviour, status=201)

    async def _get(self, call: Call) -> Reply:
        return single(self._group(call), call.behaviour)

    async def _update(self, call: Call) -> Reply:
        group = self._group(call)
        changes = {name: value for name, value in call.body.items() if name in self._properties}
        for fixed in ("integration", "organization"):
            if changes.pop(fixed, group[fixed]) != group[fixed]:
                raise bad_request(f"{fixed} cannot be changed")
        if changes.get("priority") is not None:
            self._check_priority(group["integration"], changes["priority"], besides=group["id"])
        self._change(group, changes, call.now)
        return done({"updated": [group["id"]]}, call.behaviour)

    async def _delete(self, call: Call) -> Reply:
        group = self._group(call)
        self._store.delete(KIND, group["id"])
        return done({"deleted": [group["id"]]}, call.behaviour)

    async def _bulk_update(self, call: Call) -> Reply:
        found, missing = self._chosen(call)
        for group in found:
            if "monitoring_mode" in call.body:
                self._change(group, {"monitoring_mode": call.body["monitoring_mode"]}, call.now)
        return done({"updated": [group["id"] for group in found], "missing": missing}, call.behaviour)

    async def _bulk_delete(self, call: Call) -> Reply:
        found, missing = self._chosen(call)
        for group in found:
            self._store.delete(KIND, group["id"])
        return done({"deleted": [group["id"] for group in found], "missing": missing}, call.behaviour)

    def _integration(self, call: Call) -> str:
        integration = call.text("IntegrationID")
        self._world.integration(integration)
        return integration

    def _group(self, call: Call) -> Thing:
        identity = call.text("FilterGroupID")
        group = self._store.get(KIND, identity, parent=self._integration(call))
        if group is None:
            raise not_found(f"filter group {identity!r}")
        return group

    def _chosen(self, call: Call) -> tuple[list[Thing], list[str]]:
        """The groups that a bulk operation names, each once, and the ids that do not exist."""
        integration, organization = self._integration(call), call.get("Organization")
        if organization not in (None, ORGANIZATION):
            raise not_found(f"organization {organization!r}")
        identities: Iterable[str] = dict.fromkeys(call.body.get("data", ()))
        groups = {identity: self._store.get(KIND, identity, parent=integration) for identity in identities}
        return [group for group in groups.values() if group], [one for one, group in groups.items() if not group]

    def _check_priority(self, integration: str, priority: int, *, besides: str = "") -> None:
        for group in self._store.things(KIND, parent=integration):
            if group["priority"] == priority and group["id"] != besides:
                raise failed(f"priority {priority} is taken by filter group {group['id']} of {integration}")

    def _keep(self, identity: str, body: Mapping[str, Any], now: int) -> Thing:
        known = {name: body[name] for name in self._properties if name in body}
        stamps = {"created_at": iso(now), "updated_at": iso(now), "last_updated_by": _EDITOR}
        group = {"id": identity, **dict.fromkeys(self._properties), **known, **stamps}
        self._store.add(KIND, group, parent=body["integration"], created=now)
        return group

    def _change(self, group: Thing, changes: Mapping[str, Any], now: int) -> None:
        self._store.replace(KIND, {**group, **changes, "updated_at": iso(now), "last_updated_by": _EDITOR})


def _example(integration: str, number: int) -> dict[str, Any]:
    names = ("Trusted publishers", "New publishers", "Watch only")
    return {
        "integration": integration,
        "organization": ORGANIZATION,
        "name": names[number % len(names)],
        "priority": (number + 1) * _PRIORITY_STEP,
        "active": True,
        "monitoring_mode": number == FILTER_GROUPS - 1,
        "rtb_enabled": number == 0,
        "offer_ids": [f"{integration[:4]}-{1000 + offer}" for offer in range(number * 3, number * 3 + 3)],
        "tags": ["sandbox"],
        "filters": [{"type": "proxy", "settings": {"threshold": 50 + 10 * number}, "enabled": True}],
    }
