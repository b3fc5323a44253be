"""The records of a CSV file as rows, for files whose columns are those of a report table.

Feeding a writer: rows come page by page, writers get blocks, and the first block decides the columns.

CSV files as RFC 4180 describes them, in UTF-8, always with a header.

JSON Lines files: each row as it was sent, one JSON object a line, in UTF-8.

Sinks: files that take rows page by page.

The doors to this package: a file by its suffix, or an Arrow table.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self

from attrs import frozen

from metrics24._rows.decoding import RawRowDecoder, RowDecoder, RowSchema, line_of
from metrics24._rows.schema import Column, ColumnType, Row, strict_json
from metrics24.errors import IntegrityError, UsageError
from metrics24.files.atomic import AtomicFile, Saved, file_errors, named
from metrics24.files.csv_import import open_source, pyarrow_needed
from metrics24.files.layout import Layout, plan

if TYPE_CHECKING:
    import pyarrow as pa


_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,4})?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,39})")


class CsvRows:
    """Reads a CSV file with a header, in UTF-8; a cell becomes what its column's type says, an empty one is absent.

    What cannot be of that type stays text, for a file to keep as what fits no column. A file without one of the columns
    that are `needed` is refused.
    """

    def __init__(self, path: Path, columns: Sequence[Column], *, delimiter: str, needed: Collection[str] = ()) -> None:
        self._path, self._delimiter, self._needed = path, delimiter, needed
        self._types = {column.name: column.type for column in columns}
        self._names: list[str] = []
        self._texts: set[str] = set()

    @property
    def missing(self) -> list[str]:
        """The columns that the file lacks, once it was read."""
        return [name for name in self._types if name not in self._names]

    @property
    def as_text(self) -> list[str]:
        """The columns of nested values of which the file has some as text that is no JSON, once it was read."""
        return [name for name in self._types if name in self._texts]

    def blocks(self) -> Iterator[list[dict[str, Any]]]:
        """Give the rows, some thousands at a time.

        Raises:
            IntegrityError: it is no such file, has none of the columns, or lacks a needed one.
            SaveError: it cannot be read.

        """
        with open_source(self._path, delimiter=self._delimiter) as source:
            self._names = source.names
            if len(self.missing) == len(self._types):
                raise IntegrityError(f"{self._path} has none of the columns of the report table in its header")
            if lacking := [name for name in self.missing if name in self._needed]:
                raise IntegrityError(f"{self._path} lacks columns of the report table: {', '.join(lacking)}")
            readers = [(name, self._reader(name)) for name in source.names]
            for block in source.blocks():
                yield list(self._rows(block, readers))

    def _reader(self, name: str) -> _Reader:
        if (column_type := self._types.get(name, "text")) != "json":
            return _READERS[column_type]

        def nested(cell: str) -> Any:
            value = _nested(cell)
            if isinstance(value, str):
                self._texts.add(name)
            return value

        return nested

    def _rows(self, block: bytes, readers: Sequence[tuple[str, _Reader]]) -> Iterator[dict[str, Any]]:
        try:
            records = csv.reader(io.StringIO(block.decode(), newline=""), delimiter=self._delimiter, strict=True)
            for record in records:
                if len(record) != len(readers):
                    raise self._broken()
                cells = zip(readers, record, strict=True)
                yield {name: read(cell) for (name, read), cell in cells if cell}
        except (UnicodeDecodeError, csv.Error):
            raise self._broken() from None  # what they say repeats the record

    def _broken(self) -> IntegrityError:
        return IntegrityError(f"{self._path} has a record that is no CSV in UTF-8, or not as long as the header")


_Reader = Callable[[str], Any]


def _integer(cell: str) -> int | str:
    return int(cell) if _WHOLE.fullmatch(cell) else cell


def _number(cell: str) -> float | str:
    if not _NUMBER.fullmatch(cell):
        return cell
    value: float = int(cell) if _WHOLE.fullmatch(cell) else float(cell)
    return value if math.isfinite(value) else cell


def _boolean(cell: str) -> bool | str:
    return {"true": True, "false": False}.get(cell.lower(), cell)


def _nested(cell: str) -> Any:
    """Objects and lists, if they are written as JSON; all else is text."""
    if cell[0] not in "[{":
        return cell
    try:
        return strict_json(cell)
    except (ValueError, RecursionError):
        return cell


_READERS: Mapping[ColumnType, _Reader] = MappingProxyType(
    {"text": str, "integer": _integer, "number": _number, "boolean": _boolean}
)


BLOCK_ROWS = 1_000


class FormatWriter(Protocol):
    """Something that turns blocks of rows into a file or a table.

    Attributes:
        shape: what later rows may be decoded into, None if it takes dicts only.

    """

    shape: RowSchema | None

    def write(self, rows: Sequence[Row]) -> int:
        """Take rows in; return how many of their values fitted no column."""
        ...

    def finish(self) -> None:
        """Write what is still held back."""
        ...

    def discard(self) -> None:
        """Let go of everything, whatever state an error left it in."""
        ...


class Feed:
    """Hands rows to a writer in blocks, first one of 1,000, so that the columns do not depend on the size of pages.

    The writer is made from the first block, or from the fewer rows that there are, even none. Later blocks have `step`
    rows.
    """

    def __init__(
        self,
        make_writer: Callable[[Sequence[Row]], FormatWriter],
        lens: RowDecoder | None = None,
        *,
        step: int = BLOCK_ROWS,
    ) -> None:
        self._make_writer = make_writer
        self._step = step
        self.lens = lens or RowDecoder()
        self._writer: FormatWriter | None = None
        self._waiting: list[Row] = []
        self.rows = 0
        self.misfits = 0

    def write(self, rows: Sequence[Row]) -> None:
        """Take a page of rows in."""
        self._waiting.extend(rows)
        while len(self._waiting) >= (size := BLOCK_ROWS if self._writer is None else self._step):
            block, self._waiting = self._waiting[:size], self._waiting[size:]
            self._pass_on(block)

    def finish(self) -> None:
        """Pass the last rows on and let the writer finish."""
        block, self._waiting = self._waiting, []
        self._pass_on(block).finish()

    def discard(self) -> None:
        """Forget the rows that are waiting and let the writer go."""
        self._waiting = []
        if self._writer is not None:
            self._writer.discard()

    def _pass_on(self, block: Sequence[Row]) -> FormatWriter:
        if self._writer is None:
            self._writer = self._make_writer(block)
            self.lens.shape = self._writer.shape or self.lens.shape
        self.misfits += self._writer.write(block)
        self.rows += len(block)
        return self._writer


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


class JsonLinesWriter:
    """Writes every field of every row, so no value ever misfits: in its own bytes, where the row knows them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.shape: RowSchema | None = None  # rows are kept as they were sent

    def write(self, rows: Sequence[Row]) -> int:
        """Write rows; no value misfits."""
        self._file.write(b"\n".join([*map(line_of, rows), b""]))
        return 0

    def finish(self) -> None:
        """Nothing is held back."""

    def discard(self) -> None:
        """Nothing is held."""


_STEP = 200  # rows that are laid out at once: few enough to be in the processor's cache still


class FileWriter:
    """A file that takes rows page by page and appears, whole, with `commit()`.

    Use it as a context manager: leaving it without a commit, also by an exception, removes what was written. Its
    methods may be called from any thread, one at a time: an asynchronous save that is cancelled while a thread writes
    waits for that thread before it cleans up.
    """

    def __init__(
        self, target: AtomicFile, make_writer: Callable[[Sequence[Row]], FormatWriter], lens: RowDecoder | None = None
    ) -> None:
        self._target = target
        self._feed = Feed(make_writer, lens, step=_STEP)
        self._open = True
        self._lock = Lock()

    @property
    def lens(self) -> RowDecoder:
        """What rows are best decoded into, from the first block on."""
        return self._feed.lens

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.abort()

    def write(self, rows: Sequence[Row]) -> None:
        """Take a page of rows in.

        Raises:
            SaveError: the file cannot be written, for example because the disk is full.
            UsageError: the sink was committed or aborted before.

        """
        with self._lock, file_errors(self._target.path):
            self._check_open()
            self._feed.write(rows)

    def commit(self) -> Saved:
        """Complete the file and move it to its path.

        Raises:
            SaveError: the file cannot be written, or its path was taken meanwhile.
            UsageError: the sink was committed or aborted before.

        """
        with self._lock, file_errors(self._target.path):
            self._check_open()
            self._feed.finish()
            size = self._target.commit()
            self._open = False
        return Saved(self._target.path, rows=self._feed.rows, bytes=size, misfits=self._feed.misfits)

    def abort(self) -> None:
        """Remove what was written; the path is as it was before. After a commit this does nothing."""
        with self._lock:
            if self._open:
                self._open = False
                self._feed.discard()
                self._target.abort()

    def _check_open(self) -> None:
        if not self._open:
            raise UsageError("this file was completed or given up before; open another one")


@frozen(kw_only=True)
class _Options:
    columns: Sequence[Column]
    fixed: bool
    spreadsheet_safe: bool = False

    def layout(self, rows: Sequence[Row]) -> Layout:
        return plan(self.columns, rows, fixed=self.fixed)


def open_sink(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[Column],
    fixed: bool = False,
    overwrite: bool = False,
    spreadsheet_safe: bool = False,
) -> FileWriter:
    """Open a file for rows; its suffix says the format: .csv, .jsonl, .ndjson or .parquet.

    CSV and Parquet files have the columns given, in that order; then, unless `fixed`, a column for every other
    field seen in the first 1,000 rows (at most 500), of the type seen there; then ``_extra``, a JSON object with all
    values that came later or do not fit their column, verbatim. JSON Lines keeps rows as they were sent, byte for
    byte, and knows no columns. Files of no rows are valid and have the columns.

    Args:
        path: where the file shall appear once it is complete.
        columns: the known columns and their types.
        fixed: use exactly these columns and ``_extra``.
        overwrite: replace a file that is there already.
        spreadsheet_safe: CSV only: put a single quote before text that a spreadsheet would run as a formula.

    Raises:
        UsageError: the suffix is unknown, the path is taken or cannot be written, pyarrow is missing, or
            `spreadsheet_safe` was asked of another format than CSV.

    """
    target_path = named(path)
    suffix = target_path.suffix.lower()
    if suffix not in _FORMATS:
        raise UsageError(f"{target_path} does not say its format; let it end in {', '.join(_FORMATS)}")
    if spreadsheet_safe and suffix != ".csv":
        raise UsageError(f"spreadsheet_safe is for .csv files; {suffix} files always keep text as it was sent")
    options = _Options(columns=columns, fixed=fixed, spreadsheet_safe=spreadsheet_safe)
    prepare = _FORMATS[suffix](options)
    target = AtomicFile(target_path, overwrite=overwrite)
    lens = RawRowDecoder(columns) if _FORMATS[suffix] is _json_lines else None
    return FileWriter(target, partial(prepare, target.file), lens)


class ArrowRows:
    """Rows being gathered in an Arrow table that has the columns a Parquet file of the same rows would have.

    Raises:
        UsageError: pyarrow is missing.

    """

    def __init__(self, *, columns: Sequence[Column], fixed: bool = False) -> None:
        with pyarrow_needed():
            from metrics24.files.arrow import TableWriter  # noqa: PLC0415  pyarrow is optional, and slow to load
        self._writers: list[TableWriter] = []

        def make_writer(rows: Sequence[Row]) -> TableWriter:
            self._writers.append(TableWriter(plan(columns, rows, fixed=fixed)))
            return self._writers[-1]

        self._feed = Feed(make_writer)

    @property
    def lens(self) -> RowDecoder:
        """What rows are best decoded into, from the first block on."""
        return self._feed.lens

    def write(self, rows: Sequence[Row]) -> None:
        """Take a page of rows in."""
        self._feed.write(rows)

    def batches(self) -> list[pa.RecordBatch]:
        """The blocks that are full, which are let go."""
        return [batch for writer in self._writers for batch in writer.let_go()]

    def last_batches(self) -> list[pa.RecordBatch]:
        """What was not let go; a batch without rows, for its schema, if there never was a row."""
        self._feed.finish()
        return [batch for batch in self.batches() if batch.num_rows or not self._feed.rows]

    def finish(self) -> pa.Table:
        """Everything that was not let go."""
        self._feed.finish()
        return self._writers[0].take()


# Called with the open file and the first rows.
_MakeWriter = Callable[[BinaryIO, Sequence[Row]], FormatWriter]


def _csv(options: _Options) -> _MakeWriter:
    return lambda file, rows: CsvWriter(file, options.layout(rows), spreadsheet_safe=options.spreadsheet_safe)


def _json_lines(_: _Options) -> _MakeWriter:
    return lambda file, _: JsonLinesWriter(file)


def _parquet(options: _Options) -> _MakeWriter:
    with pyarrow_needed():
        from metrics24.files.arrow import ParquetWriter  # noqa: PLC0415  pyarrow is optional, and slow to load
    return lambda file, rows: ParquetWriter(file, options.layout(rows))


_FORMATS: Mapping[str, Callable[[_Options], _MakeWriter]] = MappingProxyType(
    {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".parquet": _parquet}
)
