"""The doors to this package: a file by its suffix, or an Arrow table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from attrs import frozen

from metrics24.errors import UsageError
from metrics24.sinks.cells import Lens
from metrics24.sinks.columns import Column, Row
from metrics24.sinks.csv_file import CsvWriter
from metrics24.sinks.feed import Feed, Writer
from metrics24.sinks.json_lines import JsonLinesWriter
from metrics24.sinks.layout import Layout, plan
from metrics24.sinks.sink import Sink
from metrics24.sinks.target import Target, named
from metrics24.sinks.verbatim import VerbatimLens

if TYPE_CHECKING:
    import pyarrow as pa


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
) -> Sink:
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
    target = Target(target_path, overwrite=overwrite)
    lens = VerbatimLens(columns) if _FORMATS[suffix] is _json_lines else None
    return Sink(target, partial(prepare, target.file), lens)


class Gathering:
    """Rows being gathered in an Arrow table that has the columns a Parquet file of the same rows would have.

    Raises:
        UsageError: pyarrow is missing.

    """

    def __init__(self, *, columns: Sequence[Column], fixed: bool = False) -> None:
        with pyarrow_needed():
            from metrics24.sinks.arrow import TableWriter  # noqa: PLC0415  pyarrow is optional, and slow to load
        self._writers: list[TableWriter] = []

        def make_writer(rows: Sequence[Row]) -> TableWriter:
            self._writers.append(TableWriter(plan(columns, rows, fixed=fixed)))
            return self._writers[-1]

        self._feed = Feed(make_writer)

    @property
    def lens(self) -> Lens:
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
_MakeWriter = Callable[[BinaryIO, Sequence[Row]], Writer]


def _csv(options: _Options) -> _MakeWriter:
    return lambda file, rows: CsvWriter(file, options.layout(rows), spreadsheet_safe=options.spreadsheet_safe)


def _json_lines(_: _Options) -> _MakeWriter:
    return lambda file, _: JsonLinesWriter(file)


def _parquet(options: _Options) -> _MakeWriter:
    with pyarrow_needed():
        from metrics24.sinks.arrow import ParquetWriter  # noqa: PLC0415  pyarrow is optional, and slow to load
    return lambda file, rows: ParquetWriter(file, options.layout(rows))


@contextmanager
def pyarrow_needed() -> Iterator[None]:
    """Say how to install pyarrow where importing it fails.

    Raises:
        UsageError: in place of any ImportError.

    """
    try:
        yield
    except ImportError as error:
        raise UsageError("Parquet files and Arrow tables need pyarrow: pip install 'metrics24[tables]'") from error


_FORMATS: Mapping[str, Callable[[_Options], _MakeWriter]] = MappingProxyType(
    {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".parquet": _parquet}
)
