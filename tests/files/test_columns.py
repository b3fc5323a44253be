"""The columns of files, and the values that fit none."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from files.round_trip import COLUMNS, read_parquet, save, to_arrow
from metrics24._rows.schema import Column, Row
from metrics24.files.writers import open_writer

KNOWN = [column.name for column in COLUMNS]


def schema_of(*pages: list[Row], **options: Any) -> pa.Schema:
    """Give the schema of the table that these pages make."""
    return to_arrow(pages, columns=COLUMNS, **options).schema


def misfits_of(row: Row) -> Any:
    """Give what one row, alone in a table, puts into ``_extra``."""
    [text] = to_arrow([[row]], columns=COLUMNS)["_extra"].to_pylist()
    return None if text is None else json.loads(text)


def test_known_columns_come_first_and_typed() -> None:
    """Known columns stand in the order given, with the types given, whether or not a row has them."""
    schema = schema_of([{"payout": 1.5}])
    assert schema.names == [*KNOWN, "_extra"]
    assert schema.types == [pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.string(), pa.string()]


def test_files_of_different_days_agree_on_the_known_columns() -> None:
    """Whatever a day's rows look like, the known columns have their places and types; `fixed` admits no other."""
    days: list[list[Row]] = [
        [],
        [dict.fromkeys(KNOWN)],
        [{"sessions": "many", "payout": 1, "is_bot": 0, "new": 1}],
        [{"city": "Bonn", "extra_parameters": 1, "real_tx_id": 5}],
    ]
    known = [list(schema_of(day))[: len(KNOWN)] for day in days]
    assert known == [known[0]] * len(days)
    assert {schema_of(day, fixed=True) for day in days} == {schema_of()}
    table = to_arrow([days[3]], columns=COLUMNS, fixed=True)
    assert json.loads(table["_extra"].to_pylist()[0]) == {"city": "Bonn", "real_tx_id": 5}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", None, "b"], pa.string()),
        ([1, 2**63 - 1], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([True, None], pa.bool_()),
        ([None], pa.string()),
        ([{"a": 1}, [2]], pa.string()),
        ([1, "a"], pa.string()),
        ([True, 1], pa.string()),
    ],
    ids=str,
)
def test_other_columns_get_the_type_seen_in_the_first_rows(values: list[object], expected: pa.DataType) -> None:
    """A field that the spec does not know becomes a column of the type of its values; mixed ones become JSON text."""
    schema = schema_of([{"new": value} for value in values])
    assert schema.field("new").type == expected


def test_values_of_mixed_columns_keep_their_kinds() -> None:
    """In a column whose first values are of several kinds each is JSON text that tells its kind."""
    table = to_arrow([[{"new": 1}, {"new": "1"}, {"new": True}, {"new": None}]], columns=())
    assert table["new"].to_pylist() == ["1", '"1"', "true", None]


def test_columns_depend_on_the_first_thousand_rows_however_they_are_paged() -> None:
    """A field first seen in row 1,000 is a column, one first seen in row 1,001 is not, for any size of pages."""
    rows: list[Row] = [*([{"a": 1}] * 999), {"b": 2}, {"c": 3}]
    one_page = to_arrow([rows], columns=())
    small_pages = to_arrow([rows[start : start + 7] for start in range(0, len(rows), 7)], columns=())
    assert one_page.schema.names == ["a", "b", "_extra"]
    assert small_pages.equals(one_page)
    assert one_page["_extra"].to_pylist()[-1] == '{"c":3}'


@pytest.mark.parametrize(
    "row",
    [
        {"sessions": 2**63},
        {"sessions": -(2**63) - 1},
        {"sessions": 1.0},
        {"sessions": True},
        {"sessions": "1"},
        {"payout": 2**53 + 1},
        {"payout": False},
        {"payout": "1.5"},
        {"is_bot": 1},
        {"is_bot": "true"},
        {"real_tx_id": 7},
        {"real_tx_id": {"id": "A"}},
        {"real_tx_id": "half a pair \ud800"},
        {"_extra": "the server's own"},
        {"name \ud800": 1},
    ],
    ids=ascii,
)
def test_what_does_not_fit_its_column_is_kept_verbatim(row: Row) -> None:
    """A value that its column cannot hold exactly stands in ``_extra`` under its name, unchanged."""
    kept = misfits_of(row)
    assert (kept, {name: type(value) for name, value in kept.items()}) == (
        row,
        {name: type(value) for name, value in row.items()},
    )


@pytest.mark.parametrize(
    "row",
    [
        {"sessions": 2**63 - 1},
        {"sessions": -(2**63)},
        {"payout": 2**53},
        {"payout": -(2**53)},
        {"payout": 1e308},
        {"is_bot": False},
        {"real_tx_id": ""},
        {"extra_parameters": 2**70},
        {"extra_parameters": "text"},
        dict.fromkeys(KNOWN),
        {"_extra": None},
    ],
    ids=str,
)
def test_what_fits_exactly_stays_in_its_column(row: Row) -> None:
    """Values at the limits of a type, and nulls anywhere, are no misfits."""
    assert misfits_of(row) is None


def test_misfits_are_counted_by_value(tmp_path: Path) -> None:
    """`Saved.misfits` is the number of values in ``_extra``, over all blocks."""
    rows = [{"sessions": "x", "payout": "y", "is_bot": None}] * 1_500
    saved = save(tmp_path / "rows.parquet", rows)
    assert (saved.rows, saved.misfits) == (1_500, 3_000)
    assert read_parquet(saved.path) == [{"_extra": '{"sessions":"x","payout":"y"}'}] * 1_500


def test_files_of_no_rows_have_their_columns(tmp_path: Path) -> None:
    """Saving nothing gives valid files: a header, a schema, an empty JSON Lines file, and an Arrow table of no rows."""
    saved = [save(tmp_path / f"none.{suffix}") for suffix in ("csv", "jsonl", "parquet")]
    assert [(each.rows, each.misfits, each.bytes) for each in saved] == [
        (0, 0, each.path.stat().st_size) for each in saved
    ]
    assert (tmp_path / "none.csv").read_bytes() == b"real_tx_id,sessions,payout,is_bot,extra_parameters,_extra\r\n"
    assert (tmp_path / "none.jsonl").read_bytes() == b""
    assert parquet.read_schema(tmp_path / "none.parquet").names == [*KNOWN, "_extra"]
    assert (to_arrow([], columns=COLUMNS).num_rows, schema_of().names) == (0, [*KNOWN, "_extra"])


def test_a_server_that_invents_names_makes_no_endless_file() -> None:
    """Beyond 500 unannounced columns further fields go to ``_extra``."""
    table = to_arrow([[{f"name_{number}": number for number in range(600)}]], columns=COLUMNS)
    assert table.num_columns == len(KNOWN) + 500 + 1
    assert len(json.loads(table["_extra"][0].as_py())) == 100


def test_parquet_row_groups_are_bounded(tmp_path: Path) -> None:
    """A long file is written in row groups of 20,000 rows, so that no more than two are ever held."""
    columns = [Column("number", "integer")]
    with open_writer(tmp_path / "long.parquet", columns=columns) as file:
        for start in range(0, 120_000, 10_000):
            file.write([{"number": number} for number in range(start, start + 10_000)])
        file.commit()
    file = parquet.ParquetFile(tmp_path / "long.parquet")
    groups = [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)]
    assert groups == [20_000] * 6
    assert file.read()["number"].to_pylist() == list(range(120_000))


def test_wide_rows_end_a_row_group_earlier(tmp_path: Path) -> None:
    """Rows of much text fill a row group by bytes, long before 20,000 of them are held."""
    page = [{"real_tx_id": "x" * 40_000}] * 1_000
    save(tmp_path / "wide.parquet", page, page, page)
    assert parquet.ParquetFile(tmp_path / "wide.parquet").num_row_groups == 3
