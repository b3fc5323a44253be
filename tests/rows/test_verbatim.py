"""JSON Lines files hold each row in the bytes in which the server sent it."""

import json
import warnings
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.round_trip import COLUMNS
from metrics24._core.effects import RawResponse
from metrics24._core.responses import Table, read_table
from metrics24._rows.decoding import RawDecodedRow, RawRowDecoder, RowDecoder, as_rows, line_of
from metrics24.errors import ResponseError, UnexpectedAnswerWarning
from metrics24.files.writers import open_writer
from metrics24.models import Notices

INFO = b'"pageInfo": {"hasNextPage": false, "startCursor": "a", "endCursor": "b"}'
ODD = [
    b'{ "real_tx_id" : "A" , "payout":1.50, "odd": 1e2}',
    b'{"real_tx_id":"\\u004b\\u00f6ln","odd":null,"odd":[1.0,  2]}',
    '{"real_tx_id": "Köln", "odd": 123456789012345678901234567890, "text": "]},{\\n"}'.encode(),
    b"{}",
]


def read(rows: bytes, head: bytes = b"", lens: RowDecoder | None = None) -> Table:
    """Read a page of which these are the rows."""
    answer = RawResponse(200, httpx.Headers(), head + b'{"data": {"data": ' + rows + b", " + INFO + b"}}")
    return read_table(answer, "getClickReport", Notices(), lens or RawRowDecoder(COLUMNS))


def saved(folder: Path, rows: bytes, head: bytes = b"") -> bytes:
    """Save a page as JSON Lines and give the file."""
    with open_writer(folder / "rows.jsonl", columns=COLUMNS) as sink:
        assert isinstance(sink.lens, RawRowDecoder)
        sink.write(read(rows, head, sink.lens).rows)
        return sink.commit().path.read_bytes()


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
def test_each_line_is_what_was_sent(tmp_path: Path, head: bytes) -> None:
    """Blanks, spellings of numbers, escapes and doubled keys are in the file as they came."""
    assert saved(tmp_path, b"[" + b" ,\n ".join(ODD) + b"]", head) == b"\n".join([*ODD, b""])


@pytest.mark.parametrize("rows", [b"[]", b"null"])
def test_no_rows_are_an_empty_file(tmp_path: Path, rows: bytes) -> None:
    """A page without rows leaves nothing in the file, not even a line break."""
    assert saved(tmp_path, rows) == b""


def test_rows_over_several_lines_lose_their_line_breaks_only(tmp_path: Path) -> None:
    """An indented row comes to stand on one line, its text and numbers as they were; its neighbour is not touched."""
    indented = b'{\r\n  "real_tx_id": "a\\n  b",\n\n\t"odd": [\r1.50,  2\n ]\n}'
    lines = saved(tmp_path, b"[" + indented + b"," + ODD[0] + b"]").split(b"\n")
    assert lines == [b'{"real_tx_id": "a\\n  b","odd": [1.50,  2]}', ODD[0], b""]


@pytest.mark.parametrize("cell", [b"NaN", b"1e999", b"7" * 5000, b'"\xff"', b"01", b'"a\nb"', b"[" * 100_000])
def test_what_is_no_json_is_refused_as_ever(cell: bytes) -> None:
    """A number that is none, text that is not UTF-8 and broken JSON are a ResponseError, whatever a file would hold."""
    with pytest.raises(ResponseError):
        read(b'[{"odd": ' + cell + b"}]")


def test_half_a_pair_is_kept_by_its_value(tmp_path: Path) -> None:
    """A page that no quick reader can cut into rows is written anew, with the same values."""
    row = b'{"real_tx_id": "\\ud83d", "odd": 1}'
    assert json.loads(saved(tmp_path, b"[" + row + b"]")) == json.loads(row)


def test_pages_after_the_first_are_not_made_dicts_of(tmp_path: Path) -> None:
    """Once the fields are known rows are records, which say what the first page's dicts say, and keep their bytes."""
    with open_writer(tmp_path / "rows.jsonl", columns=COLUMNS) as sink:
        pages = [read(b"[" + b", ".join(ODD) + b"]", lens=sink.lens).rows for _ in range(2)]
        for rows in pages:
            sink.write(rows)
        assert sink.commit().path.read_bytes() == b"\n".join([*ODD, *ODD, b""])
    first, second = pages
    assert [type(row) for row in second] == [RawDecodedRow] * len(ODD)
    for row, record in zip(as_rows(first), as_rows(second), strict=True):
        assert record == {name: value for name, value in row.items() if value is not None}


blanks = st.text(" \t\r\n", max_size=3)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(
    rows=st.lists(st.dictionaries(st.text(max_size=5), values, max_size=4), max_size=4),
    indent=st.none() | st.sampled_from([0, 2, "\t"]),
    ascii_only=st.booleans(),
    between=blanks,
)
def test_lines_say_what_dicts_say(
    rows: list[object], indent: int | str | None, *, ascii_only: bool, between: str
) -> None:
    """However a server lays its rows out, each line read by itself is the row that the page has."""
    documents = [json.dumps(row, indent=indent, ensure_ascii=ascii_only) for row in rows]
    page, lens = f"[{between}{f'{between},'.join(documents)}]".encode(), RawRowDecoder(COLUMNS)
    with warnings.catch_warnings(action="ignore", category=UnexpectedAnswerWarning):
        table, again = read(page, lens=lens), read(page, lens=lens)
    lines = [line_of(row) for row in table.rows]
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert [json.loads(line) for line in lines] == table.rows == rows
    assert [line_of(row) for row in again.rows] == lines
