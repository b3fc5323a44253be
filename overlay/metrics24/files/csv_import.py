"""CSV files from elsewhere: count their records, read them as rows, convert them into Parquet files.

The files may be cut or malformed; errors name the line at fault and never quote a record.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from metrics24._rows.schema import Column, ColumnType, strict_json
from metrics24.errors import IntegrityError, SaveError, UsageError
from metrics24.files.atomic import AtomicFile, Saved, file_errors
from metrics24.files.writers import pyarrow_needed

HEADER_BYTES = 2**20
BLOCK_BYTES = 2**20
RECORD_BYTES = 2**26
_CELL = RECORD_BYTES + BLOCK_BYTES  # the check of a record's length comes up to a block late

QUOTE = b'"'
LINE_END = b"\n"
_PAIR = QUOTE * 2
_ALL_ELSE = bytes(set(range(256)) - set(QUOTE + LINE_END))


class CsvRecords:
    """Counts the records of a CSV file from its bytes, in blocks of any size. A line end in quotes ends no record.

    Lines end in LF or CRLF; a CR alone is text. A byte is inside quotes if an odd number of quotes precedes it. That
    holds for every file that doubles a quote inside a quoted cell, as RFC 4180 demands, whatever the delimiter, and in
    every encoding that extends ASCII. A blank line is a record with a single, empty cell, as for Python's csv module.

    Attributes:
        open_quote: True if the bytes so far end inside a quoted cell. At the end of the file it means that it was cut.
        ended: True if the last byte ended a record, or there was none. At the end of the file False means that the
            last record may have been cut.

    """

    def __init__(self) -> None:
        self.open_quote = False
        self.ended = True
        self._line_ends = 0

    @property
    def records(self) -> int:
        """The number of records so far, without the header, and with one that is not complete yet."""
        lines = self._line_ends if self.ended else self._line_ends + 1
        return max(0, lines - 1)

    def feed(self, data: bytes) -> None:
        """Count the records in the next bytes."""
        if not data:
            return
        if QUOTE in data:
            self._feed_quotes(data)
        elif not self.open_quote:
            self._line_ends += data.count(LINE_END)
        self.ended = data.endswith(LINE_END) and not self.open_quote

    def _feed_quotes(self, data: bytes) -> None:
        """Count with a few passes in C instead of a step for each quote.

        Two quotes with no line end in between cancel each other and can be removed. The quotes that remain stand around
        line ends, and every other piece between them is inside quotes.
        """
        pieces = data.translate(None, _ALL_ELSE).replace(_PAIR, b"").split(QUOTE)
        outside = pieces[1::2] if self.open_quote else pieces[::2]
        self._line_ends += sum(map(len, outside))
        self.open_quote ^= len(pieces) % 2 == 0


class CsvSource:
    """An open CSV file whose header was read; the rest comes in blocks of whole records.

    Attributes:
        names: the columns' names, all different and none empty.
        records: counts the records of the header and of the blocks so far.

    Raises:
        IntegrityError: there is no header, or it cannot be read.
        SaveError: the file cannot be read.

    """

    def __init__(self, path: Path, file: BinaryIO, *, delimiter: str) -> None:
        self.path = path
        self._file = file
        self.records = CsvRecords()
        self.names = _distinct(self._header(delimiter))

    def blocks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Read blocks of about `size` bytes; only the very last record may lack its line end.

        Raises:
            IntegrityError: a record is longer than 64 MiB.
            SaveError: the file cannot be read.

        """
        begun: list[bytes] = []
        in_quotes = False
        while data := self._read(size):
            end, in_quotes = _end_of_records(data, in_quotes=in_quotes)
            if end:
                yield self._counted(b"".join([*begun, data[:end]]))
                begun.clear()
            begun.append(data[end:])
            if sum(map(len, begun)) > RECORD_BYTES:
                raise IntegrityError(f"{self.path} has a record of more than 64 MiB, more than can be converted")
        if rest := b"".join(begun):
            yield self._counted(rest)

    def _counted(self, data: bytes) -> bytes:
        self.records.feed(data)
        return data

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            raise _unreadable(self.path, error) from error

    def _header(self, delimiter: str) -> list[str]:
        lines = io.BytesIO()
        while line := self._file.readline(HEADER_BYTES + 1 - lines.tell()):
            lines.write(self._counted(line))
            if lines.tell() > HEADER_BYTES:
                raise IntegrityError(f"{self.path} is no CSV export: its first line is longer than 1 MiB")
            if not self.records.open_quote:
                break
        try:
            text = lines.getvalue().removeprefix(codecs.BOM_UTF8).decode()
            header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise IntegrityError(
                f"The first line of {self.path} cannot be read as the header of a CSV export; download it again"
            ) from error
        if not header:
            raise IntegrityError(f"{self.path} has no header, so its columns have no names; download it again")
        return header


def _end_of_records(data: bytes, *, in_quotes: bool) -> tuple[int, bool]:
    """Return the end of the last whole record (0 if there is none), and True if the data end inside quotes."""
    ends_in_quotes = inside = in_quotes ^ (data.count(QUOTE) % 2 == 1)
    end = len(data)
    while (place := data.rfind(LINE_END, 0, end)) >= 0:
        inside ^= data.count(QUOTE, place, end) % 2 == 1
        if not inside:
            return place + 1, ends_in_quotes
        end = place
    return 0, ends_in_quotes


def _distinct(names: list[str]) -> list[str]:
    """Name columns without a name by their place, ``column_3``, and number repeated names: ``city_2``."""
    named = [name or f"column_{place}" for place, name in enumerate(names, 1)]
    taken: dict[str, None] = {}
    for name in named:
        new, number = name, 1
        while new in taken or (number > 1 and new in named):
            number += 1
            new = f"{name}_{number}"
        taken[new] = None
    return list(taken)


def can_delimit(text: str) -> bool:
    """Return True if a CSV file can have this delimiter: one character that CSV does not use itself."""
    return len(text) == 1 and text not in '"\r\n\0'


def delimiter_of(export: Mapping[str, Any], export_id: str, remedy: str) -> str:
    """Return the delimiter of an export's file, as the server says; a comma if it does not.

    Raises:
        IntegrityError: no CSV file can have this delimiter.

    """
    style = export.get("format")
    found = style.get("delimiter") if isinstance(style, dict) else None
    if not isinstance(found, str) or not found:
        return ","
    if not can_delimit(found):
        raise IntegrityError(
            f"The server says that {found[:10]!r} separates the cells of export {export_id}, which is not one "
            f"character, or one that CSV uses itself. {remedy}"
        )
    return found


def csv_beside(target: Path, export_id: str) -> Path:
    """Return the path for the CSV file of an export that is to be converted into `target`."""
    return target.with_name(f"{target.name}.{hashlib.sha256(export_id.encode()).hexdigest()[:8]}.csv")


@contextmanager
def open_source(path: Path, *, delimiter: str) -> Iterator[CsvSource]:
    """Open a CSV file and read its header; the errors are those of `CsvSource`."""
    if csv.field_size_limit() < _CELL:  # 128 KiB by default. It holds for the whole process, so it is only ever raised
        csv.field_size_limit(_CELL)
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        yield CsvSource(path, file, delimiter=delimiter)


def _unreadable(path: Path, error: OSError) -> SaveError:
    return SaveError(f"{path} could not be read ({error.strerror or error}); the target is as it was before")


def find_fault(path: Path, *, delimiter: str) -> str:
    """Say which line of a malformed CSV file is at fault, and why.

    It is slow, and only for a file that a faster reader has refused. Lines are counted as an editor counts them.
    """
    expected, first_line = 0, 1
    record = _Record(delimiter)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if record.complete:
                record, first_line = _Record(delimiter), number
            outside = record.add(line)
            if not _is_utf8(line):
                return f"line {number} is not in UTF-8"
            if b"\r" in outside.removesuffix(LINE_END).removesuffix(b"\r"):
                return f"line {number} holds a carriage return outside quotes"
            if not record.complete:
                continue
            expected = expected or record.cells
            if record.cells != expected:
                return f"the record in line {first_line} has another number of cells than the header ({expected})"
    if not record.complete:
        return f"the record in line {first_line} ends inside a quoted cell, as it does where a file was cut"
    return "quotes stand where CSV does not allow them"


class _Record:
    """The lines of one record: the number of its cells, and True in `complete` if no quote is open."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter.encode()
        self.cells = 1
        self.complete = True

    def add(self, line: bytes) -> bytes:
        """Add a line, and return the part of it that is outside quotes."""
        pieces = line.split(QUOTE)
        outside = b"".join(pieces[::2] if self.complete else pieces[1::2])
        self.complete ^= len(pieces) % 2 == 0
        self.cells += outside.count(self._delimiter)
        return outside


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


class CsvRows:
    """Reads a CSV file in UTF-8 as rows of a report table: cells get the type of their column, empty ones are absent.

    A cell that is not of its column's type stays text; a file of rows keeps such values in ``_extra``. A file that
    lacks one of the `needed` columns is refused.
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
        """The columns of nested values in which a cell was text and no JSON, once the file was read."""
        return [name for name in self._types if name in self._texts]

    def blocks(self) -> Iterator[list[dict[str, Any]]]:
        """Read the rows, some thousands at a time.

        Raises:
            IntegrityError: the file is no CSV, has none of the columns, or lacks a needed one.
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
            raise self._broken() from None  # their messages quote the record

    def _broken(self) -> IntegrityError:
        return IntegrityError(f"{self._path} has a record that is no CSV in UTF-8, or not as long as the header")


_Reader = Callable[[str], Any]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,4})?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,39})")


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
    """Read an object or a list that is written as JSON; anything else is text."""
    if cell[0] not in "[{":
        return cell
    try:
        return strict_json(cell)
    except (ValueError, RecursionError):
        return cell


_READERS: Mapping[ColumnType, _Reader] = MappingProxyType(
    {"text": str, "integer": _integer, "number": _number, "boolean": _boolean}
)


def convert_csv(
    source: Path, target: Path, *, delimiter: str = ",", infer_types: bool = False, overwrite: bool = False
) -> Saved:
    """Convert a CSV file with a header, in UTF-8, into a Parquet file that appears whole or not at all.

    All columns are text, and an empty cell is empty text: CSV does not tell it from null. With `infer_types` the whole
    file is read first, a column gets the type that holds all its cells without a loss (see `arrow.TypeFinder`), and
    empty cells become null. Columns without a name are named by their place, ``column_3``; repeated names are numbered,
    ``city_2``. Memory stays near 250 MiB, whatever the file's size.

    Raises:
        IntegrityError: the source is not such a file: records of another length than the header, blank lines, a cut
            quoted cell, other text than UTF-8, no header, a record of more than 64 MiB. Names the line.
        SaveError: the source cannot be read, or the target cannot be written.
        UsageError: the target is taken, the delimiter impossible, or pyarrow is missing.

    """
    if not (can_delimit(delimiter) and delimiter.isascii()):
        raise UsageError(f"{delimiter!r} cannot be a delimiter; pass one ASCII character that is no quote or line end")
    with pyarrow_needed():
        from metrics24.files.arrow import CsvFile  # noqa: PLC0415  pyarrow is optional, and slow to load
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{source} cannot be converted into itself; choose another name for the Parquet file")
    draft = AtomicFile(target, overwrite=overwrite)
    try:
        file = CsvFile(path=source, delimiter=delimiter)
        schema = file.schema(infer_types=infer_types)
        with file_errors(target):
            rows = file.write_parquet(draft.file, schema)
            return Saved(target, rows=rows, bytes=draft.commit(), misfits=0)
    finally:
        draft.abort()  # does nothing after a commit
