"""Arrow tables and Parquet files; the one module here that needs pyarrow.

CSV files as record batches of text, and Parquet files of them; needs pyarrow.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import BinaryIO, Self

import pyarrow as pa
from attrs import frozen
from pyarrow import csv, parquet

from metrics24._rows.schema import ColumnType, Row
from metrics24.errors import IntegrityError
from metrics24.files.csv_import import BLOCK_BYTES, CsvSource, TypeFinder, convert, find_fault, open_source
from metrics24.files.layout import Layout

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


# Whichever comes first ends a row group. They are larger than those of reports, since nothing else waits meanwhile.
CSV_GROUP_ROWS = 50_000
CSV_GROUP_BYTES = 64 * 2**20


@frozen(kw_only=True)
class CsvFile:
    """A CSV file, and how its cells are set apart."""

    path: Path
    delimiter: str

    def schema(self, *, infer_types: bool) -> pa.Schema:
        """Find the columns; with `infer_types` by reading the whole file, else all are text."""
        with open_source(self.path, delimiter=self.delimiter) as source:
            finder = TypeFinder(len(source.names))
            if infer_types:
                for batch in self.batches(source):
                    finder.look_at(batch)
            return pa.schema(list(zip(source.names, finder.types, strict=True)))

    def write_parquet(self, target: BinaryIO, schema: pa.Schema) -> int:
        """Write the records as a Parquet file and return their number."""
        with open_source(self.path, delimiter=self.delimiter) as source, _Groups(target, schema) as groups:
            for batch in self.batches(source):
                cells = map(convert, batch.columns, schema.types)
                groups.add(pa.RecordBatch.from_arrays(list(cells), schema=schema))
            groups.finish()
            return groups.rows

    def batches(self, source: CsvSource, size: int = BLOCK_BYTES) -> Iterator[pa.RecordBatch]:
        """Read the records, all cells as text, from blocks of so many bytes.

        Raises:
            IntegrityError: a record is not as it should be: pyarrow complains, or has read another number of records
                than were counted, since it passes over blank lines and takes a cut file for a whole one.

        """
        rows = 0
        for block in source.blocks(size):
            try:
                table = self._read(source.names, block)
            except pa.ArrowInvalid:
                raise self._broken() from None  # what pyarrow says repeats the record
            rows += table.num_rows
            if rows != source.records.records:
                raise self._broken()
            yield from table.combine_chunks().to_batches()
        if source.records.open_quote:
            raise self._broken()

    def _read(self, names: Sequence[str], block: bytes) -> pa.Table:
        """Read whole records, all at once: pyarrow itself cuts quoted cells wrongly, without an error (26.0.1)."""
        if block.startswith(codecs.BOM_UTF8):  # in a cell it is text; pyarrow takes the first for a mark of the file
            block = codecs.BOM_UTF8 + block
        return csv.read_csv(
            pa.BufferReader(block),
            read_options=csv.ReadOptions(block_size=len(block) + 1, column_names=names),
            # Where there is but one column a blank line is an empty cell.
            parse_options=csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, ignore_empty_lines=len(names) > 1
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )

    def _broken(self) -> IntegrityError:
        fault = find_fault(self.path, delimiter=self.delimiter)
        return IntegrityError(
            f"{self.path} cannot be converted, since {fault}; check the delimiter, download the export again, or use "
            "the CSV file as it is"
        )


class _Groups:
    """Writes row groups, and holds no more than one of them."""

    def __init__(self, target: BinaryIO, schema: pa.Schema) -> None:
        self._parquet = parquet.ParquetWriter(target, schema, compression="zstd")
        self._schema = schema
        self._batches: list[pa.RecordBatch] = []
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(OSError):  # left to the garbage collector it would write to a closed file; the disk may be full
            self._parquet.close()

    def add(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        self.rows += batch.num_rows
        rows, size = sum(batch.num_rows for batch in self._batches), sum(batch.nbytes for batch in self._batches)
        if rows >= CSV_GROUP_ROWS or size >= CSV_GROUP_BYTES:
            self._write()

    def finish(self) -> None:
        if self._batches:
            self._write()
        self._parquet.close()

    def _write(self) -> None:
        self._parquet.write_table(pa.Table.from_batches(self._batches, schema=self._schema))
        self._batches = []
