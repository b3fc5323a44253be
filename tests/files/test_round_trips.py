"""Every value that JSON can hold comes back from the files, with its type."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from files.round_trip import COLUMNS, read_csv, read_json_lines, save
from metrics24._rows.schema import Row
from metrics24.files.writers import plan

# Half surrogate pairs, NULs, quotes, line breaks of all kinds, formulas, and what looks like another type.
hostile_text = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.sampled_from([*'\0",\r\n\ud83d\ude00\u2028\x85\ufeff', "", "\r\n", "=1+1", "null", "true", "1"]),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63 - 1, 2**63, -(2**63) - 1, 2**53, 2**53 + 1, -0.0, 5e-324, 1.7976931348623157e308]),
    st.floats(allow_nan=False, allow_infinity=False),
    hostile_text,
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_text, inner, max_size=3), max_leaves=6
)
names = st.one_of(st.sampled_from([*(column.name for column in COLUMNS), "_extra", "new", "New", ""]), hostile_text)
pages = st.lists(st.lists(st.dictionaries(names, anything, max_size=8), max_size=6), max_size=4)


@contextmanager
def new_folder() -> Iterator[Path]:
    """Give each generated example a folder of its own, which a function-scoped fixture would not."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


def told_apart(value: Any) -> Any:
    """Make equal values of different kinds, such as 1, 1.0 and true, unequal."""
    if isinstance(value, dict):
        return {name: told_apart(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [told_apart(inner) for inner in value]
    return (type(value).__name__, repr(value))


def without_nulls(row: Row) -> dict[str, Any]:
    """Drop a row's nulls, which columns do not tell from absence."""
    return {name: value for name, value in row.items() if value is not None}


def restored(row: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """Put a row of a table back into the shape in which the server sent it."""
    cells = {name: value for name, value in row.items() if value is not None}
    extra: dict[str, Any] = json.loads(cells.pop("_extra", "{}"))
    values = {name: json.loads(value) if types[name] == "json" else value for name, value in cells.items()}
    assert not values.keys() & extra.keys()
    return values | extra


def column_types(sent: Sequence[Row]) -> dict[str, str]:
    """Give the types of the columns that these rows, all of a first block, lead to."""
    return {column.name: column.type for column in plan(COLUMNS, sent, fixed=False).columns}


def exact_numbers(row: Row, types: Mapping[str, str]) -> dict[str, Any]:
    """Make doubles of the integers in number columns: they hold them exactly, and forget how they were written."""
    return {
        name: float(value) if types.get(name) == "number" and type(value) is int and abs(value) <= 2**53 else value
        for name, value in row.items()
    }


@given(pages)
def test_parquet_keeps_every_value(sent: list[list[Row]]) -> None:
    """Reading the columns and ``_extra`` of a Parquet file gives every non-null value that was sent, of its kind."""
    rows = [row for page in sent for row in page]
    types = column_types(rows)
    with new_folder() as folder:
        saved = save(folder / "rows.parquet", *sent)
        table: pa.Table = parquet.read_table(saved.path)
    assert table.num_rows == saved.rows == len(rows)
    found = [told_apart(restored(row, types)) for row in table.to_pylist()]
    assert found == [told_apart(without_nulls(exact_numbers(row, types))) for row in rows]


@given(pages)
def test_csv_keeps_every_value(sent: list[list[Row]]) -> None:
    """Reading a CSV file's cells by their column's type, and ``_extra``, gives every value that was sent."""
    rows = [row for page in sent for row in page]
    types = column_types(rows)
    with new_folder() as folder:
        saved = save(folder / "rows.csv", *sent)
        header, *lines = read_csv(saved.path)
    assert header == list(types)
    assert len(lines) == saved.rows == len(rows)
    for line, row in zip(lines, rows, strict=True):
        cells = dict(zip(header, line, strict=True))
        extra = json.loads(cells.pop("_extra") or "{}")
        filled = {name: cell for name, cell in cells.items() if cell != ""}
        values = {name: cell if types[name] == "text" else json.loads(cell) for name, cell in filled.items()}
        empty_texts = {name: "" for name, value in row.items() if value == "" and types.get(name) == "text"}
        assert told_apart(values | empty_texts | extra) == told_apart(without_nulls(row))


@given(pages)
def test_json_lines_keep_every_row_verbatim(sent: list[list[Row]]) -> None:
    """A JSON Lines file gives back the very rows, nulls and integers of any size included."""
    rows = [row for page in sent for row in page]
    with new_folder() as folder:
        saved = save(folder / "rows.jsonl", *sent)
        assert told_apart(read_json_lines(saved.path)) == told_apart(rows)
    assert (saved.rows, saved.misfits) == (len(rows), 0)
