"""Change and delete filter groups (documentation: "Filter Groups").

A change states values, so the group itself tells afterwards whether it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metrics24.effects import Flow
from metrics24.errors import (
    AmbiguousWrite,
    Metrics24Error,
    NotFound,
    ResponseError,
    UnexpectedAnswerWarning,
    warn,
)
from metrics24.flows.deletion import delete as delete_surely
from metrics24.flows.filter_groups import UNORDERED, Groups, Record, model
from metrics24.flows.writes import differing, may_have_happened
from metrics24.models import factory


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
