"""How many requests at once a server takes: one more as long as it answers, half as many when it says 429."""

from __future__ import annotations

import logging
import threading

from metrics24.errors import Metrics24Error, RateLimited

_log = logging.getLogger("metrics24")


class Pressure:
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
