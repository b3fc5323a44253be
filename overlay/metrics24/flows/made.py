"""What a client's own creates have given already, so that a later one, whose answer is lost, is not taken for it."""

from __future__ import annotations

import threading
from collections import deque

_MOST = 1000  # only those of the last second or so can be mistaken


class Made:
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
