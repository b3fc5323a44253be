"""Read and create filter groups (documentation: "Filter Groups").

A create is never repeated unless it surely did not happen. Where its answer is lost, what is there afterwards decides:
the one group that can be it is adopted, or it is an AmbiguousWrite that says what was found.

Change and delete filter groups (documentation: "Filter Groups").

A change states values, so the group itself tells afterwards whether it was made.

Change or delete many filter groups, and say of each what became of it.

What a bulk operation answers is not documented, and proxies may strip the body of a DELETE. So neither its answer nor
its silence is believed: the list is read afterwards.
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
from metrics24._core.writes import SentWrite, differing, may_have_happened, understood
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
    """The groups that a walk over the list found, by id; `whole` if none can have been missed."""

    groups: Mapping[str, Record]
    whole: bool


@frozen
class Groups:
    """The filter groups of one integration, and how to reach them."""

    integration: str
    policy: Policy = field(repr=False)
    routes: Routes = field(repr=False)

    def send(self, operation: str, **arguments: object) -> Flow[RawResponse]:
        """Send an operation on these groups."""
        return understood(build(operation, self.routes, integration_id=self.integration, **arguments), self.policy)

    def read(self, group_id: str) -> Flow[Record]:
        """Read one group. Its id stays the one that was asked with, whatever the server repeats."""
        answer = yield from self.send("getFilterGroup", filter_group_id=group_id)
        return {**read_single(answer, "getFilterGroup", self.policy.notices), "id": group_id}

    def census(self) -> Flow[GroupSnapshot]:
        """Read the whole list, within bounds."""
        walk = NumberedPaginator(ListParams("listFilterGroups", self.integration), self.policy, self.routes)
        rows: list[Record] = []
        total = None
        while not walk.done and walk.pages < _MOST_PAGES:
            page = yield from walk.next_page()
            rows += page.rows
            total = page.total
        whole = walk.done and total in {None, len(rows)}
        return GroupSnapshot({str(row["id"]): row for row in rows if row.get("id")}, whole)


def model(group: Mapping[str, Any]) -> Any:
    """A group as users hold it."""
    return factory("FilterGroup")(group)


def get(groups: Groups, group_id: str) -> Flow[Any]:
    """Read one group."""
    return model((yield from groups.read(group_id)))


def create(groups: Groups, properties: Mapping[str, Any]) -> Flow[Any]:
    """Create a group, once.

    Raises:
        AmbiguousWrite: nothing tells whether it was created, or which of the groups it is.

    """
    body = factory("FilterGroupCreate")(properties)
    sent = body.to_dict()
    witness = SentWrite()
    try:
        answer = yield from witness.watch(groups.send(_CREATE, body=body))
    except Metrics24Error as error:
        if not may_have_happened(error):
            raise
        return (yield from _adopt(groups, sent, witness, error))
    made = _sent_back(answer, groups.policy)
    identity = _identity(made)
    if identity is None:
        return (yield from _adopt(groups, sent, witness, None))
    groups.policy.made.claim(_CREATE, identity)
    if "id" in made and sent.keys() <= made.keys():
        return model(made)
    try:
        return model((yield from groups.read(identity)))
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"The filter group was created with the id {identity!r}, but reading it back failed: {error} Do not create "
            "it again; read it with filter_groups.get.",
            candidates=[model({**sent, "id": identity})],
        ) from error


def _sent_back(answer: RawResponse, policy: Policy) -> Record:
    try:
        return read_single(answer, _CREATE, policy.notices)
    except ResponseError:
        return {}


def _identity(made: Record) -> str | None:
    """The new group's id, if the server names one that can stand in a URL."""
    found = made.get("id") or made.get("created_item_id")
    try:
        return None if found is None else safe_id(str(found), "id")
    except UsageError:
        return None


def _adopt(groups: Groups, sent: Record, witness: SentWrite, cause: Metrics24Error | None) -> Flow[Any]:
    """Find the group that was created; only one that is as it was sent, not older, and no other call's can be it."""
    said = f"no usable answer came ({type(cause).__name__})" if cause else "the answer does not name it"
    try:
        census = yield from witness.watch(groups.census())
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"The filter group {sent['name']!r} was sent, {said}, and the list could not be read ({error}) to see "
            "whether it exists. Read the list before you create it again."
        ) from error
    alike = [
        g for g in census.groups.values() if g.get("name") == sent["name"] or g.get("priority") == sent["priority"]
    ]
    known = groups.policy.made
    fitting = [g for g in alike if _is_the_one(sent, g, witness) and not known.knows(_CREATE, g.get("id"))]
    if len(fitting) == 1 and known.claim(_CREATE, fitting[0].get("id")):
        return model(fitting[0])
    raise AmbiguousWrite(
        f"The filter group {sent['name']!r} with priority {sent['priority']} was sent, {said}, and none of the groups "
        f"that exist is surely it ({len(alike)} with this name or priority: see .candidates). It may still be under "
        "way. Read the list again in a while: use the group if it is there, and create it again if it is not.",
        candidates=[model(group) for group in alike],
    ) from cause


def _is_the_one(sent: Record, group: Record, witness: SentWrite) -> bool:
    # Servers in Go print an empty list as null, and a new group cannot have been empty in another way before.
    filled = {name: value for name, value in sent.items() if value != [] or group.get(name)}
    return not witness.saw_before(group.get("created_at")) and not differing(filled, group, UNORDERED)


def update(groups: Groups, group_id: str, changes: Mapping[str, Any]) -> Flow[Any]:
    """Change what `changes` names, and read the group afterwards.

    Raises:
        AmbiguousWrite: the answer was lost, and the group is not as it should be.

    """
    body = factory("FilterGroupUpdate")(changes)
    try:
        yield from groups.send("updateFilterGroup", filter_group_id=group_id, body=body)
    except Metrics24Error as error:
        if not may_have_happened(error):
            raise
        return (yield from _settle(groups, group_id, body.to_dict(), error))
    try:
        group = yield from groups.read(group_id)
    except Metrics24Error as error:
        error.add_note(f"The server had accepted the change of filter group {group_id!r}; reading it back failed.")
        raise
    different = differing(body.to_dict(), group, UNORDERED)
    if different:
        warn(
            f"The server accepted the change of filter group {group_id!r}, and gives other values for "
            f"{', '.join(different)} than those that were sent: it changed them, ignored them, or needs a while.",
            UnexpectedAnswerWarning,
        )
    return model(group)


def _settle(groups: Groups, group_id: str, sent: Record, cause: Metrics24Error) -> Flow[Any]:
    """Decide by what the group looks like whether a change whose answer was lost was made."""
    lost = f"The answer to the change of filter group {group_id!r} was lost ({type(cause).__name__})"
    try:
        group = yield from groups.read(group_id)
    except NotFound:
        raise
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"{lost}, and the group could not be read ({error}) to see whether it was made. Read it before you go on; "
            "sending the same change again does no harm."
        ) from error
    different = differing(sent, group, UNORDERED)
    if not different:
        return model(group)
    raise AmbiguousWrite(
        f"{lost}, and the group does not show it ({', '.join(different)}). It may still be under way: read the group "
        "again in a while. Sending the same change again does no harm.",
        candidates=[model(group)],
    ) from cause


def change_offers(groups: Groups, group_id: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Flow[Any]:
    """Read the group's offers, and write them only if something changes.

    Raises:
        ResponseError: the server does not say which offers the group has.
        AmbiguousWrite: as for `update`.

    """
    group = yield from groups.read(group_id)
    offers = _offers(group, group_id)
    wanted = [offer for offer in offers if offer not in remove] + [offer for offer in add if offer not in offers]
    if wanted == offers:
        return model(group)
    return (yield from update(groups, group_id, {"offer_ids": wanted}))


def _offers(group: Record, group_id: str) -> list[str]:
    offers = group.get("offer_ids", "absent")
    if offers is None:
        return []
    if not isinstance(offers, list) or not all(isinstance(offer, str) for offer in offers):
        raise ResponseError(
            f"The server does not say which offers filter group {group_id!r} has, so that changing them could lose "
            "some. Set them all with filter_groups.update(offer_ids=[...]).",
            operation="getFilterGroup",
            path="$.offer_ids",
        )
    return offers


def delete(groups: Groups, group_id: str) -> Flow[None]:
    """Delete a group; if the answer is lost and the group is still there, delete it again.

    Raises:
        NotFound: the first attempt found no such group.
        AmbiguousWrite: answers are lost for as long as the client tries.

    """
    return delete_surely(
        f"filter group {group_id!r}",
        lambda: groups.send("deleteFilterGroup", filter_group_id=group_id),
        lambda: groups.read(group_id),
        groups.policy,
    )


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
