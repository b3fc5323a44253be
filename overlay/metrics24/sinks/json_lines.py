"""JSON Lines files: each row as it was sent, one JSON object a line, in UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from metrics24.sinks.cells import Shape
from metrics24.sinks.columns import Row
from metrics24.sinks.verbatim import line_of


class JsonLinesWriter:
    """Writes every field of every row, so no value ever misfits: in its own bytes, where the row knows them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.shape: Shape | None = None  # rows are kept as they were sent

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; no value misfits."""
        self._file.write(b"\n".join([*map(line_of, rows), b""]))
        return 0

    def finish(self) -> None:
        """Nothing is held back."""

    def discard(self) -> None:
        """Nothing is held."""
