"""CSV files as RFC 4180 describes them, in UTF-8, always with a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from metrics24.sinks.columns import Column, Row
from metrics24.sinks.layout import Layout

# What makes a spreadsheet take a cell for a formula; it skips a leading tab or line break first.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class CsvWriter:
    """Writes one line per row. Null and the empty string are both an empty cell.

    With `spreadsheet_safe`, text that a spreadsheet would run as a formula gets a single quote in front.
    """

    def __init__(self, file: BinaryIO, layout: Layout, *, spreadsheet_safe: bool) -> None:
        self._file = file
        self._layout = layout
        self.shape = layout.shape
        self._spreadsheet_safe = spreadsheet_safe
        names: list[object] = [column.name for column in layout.columns]
        self._write_lines([self._defused(names) if spreadsheet_safe else names])

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; return how many values went to ``_extra``."""
        block = self._layout.arrange(rows)
        cells = map(self._cells, self._layout.columns, block.columns)
        self._write_lines(zip(*cells, strict=True))
        return block.misfits

    def finish(self) -> None:
        """Nothing is held back."""

    def discard(self) -> None:
        """Nothing is held."""

    def _cells(self, column: Column, values: Sequence[object]) -> Sequence[object]:
        if column.type == "boolean":  # as JSON spells them
            return [None if value is None else str(value).lower() for value in values]
        if self._spreadsheet_safe and column.type in ("text", "json"):
            return self._defused(values)
        return values

    @staticmethod
    def _defused(texts: Iterable[object]) -> list[object]:
        return [f"'{text}" if isinstance(text, str) and text.startswith(FORMULA_STARTS) else text for text in texts]

    def _write_lines(self, lines: Iterable[Sequence[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(lines)
        self._file.write(text.getvalue().encode())
