"""Sinks: files that take rows page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from attrs import frozen

from metrics24.errors import UsageError
from metrics24.sinks.cells import Lens
from metrics24.sinks.columns import Row
from metrics24.sinks.feed import Feed, Writer
from metrics24.sinks.target import Target, file_errors

_STEP = 200  # rows that are laid out at once: few enough to be in the processor's cache still


@frozen
class Saved:
    """What was saved.

    Attributes:
        path: the file.
        rows: how many rows it holds.
        bytes: its size.
        misfits: how many values have no column, or do not fit theirs, and stand in the column ``_extra`` instead.
            0 in JSON Lines, which keeps every row as it was sent.

    """

    path: Path
    rows: int
    bytes: int
    misfits: int


class Sink:
    """A file that takes rows page by page and appears, whole, with `commit()`.

    Use it as a context manager: leaving it without a commit, also by an exception, removes what was written. Its
    methods may be called from any thread, one at a time: an asynchronous save that is cancelled while a thread writes
    waits for that thread before it cleans up.
    """

    def __init__(
        self, target: Target, make_writer: Callable[[Sequence[Row]], Writer], lens: Lens | None = None
    ) -> None:
        self._target = target
        self._feed = Feed(make_writer, lens, step=_STEP)
        self._open = True
        self._lock = Lock()

    @property
    def lens(self) -> Lens:
        """What rows are best decoded into, from the first block on."""
        return self._feed.lens

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.abort()

    def write(self, rows: Sequence[Row]) -> None:
        """Take a page of rows in.

        Raises:
            SaveError: the file cannot be written, for example because the disk is full.
            UsageError: the sink was committed or aborted before.

        """
        with self._lock, file_errors(self._target.path):
            self._check_open()
            self._feed.write(rows)

    def commit(self) -> Saved:
        """Complete the file and move it to its path.

        Raises:
            SaveError: the file cannot be written, or its path was taken meanwhile.
            UsageError: the sink was committed or aborted before.

        """
        with self._lock, file_errors(self._target.path):
            self._check_open()
            self._feed.finish()
            size = self._target.commit()
            self._open = False
        return Saved(self._target.path, rows=self._feed.rows, bytes=size, misfits=self._feed.misfits)

    def abort(self) -> None:
        """Remove what was written; the path is as it was before. After a commit this does nothing."""
        with self._lock:
            if self._open:
                self._open = False
                self._feed.discard()
                self._target.abort()

    def _check_open(self) -> None:
        if not self._open:
            raise UsageError("this file was completed or given up before; open another one")
