"""Filter groups that come, change and go."""

from __future__ import annotations

from typing import Any

from contract.scenarios.scenario import scenarios
from contract.stage import DESCRIPTION, GROUPS, OFFERS, Stage

PRIORITY = 900_000


def _created(stage: Stage, groups: Any, number: int) -> Any:
    return stage.result(
        groups.create(
            stage.integration,
            name=GROUPS[number],
            organization=stage.origin.organization,
            priority=PRIORITY + number,
            description=DESCRIPTION,
            active=False,
            monitoring_mode=True,
        )
    )


def filter_group(stage: Stage) -> Any:
    """A group from its creation to its end: read, given offers, changed in three ways, deleted."""
    groups = stage.connected().filter_groups
    made = _created(stage, groups, 0)
    read = stage.result(groups.get(stage.integration, made.id))
    offered = stage.result(groups.add_offers(stage.integration, made.id, OFFERS))
    changed = stage.result(groups.update(stage.integration, made.id, description=None, offer_ids=[], priority=PRIORITY))
    stage.result(groups.delete(stage.integration, made.id))
    gone = stage.refused(lambda: stage.result(groups.get(stage.integration, made.id)))
    return {
        "made": made.to_dict(),
        "same": read == made,
        "offers": offered.offer_ids,
        "then": changed.to_dict(),
        "gone": gone,
    }


def filter_groups_at_once(stage: Stage) -> Any:
    """Two groups that are switched and deleted with one request each, one that does not exist among them."""
    groups = stage.connected().filter_groups
    ids = [_created(stage, groups, number).id for number in range(len(GROUPS))]
    organization = stage.origin.organization
    switched = stage.result(
        groups.bulk_update(stage.integration, ids, monitoring_mode=False, organization=organization)
    )
    one_by_one = stage.result(groups.update_many(stage.integration, ids, tags=["contract-offer-1"]))
    deleted = stage.result(groups.bulk_delete(stage.integration, ids, organization=organization))
    again = stage.result(groups.bulk_delete(stage.integration, ids[:1], organization=organization))
    return [[each.ok, each.missing, each.unverified] for each in (switched, one_by_one, deleted, again)]


SCENARIOS = scenarios("writes", filter_group, filter_groups_at_once)
