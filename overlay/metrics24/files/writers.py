"""Files and Arrow tables that take rows page by page, and the columns in which they keep every value.

The first 1,000 rows decide the columns, whatever the size of the pages.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

from attrs import field, frozen

from metrics24._rows.decoding import DICTS, RowDecoder, RowSchema, as_dicts, json_line, raw_decoder
from metrics24._rows.schema import Column, Row, all_fit, is_utf8, json_text, type_of
from metrics24.errors import UsageError
from metrics24.files.atomic import AtomicFile, Saved, as_path, file_errors

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_ROWS = 1_000
_STEP = 200  # rows that are written at once: few enough to stay in the processor's cache

# A cell that starts with one of these is a formula to a spreadsheet, which skips a leading tab or line break.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

EXTRA = Column("_extra", "json")

# A server that invents field names must not make a file of a million columns.
MAX_FOUND_COLUMNS = 500


@frozen
class LayoutBlock:
    """Rows turned into columns.

    Attributes:
        columns: one list of values per column of the layout; values of ``json`` columns are JSON text already.
        misfits: the number of values that went to ``_extra``.

    """

    columns: Sequence[Sequence[object]]
    misfits: int


@frozen
class Layout:
    """The columns of one file; the last is always ``_extra``.

    ``_extra`` is null, or a JSON object of the row's fields that have no column or do not fit theirs, as they were
    sent. A field of that name that the server sends goes into the object like any other. Nulls are never put there.

    Attributes:
        typed: the columns before ``_extra``.
        row_schema: the schema by which rows are best decoded; None if these columns have none.

    """

    typed: tuple[Column, ...]
    row_schema: RowSchema | None = field(init=False, eq=False, repr=False)

    @row_schema.default
    def _make_row_schema(self) -> RowSchema | None:
        return RowSchema(self.typed).if_possible()

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in the file's order."""
        return (*self.typed, EXTRA)

    def arrange(self, rows: Sequence[Row]) -> LayoutBlock:
        """Turn rows into columns, with the values that fit no column in ``_extra``."""
        fitting = None if self.row_schema is None else self.row_schema.columns_of(rows)
        if fitting is not None:
            return LayoutBlock([*fitting, [None] * len(rows)], misfits=0)
        return self._arrange_one_by_one(as_dicts(rows))

    def _arrange_one_by_one(self, rows: Sequence[Row]) -> LayoutBlock:
        names = {column.name for column in self.typed}
        extras: list[dict[str, object]] = [{} for _ in rows]
        columns: list[Sequence[object]] = [_values(column, rows, extras) for column in self.typed]
        for row, extra in zip(rows, extras, strict=True):
            if not row.keys() <= names:
                extra.update((name, row[name]) for name in row if name not in names and row[name] is not None)
        columns.append([json_text(extra) if extra else None for extra in extras])
        return LayoutBlock(columns, misfits=sum(map(len, extras)))


def plan(known: Iterable[Column], rows: Sequence[Row], *, fixed: bool) -> Layout:
    """Choose the columns of a file from the known ones and, unless they are `fixed`, the first rows.

    The known columns come first, in their order, so that files of different days agree on them; others follow in the
    order in which they were seen.
    """
    typed = {column.name: column for column in known if column.name != EXTRA.name}
    rows = as_dicts(rows)
    found = [] if fixed else [name for name in _names_in(rows) if name not in typed]
    added = [Column(name, type_of(row.get(name) for row in rows)) for name in found[:MAX_FOUND_COLUMNS]]
    return Layout((*typed.values(), *added))


def _names_in(rows: Sequence[Row]) -> Iterator[str]:
    names = dict.fromkeys(name for row in rows for name in row)
    return (name for name in names if name != EXTRA.name and is_utf8(name))


def _values(column: Column, rows: Sequence[Row], extras: Sequence[dict[str, object]]) -> list[object]:
    values = [row.get(column.name) for row in rows]
    if column.type == "json":
        return [None if value is None else json_text(value) for value in values]
    if all_fit(values, column.type):
        return values
    for index, value in enumerate(values):
        if not all_fit((value,), column.type):
            extras[index][column.name] = value
            values[index] = None
    return values


@contextmanager
def pyarrow_needed() -> Iterator[None]:
    """Say how to install pyarrow if importing it fails.

    Raises:
        UsageError: in place of any ImportError.

    """
    try:
        yield
    except ImportError as error:
        raise UsageError("Parquet files and Arrow tables need pyarrow: pip install 'metrics24[tables]'") from error


class FormatWriter(Protocol):
    """Turns blocks of rows into the bytes of a file, or into a table.

    Attributes:
        row_schema: the schema by which later rows are best decoded, None if it has no preference.

    """

    row_schema: RowSchema | None

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; return the number of values that fit no column."""
        ...

    def finish(self) -> None:
        """Write what is still held back."""
        ...

    def discard(self) -> None:
        """Release everything, whatever state an error left it in."""
        ...


class CsvWriter:
    """Writes RFC 4180 in UTF-8, with a header. Null and the empty string are both an empty cell.

    With `spreadsheet_safe`, text that a spreadsheet would run as a formula gets a single quote in front.
    """

    def __init__(self, file: BinaryIO, layout: Layout, *, spreadsheet_safe: bool) -> None:
        self._file = file
        self._layout = layout
        self.row_schema = layout.row_schema
        self._spreadsheet_safe = spreadsheet_safe
        names: list[object] = [column.name for column in layout.columns]
        self._write_lines([_defused(names) if spreadsheet_safe else names])

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; return the number of values that went to ``_extra``."""
        block = self._layout.arrange(rows)
        cells = map(self._cells, self._layout.columns, block.columns)
        self._write_lines(zip(*cells, strict=True))
        return block.misfits

    def finish(self) -> None:
        """Do nothing: no row is held back."""

    def discard(self) -> None:
        """Do nothing: no row is held back."""

    def _cells(self, column: Column, values: Sequence[object]) -> Sequence[object]:
        if column.type == "boolean":  # spelled as in JSON
            return [None if value is None else str(value).lower() for value in values]
        if self._spreadsheet_safe and column.type in ("text", "json"):
            return _defused(values)
        return values

    def _write_lines(self, lines: Iterable[Sequence[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(lines)
        self._file.write(text.getvalue().encode())


def _defused(texts: Iterable[object]) -> list[object]:
    return [f"'{text}" if isinstance(text, str) and text.startswith(FORMULA_STARTS) else text for text in texts]


class JsonLinesWriter:
    """Writes each row on a line, with every field and in the bytes that the server sent, if the row has them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.row_schema: RowSchema | None = None

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; every value fits."""
        self._file.write(b"\n".join([*map(json_line, rows), b""]))
        return 0

    def finish(self) -> None:
        """Do nothing: no row is held back."""

    def discard(self) -> None:
        """Do nothing: no row is held back."""


class RowWriter:
    """Passes rows on to a format writer, in blocks of `step` rows.

    The format writer is made from the first block: 1,000 rows, or all rows if there are fewer, even none.

    Attributes:
        decoder: the decoder that fits the pages to come best, another one once the columns are chosen. Rows of any
            decoder are accepted, and take more time if it is not this one.

    """

    def __init__(
        self,
        make_writer: Callable[[Sequence[Row]], FormatWriter],
        decoder: RowDecoder = DICTS,
        *,
        step: int = BLOCK_ROWS,
    ) -> None:
        self._make_writer = make_writer
        self._step = step
        self.decoder = decoder
        self._writer: FormatWriter | None = None
        self._waiting: list[Row] = []
        self._rows = self._misfits = 0

    def write(self, rows: Sequence[Row]) -> None:
        """Write a page of rows."""
        self.decoder = self.decoder.after(rows)
        self._waiting.extend(rows)
        while len(self._waiting) >= (size := BLOCK_ROWS if self._writer is None else self._step):
            block, self._waiting = self._waiting[:size], self._waiting[size:]
            self._write_block(block)

    def _finish(self) -> None:
        block, self._waiting = self._waiting, []
        self._write_block(block).finish()

    def _discard(self) -> None:
        self._waiting = []
        if self._writer is not None:
            self._writer.discard()

    def _write_block(self, block: Sequence[Row]) -> FormatWriter:
        if self._writer is None:
            self._writer = self._make_writer(block)
            if self._writer.row_schema is not None:
                self.decoder = RowDecoder(self._writer.row_schema)
        self._misfits += self._writer.write(block)
        self._rows += len(block)
        return self._writer


class FileWriter(RowWriter):
    """A file that takes rows page by page and appears, whole, with `commit()`.

    Use it as a context manager: leaving it without a commit, also by an exception, removes what was written. Its
    methods may be called from any thread, one at a time: an asynchronous save that is cancelled while a thread writes
    waits for that thread before it cleans up.
    """

    def __init__(
        self, target: AtomicFile, make_writer: Callable[[Sequence[Row]], FormatWriter], decoder: RowDecoder = DICTS
    ) -> None:
        super().__init__(make_writer, decoder, step=_STEP)
        self._target = target
        self._open = True
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.abort()

    def write(self, rows: Sequence[Row]) -> None:
        """Write a page of rows.

        Raises:
            SaveError: the file cannot be written, for example because the disk is full.
            UsageError: the file was completed or given up before.

        """
        with self._lock, file_errors(self._target.path):
            self._check_open()
            super().write(rows)

    def commit(self) -> Saved:
        """Complete the file and move it to its path.

        Raises:
            SaveError: the file cannot be written, or its path was taken meanwhile.
            UsageError: the file was completed or given up before.

        """
        with self._lock, file_errors(self._target.path):
            self._check_open()
            self._finish()
            size = self._target.commit()
            self._open = False
        return Saved(self._target.path, rows=self._rows, bytes=size, misfits=self._misfits)

    def abort(self) -> None:
        """Remove what was written; the path is as it was before. After a commit this does nothing."""
        with self._lock:
            if self._open:
                self._open = False
                self._discard()
                self._target.abort()

    def _check_open(self) -> None:
        if not self._open:
            raise UsageError("this file was completed or given up before; open another one")


SUFFIXES = (".csv", ".jsonl", ".ndjson", ".parquet")


def open_writer(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[Column],
    fixed: bool = False,
    overwrite: bool = False,
    spreadsheet_safe: bool = False,
) -> FileWriter:
    """Open a file for rows; its suffix says the format: .csv, .jsonl, .ndjson or .parquet.

    CSV and Parquet files have the given columns, in that order; then, unless `fixed`, a column for every other field
    in the first 1,000 rows (at most 500), of the type seen there; then ``_extra``, a JSON object with all values that
    came later or do not fit their column, as they were sent. JSON Lines files have no columns: they hold the rows as
    they were sent, byte for byte. Files without rows are valid and have the columns.

    Args:
        path: where the file appears once it is complete.
        columns: the known columns and their types.
        fixed: use exactly these columns and ``_extra``.
        overwrite: replace a file that exists.
        spreadsheet_safe: CSV only: put a single quote before text that a spreadsheet would run as a formula.

    Raises:
        UsageError: the suffix is unknown, the path is taken or cannot be written, pyarrow is missing, or
            `spreadsheet_safe` was passed for another format than CSV.

    """
    target_path = as_path(path)
    suffix = target_path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{target_path} does not say its format; let it end in {', '.join(SUFFIXES)}")
    if spreadsheet_safe and suffix != ".csv":
        raise UsageError(f"spreadsheet_safe is for .csv files; {suffix} files always keep text as it was sent")
    layout = partial(plan, columns, fixed=fixed)
    if suffix == ".parquet":
        with pyarrow_needed():
            from metrics24.files.arrow import ParquetWriter  # noqa: PLC0415  pyarrow is optional, and slow to load
    target = AtomicFile(target_path, overwrite=overwrite)
    file = target.file
    if suffix == ".csv":
        return FileWriter(target, lambda rows: CsvWriter(file, layout(rows), spreadsheet_safe=spreadsheet_safe))
    if suffix == ".parquet":
        return FileWriter(target, lambda rows: ParquetWriter(file, layout(rows)))
    return FileWriter(target, lambda _: JsonLinesWriter(file), raw_decoder(columns))


class ArrowRows(RowWriter):
    """Rows gathered as an Arrow table, with the columns that a Parquet file of the same rows would have.

    Raises:
        UsageError: pyarrow is missing.

    """

    def __init__(self, *, columns: Sequence[Column], fixed: bool = False) -> None:
        with pyarrow_needed():
            from metrics24.files.arrow import TableWriter  # noqa: PLC0415  pyarrow is optional, and slow to load
        self._table: TableWriter | None = None

        def make_writer(rows: Sequence[Row]) -> TableWriter:
            self._table = TableWriter(plan(columns, rows, fixed=fixed))
            return self._table

        super().__init__(make_writer)

    def batches(self) -> list[pa.RecordBatch]:
        """Return the blocks that are full, and forget them."""
        return [] if self._table is None else self._table.take()

    def last_batches(self) -> list[pa.RecordBatch]:
        """Return the rest; a batch without rows, for its schema, if there never was a row."""
        self._finish()
        return [batch for batch in self.batches() if batch.num_rows or not self._rows]

    def finish(self) -> pa.Table:
        """Return everything that `batches()` did not return, as one table."""
        import pyarrow as pa  # noqa: PLC0415  pyarrow is optional, and slow to load

        self._finish()
        return pa.Table.from_batches(self.batches())
