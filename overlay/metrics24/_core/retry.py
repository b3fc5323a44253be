"""How many requests at once a server takes: one more as long as it answers, half as many when it says 429.

Send a request until it succeeds, cannot succeed, or time is up.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable

from attrs import field, frozen

from metrics24._core.effects import Call, Flow, Now, RawResponse, Request, Sleep, ask
from metrics24._core.responses import failure, request_id, retry_after
from metrics24.config import Retry, Retrying
from metrics24.errors import Metrics24Error, RateLimited, RequestTimeout, StatusError, TransportError
from metrics24.models import Notices

_log = logging.getLogger("metrics24")


_MOST = 1000  # only those of the last second or so can be mistaken


class CreatedIds:
    """The ids of the latest things that a client has created or adopted; shared by its threads, tasks and copies."""

    def __init__(self) -> None:
        self._ids: deque[tuple[str, str]] = deque(maxlen=_MOST)
        self._lock = threading.Lock()

    def claim(self, operation: str, identity: object) -> bool:
        """Remember an id as the work of one call; False if it is another's already."""
        with self._lock:
            if (operation, str(identity)) in self._ids:
                return False
            self._ids.append((operation, str(identity)))
            return True

    def knows(self, operation: str, identity: object) -> bool:
        """Whether an id is another call's work already."""
        with self._lock:
            return (operation, str(identity)) in self._ids


class AdaptiveConcurrency:
    """A limit on requests under way, shared by the threads or tasks of one walk.

    It begins at the most that the caller allows. Refusals of requests that went out before it was last lowered do not
    lower it again: they tell of the pressure as it was then.
    """

    def __init__(self, operation: str, most: int) -> None:
        self._operation, self._most = operation, most
        self._limit = float(most)
        self._lowered = 0
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """How many requests may be under way at once, at least one."""
        return int(self._limit)

    @property
    def era(self) -> int:
        """How often the limit was lowered so far; requests remember it when they go out."""
        return self._lowered

    def met(self, error: Metrics24Error, era: int) -> int:
        """Take note of an attempt that failed, sent in `era`; answer the era in which the next one goes out."""
        if not isinstance(error, RateLimited):
            return era
        with self._lock:
            if era == self._lowered:
                self._limit = max(1.0, self._limit / 2)
                self._lowered += 1
                self._tell("The server answers %s with 429: at most %d at a time from now on")
            return self._lowered

    def relaxed(self) -> None:
        """Take note of an answer."""
        with self._lock:
            self._limit = min(float(self._most), self._limit + 1 / self._limit)

    def report(self) -> None:
        """Tell which limit was found, if the server refused anything."""
        if self._lowered:
            self._tell("The server took %s, %d at a time")

    def _tell(self, text: str) -> None:
        _log.info(text, self._operation, self.limit, extra={"operation": self._operation, "at_once": self.limit})


_log.addHandler(logging.NullHandler())  # silent until the application says where logs go

_TRANSIENT = frozenset({408, 500, 502, 503, 504, 520, 521, 522, 523, 524})
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


class RateLimiter:
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
    rate_limiter: RateLimiter = field(factory=lambda: RateLimiter(None))
    notices: Notices = field(factory=Notices)
    made: CreatedIds = field(factory=CreatedIds)
    uniform: Callable[[float, float], float] = random.uniform

    def backoff(self, attempt: int, base: float = 0.5) -> float:
        """Seconds to pause after so many attempts: at random, up to a bound that doubles with each."""
        return self.uniform(0.0, min(_LONGEST_PAUSE, base * 2.0 ** (attempt - 1)))


@frozen
class _Failure:
    """A failed attempt, and the seconds that the server asks to wait and that the deadline leaves."""

    attempt: int
    error: Metrics24Error
    asked_to_wait: float | None
    left: float


def send(request: Request, policy: Policy) -> Flow[RawResponse]:
    """Send `request` and return the answer with a success status.

    Raises:
        TransportError, StatusError, SecurityError: of the last attempt.
        RequestTimeout: the client's rate leaves no turn before the deadline; nothing was sent.
        Exception: whatever the caller's `on_retry` raises.

    """
    deadline = (yield from ask(Now())).monotonic + policy.retrying.deadline
    attempt = 0
    while True:
        attempt += 1
        moment = yield from _turn(request, deadline, policy)
        outcome = yield from _attempt(request, attempt, (moment, deadline), policy)
        if isinstance(outcome, RawResponse):
            policy.budget.give_back()
            return outcome
        pause = _pause(request, outcome, policy)
        _tell(logging.INFO, request, "failed, the next one follows", attempt, error=outcome.error, pause=pause)
        if policy.retrying.on_retry is not None:
            policy.retrying.on_retry(Retry(request.operation, attempt, outcome.error, pause))
        yield from ask(Sleep(pause))


def _turn(request: Request, deadline: float, policy: Policy) -> Flow[float]:
    """Wait for a turn at the client's rate, and say when it came."""
    now = (yield from ask(Now())).monotonic
    pause = policy.rate_limiter.reserve(now, deadline - now)
    if pause is None:
        raise RequestTimeout(
            f"{request.operation} would get its turn only after its deadline of {policy.retrying.deadline:g} s, so it "
            "was not sent. Raise rate= or the deadline, or make fewer calls at once.",
            sent=False,
        )
    if pause:
        yield from ask(Sleep(pause))
        now = (yield from ask(Now())).monotonic
    return now


def _attempt(request: Request, attempt: int, span: tuple[float, float], policy: Policy) -> Flow[RawResponse | _Failure]:
    """Send the request once; `span` is the moment and the deadline of the call."""
    moment, deadline = span
    _tell(logging.DEBUG, request, "goes out", attempt)
    try:
        answer = yield from ask(Call(request, max(min(policy.timeout, deadline - moment), 0.001)))
    except TransportError as error:
        problem = error
    else:
        now = yield from ask(Now())
        if _log.isEnabledFor(logging.DEBUG):
            facts = {"status": answer.status_code, "request_id": request_id(answer)}
            _tell(logging.DEBUG, request, "was answered", attempt, seconds=now.monotonic - moment, **facts)
        found = failure(answer, request.operation, now.wall)
        if found is None:
            return answer
        return _Failure(attempt, found, retry_after(answer, now.wall), deadline - now.monotonic)
    now = yield from ask(Now())
    _tell(logging.DEBUG, request, "got no answer", attempt, error=problem, seconds=now.monotonic - moment)
    return _Failure(attempt, problem, None, deadline - now.monotonic)


def _pause(request: Request, failed: _Failure, policy: Policy) -> float:
    """Seconds until the next attempt; raises the error if there must be none."""
    error, asked_to_wait = failed.error, failed.asked_to_wait
    if not may_repeat(request.access, error):
        raise error
    if failed.attempt >= policy.retrying.attempts:
        reason = "it was the last"
    elif asked_to_wait is None and not policy.budget.take():
        reason = "too many retries are under way in this client already"
        error.add_note(f"Not tried again: {reason}.")
    else:
        base = 1.0 if isinstance(error, RateLimited) else 0.5
        pause = policy.backoff(failed.attempt, base) if asked_to_wait is None else asked_to_wait
        if pause < failed.left:
            return pause
        reason = "the deadline comes before the next"
    _tell(logging.WARNING, request, f"failed, and {reason}", failed.attempt, error=error)
    raise error


def may_repeat(access: str, problem: Metrics24Error) -> bool:
    """Whether a second attempt can help, and cannot do harm."""
    match problem:
        case TransportError():
            return not problem.permanent and (access == "read" or not problem.sent)
        case StatusError():
            return problem.status_code == 429 or (access == "read" and problem.status_code in _TRANSIENT)
    return False


def _tell(level: int, request: Request, event: str, attempt: int, **facts: object) -> None:
    """Log what became of an attempt, as text and as fields of the record.

    Errors are told by their type: their messages may quote the server, and a request's URL may hold a cursor.
    """
    if not _log.isEnabledFor(level):
        return
    error = facts.get("error")
    if error is not None:
        facts |= {"error": type(error).__name__, "status": getattr(error, "status_code", None)}
    said = ", ".join(
        f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in facts.items()
        if value is not None
    )
    extra = {"operation": request.operation, "method": request.method, "attempt": attempt, **facts}
    _log.log(level, "%s: attempt %d %s%s", request.operation, attempt, event, f" ({said})" if said else "", extra=extra)
