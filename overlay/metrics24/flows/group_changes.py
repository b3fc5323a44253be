"""Change and delete filter groups (documentation: "Filter Groups").

A change states values, so the group itself tells afterwards whether it was made. To delete what is gone does no harm,
so a deletion is the one write that is repeated when its answer is lost and the group is still there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metrics24.effects import Flow, Now, Sleep, ask
from metrics24.errors import (
    AmbiguousWrite,
    Metrics24Error,
    NotFound,
    ResponseError,
    UnexpectedAnswerWarning,
    warn,
)
from metrics24.flows.filter_groups import UNORDERED, Groups, Record, model
from metrics24.flows.retry import Policy
from metrics24.flows.writes import differing, may_have_happened
from metrics24.models import factory

_LONGEST_PAUSE = 20.0


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
    started = (yield from ask(Now())).monotonic
    attempt = 0
    while True:
        attempt += 1
        try:
            yield from groups.send("deleteFilterGroup", filter_group_id=group_id)
        except NotFound:
            if attempt == 1:
                raise
        except Metrics24Error as error:
            if not may_have_happened(error):
                raise
            if (yield from _survives(groups, group_id, error)):
                yield from _pause(groups.policy, attempt, started, error)
                continue
        return


def _survives(groups: Groups, group_id: str, cause: Metrics24Error) -> Flow[bool]:
    try:
        yield from groups.read(group_id)
    except NotFound:
        return False
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"The answer to the deletion of filter group {group_id!r} was lost ({type(cause).__name__}), and reading "
            f"it failed too: {error} Delete it again later; NotFound then means that it is gone."
        ) from error
    return True


def _pause(policy: Policy, attempt: int, started: float, cause: Metrics24Error) -> Flow[None]:
    """Wait before the next attempt, if there may be one."""
    now = (yield from ask(Now())).monotonic
    pause = policy.uniform(0.0, min(_LONGEST_PAUSE, 0.5 * 2.0 ** (attempt - 1)))
    in_time = now - started + pause < policy.retrying.deadline
    if attempt >= policy.retrying.attempts or not in_time or not policy.budget.take():
        raise AmbiguousWrite(
            f"The answer to the deletion was lost {attempt} times, and the filter group is still there. It may still "
            "be under way: delete it again later; NotFound then means that it is gone."
        ) from cause
    yield from ask(Sleep(pause))
