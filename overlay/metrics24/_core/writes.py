"""Decide what a lost response to a write means.

A write is never sent twice unless it surely did not happen: no connection was made, or the API refused it (4xx).
Otherwise its response is lost (`may_have_happened`), and the state is read back:

- A creation is adopted if exactly one thing equals every field that was sent (`differing`), is not older than the
  request (`SentWrite`), and is not the result of another call of this client (`Policy.created_ids`).
- A change is done if the thing has the values that were sent.
- A deletion does no harm when it is repeated, so `delete` repeats it until the thing is gone.

Anything else is an AmbiguousWrite that shows the candidates. `export_flows` and `group_flows` apply this to exports
and filter groups.
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
    """Return True if a write that failed with this error may have been carried out all the same.

    A refusal (4xx) is a response of the API. A server error, a gateway's timeout and a body that cannot be read say
    nothing about the write.
    """
    match problem:
        case TransportError():
            return problem.sent
        case StatusError():
            return problem.status_code == 408 or problem.status_code >= 500
    return isinstance(problem, ResponseError)


def send_json(request: Request, policy: Policy) -> Flow[RawResponse]:
    """Send `request`; the body of a success must be empty or JSON.

    Any other body comes from something between the client and the API, and says nothing about the write.

    Raises:
        ResponseError: the body of a success is something else.

    """
    response = yield from send(request, policy)
    if response.content.strip():
        decode(response, request.operation)
    return response


class SentWrite:
    """The moment at which a write was sent, by the server's clock, to recognise things that are older.

    The machine's own wall clock counts only where the server never sends a Date header.
    """

    def __init__(self) -> None:
        self._sent: Instant | None = None
        self._server: tuple[datetime, float] | None = None

    def watch(self, flow: Flow[T]) -> Flow[T]:
        """Run `flow` unchanged, and note when it sends a write and what the server's clock says."""
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
                    yield from self._read_clock(value)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            flow.close()

    def may_be_older(self, created_at: object) -> bool:
        """Return True unless a thing was created when the write was sent, or later.

        Times are cut to whole seconds, so a second is allowed for. A time without a zone says nothing.
        """
        created = _moment(created_at)
        if created is None or self._sent is None:
            return True
        if self._server is None:
            return created < self._sent.wall - _SECOND
        date, seen = self._server
        return created < date - timedelta(seconds=seen - self._sent.monotonic) - _SECOND

    def _read_clock(self, response: object) -> Flow[None]:
        if isinstance(response, RawResponse) and (date := _date(response.headers.get("date", ""))) is not None:
            self._server = date, (yield from ask(Now())).monotonic


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


def differing(sent: Mapping[str, Any], found: Mapping[str, Any], sets: frozenset[str] = frozenset()) -> list[str]:
    """Return the names of the properties whose values differ from those that were sent.

    A missing property equals null and nothing else; true is not 1; order matters, except in the lists named in `sets`.
    """
    return [
        name for name, value in sent.items() if _plain(value, name in sets) != _plain(found.get(name), name in sets)
    ]


def _plain(value: object, is_set: bool) -> str:
    if is_set and isinstance(value, list):
        return json.dumps(sorted(json.dumps(item, sort_keys=True) for item in value))
    return json.dumps(value, sort_keys=True)


def delete(
    what: str, send_deletion: Callable[[], Flow[object]], read_back: Callable[[], Flow[object]], policy: Policy
) -> Flow[None]:
    """Delete `what`; if the response is lost and it is still there, delete it again.

    Raises:
        NotFound: the first attempt found nothing.
        AmbiguousWrite: responses are lost for as long as the client tries.

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
            if (yield from _exists(what, read_back, error)):
                yield from _pause(what, policy, attempt, started, error)
                continue
        return


def _exists(what: str, read_back: Callable[[], Flow[object]], cause: Metrics24Error) -> Flow[bool]:
    try:
        yield from read_back()
    except NotFound:
        return False
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"The response to the deletion of {what} was lost ({type(cause).__name__}), and reading it failed too: "
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
            f"The response to the deletion of {what} was lost {attempt} times, and it is still there. It may still be "
            "under way: delete it again later; NotFound then means that it is gone."
        ) from cause
    yield from ask(Sleep(pause))
