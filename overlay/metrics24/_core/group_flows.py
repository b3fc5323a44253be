"""Filter groups: read, create, change and delete them, one or many (documentation: "Filter Groups").

No response to a write is believed alone: the group, or the list, is read afterwards. What a lost response means is
explained in `writes`. The response to a bulk operation is not documented, and proxies may strip the body of a DELETE,
so only the list tells what a bulk operation did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from metrics24._core.effects import Flow, RawResponse
from metrics24._core.pagination import NumberedPaginator
from metrics24._core.requests import Routes, build
from metrics24._core.responses import read_single
from metrics24._core.retry import Policy
from metrics24._core.writes import SentWrite, differing, may_have_happened, send_json
from metrics24._core.writes import delete as delete_surely
from metrics24.arguments import ListParams, safe_id
from metrics24.errors import (
    AmbiguousWrite,
    Metrics24Error,
    NotFound,
    ResponseError,
    UnexpectedAnswerWarning,
    UsageError,
    warn,
)
from metrics24.models import factory

Record = dict[str, Any]

UNORDERED = frozenset({"offer_ids", "publisher_ids", "advertiser_ids", "tags"})
_MOST_PAGES = 500
_CREATE = "createFilterGroup"


@frozen
class GroupSnapshot:
    """The groups that the list showed while it was read, by id; `whole` is True if none can have been missed."""

    groups: Mapping[str, Record]
    whole: bool


@frozen
class Groups:
    """The filter groups of one integration, with the policy and routes of requests to them."""

    integration: str
    policy: Policy = field(repr=False)
    routes: Routes = field(repr=False)

    def send(self, operation: str, **arguments: object) -> Flow[RawResponse]:
        """Send an operation on these groups."""
        return send_json(build(operation, self.routes, integration_id=self.integration, **arguments), self.policy)

    def read(self, group_id: str) -> Flow[Record]:
        """Read one group. It keeps the id by which it was requested, whatever the server repeats."""
        response = yield from self.send("getFilterGroup", filter_group_id=group_id)
        return {**read_single(response, "getFilterGroup", self.policy.notices), "id": group_id}

    def snapshot(self) -> Flow[GroupSnapshot]:
        """Read the whole list, 500 pages at most."""
        paginator = NumberedPaginator(ListParams("listFilterGroups", self.integration), self.policy, self.routes)
        rows: list[Record] = []
        total = None
        while not paginator.done and paginator.pages < _MOST_PAGES:
            page = yield from paginator.next_page()
            rows += page.rows
            total = page.total
        whole = paginator.done and total in {None, len(rows)}
        return GroupSnapshot({str(row["id"]): row for row in rows if row.get("id")}, whole)


def _model(group: Mapping[str, Any]) -> Any:
    return factory("FilterGroup")(group)


# One group


def get(groups: Groups, group_id: str) -> Flow[Any]:
    """Read one group."""
    return _model((yield from groups.read(group_id)))


def create(groups: Groups, properties: Mapping[str, Any]) -> Flow[Any]:
    """Create a group, once.

    Raises:
        AmbiguousWrite: nothing tells if it was created, or which of the groups it is.

    """
    body = factory("FilterGroupCreate")(properties)
    sent, write = body.to_dict(), SentWrite()
    try:
        response = yield from write.watch(groups.send(_CREATE, body=body))
    except Metrics24Error as error:
        if not may_have_happened(error):
            raise
        return (yield from _adopt(groups, sent, write, error))
    try:
        created = read_single(response, _CREATE, groups.policy.notices)
    except ResponseError:
        created = {}
    identity = _identity(created)
    if identity is None:
        return (yield from _adopt(groups, sent, write, None))
    groups.policy.created_ids.claim(_CREATE, identity)
    if "id" in created and sent.keys() <= created.keys():
        return _model(created)
    try:
        return _model((yield from groups.read(identity)))
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"The filter group was created with the id {identity!r}, but reading it back failed: {error} Do not create "
            "it again; read it with filter_groups.get.",
            candidates=[_model({**sent, "id": identity})],
        ) from error


def _identity(created: Record) -> str | None:
    """Return the new group's id, if the server names one that can stand in a URL."""
    found = created.get("id") or created.get("created_item_id")
    try:
        return None if found is None else safe_id(str(found), "id")
    except UsageError:
        return None


def _adopt(groups: Groups, sent: Record, write: SentWrite, cause: Metrics24Error | None) -> Flow[Any]:
    """Find the created group: the only one that is as it was sent, not older, and not another call's."""
    problem = f"no usable response came ({type(cause).__name__})" if cause else "the response does not name it"
    try:
        snapshot = yield from write.watch(groups.snapshot())
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"The filter group {sent['name']!r} was sent, {problem}, and the list could not be read ({error}) to see "
            "if it exists. Read the list before you create it again."
        ) from error
    alike = [
        group
        for group in snapshot.groups.values()
        if group.get("name") == sent["name"] or group.get("priority") == sent["priority"]
    ]
    known = groups.policy.created_ids
    fitting = [each for each in alike if _is_as_sent(sent, each, write) and not known.knows(_CREATE, each.get("id"))]
    if len(fitting) == 1 and known.claim(_CREATE, fitting[0].get("id")):
        return _model(fitting[0])
    raise AmbiguousWrite(
        f"The filter group {sent['name']!r} with priority {sent['priority']} was sent, {problem}, and no existing "
        f"group is surely the new one ({len(alike)} have this name or priority: see .candidates). It may still be "
        "under way. Read the list again in a while: use the group if it is there, and create it again if it is not.",
        candidates=[_model(group) for group in alike],
    ) from cause


def _is_as_sent(sent: Record, group: Record, write: SentWrite) -> bool:
    # Servers in Go write an empty list as null; in a new group, the two mean the same.
    filled = {name: value for name, value in sent.items() if value != [] or group.get(name)}
    return not write.may_be_older(group.get("created_at")) and not differing(filled, group, UNORDERED)


def update(groups: Groups, group_id: str, changes: Mapping[str, Any]) -> Flow[Any]:
    """Change the properties in `changes`, and read the group afterwards.

    Raises:
        AmbiguousWrite: the response was lost, and the group is not as it should be.

    """
    body = factory("FilterGroupUpdate")(changes)
    sent, lost = body.to_dict(), None
    try:
        yield from groups.send("updateFilterGroup", filter_group_id=group_id, body=body)
    except Metrics24Error as error:
        if not may_have_happened(error):
            raise
        lost = error
    group = yield from _read_changed(groups, group_id, lost)
    different = ", ".join(differing(sent, group, UNORDERED))
    if different and lost is not None:
        raise AmbiguousWrite(
            f"{_lost_change(group_id, lost)}, and the group does not show it ({different}). It may still be under way: "
            "read the group again in a while. Sending the same change again does no harm.",
            candidates=[_model(group)],
        ) from lost
    if different:
        warn(
            f"The server accepted the change of filter group {group_id!r}, but returns other values for {different} "
            "than were sent: it changed them, ignored them, or needs a while.",
            UnexpectedAnswerWarning,
        )
    return _model(group)


def _read_changed(groups: Groups, group_id: str, lost: Metrics24Error | None) -> Flow[Record]:
    """Read a group after a change; a failure says what is known of the change."""
    try:
        return (yield from groups.read(group_id))
    except Metrics24Error as error:
        if lost is None:
            error.add_note(f"The server had accepted the change of filter group {group_id!r}; reading it back failed.")
            raise
        if isinstance(error, NotFound):
            raise
        raise AmbiguousWrite(
            f"{_lost_change(group_id, lost)}, and the group could not be read ({error}) to see if it was made. Read it "
            "before you go on; sending the same change again does no harm."
        ) from error


def _lost_change(group_id: str, lost: Metrics24Error) -> str:
    return f"The response to the change of filter group {group_id!r} was lost ({type(lost).__name__})"


def change_offers(groups: Groups, group_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Flow[Any]:
    """Add offers to a group or remove them; write only if something changes.

    Raises:
        ResponseError: the server does not say which offers the group has.
        AmbiguousWrite: as for `update`.

    """
    group = yield from groups.read(group_id)
    offers = _offers(group, group_id)
    changed = [offer for offer in offers if offer not in remove] + [offer for offer in add if offer not in offers]
    if changed == offers:
        return _model(group)
    return (yield from update(groups, group_id, {"offer_ids": changed}))


def _offers(group: Record, group_id: str) -> list[str]:
    offers = group.get("offer_ids", "absent")
    if offers is None:
        return []
    if not isinstance(offers, list) or not all(isinstance(offer, str) for offer in offers):
        raise ResponseError(
            f"The server does not say which offers filter group {group_id!r} has, so changing them could lose some. "
            "Set them all with filter_groups.update(offer_ids=[...]).",
            operation="getFilterGroup",
            path="$.offer_ids",
        )
    return offers


def delete(groups: Groups, group_id: str) -> Flow[None]:
    """Delete a group; if the response is lost and the group is still there, delete it again.

    Raises:
        NotFound: the first attempt found no such group.
        AmbiguousWrite: responses are lost for as long as the client tries.

    """
    return delete_surely(
        f"filter group {group_id!r}",
        lambda: groups.send("deleteFilterGroup", filter_group_id=group_id),
        lambda: groups.read(group_id),
        groups.policy,
    )


# Many groups


@frozen
class BulkResult:
    """The outcome for each filter group that was named. True if all of them are as requested.

    Attributes:
        ok: ids of groups that were seen to be as requested.
        missing: ids that do not exist. For a deletion: that did not exist before.
        unverified: ids of groups that are not as requested, or could not be read; name them again, or see `errors`.
        errors: the errors of single calls, by id, where there were any.

    """

    ok: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    errors: Mapping[str, Metrics24Error] = field(factory=dict, eq=False)

    @property
    def complete(self) -> bool:
        """True if every id is `ok`."""
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
        AmbiguousWrite: the response was lost, and the list cannot be read.

    """
    body = factory("BulkUpdateRequest")({"data": list(ids), "monitoring_mode": monitoring_mode})
    lost = yield from _send(groups, "bulkUpdateFilterGroups", body, organization)
    after = yield from _read_again(groups, ids, lost)
    if isinstance(after, Metrics24Error):
        return BulkResult(unverified=tuple(ids), errors=dict.fromkeys(ids, after))
    missing = tuple(group_id for group_id in ids if after[group_id] is None)
    ok = tuple(
        group_id for group_id, group in after.items() if group and group.get("monitoring_mode") is monitoring_mode
    )
    return _bulk_result(ids, ok, missing, lost)


def bulk_delete(groups: Groups, ids: Sequence[str], *, organization: str | None = None) -> Flow[BulkResult]:
    """Delete many groups with one request, then see which of them are gone.

    The list is read before too, since afterwards a group that never existed looks like one that was deleted.

    Raises:
        AmbiguousWrite: the response was lost, and the list cannot be read.

    """
    before = yield from _read_all(groups, ids)
    body = factory("BulkDeleteRequest")({"data": list(ids)})
    lost = yield from _send(groups, "bulkDeleteFilterGroups", body, organization)
    after = yield from _read_again(groups, ids, lost)
    if isinstance(after, Metrics24Error):
        return BulkResult(unverified=tuple(ids), errors=dict.fromkeys(ids, after))
    gone = [group_id for group_id in ids if after[group_id] is None]
    ok = tuple(group_id for group_id in gone if before[group_id] is not None)
    missing = tuple(group_id for group_id in gone if before[group_id] is None)
    return _bulk_result(ids, ok, missing, lost)


def _send(groups: Groups, operation: str, body: object, organization: str | None) -> Flow[Metrics24Error | None]:
    """Send a bulk operation, once; return the error if its response was lost."""
    try:
        yield from groups.send(operation, organization=organization, body=body)
    except Metrics24Error as error:
        if not may_have_happened(error):
            raise
        return error
    return None


def _read_all(groups: Groups, ids: Sequence[str]) -> Flow[dict[str, Record | None]]:
    """Read groups from the list; None for one that does not exist.

    A list that changes while it is read can hide a group, so those that it does not show are read one by one.
    """
    snapshot = yield from groups.snapshot()
    found = {group_id: snapshot.groups.get(group_id) for group_id in ids}
    for group_id in () if snapshot.whole else [group_id for group_id in ids if found[group_id] is None]:
        try:
            found[group_id] = yield from groups.read(group_id)
        except NotFound:
            continue
    return found


def _read_again(
    groups: Groups, ids: Sequence[str], lost: Metrics24Error | None
) -> Flow[dict[str, Record | None] | Metrics24Error]:
    """Read groups after a bulk operation; return the error of reading them if the operation itself succeeded."""
    try:
        return (yield from _read_all(groups, ids))
    except Metrics24Error as error:
        if lost is None:
            return error
        raise AmbiguousWrite(
            f"The response to the bulk operation was lost ({type(lost).__name__}), and reading the filter groups to "
            f"see what became of them failed too: {error} Read the list before you go on.",
            candidates=ids,
        ) from error


def _bulk_result(
    ids: Sequence[str], ok: tuple[str, ...], missing: tuple[str, ...], lost: Metrics24Error | None
) -> BulkResult:
    rest = tuple(group_id for group_id in ids if group_id not in {*ok, *missing})
    return BulkResult(ok, missing, rest, errors={} if lost is None else dict.fromkeys(rest, lost))
