"""JSON Lines files: each row as it was sent, one JSON object a line, in UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from metrics24.sinks.cells import Shape
from metrics24.sinks.columns import Row, json_text
from metrics24.sinks.verbatim import Verbatim


class JsonLinesWriter:
    """Writes every field of every row, so no value ever misfits: in its own bytes, where the row knows them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.shape: Shape | None = None  # rows are kept as they were sent

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; no value misfits."""
        lines = [row.line() if isinstance(row, Verbatim) else json_text(dict(row)).encode() for row in rows]
        self._file.write(b"\n".join([*lines, b""]))
        return 0

    def finish(self) -> None:
        """Nothing is held back."""

    def discard(self) -> None:
        """Nothing is held."""
