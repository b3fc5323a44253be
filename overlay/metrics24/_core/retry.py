"""Send a request until it succeeds, cannot succeed, or time is up; and the limits that all calls of a client share.

After a 429, `may_repeat` allows another attempt, for reads and writes alike; `_pause` waits as long as Retry-After
says, else a random time of up to 1, 2, 4 ... 20 seconds; `RetryBudget` keeps retries rare; and `AdaptiveConcurrency`
halves the number of requests that a parallel iteration has under way.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable

from attrs import field, frozen

from metrics24._core.effects import Call, Flow, Instant, Now, RawResponse, Request, Sleep
from metrics24._core.responses import failure, request_id, retry_after
from metrics24.config import Retry, Retrying
from metrics24.errors import Metrics24Error, RateLimited, RequestTimeout, StatusError, TransportError
from metrics24.models import Notices

_log = logging.getLogger("metrics24")
_log.addHandler(logging.NullHandler())  # silent until the application says where logs go

_TRANSIENT = frozenset({408, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_LONGEST_PAUSE = 20.0
_MOST_IDS = 1000  # only ids of the last second or so can be mistaken for another call's


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
        """Take the next free moment and return the seconds until it; None if they are not less than `within`."""
        if not self._gap:
            return 0.0
        with self._lock:
            moment = max(now, self._next)
            if moment - now >= within:
                return None
            self._next = moment + self._gap
            return moment - now


class AdaptiveConcurrency:
    """A limit on requests under way, shared by the threads or tasks of one parallel iteration.

    It begins at the most that the caller allows. Each 429 halves it, each success adds a fraction. Refusals of requests
    that went out before it was last lowered do not lower it again: they show the pressure as it was then.
    """

    def __init__(self, operation: str, most: int) -> None:
        self._operation, self._most = operation, most
        self._limit = float(most)
        self._lowered = 0
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """The number of requests that may be under way at once, at least one."""
        return int(self._limit)

    @property
    def era(self) -> int:
        """The number of times that the limit was lowered so far; requests remember it when they go out."""
        return self._lowered

    def failed(self, error: Metrics24Error, era: int) -> int:
        """Record a failed attempt that was sent in `era`; return the era of the next one."""
        if not isinstance(error, RateLimited):
            return era
        with self._lock:
            if era == self._lowered:
                self._limit = max(1.0, self._limit / 2)
                self._lowered += 1
                self._log_limit("The server responds to %s with 429: at most %d at a time from now on")
            return self._lowered

    def succeeded(self) -> None:
        """Record a success."""
        with self._lock:
            self._limit = min(float(self._most), self._limit + 1 / self._limit)

    def report(self) -> None:
        """Log the limit that was found, if the server refused anything."""
        if self._lowered:
            self._log_limit("The server accepted %s, %d at a time")

    def _log_limit(self, text: str) -> None:
        _log.info(text, self._operation, self.limit, extra={"operation": self._operation, "at_once": self.limit})


class CreatedIds:
    """The ids of the latest things that a client has created or adopted; shared by its threads, tasks and copies."""

    def __init__(self) -> None:
        self._ids: deque[tuple[str, str]] = deque(maxlen=_MOST_IDS)
        self._lock = threading.Lock()

    def claim(self, operation: str, identity: object) -> bool:
        """Claim an id as the result of one call; return False if another call has claimed it."""
        with self._lock:
            if (operation, str(identity)) in self._ids:
                return False
            self._ids.append((operation, str(identity)))
            return True

    def knows(self, operation: str, identity: object) -> bool:
        """Return True if a call has claimed this id."""
        with self._lock:
            return (operation, str(identity)) in self._ids


@frozen(kw_only=True)
class Policy:
    """The rules and the shared state by which a client makes its calls."""

    timeout: float
    retrying: Retrying
    budget: RetryBudget = field(factory=RetryBudget)
    rate_limiter: RateLimiter = field(factory=lambda: RateLimiter(None))
    notices: Notices = field(factory=Notices)
    created_ids: CreatedIds = field(factory=CreatedIds)
    uniform: Callable[[float, float], float] = random.uniform

    def backoff(self, attempt: int, base: float = 0.5) -> float:
        """Return the seconds to pause after this attempt: random, up to a bound that doubles with each attempt."""
        return self.uniform(0.0, min(_LONGEST_PAUSE, base * 2.0 ** (attempt - 1)))


@frozen
class _Failure:
    """A failed attempt, with the seconds that Retry-After asks for and that the deadline leaves."""

    attempt: int
    error: Metrics24Error
    retry_after: float | None
    left: float


def send(request: Request, policy: Policy) -> Flow[RawResponse]:
    """Send `request` and return the response with a success status.

    Raises:
        TransportError, StatusError, SecurityError: of the last attempt.
        RequestTimeout: the client's rate leaves no turn before the deadline; nothing was sent.
        Exception: whatever the caller's `on_retry` raises.

    """
    now: Instant = yield Now()
    deadline = now.monotonic + policy.retrying.deadline
    attempt = 0
    while True:
        attempt += 1
        turn = policy.rate_limiter.reserve(now.monotonic, deadline - now.monotonic)
        if turn is None:
            raise RequestTimeout(
                f"{request.operation} would get its turn only after its deadline of {policy.retrying.deadline:g} s, so "
                "it was not sent. Raise rate= or the deadline, or make fewer calls at once.",
                sent=False,
            )
        if turn:
            yield Sleep(turn)
            now = yield Now()
        outcome = yield from _attempt(request, attempt, now.monotonic, deadline, policy.timeout)
        if isinstance(outcome, RawResponse):
            policy.budget.give_back()
            return outcome
        pause = _pause(request, outcome, policy)
        _log_event(logging.INFO, request, "failed, the next one follows", attempt, error=outcome.error, pause=pause)
        if policy.retrying.on_retry is not None:
            policy.retrying.on_retry(Retry(request.operation, attempt, outcome.error, pause))
        yield Sleep(pause)
        now = yield Now()


def _attempt(
    request: Request, attempt: int, started: float, deadline: float, timeout: float
) -> Flow[RawResponse | _Failure]:
    """Send the request once."""
    debug = _log.isEnabledFor(logging.DEBUG)
    if debug:
        _log_event(logging.DEBUG, request, "goes out", attempt)
    response: RawResponse
    try:
        response = yield Call(request, max(min(timeout, deadline - started), 0.001))
    except TransportError as error:
        problem = error
    else:
        now: Instant = yield Now()
        if debug:
            facts = {"status": response.status_code, "request_id": request_id(response)}
            _log_event(logging.DEBUG, request, "got a response", attempt, seconds=now.monotonic - started, **facts)
        refusal = failure(response, request.operation, now.wall)
        if refusal is None:
            return response
        return _Failure(attempt, refusal, retry_after(response, now.wall), deadline - now.monotonic)
    now = yield Now()
    _log_event(logging.DEBUG, request, "got no response", attempt, error=problem, seconds=now.monotonic - started)
    return _Failure(attempt, problem, None, deadline - now.monotonic)


def _pause(request: Request, failed: _Failure, policy: Policy) -> float:
    """Return the seconds until the next attempt.

    Raises:
        Metrics24Error: the error of the attempt, if there must not be another.

    """
    error = failed.error
    if not may_repeat(request.access, error):
        raise error
    if failed.attempt >= policy.retrying.attempts:
        reason = "it was the last"
    elif failed.retry_after is None and not policy.budget.take():
        reason = "too many retries are under way in this client already"
        error.add_note(f"Not tried again: {reason}.")
    else:
        base = 1.0 if isinstance(error, RateLimited) else 0.5
        pause = policy.backoff(failed.attempt, base) if failed.retry_after is None else failed.retry_after
        if pause < failed.left:
            return pause
        reason = "the deadline comes before the next"
    _log_event(logging.WARNING, request, f"failed, and {reason}", failed.attempt, error=error)
    raise error


def may_repeat(access: str, problem: Metrics24Error) -> bool:
    """Return True if another attempt of a read or a write can help, and cannot do harm."""
    match problem:
        case TransportError():
            return not problem.permanent and (access == "read" or not problem.sent)
        case StatusError():
            return problem.status_code == 429 or (access == "read" and problem.status_code in _TRANSIENT)
    return False


def _log_event(level: int, request: Request, event: str, attempt: int, **facts: object) -> None:
    """Log an event of an attempt, as text and as fields of the record.

    Errors are named by their type: their messages may quote the server, and a request's URL may hold a cursor.
    """
    if not _log.isEnabledFor(level):
        return
    error = facts.get("error")
    if error is not None:
        facts |= {"error": type(error).__name__, "status": getattr(error, "status_code", None)}
    text = ", ".join(
        f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in facts.items()
        if value is not None
    )
    extra = {"operation": request.operation, "method": request.method, "attempt": attempt, **facts}
    _log.log(level, "%s: attempt %d %s%s", request.operation, attempt, event, f" ({text})" if text else "", extra=extra)
