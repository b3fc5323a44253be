"""The types of CSV columns, found by looking at every cell.

Reading CSV files that may be cut or malformed: their header, their bytes, and the line that is at fault.

Counting the records of a CSV file while its bytes come in.

CSV exports into Parquet files.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from metrics24.errors import IntegrityError, SaveError, UsageError
from metrics24.files.atomic import AtomicFile, Saved, file_errors

_INTEGER = r"(?:0|-?[1-9][0-9]{0,17})"
_SMALL_INTEGER = r"(?:0|-?[1-9][0-9]{0,14})"
_DECIMAL = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = _DAY + r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_SIGNIFICANT_DIGITS = 17  # what a double needs at most to be written and read again unchanged


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


# In the order of preference: of types that hold all cells the first is taken.
_TYPES: Mapping[pa.DataType, Callable[[pa.Array], bool]] = MappingProxyType(
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
    """Finds the types that hold every cell of every column without a loss.

    * ``true`` and ``false`` are booleans.
    * Digits without a leading zero, at most 18, are 64-bit integers: ``007`` stays text, and so does what is longer.
    * Numbers with a fraction or exponent are doubles if they have at most 17 digits, and the integers among them 15.
    * Days and times in ISO 8601 are dates and timestamps; those with an offset become UTC. One calendar error, or a
      mixture of times with and without an offset, and the column stays text.
    * Empty cells fit every type, where they become null. A column of nothing else is text.
    """

    def __init__(self, columns: int) -> None:
        self._left: list[Sequence[pa.DataType]] = [tuple(_TYPES)] * columns
        self._seen = [False] * columns

    def look_at(self, batch: pa.RecordBatch) -> None:
        """Rule types out by the next records."""
        for place, column in enumerate(batch.columns):
            if self._left[place]:
                cells = column.filter(pc.not_equal(column, ""))
                self._seen[place] |= len(cells) > 0
                self._left[place] = [kind for kind in self._left[place] if _fits(cells, kind)]

    @property
    def types(self) -> list[pa.DataType]:
        """The types of the columns, by what was seen."""
        return [left[0] if left and seen else pa.string() for left, seen in zip(self._left, self._seen, strict=True)]


def convert(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Turn text into values of a type; empty cells become null, and stay empty text where the type is text."""
    if pa.types.is_string(kind):
        return column
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column).cast(kind)


def _fits(cells: pa.Array, kind: pa.DataType) -> bool:
    if not _TYPES[kind](cells):
        return False
    try:
        cells.cast(kind)  # the pattern does not know the calendar
    except pa.ArrowInvalid:
        return False
    return True


def _all(truths: pa.Array) -> bool:
    return bool(pc.all(truths, min_count=0).as_py())


HEADER_BYTES = 2**20
BLOCK_BYTES = 2**20
RECORD_BYTES = 2**26
_CELL = RECORD_BYTES + BLOCK_BYTES  # a record may end up to a block after the most


class CsvSource:
    """An open CSV file of which the header was read; what is read on comes in blocks of whole records.

    Attributes:
        names: the columns' names, all different and none empty.
        records: counts the records of the header and of the blocks given.

    Raises:
        IntegrityError: there is no header, or it cannot be read.
        SaveError: the file cannot be read.

    """

    def __init__(self, path: Path, file: BinaryIO, *, delimiter: str) -> None:
        self.path = path
        self._file = file
        self.records = CsvRecords()
        self.names = distinct(self._header(delimiter))

    def blocks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Read blocks of so many bytes, give or take a record; only the last record may lack its line end.

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
    """Find where the last whole record ends (0: nowhere), and tell whether the data end in quotes."""
    ends_in_quotes = inside = in_quotes ^ (data.count(QUOTE) % 2 == 1)
    end = len(data)
    while (place := data.rfind(LINE_END, 0, end)) >= 0:
        inside ^= data.count(QUOTE, place, end) % 2 == 1
        if not inside:
            return place + 1, ends_in_quotes
        end = place
    return 0, ends_in_quotes


def can_delimit(text: str) -> bool:
    """Whether this can set cells apart: one character that CSV does not use itself."""
    return len(text) == 1 and text not in '"\r\n\0'


@contextmanager
def open_source(path: Path, *, delimiter: str) -> Iterator[CsvSource]:
    """Open a CSV file and read its header; the errors are those of `CsvSource`."""
    if csv.field_size_limit() < _CELL:  # by default 128 KiB; it holds for the whole process, so it is only ever raised
        csv.field_size_limit(_CELL)
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        yield CsvSource(path, file, delimiter=delimiter)


def distinct(names: list[str]) -> list[str]:
    """Name columns without a name ``column_3`` by their place, and number those whose name was taken: ``city_2``."""
    given = [name or f"column_{place}" for place, name in enumerate(names, 1)]
    taken: dict[str, None] = {}
    for name in given:
        new, number = name, 1
        while new in taken or (number > 1 and new in given):
            number += 1
            new = f"{name}_{number}"
        taken[new] = None
    return list(taken)


def find_fault(path: Path, *, delimiter: str) -> str:
    """Say which line of a CSV file is not as it should be, and why.

    Slow, and only for a file that a faster reader has refused. Names lines as an editor counts them, and no text.
    """
    expected, begun = 0, 1
    record = _Record(delimiter)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if record.complete:
                record, begun = _Record(delimiter), number
            outside = record.add(line)
            if not _is_utf8(line):
                return f"line {number} is not in UTF-8"
            if b"\r" in outside.removesuffix(LINE_END).removesuffix(b"\r"):
                return f"line {number} holds a carriage return outside quotes"
            if not record.complete:
                continue
            expected = expected or record.cells
            if record.cells != expected:
                return f"the record in line {begun} has another number of cells than the header ({expected})"
    if not record.complete:
        return f"the record in line {begun} ends inside a quoted cell, as it does where a file was cut"
    return "quotes stand where CSV does not allow them"


class _Record:
    """A record of a CSV file: how many cells it has, and whether its last one is complete."""

    def __init__(self, delimiter: str) -> None:
        self._mark = delimiter.encode()
        self.cells = 1
        self.complete = True

    def add(self, line: bytes) -> bytes:
        """Take in a line, and return what of it is outside quotes."""
        pieces = line.split(QUOTE)
        outside = b"".join(pieces[::2] if self.complete else pieces[1::2])
        self.complete ^= len(pieces) % 2 == 0
        self.cells += outside.count(self._mark)
        return outside


def _unreadable(path: Path, error: OSError) -> SaveError:
    return SaveError(f"{path} could not be read ({error.strerror or error}); the target is as it was before")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


QUOTE = b'"'
LINE_END = b"\n"
_PAIR = QUOTE * 2
_ALL_ELSE = bytes(set(range(256)) - set(QUOTE + LINE_END))


class CsvRecords:
    """Counts CSV records, fed with bytes in blocks of any size: a line end inside quotes does not end a record.

    Lines end in LF or CRLF; a CR alone is text. Whether a byte stands inside quotes is whether an odd number of quotes
    stands before it, which holds for every file that writes a quote in a cell as RFC 4180 demands: doubled, in a
    quoted cell. So neither the delimiter nor the encoding matters, as long as it agrees with ASCII. A blank line is a
    record, as it is for Python's csv module: one with a single, empty cell.

    Attributes:
        open_quote: whether the bytes end inside a quoted cell. After the last one it means that the file was cut.
        ended: whether the last byte ended a record, or there was no byte at all. Where it is false after the last one,
            the last record may have been cut.

    """

    def __init__(self) -> None:
        self.open_quote = False
        self.ended = True
        self._line_ends = 0

    @property
    def records(self) -> int:
        """How many records there are so far, without the first, which is the header; also one that has only begun."""
        lines = self._line_ends if self.ended else self._line_ends + 1
        return max(0, lines - 1)

    def feed(self, data: bytes) -> None:
        """Take the next bytes in."""
        if not data:
            return
        if QUOTE in data:
            self._feed_quotes(data)
        elif not self.open_quote:
            self._line_ends += data.count(LINE_END)
        self.ended = data.endswith(LINE_END) and not self.open_quote

    def _feed_quotes(self, data: bytes) -> None:
        """Count with a few passes in C instead of a step for each quote.

        Of two quotes with no line end in between the first undoes the second, so they can go; what then remains
        are the quotes around line ends. Every other piece between those is inside quotes.
        """
        pieces = data.translate(None, _ALL_ELSE).replace(_PAIR, b"").split(QUOTE)
        outside = pieces[1::2] if self.open_quote else pieces[::2]
        self._line_ends += sum(map(len, outside))
        self.open_quote ^= len(pieces) % 2 == 0


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
        from metrics24.files.arrow import CsvFile  # noqa: PLC0415  pyarrow is slow to load
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
        draft.abort()  # which does nothing after a commit


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
