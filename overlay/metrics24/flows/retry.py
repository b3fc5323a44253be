"""Send a request until it succeeds, cannot succeed, or time is up."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable

from attrs import field, frozen

from metrics24.effects import Call, Flow, Now, RawResponse, Request, Sleep, ask
from metrics24.errors import Metrics24Error, RateLimited, RequestTimeout, StatusError, TransportError
from metrics24.models import Notices
from metrics24.responses import failure, retry_after
from metrics24.settings import Retrying

_log = logging.getLogger("metrics24")

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_LONGEST_PAUSE = 20.0


class RetryBudget:
    """A token bucket, shared by all calls of a client, that keeps retries from becoming a storm.

    A retry takes a token, unless the server itself said when to come back; a success returns half a token. When the
    bucket is empty, calls fail with their first error.
    """

    def __init__(self, capacity: float = 40.0) -> None:
        self._capacity = self._tokens = capacity
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a token if there is one."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def give_back(self) -> None:
        """Return half a token."""
        with self._lock:
            self._tokens = min(self._capacity, self._tokens + 0.5)


class Pacer:
    """Spaces out requests to `rate` a second, across all calls of a client."""

    def __init__(self, rate: float | None) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._next = float("-inf")
        self._lock = threading.Lock()

    def reserve(self, now: float, within: float) -> float | None:
        """Take the next free moment; answer how many seconds it is away, None if it is not `within` reach."""
        if not self._gap:
            return 0.0
        with self._lock:
            moment = max(now, self._next)
            if moment - now >= within:
                return None
            self._next = moment + self._gap
            return moment - now


@frozen(kw_only=True)
class Policy:
    """How a client's calls are made."""

    timeout: float
    retrying: Retrying
    budget: RetryBudget = field(factory=RetryBudget)
    pacer: Pacer = field(factory=lambda: Pacer(None))
    notices: Notices = field(factory=Notices)
    uniform: Callable[[float, float], float] = random.uniform


def send(request: Request, policy: Policy) -> Flow[RawResponse]:
    """Send `request` and return the answer with a success status.

    Raises:
        TransportError, StatusError, SecurityError: of the last attempt.
        RequestTimeout: the client's rate leaves no turn before the deadline; nothing was sent.

    """
    started = (yield from ask(Now())).monotonic
    attempt = 0
    while True:
        attempt += 1
        remaining = yield from _remaining(request, started, policy)
        asked_to_wait: float | None = None
        try:
            answer = yield from ask(Call(request, max(min(policy.timeout, remaining), 0.001)))
        except TransportError as error:
            problem: Metrics24Error = error
        else:
            now = yield from ask(Now())
            found = failure(answer, request.operation, now.wall)
            if found is None:
                policy.budget.give_back()
                return answer
            problem, asked_to_wait = found, retry_after(answer, now.wall)
        pause = _pause(request, problem, attempt, asked_to_wait, policy)
        yield from _wait(pause, problem, started, policy)
        _log.info("%s: attempt %d failed (%s), trying again", request.operation, attempt, type(problem).__name__)


def _remaining(request: Request, started: float, policy: Policy) -> Flow[float]:
    """Wait for a turn at the client's rate, and say how many seconds of the call's deadline are left."""
    now = (yield from ask(Now())).monotonic
    deadline = started + policy.retrying.deadline
    pause = policy.pacer.reserve(now, deadline - now)
    if pause is None:
        raise RequestTimeout(
            f"{request.operation} would get its turn only after its deadline of {policy.retrying.deadline:g} s, so it "
            "was not sent. Raise rate= or the deadline, or make fewer calls at once.",
            sent=False,
        )
    if pause:
        yield from ask(Sleep(pause))
        now = (yield from ask(Now())).monotonic
    return deadline - now


def _pause(
    request: Request, problem: Metrics24Error, attempt: int, asked_to_wait: float | None, policy: Policy
) -> float:
    """Seconds until the next attempt; raises the problem if there must be none."""
    if attempt >= policy.retrying.attempts or not may_repeat(request.effect, problem):
        raise problem
    if asked_to_wait is not None:
        return asked_to_wait
    if not policy.budget.take():
        problem.add_note("Not tried again: too many retries are under way in this client already.")
        raise problem
    base = 1.0 if isinstance(problem, RateLimited) else 0.5
    return policy.uniform(0.0, min(_LONGEST_PAUSE, base * 2.0 ** (attempt - 1)))


def _wait(pause: float, problem: Metrics24Error, started: float, policy: Policy) -> Flow[None]:
    """Sleep until the next attempt; raises the problem at once if the deadline comes first."""
    now = yield from ask(Now())
    if now.monotonic - started + pause >= policy.retrying.deadline:
        raise problem
    yield from ask(Sleep(pause))


def may_repeat(effect: str, problem: Metrics24Error) -> bool:
    """Whether a second attempt can help, and cannot do harm."""
    match problem:
        case TransportError():
            return not problem.permanent and (effect == "read" or not problem.sent)
        case StatusError():
            return problem.status_code == 429 or (effect == "read" and problem.status_code in _TRANSIENT)
    return False
