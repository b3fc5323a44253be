"""Arrow tables, Parquet files, and CSV files read as Arrow batches. The only module that needs pyarrow."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen
from pyarrow import csv, parquet

from metrics24._rows.schema import ColumnType, Row
from metrics24.errors import IntegrityError
from metrics24.files.csv_import import BLOCK_BYTES, CsvSource, find_fault, open_source
from metrics24.files.writers import Layout

# Whichever comes first ends a row group: readers like large ones, memory does not.
GROUP_ROWS = 20_000
CSV_GROUP_ROWS = 50_000
GROUP_BYTES = 32 * 2**20

_ARROW_TYPES: Mapping[ColumnType, pa.DataType] = MappingProxyType(
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
        self.row_schema = layout.row_schema
        self.schema = pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in layout.columns])
        self._batches: list[pa.RecordBatch] = []

    def write(self, rows: Sequence[Row]) -> int:
        """Add rows as one batch; return the number of values that went to ``_extra``."""
        block = self._layout.arrange(rows)
        arrays = [pa.array(values, type=kind) for values, kind in zip(block.columns, self.schema.types, strict=True)]
        self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self.schema))
        return block.misfits

    def take(self) -> list[pa.RecordBatch]:
        """Return the batches gathered since the last call, and forget them."""
        batches, self._batches = self._batches, []
        return batches

    def finish(self) -> None:
        """Do nothing: `take()` has all rows."""

    def discard(self) -> None:
        """Forget the rows."""
        self._batches = []


class ParquetWriter:
    """Writes rows as a Parquet file."""

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self._table = TableWriter(layout)
        self.row_schema = layout.row_schema
        self._groups = RowGroups(file, self._table.schema, rows=GROUP_ROWS)

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; return the number of values that went to ``_extra``."""
        misfits = self._table.write(rows)
        for batch in self._table.take():
            self._groups.add(batch)
        return misfits

    def finish(self) -> None:
        """Write the last row group and the footer."""
        self._groups.finish()

    def discard(self) -> None:
        """Close the writer while its file is open; the garbage collector would close it later, with an error."""
        self._groups.discard()


class RowGroups:
    """Writes record batches as the row groups of a Parquet file.

    A thread compresses and writes a group while the next one is gathered, so at most two groups are in memory.
    """

    def __init__(self, file: BinaryIO, schema: pa.Schema, *, rows: int) -> None:
        self._parquet = parquet.ParquetWriter(file, schema, compression="zstd")
        self._schema, self._most_rows = schema, rows
        self._batches: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics24-parquet")
        self._writing: Future[None] | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Add a batch, and start to write the group if it is full."""
        self._batches.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= self._most_rows or self._bytes >= GROUP_BYTES:
            self._write_group()

    def finish(self) -> None:
        """Write the last group and the footer."""
        if self._rows:
            self._write_group()
        self._wait()
        self._thread.shutdown()
        self._parquet.close()

    def discard(self) -> None:
        """Close the writer, whatever state an error left it in."""
        self._batches = []
        self._thread.shutdown()
        with suppress(OSError):  # the disk may be full
            self._parquet.close()

    def _write_group(self) -> None:
        self._wait()
        table = pa.Table.from_batches(self._batches, schema=self._schema)
        self._batches, self._rows, self._bytes = [], 0, 0
        self._writing = self._thread.submit(self._parquet.write_table, table, row_group_size=table.num_rows)

    def _wait(self) -> None:
        """Wait for the group that is being written, and raise the error that it met."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()


@frozen(kw_only=True)
class CsvFile:
    """A CSV file and its delimiter."""

    path: Path
    delimiter: str

    def schema(self, *, infer_types: bool) -> pa.Schema:
        """Find the columns. With `infer_types` the whole file is read for their types, else all are text."""
        with open_source(self.path, delimiter=self.delimiter) as source:
            finder = TypeFinder(len(source.names))
            if infer_types:
                for batch in self.batches(source):
                    finder.look_at(batch)
            return pa.schema(list(zip(source.names, finder.types, strict=True)))

    def write_parquet(self, target: BinaryIO, schema: pa.Schema) -> int:
        """Write the records as a Parquet file and return their number."""
        groups, rows = RowGroups(target, schema, rows=CSV_GROUP_ROWS), 0
        try:
            with open_source(self.path, delimiter=self.delimiter) as source:
                for batch in self.batches(source):
                    arrays = list(map(_convert, batch.columns, schema.types))
                    groups.add(pa.RecordBatch.from_arrays(arrays, schema=schema))
                    rows += batch.num_rows
            groups.finish()
        except BaseException:
            groups.discard()
            raise
        return rows

    def batches(self, source: CsvSource, size: int = BLOCK_BYTES) -> Iterator[pa.RecordBatch]:
        """Read the records, all cells as text, from blocks of `size` bytes.

        Raises:
            IntegrityError: a record is malformed: pyarrow refuses it, or reads another number of records than were
                counted, since it skips blank lines and accepts a file that was cut.

        """
        rows = 0
        for block in source.blocks(size):
            try:
                table = self._read(source.names, block)
            except pa.ArrowInvalid:
                raise self._broken() from None  # pyarrow's message quotes the record
            rows += table.num_rows
            if rows != source.records.records:
                raise self._broken()
            yield from table.combine_chunks().to_batches()
        if source.records.open_quote:
            raise self._broken()

    def _read(self, names: Sequence[str], block: bytes) -> pa.Table:
        """Read whole records in one block: pyarrow (26.0.1) splits quoted cells between blocks, without an error."""
        if block.startswith(codecs.BOM_UTF8):  # in a cell it is text; pyarrow removes the first as a mark of the file
            block = codecs.BOM_UTF8 + block
        return csv.read_csv(
            pa.BufferReader(block),
            read_options=csv.ReadOptions(block_size=len(block) + 1, column_names=names),
            # In a file of one column a blank line is an empty cell.
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


_INTEGER = r"(?:0|-?[1-9][0-9]{0,17})"
_SMALL_INTEGER = r"(?:0|-?[1-9][0-9]{0,14})"
_DECIMAL = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = _DAY + r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_SIGNIFICANT_DIGITS = 17  # a double needs no more to be written and read again unchanged


def _matches(pattern: str) -> Callable[[pa.Array], bool]:
    return lambda cells: _all(pc.match_substring_regex(cells, rf"\A(?:{pattern})\z"))


def _are_numbers(cells: pa.Array) -> bool:
    if not _matches(_DECIMAL)(cells):
        return False
    digits = pc.utf8_length(pc.replace_substring_regex(cells, r"\A[-0.]+|[eE].*|[-.]", ""))
    exact = pc.or_(
        pc.match_substring_regex(cells, rf"\A{_SMALL_INTEGER}\z"),
        pc.and_(pc.match_substring_regex(cells, "[.eE]"), pc.less_equal(digits, _SIGNIFICANT_DIGITS)),
    )
    return _all(exact)


# In the order of preference: a column gets the first type that holds all its cells.
_CSV_TYPES: Mapping[pa.DataType, Callable[[pa.Array], bool]] = MappingProxyType(
    {
        pa.bool_(): _matches("true|false"),
        pa.int64(): _matches(_INTEGER),
        pa.float64(): _are_numbers,
        pa.date32(): _matches(_DAY),
        pa.timestamp("us"): _matches(_TIME),
        pa.timestamp("us", "UTC"): _matches(rf"{_TIME}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})"),
    }
)


class TypeFinder:
    """Finds the type of each CSV column that holds all its cells without a loss.

    * ``true`` and ``false`` are booleans.
    * Digits without a leading zero, at most 18, are 64-bit integers: ``007`` stays text, and so does a longer number.
    * Numbers with a fraction or exponent are doubles if they have at most 17 digits, and the integers among them 15.
    * Days and times in ISO 8601 are dates and timestamps; those with an offset become UTC. A column with a date that
      does not exist, or with offsets in some of its times only, stays text.
    * Empty cells fit every type and become null. A column of empty cells only is text.
    """

    def __init__(self, columns: int) -> None:
        self._left: list[Sequence[pa.DataType]] = [tuple(_CSV_TYPES)] * columns
        self._seen = [False] * columns

    def look_at(self, batch: pa.RecordBatch) -> None:
        """Rule out the types that these records do not fit."""
        for place, column in enumerate(batch.columns):
            if self._left[place]:
                cells = column.filter(pc.not_equal(column, ""))
                self._seen[place] |= len(cells) > 0
                self._left[place] = [kind for kind in self._left[place] if _fits(cells, kind)]

    @property
    def types(self) -> list[pa.DataType]:
        """The types of the columns, by the records seen so far."""
        return [left[0] if left and seen else pa.string() for left, seen in zip(self._left, self._seen, strict=True)]


def _convert(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Turn text into values of a type; empty cells become null, but stay empty text in a text column."""
    if pa.types.is_string(kind):
        return column
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column).cast(kind)


def _fits(cells: pa.Array, kind: pa.DataType) -> bool:
    if not _CSV_TYPES[kind](cells):
        return False
    try:
        cells.cast(kind)  # the pattern does not know the calendar
    except pa.ArrowInvalid:
        return False
    return True


def _all(values: pa.Array) -> bool:
    return bool(pc.all(values, min_count=0).as_py())
