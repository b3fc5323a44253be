"""A journal of received requests for tests. Values of headers are not kept."""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

_KEPT = 10_000


class Seen(NamedTuple):
    """One request; `operation` is an operationId, `storage` on the second origin, empty for a path of no operation."""

    operation: str
    method: str
    path: str
    query: str
    headers: tuple[str, ...]


class Journal:
    """The latest requests, and how many there were of each operation."""

    def __init__(self) -> None:
        self.latest: deque[Seen] = deque(maxlen=_KEPT)
        self.hits: Counter[str] = Counter()
        self.leaked_credentials = 0
        """Requests to the storage origin that carried an API credential; should stay 0."""

    def note(self, seen: Seen) -> None:
        """Remember one request."""
        self.latest.append(seen)
        self.hits[seen.operation] += 1
