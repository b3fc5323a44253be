"""The records of a CSV file as rows of the types that its columns have."""

import csv
import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.round_trip import COLUMNS, save
from metrics24._rows.schema import Column, json_text
from metrics24.errors import IntegrityError, SaveError
from metrics24.files.csv_import import CsvRows, can_delimit

HEADER = "real_tx_id,sessions,payout,is_bot,extra_parameters,new"
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "real_tx_id": st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1),
        "sessions": st.integers(-(2**70), 2**70),
        "payout": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
        "is_bot": st.booleans(),
        "extra_parameters": st.lists(st.dictionaries(st.sampled_from("ab"), st.integers(0, 9))),
    },
)


def rows(folder: Path, data: bytes, columns: tuple[Column, ...] = COLUMNS, delimiter: str = ",") -> list[Any]:
    """Read CSV data."""
    path = folder / "rows.csv"
    path.write_bytes(data)
    return [row for block in CsvRows(path, columns, delimiter=delimiter).blocks() for row in block]


def test_cells_become_what_their_column_says(tmp_path: Path) -> None:
    """Integers, numbers, booleans and JSON are typed, text and unknown columns stay text, empty cells are absent."""
    line = 'a,7,1.50,TRUE,"[{""name"": ""x""}]",9'
    assert rows(tmp_path, f"{HEADER}\n{line}\n,,,,,\n".encode()) == [
        {
            "real_tx_id": "a",
            "sessions": 7,
            "payout": 1.5,
            "is_bot": True,
            "extra_parameters": [{"name": "x"}],
            "new": "9",
        },
        {},
    ]


@pytest.mark.parametrize(
    "line",
    [
        "a,07,1e999,yes,{,x",
        "a,1.0,NaN,1,[NaN],x",
        "a,+1,.5,0,x=1;y=2,x",
        f"a,{'9' * 50},0x1,t,{'[' * 9999},x",
        "a,x,x,x,[1e999],x",
    ],
)
def test_cells_of_another_type_stay_text(tmp_path: Path, line: str) -> None:
    """A cell that is not of its column's type stays text."""
    names, cells = HEADER.split(","), line.split(",")
    assert rows(tmp_path, f"{HEADER}\n{line}\n".encode()) == [dict(zip(names, cells, strict=True))]


@given(written=st.lists(ROWS, max_size=20))
def test_rows_come_back(tmp_path_factory: pytest.TempPathFactory, written: list[dict[str, Any]]) -> None:
    """Rows that were written as a server would write them are read with the same values."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    names = [column.name for column in COLUMNS]
    writer.writerow(names)
    for row in written:
        cells = {**row, "is_bot": str(row["is_bot"]).lower() if "is_bot" in row else ""}
        nested = row.get("extra_parameters")
        writer.writerow(
            [json_text(nested) if name == names[-1] and nested is not None else cells.get(name) for name in names]
        )
    assert rows(tmp_path_factory.mktemp("csv"), text.getvalue().encode()) == written


@given(
    data=st.binary(max_size=60)
    | st.lists(
        st.sampled_from(
            ["a", "1", "-1.5e3", "true", '"', ",", "\n", "\r\n", "[", "]", "{", "}", ":", "1e999", "\0", "é"]
        )
    ).map(lambda pieces: "".join(["real_tx_id,payout,extra_parameters\n", *pieces]).encode())
)
def test_any_bytes_become_rows_or_an_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever a file holds, it is read into rows that a file of each format can take, or it is an IntegrityError."""
    folder = tmp_path_factory.mktemp("any")
    with suppress(IntegrityError):
        found = rows(folder, data)
        for suffix in ("csv", "jsonl"):
            assert save(folder / f"file.{suffix}", found, fixed=True).rows == len(found)


@pytest.mark.parametrize("delimiter", [";", "\t", " ", "\N{BROKEN BAR}"])
def test_other_delimiters_and_a_byte_order_mark_are_read(tmp_path: Path, delimiter: str) -> None:
    """A byte order mark is no part of the first name, and the delimiter is the one that was passed."""
    text = "\ufeffreal_tx_id;sessions\r\na;1\r\n".replace(";", delimiter)
    assert can_delimit(delimiter)
    assert rows(tmp_path, text.encode(), delimiter=delimiter) == [{"real_tx_id": "a", "sessions": 1}]


@pytest.mark.parametrize("text", ["", ";;", '"', "\r", "\n", "\0"])
def test_what_cannot_be_a_delimiter_is_known(text: str) -> None:
    """A delimiter is one character that CSV does not use itself."""
    assert not can_delimit(text)


def test_columns_that_a_file_lacks_are_named(tmp_path: Path) -> None:
    """A file may lack columns, which are named once it was read."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"payout,real_tx_id\n1,a\n")
    found = CsvRows(path, COLUMNS, delimiter=",")
    assert list(found.blocks()) == [[{"payout": 1, "real_tx_id": "a"}]]
    assert found.missing == ["sessions", "is_bot", "extra_parameters"]


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        (("[1]", '"{""a"": 1}"', ""), []),
        (("[1]", "a=1", ""), ["extra_parameters"]),
        (("[NaN]",), ["extra_parameters"]),
    ],
    ids=["JSON", "text", "no JSON"],
)
def test_nested_columns_that_are_text_are_named(tmp_path: Path, cells: tuple[str, ...], named: list[str]) -> None:
    """One cell that is no JSON is enough; text in a column of text, or in one that is not known, is none of it."""
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["real_tx_id,extra_parameters,new", *(f"a,{cell},x=1" for cell in cells), ""]))
    found = CsvRows(path, COLUMNS, delimiter=",")
    assert found.as_text == []
    assert len([row for block in found.blocks() for row in block]) == len(cells)
    assert found.as_text == named


def test_a_file_without_a_needed_column_is_refused(tmp_path: Path) -> None:
    """A column that is needed must be there, whatever else is not."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"payout,real_tx_id\n1,a\n")
    assert list(CsvRows(path, COLUMNS, delimiter=",", needed=["payout"]).blocks())
    with pytest.raises(IntegrityError, match=r": sessions, is_bot$"):
        list(CsvRows(path, COLUMNS, delimiter=",", needed=["is_bot", "payout", "sessions"]).blocks())


@pytest.mark.parametrize("bound", [0, 100, 2**40])
def test_cells_may_be_as_long_as_a_record(tmp_path: Path, bound: int) -> None:
    """However small the bound is that this process set, a large cell is read; a larger bound stays as it is."""
    before = csv.field_size_limit(bound)
    try:
        cell = "x" * 3_000_000  # some blocks of reading
        assert rows(tmp_path, f'{HEADER}\n"{cell}",,,,,\n'.encode()) == [{"real_tx_id": cell}]
        assert csv.field_size_limit() == max(bound, 2**26 + 2**20)
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize(
    "data",
    [
        b"TX,Payout\na,1\n",
        b"",
        b"real_tx_id,payout\na\n",
        b"real_tx_id,payout\na,1,2\n",
        b"real_tx_id,payout\n\xff,1\n",
        b'real_tx_id,payout\na,"1\n',
        b'real_tx_id,payout\n"a"b,1\n',
        b"real_tx_id,payout\n\na,1\n",
    ],
    ids=["other columns", "nothing", "short", "long", "no UTF-8", "cut", "quotes", "blank"],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, data: bytes) -> None:
    """A file of other columns, and a record that is none, are an IntegrityError that repeats no cell."""
    with pytest.raises(IntegrityError) as caught:
        rows(tmp_path, data)
    assert "rows.csv" in str(caught.value)
    assert caught.value.__cause__ is None or data == b""


def test_a_file_that_is_gone_is_a_save_error(tmp_path: Path) -> None:
    """A file that cannot be read is a SaveError."""
    with pytest.raises(SaveError):
        list(CsvRows(tmp_path / "none.csv", COLUMNS, delimiter=",").blocks())
