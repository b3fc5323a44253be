"""What a write's lost answer means, and how to tell whether what is found afterwards is its work.

A write is never sent twice unless it surely did not happen. So when its answer is lost, the state is read back and held
against what was sent (see "Retrying" in the design document).

Delete something. To delete what is gone does no harm, so a deletion is the one write that may be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from metrics24._core.effects import Call, Flow, Instant, Now, RawResponse, Request, Sleep, ask
from metrics24._core.responses import decode
from metrics24._core.retry import Policy, send
from metrics24.errors import AmbiguousWrite, Metrics24Error, NotFound, ResponseError, StatusError, TransportError

T = TypeVar("T")

_SECOND = timedelta(seconds=1)  # the Date header, and many a created_at, are cut to whole seconds


def may_have_happened(problem: Metrics24Error) -> bool:
    """Whether a write that ended like this may have been carried out all the same.

    A refusal (4xx) is an answer. A server error or a gateway's timeout is none, and neither is an answer that nobody
    can read.
    """
    match problem:
        case TransportError():
            return problem.sent
        case StatusError():
            return problem.status_code == 408 or problem.status_code >= 500
    return isinstance(problem, ResponseError)


def understood(request: Request, policy: Policy) -> Flow[RawResponse]:
    """Send `request`; a success may have an empty body, and any other must be JSON.

    A page that something on the way wrote is no word of the API's, and says nothing of what became of a write.

    Raises:
        ResponseError: it is not.

    """
    answer = yield from send(request, policy)
    if answer.content.strip():
        decode(answer, request.operation)
    return answer


class SentWrite:
    """Notes when a flow last sent a write, and what the server's clock said, so that a creation time can be judged.

    The machine's own wall clock counts only where the server never says what time it is.
    """

    def __init__(self) -> None:
        self._sent: Instant | None = None
        self._server: tuple[datetime, float] | None = None

    def watch(self, flow: Flow[T]) -> Flow[T]:
        """Run `flow` as it is, and look on."""
        step, value = flow.send, None
        try:
            while True:
                effect = step(value)
                if isinstance(effect, Call) and effect.request.access == "write":
                    self._sent = yield from ask(Now())
                try:
                    value = yield from ask(effect)
                except Metrics24Error as error:
                    step, value = flow.throw, error
                else:
                    step = flow.send
                    yield from self._look_at_clock(value)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            flow.close()

    def saw_before(self, created_at: object) -> bool:
        """Whether something was surely there before the write was sent; also if nothing says when it was created.

        Seconds are given away where clocks are cut to them. A time without a zone says nothing.
        """
        created = _moment(created_at)
        if created is None or self._sent is None:
            return True
        if self._server is None:
            return created < self._sent.wall - _SECOND
        date, seen = self._server
        return created < date - timedelta(seconds=seen - self._sent.monotonic) - _SECOND

    def _look_at_clock(self, answer: object) -> Flow[None]:
        if not isinstance(answer, RawResponse):
            return
        date = _date(answer.headers.get("date", ""))
        if date is not None:
            self._server = date, (yield from ask(Now())).monotonic


def differing(sent: Mapping[str, Any], found: Mapping[str, Any], sets: frozenset[str] = frozenset()) -> list[str]:
    """Name the properties that were sent and are not found as sent.

    What is absent equals null and nothing else; true is not 1; the order counts, but in the lists that are `sets`.
    """
    return [
        name for name, value in sent.items() if _plain(value, name in sets) != _plain(found.get(name), name in sets)
    ]


def _plain(value: object, is_set: bool) -> str:
    if is_set and isinstance(value, list):
        return json.dumps(sorted(json.dumps(item, sort_keys=True) for item in value))
    return json.dumps(value, sort_keys=True)


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None


def _date(header: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else None


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
