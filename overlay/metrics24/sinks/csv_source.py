"""Reading CSV files that may be cut or malformed: their header, their bytes, and the line that is at fault."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from metrics24.errors import IntegrityError, SaveError
from metrics24.sinks.csv_records import LINE_END, QUOTE, CsvRecords

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
