"""CSV files as record batches of text, and Parquet files of them; needs pyarrow."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import pyarrow as pa
from attrs import frozen
from pyarrow import csv, parquet

from metrics24.errors import IntegrityError
from metrics24.sinks.csv_source import BLOCK_BYTES, CsvSource, find_fault, open_source
from metrics24.sinks.csv_types import TypeFinder, convert

# Whichever comes first ends a row group. They are larger than those of reports, since nothing else waits meanwhile.
GROUP_ROWS = 50_000
GROUP_BYTES = 64 * 2**20


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
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            self._write()

    def finish(self) -> None:
        if self._batches:
            self._write()
        self._parquet.close()

    def _write(self) -> None:
        self._parquet.write_table(pa.Table.from_batches(self._batches, schema=self._schema))
        self._batches = []
