"""Read and create filter groups (documentation: "Filter Groups").

A create is never repeated unless it surely did not happen. Where its answer is lost, what is there afterwards decides:
the one group that can be it is adopted, or it is an AmbiguousWrite that says what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from metrics24.effects import Flow, RawResponse
from metrics24.errors import AmbiguousWrite, Metrics24Error, ResponseError, UsageError
from metrics24.flows.listing import ListQuery, ListWalk
from metrics24.flows.retry import Policy
from metrics24.flows.writes import Witness, differing, may_have_happened, understood
from metrics24.models import factory
from metrics24.operations import Routes, build, safe_id
from metrics24.responses import read_single

Record = dict[str, Any]

UNORDERED = frozenset({"offer_ids", "publisher_ids", "advertiser_ids", "tags"})
_MOST_PAGES = 500
_CREATE = "createFilterGroup"


@frozen
class Census:
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

    def census(self) -> Flow[Census]:
        """Read the whole list, within bounds."""
        walk = ListWalk(_every(integration_id=self.integration), self.policy, self.routes)
        rows: list[Record] = []
        total = None
        while not walk.done and walk.pages < _MOST_PAGES:
            page = yield from walk.next_page()
            rows += page.rows
            total = page.total
        whole = walk.done and total in {None, len(rows)}
        return Census({str(row["id"]): row for row in rows if row.get("id")}, whole)


def _every(**place: str) -> ListQuery:
    return ListQuery(operation="listFilterGroups", place=place)


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
    witness = Witness()
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


def _adopt(groups: Groups, sent: Record, witness: Witness, cause: Metrics24Error | None) -> Flow[Any]:
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


def _is_the_one(sent: Record, group: Record, witness: Witness) -> bool:
    # Servers in Go print an empty list as null, and a new group cannot have been empty in another way before.
    filled = {name: value for name, value in sent.items() if value != [] or group.get(name)}
    return not witness.saw_before(group.get("created_at")) and not differing(filled, group, UNORDERED)
