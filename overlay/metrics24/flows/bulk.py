"""Change or delete many filter groups, and say of each what became of it.

What a bulk operation answers is not documented, and proxies may strip the body of a DELETE. So neither its answer nor
its silence is believed: the list is read afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from metrics24.effects import Flow
from metrics24.errors import AmbiguousWrite, Metrics24Error, NotFound, UsageError
from metrics24.flows.filter_groups import Groups, Record
from metrics24.flows.group_changes import update
from metrics24.flows.writes import may_have_happened
from metrics24.models import factory


@frozen
class BulkResult:
    """What became of each filter group that was named. True if all of them are as asked.

    Attributes:
        ok: ids of which it was seen that they are as asked.
        missing: ids that do not exist. For a deletion: that did not exist before.
        unverified: ids that are not as asked, or of which nobody knows; name them again, or see `errors`.
        errors: what went wrong, by id, where something did; its errors are those of single calls.

    """

    ok: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    errors: Mapping[str, Metrics24Error] = field(factory=dict, eq=False)

    @property
    def complete(self) -> bool:
        """Whether every id is `ok`."""
        return not self.missing and not self.unverified

    def __bool__(self) -> bool:
        return self.complete


def update_many(groups: Groups, ids: Sequence[str], changes: Mapping[str, Any]) -> Flow[BulkResult]:
    """Change groups one by one; one that fails does not stop the others."""
    errors: dict[str, Metrics24Error] = {}
    for group_id in ids:
        try:
            yield from update(groups, group_id, changes)
        except UsageError:
            raise
        except Metrics24Error as error:
            errors[group_id] = error
    missing = tuple(group_id for group_id, error in errors.items() if isinstance(error, NotFound))
    return BulkResult(
        ok=tuple(group_id for group_id in ids if group_id not in errors),
        missing=missing,
        unverified=tuple(group_id for group_id in errors if group_id not in missing),
        errors=errors,
    )


def bulk_update(
    groups: Groups, ids: Sequence[str], *, monitoring_mode: bool, organization: str | None = None
) -> Flow[BulkResult]:
    """Switch the monitoring mode of many groups with one request, then see which of them have it.

    Raises:
        AmbiguousWrite: the answer was lost, and the list cannot be read.

    """
    body = {"data": list(ids), "monitoring_mode": monitoring_mode}
    lost = yield from _send(groups, "bulkUpdateFilterGroups", "BulkUpdateRequest", body, organization)
    after = yield from _look_again(groups, ids, lost)
    if isinstance(after, Metrics24Error):
        return _unverified(ids, after)
    missing = tuple(group_id for group_id in ids if after[group_id] is None)
    ok = tuple(
        group_id for group_id, group in after.items() if group and group.get("monitoring_mode") is monitoring_mode
    )
    return _rest_unverified(ids, ok, missing, lost)


def bulk_delete(groups: Groups, ids: Sequence[str], *, organization: str | None = None) -> Flow[BulkResult]:
    """Delete many groups with one request, then see which of them are gone.

    The list is read before too, since afterwards a group that never existed looks like one that was deleted.

    Raises:
        AmbiguousWrite: the answer was lost, and the list cannot be read.

    """
    before = yield from _look(groups, ids)
    lost = yield from _send(groups, "bulkDeleteFilterGroups", "BulkDeleteRequest", {"data": list(ids)}, organization)
    after = yield from _look_again(groups, ids, lost)
    if isinstance(after, Metrics24Error):
        return _unverified(ids, after)
    gone = [group_id for group_id in ids if after[group_id] is None]
    ok = tuple(group_id for group_id in gone if before[group_id] is not None)
    missing = tuple(group_id for group_id in gone if before[group_id] is None)
    return _rest_unverified(ids, ok, missing, lost)


def _send(
    groups: Groups, operation: str, model: str, body: Mapping[str, Any], organization: str | None
) -> Flow[Metrics24Error | None]:
    """Send a bulk operation, once; give the error if its answer was lost."""
    try:
        yield from groups.send(operation, organization=organization, body=factory(model)(body))
    except Metrics24Error as error:
        if not may_have_happened(error):
            raise
        return error
    return None


def _look(groups: Groups, ids: Sequence[str]) -> Flow[dict[str, Record | None]]:
    """Read the groups by one walk over the list; None stands for one that does not exist.

    A list that changes while it is read can hide a group, so that those not seen in it are asked for one by one.
    """
    census = yield from groups.census()
    found = {group_id: census.groups.get(group_id) for group_id in ids}
    for group_id in () if census.whole else [group_id for group_id in ids if found[group_id] is None]:
        try:
            found[group_id] = yield from groups.read(group_id)
        except NotFound:
            continue
    return found


def _look_again(
    groups: Groups, ids: Sequence[str], lost: Metrics24Error | None
) -> Flow[dict[str, Record | None] | Metrics24Error]:
    try:
        return (yield from _look(groups, ids))
    except Metrics24Error as error:
        if lost is None:
            return error
        raise AmbiguousWrite(
            f"The answer to the bulk operation was lost ({type(lost).__name__}), and reading the filter groups to see "
            f"what became of them failed too: {error} Read the list before you go on.",
            candidates=ids,
        ) from error


def _unverified(ids: Sequence[str], error: Metrics24Error) -> BulkResult:
    return BulkResult(unverified=tuple(ids), errors=dict.fromkeys(ids, error))


def _rest_unverified(
    ids: Sequence[str], ok: tuple[str, ...], missing: tuple[str, ...], lost: Metrics24Error | None
) -> BulkResult:
    rest = tuple(group_id for group_id in ids if group_id not in {*ok, *missing})
    return BulkResult(ok, missing, rest, errors={} if lost is None else dict.fromkeys(rest, lost))
