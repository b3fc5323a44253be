"""Delete something. To delete what is gone does no harm, so a deletion is the one write that may be repeated."""

from __future__ import annotations

from collections.abc import Callable

from metrics24.effects import Flow, Now, Sleep, ask
from metrics24.errors import AmbiguousWrite, Metrics24Error, NotFound
from metrics24.flows.retry import Policy
from metrics24.flows.waiting import read_export
from metrics24.flows.writes import may_have_happened, understood
from metrics24.operations import Routes, build


def delete(
    what: str, send_deletion: Callable[[], Flow[object]], read_back: Callable[[], Flow[object]], policy: Policy
) -> Flow[None]:
    """Delete `what`; if the answer is lost and it is still there, delete it again.

    Raises:
        NotFound: the first attempt found nothing.
        AmbiguousWrite: answers are lost for as long as the client tries.

    """
    started = (yield from ask(Now())).monotonic
    attempt = 0
    while True:
        attempt += 1
        try:
            yield from send_deletion()
        except NotFound:
            if attempt == 1:
                raise
        except Metrics24Error as error:
            if not may_have_happened(error):
                raise
            if (yield from _survives(what, read_back, error)):
                yield from _pause(what, policy, attempt, started, error)
                continue
        return


def delete_export(export_id: str, policy: Policy, routes: Routes) -> Flow[None]:
    """Delete an export and its file (documentation: "Delete Download Center Export")."""
    return delete(
        f"export {export_id!r}",
        lambda: understood(build("deleteExport", routes, export_id=export_id), policy),
        lambda: read_export(export_id, policy, routes),
        policy,
    )


def _survives(what: str, read_back: Callable[[], Flow[object]], cause: Metrics24Error) -> Flow[bool]:
    try:
        yield from read_back()
    except NotFound:
        return False
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"The answer to the deletion of {what} was lost ({type(cause).__name__}), and reading it failed too: "
            f"{error} Delete it again later; NotFound then means that it is gone."
        ) from error
    return True


def _pause(what: str, policy: Policy, attempt: int, started: float, cause: Metrics24Error) -> Flow[None]:
    """Wait before the next attempt, if there may be one."""
    now = (yield from ask(Now())).monotonic
    pause = policy.backoff(attempt)
    in_time = now - started + pause < policy.retrying.deadline
    if attempt >= policy.retrying.attempts or not in_time or not policy.budget.take():
        raise AmbiguousWrite(
            f"The answer to the deletion of {what} was lost {attempt} times, and it is still there. It may still be "
            "under way: delete it again later; NotFound then means that it is gone."
        ) from cause
    yield from ask(Sleep(pause))
