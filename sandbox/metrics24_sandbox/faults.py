"""Faults of the connection and of responses, on demand.

A plan is a comma-separated list such as `503x2,reset`: each fault happens as often as `xN` says, one without `xN` for
ever, and after the last one all is well. `@` gives a value: `429x1@2` waits two seconds, `302@http://elsewhere/`
points there.

| fault | effect |
|---|---|
| `NNN` | this status instead of an answer; the value is Retry-After, or Location for 3xx |
| `html`, `text`, `json`, `empty` | status 200 with a body of that kind: a page, a word, the value as sent, nothing |
| `reset` | the connection is reset before anything happens |
| `lost` | the request is carried out, then the connection is reset |
| `cut` | half of the body is sent, then the connection is closed |
| `drip`, `drip-headers` | one byte at a time, every value (0.05) seconds |
| `stall` | no answer, until the client gives up |
| `strip` | the request's body is lost on the way in |
"""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .options import FAULT_HEADER
from .problems import bad_request

if TYPE_CHECKING:
    from starlette.requests import Request

KINDS = ("html", "text", "json", "empty", "reset", "lost", "cut", "drip", "drip-headers", "stall", "strip")

_STEP = re.compile(rf"(?P<kind>[1-5]\d\d|{'|'.join(KINDS)})(?:x(?P<times>\d+))?(?:@(?P<value>.*))?")
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    kind: str
    value: str = ""
    times: int | None = None
    """The number of times, None for always."""

    @property
    def status(self) -> int | None:
        """The status that this fault answers with; None if it is of another kind."""
        return int(self.kind) if self.kind.isdigit() else None

    @property
    def pause(self) -> float:
        """Seconds between two bytes."""
        return float(self.value or 0.05)


def plan(text: str) -> tuple[Fault, ...]:
    """Read a plan; 400 if it is not one."""
    return tuple(_step(step.strip()) for step in text.split(","))


class FaultBook:
    """Knows which fault a request meets: those asked for by header, and those queued by the sandbox's owner.

    A header's plan is counted for each operation and query by itself, so that a retry goes on where the first try was.
    """

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()
        self._queued: dict[str, deque[Fault]] = {}

    def queue(self, operation: str, text: str) -> None:
        """Let the next requests of an operation fail; a fault without a number happens once."""
        queue = self._queued.setdefault(operation, deque())
        for fault in plan(text):
            queue.extend([fault] * (1 if fault.times is None else fault.times))

    def next(self, operation: str, request: Request) -> Fault | None:
        """The fault that this request meets."""
        queue = self._queued.get(operation)
        if queue:
            return queue.popleft()
        text = request.headers.get(FAULT_HEADER)
        return None if text is None else self._by_header(f"{operation} {request.url.query} {text}", plan(text))

    def _by_header(self, address: str, steps: tuple[Fault, ...]) -> Fault | None:
        if len(self._met) > _REMEMBERED:
            self._met.clear()
        place = self._met[address]
        self._met[address] += 1
        for step in steps:
            if step.times is None or place < step.times:
                return step
            place -= step.times
        return None


def _step(text: str) -> Fault:
    match = _STEP.fullmatch(text)
    if match is None:
        raise bad_request(f"no such fault: {text!r}")
    times = match["times"]
    return Fault(match["kind"], match["value"] or "", None if times is None else int(times))
