"""Arrow tables and Parquet files; the one module here that needs pyarrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import MappingProxyType
from typing import BinaryIO

import pyarrow as pa
from pyarrow import parquet

from metrics24.sinks.columns import ColumnType, Row
from metrics24.sinks.layout import Layout

# Whichever comes first ends a row group: readers like large ones; memory, and whoever waits for the last one, do not.
GROUP_ROWS = 20_000
GROUP_BYTES = 32 * 2**20

_TYPES: Mapping[ColumnType, pa.DataType] = MappingProxyType(
    {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "json": pa.string(),
    }
)


class TableWriter:
    """Gathers rows as record batches of one schema."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.shape = layout.shape
        self.schema = pa.schema([(column.name, _TYPES[column.type]) for column in layout.columns])
        self._batches: list[pa.RecordBatch] = []
        self.rows = 0
        self.bytes = 0

    def write(self, rows: Sequence[Row]) -> int:
        """Take rows in; return how many values went to ``_extra``."""
        block = self._layout.arrange(rows)
        arrays = [pa.array(values, type=kind) for values, kind in zip(block.columns, self.schema.types, strict=True)]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        self._batches.append(batch)
        self.rows += batch.num_rows
        self.bytes += batch.nbytes
        return block.misfits

    def take(self) -> pa.Table:
        """Return the rows gathered since the last time as one table."""
        table = pa.Table.from_batches(self._batches, schema=self.schema)
        self.discard()
        return table

    def let_go(self) -> list[pa.RecordBatch]:
        """Return the rows gathered since the last time as the blocks in which they came."""
        batches = self._batches
        self.discard()
        return batches

    def finish(self) -> None:
        """Nothing is held back: `take()` has it."""

    def discard(self) -> None:
        """Forget the rows."""
        self._batches, self.rows, self.bytes = [], 0, 0


class ParquetWriter:
    """Writes row groups of 20,000 rows or 32 MiB.

    A group is compressed and written in a thread while rows are gathered for the next one; there are never more than
    these two in memory.
    """

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self._group = TableWriter(layout)
        self.shape = layout.shape
        self._parquet = parquet.ParquetWriter(file, self._group.schema, compression="zstd")
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics24-parquet")
        self._writing: Future[None] | None = None

    def write(self, rows: Sequence[Row]) -> int:
        """Take rows in and write full groups; return how many values went to ``_extra``."""
        misfits = self._group.write(rows)
        if self._group.rows >= GROUP_ROWS or self._group.bytes >= GROUP_BYTES:
            self._write_group()
        return misfits

    def finish(self) -> None:
        """Write the last group and the footer."""
        if self._group.rows:
            self._write_group()
        self._settle()
        self._thread.shutdown()
        self._parquet.close()

    def discard(self) -> None:
        """Close the writer while its file is open; left to the garbage collector, it would write to a closed one."""
        self._group.discard()
        self._thread.shutdown()
        with suppress(OSError):  # the disk may be full
            self._parquet.close()

    def _write_group(self) -> None:
        """Begin to write the group that is full, once the one before is written."""
        self._settle()
        self._writing = self._thread.submit(self._parquet.write_table, self._group.take(), row_group_size=GROUP_ROWS)

    def _settle(self) -> None:
        """Wait for the group that is being written, and raise what happened to it."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()
