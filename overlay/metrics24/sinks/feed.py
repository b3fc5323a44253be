"""Feeding a writer: rows come page by page, writers get blocks, and the first block decides the columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from metrics24.sinks.cells import Lens, Shape
from metrics24.sinks.columns import Row

BLOCK_ROWS = 1_000


class Writer(Protocol):
    """Something that turns blocks of rows into a file or a table.

    Attributes:
        shape: what later rows may be decoded into, None if it takes dicts only.

    """

    shape: Shape | None

    def write(self, rows: Sequence[Row]) -> int:
        """Take rows in; return how many of their values fitted no column."""
        ...

    def finish(self) -> None:
        """Write what is still held back."""
        ...

    def discard(self) -> None:
        """Let go of everything, whatever state an error left it in."""
        ...


class Feed:
    """Hands rows to a writer in blocks, first one of 1,000, so that the columns do not depend on the size of pages.

    The writer is made from the first block, or from the fewer rows that there are, even none. Later blocks have `step`
    rows.
    """

    def __init__(
        self, make_writer: Callable[[Sequence[Row]], Writer], lens: Lens | None = None, *, step: int = BLOCK_ROWS
    ) -> None:
        self._make_writer = make_writer
        self._step = step
        self.lens = lens or Lens()
        self._writer: Writer | None = None
        self._waiting: list[Row] = []
        self.rows = 0
        self.misfits = 0

    def write(self, rows: Sequence[Row]) -> None:
        """Take a page of rows in."""
        self._waiting.extend(rows)
        while len(self._waiting) >= (size := BLOCK_ROWS if self._writer is None else self._step):
            block, self._waiting = self._waiting[:size], self._waiting[size:]
            self._pass_on(block)

    def finish(self) -> None:
        """Pass the last rows on and let the writer finish."""
        block, self._waiting = self._waiting, []
        self._pass_on(block).finish()

    def discard(self) -> None:
        """Forget the rows that are waiting and let the writer go."""
        self._waiting = []
        if self._writer is not None:
            self._writer.discard()

    def _pass_on(self, block: Sequence[Row]) -> Writer:
        if self._writer is None:
            self._writer = self._make_writer(block)
            self.lens.shape = self._writer.shape or self.lens.shape
        self.misfits += self._writer.write(block)
        self.rows += len(block)
        return self._writer
