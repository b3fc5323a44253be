"""CSV exports into Parquet files."""

from __future__ import annotations

from pathlib import Path

from metrics24.errors import UsageError
from metrics24.sinks.csv_source import can_delimit
from metrics24.sinks.opening import pyarrow_needed
from metrics24.sinks.sink import Saved
from metrics24.sinks.target import Target, file_errors


def convert_csv(
    source: Path, target: Path, *, delimiter: str = ",", infer_types: bool = False, overwrite: bool = False
) -> Saved:
    """Convert a CSV file with a header, in UTF-8, into a Parquet file that appears whole or not at all.

    All columns are text, and an empty cell is empty text: CSV does not tell it from null. With `infer_types` the whole
    file is looked at first, and a column gets the type that holds each of its cells without a loss, see `TypeFinder`;
    there empty cells become null. Columns without a name are named by their place, ``column_3``; of columns with one
    name the later ones are numbered, ``city_2``. Memory stays near 250 MiB, whatever the file's size.

    Raises:
        IntegrityError: the source is not such a file: records of another length than the header, blank lines, a cut
            quoted cell, other text than UTF-8, no header, a record of more than 64 MiB. Names the line.
        SaveError: the source cannot be read, or the target not be written.
        UsageError: the target is taken, the delimiter impossible, or pyarrow is missing.

    """
    if not (can_delimit(delimiter) and delimiter.isascii()):
        raise UsageError(f"{delimiter!r} cannot be a delimiter; pass one ASCII character that is no quote or line end")
    with pyarrow_needed():
        from metrics24.sinks.csv_arrow import CsvFile  # noqa: PLC0415  pyarrow is slow to load
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{source} cannot be converted into itself; choose another name for the Parquet file")
    draft = Target(target, overwrite=overwrite)
    try:
        file = CsvFile(path=source, delimiter=delimiter)
        schema = file.schema(infer_types=infer_types)
        with file_errors(target):
            rows = file.write_parquet(draft.file, schema)
            return Saved(target, rows=rows, bytes=draft.commit(), misfits=0)
    finally:
        draft.abort()  # which does nothing after a commit
