"""Where rows go when they are saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from attrs import frozen

from metrics24.errors import UsageError
from metrics24.sinks.columns import FIRST_BLOCK, Column, Layout, Row
from metrics24.sinks.tables import arrow
from metrics24.sinks.target import Target
from metrics24.sinks.writers import Csv, JsonLines, Parquet, Writer

_FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}


@frozen
class Saved:
    """What was saved.

    Attributes:
        path: the file.
        rows: how many rows it holds.
        bytes: its size.
        misfits: how many values stand in the column `_extra` because they came late or did not fit their column.

    """

    path: Path
    rows: int
    bytes: int
    misfits: int


class Sink:
    """Takes rows and makes a file of them. Leaving the `with` block without `commit` leaves no trace."""

    def __init__(self, target: Target, make: Callable[[Target, list[Row]], Writer]) -> None:
        self._target, self._make = target, make
        self._writer: Writer | None = None
        self._first: list[Row] = []
        self._rows = self._misfits = 0
        self._committed = False

    def write(self, rows: Sequence[Row]) -> None:
        """Take the next rows.

        Raises:
            SaveError: they could not be written.

        """
        self._rows += len(rows)
        if self._writer is None:
            self._first.extend(rows)
            if len(self._first) >= FIRST_BLOCK:
                self._begin()
            return
        self._guarded(lambda writer: writer.write(rows))

    def commit(self) -> Saved:
        """Put the file into place.

        Raises:
            SaveError: it could not be written.
            UsageError: the target has appeared meanwhile.

        """
        if self._writer is None:
            self._begin()
        self._guarded(lambda writer: writer.finish())
        size = self._target.commit()
        self._committed = True
        return Saved(self._target.path, self._rows, size, self._misfits)

    def abort(self) -> None:
        """Throw away what was written."""
        if self._writer is not None:
            self._writer.discard()
        self._target.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._committed:
            self.abort()

    def _begin(self) -> None:
        """Fix the columns by the first block, and write it."""
        self._writer = self._make(self._target, self._first)
        first, self._first = self._first, []
        self._guarded(lambda writer: writer.write(first))

    def _guarded(self, act: Callable[[Writer], int | None]) -> None:
        if self._writer is None:
            return
        try:
            self._misfits += act(self._writer) or 0
        except OSError as error:
            raise self._target.failed(error) from error


def open_sink(
    path: str | PathLike[str],
    *,
    columns: Sequence[Column],
    fixed: bool = False,
    overwrite: bool = False,
    spreadsheet_safe: bool = False,
) -> Sink:
    """Open a file for rows; its suffix chooses the format.

    Args:
        path: the target, .csv, .jsonl, .ndjson or .parquet.
        columns: the known columns, which every file has, in this order.
        fixed: no other column but these and `_extra`.
        overwrite: replace a target that exists.
        spreadsheet_safe: in CSV, put a quote before cells that a spreadsheet would run as a formula.

    Raises:
        UsageError: another suffix, the target exists, its folder does not, or pyarrow is needed and missing.
        SaveError: the folder cannot be written to.

    """
    target_path = Path(path)
    kind = _FORMATS.get(target_path.suffix.lower())
    if kind is None:
        raise UsageError(f"{target_path.name!r} does not say its format; end it in {', '.join(_FORMATS)}.")
    if kind == "parquet":
        arrow()

    def make(target: Target, first: list[Row]) -> Writer:
        if kind == "jsonl":
            return JsonLines(target.file)
        layout = Layout.learnt(columns, first, fixed=fixed)
        if kind == "parquet":
            return Parquet(target.file, layout)
        return Csv(target.file, layout, spreadsheet_safe=spreadsheet_safe)

    return Sink(Target(target_path, overwrite=overwrite), make)
