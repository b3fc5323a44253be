"""How rows are written in each format."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, BinaryIO, Protocol

from metrics24.sinks.columns import Layout, Row, dumps
from metrics24.sinks.tables import Arrow, arrow

_ROW_GROUP = 50_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Writer(Protocol):
    """Writes rows to an open file."""

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; answer how many values went to `_extra`."""

    def finish(self) -> None:
        """Write what is still held back."""

    def discard(self) -> None:
        """Let go of the file without finishing it."""


class JsonLines:
    """One JSON object a line, with every field as the server sent it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; none of their values needs `_extra`."""
        self._file.write("".join(f"{dumps(row)}\n" for row in rows).encode())
        return 0

    def finish(self) -> None:
        """Nothing is held back."""

    def discard(self) -> None:
        """Nothing is held."""


class Csv:
    """RFC 4180 in UTF-8 with a header; null is an empty cell, nested values are JSON text."""

    def __init__(self, file: BinaryIO, layout: Layout, *, spreadsheet_safe: bool) -> None:
        self._file, self._layout, self._safe = file, layout, spreadsheet_safe
        self._put([layout.names])

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; answer how many values went to `_extra`."""
        laid_out = [self._layout.laid_out(row) for row in rows]
        self._put([[self._text(cell) for cell in cells] for cells, _ in laid_out])
        return sum(misfits for _, misfits in laid_out)

    def finish(self) -> None:
        """Nothing is held back."""

    def discard(self) -> None:
        """Nothing is held."""

    def _put(self, lines: list[list[str]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(lines)
        self._file.write(text.getvalue().encode())

    def _text(self, cell: Any) -> str:
        if cell is None:
            return ""
        if not isinstance(cell, str):
            return dumps(cell)
        return f"'{cell}" if self._safe and cell.startswith(_FORMULA) else cell


class Parquet:
    """Parquet with typed columns, written in row groups so that memory stays bounded."""

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - pyarrow is an extra

        self._arrow = Arrow(layout)
        self._writer = ParquetWriter(file, self._arrow.schema, compression="zstd")
        self._batches: list[Any] = []
        self._held = 0

    def write(self, rows: Sequence[Row]) -> int:
        """Take rows; answer how many values went to `_extra`."""
        if not rows:
            return 0
        batch, misfits = self._arrow.batch(rows)
        self._batches.append(batch)
        self._held += len(rows)
        if self._held >= _ROW_GROUP:
            self._flush()
        return misfits

    def finish(self) -> None:
        """Write the last row group and the file's footer."""
        self._flush()
        self._writer.close()

    def discard(self) -> None:
        """Close the writer, which must not outlive its file; what it writes is thrown away."""
        with suppress(OSError):
            self._writer.close()

    def _flush(self) -> None:
        if self._batches:
            self._writer.write_table(arrow().Table.from_batches(self._batches).combine_chunks())
        self._batches, self._held = [], 0
