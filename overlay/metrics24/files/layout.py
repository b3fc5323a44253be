"""The columns of one file, and how rows of any kind are arranged in them without losing a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import field, frozen

from metrics24._rows.decoding import RowSchema, as_dicts
from metrics24._rows.schema import Column, Row, all_fit, is_utf8, json_text, type_of

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
