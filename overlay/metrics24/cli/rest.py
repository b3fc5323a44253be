"""What a walk over very uneven days says of the rest, on stderr."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger("metrics24")


class _Rest(logging.Handler):
    """Passes on the records that tell how long a rest will take, whatever the level."""

    def __init__(self, say: Callable[[str], None], advice: str) -> None:
        super().__init__(logging.INFO)
        self._say, self._advice = say, advice

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        if hasattr(record, "rest_seconds"):
            self._say(record.getMessage().partition(" exports.start(")[0] + self._advice)


@contextmanager
def rest_told(say: Callable[[str], None], advice: str) -> Iterator[None]:
    """Say what the walk in the block logs of its rest, with an advice behind it."""
    handler, level = _Rest(say, advice), _log.level
    _log.addHandler(handler)
    _log.setLevel(min(_log.getEffectiveLevel(), logging.INFO))
    try:
        yield
    finally:
        _log.setLevel(level)
        _log.removeHandler(handler)
