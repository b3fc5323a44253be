"""JSON Lines files: each row as it was sent, one JSON object a line, in UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from metrics24.sinks.cells import Shape
from metrics24.sinks.columns import Row, json_text


class JsonLinesWriter:
    """Writes every field of every row, so no value ever misfits."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.shape: Shape | None = None  # rows are kept as they were sent

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; no value misfits."""
        self._file.write("".join(f"{json_text(dict(row))}\n" for row in rows).encode())
        return 0

    def finish(self) -> None:
        """Nothing is held back."""

    def discard(self) -> None:
        """Nothing is held."""
