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
from metrics24._rows.decoding import RowDecoder, as_dicts, json_line, raw_decoder
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


DECODER = raw_decoder(COLUMNS)


def read(rows: bytes, head: bytes = b"", decoder: RowDecoder = DECODER) -> Table:
    """Read a page of these rows."""
    response = RawResponse(200, httpx.Headers(), head + b'{"data": {"data": ' + rows + b", " + INFO + b"}}")
    return read_table(response, "getClickReport", Notices(), decoder)


def saved(folder: Path, rows: bytes, head: bytes = b"") -> bytes:
    """Save a page as JSON Lines and return the file's content."""
    with open_writer(folder / "rows.jsonl", columns=COLUMNS) as file:
        file.write(read(rows, head, file.decoder).rows)
        return file.commit().path.read_bytes()


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
def test_each_line_is_what_was_sent(tmp_path: Path, head: bytes) -> None:
    """Blanks, spellings of numbers, escapes and doubled keys are in the file as they were sent."""
    assert saved(tmp_path, b"[" + b" ,\n ".join(ODD) + b"]", head) == b"\n".join([*ODD, b""])


@pytest.mark.parametrize("rows", [b"[]", b"null"])
def test_no_rows_are_an_empty_file(tmp_path: Path, rows: bytes) -> None:
    """A page without rows leaves nothing in the file, not even a line break."""
    assert saved(tmp_path, rows) == b""


def test_rows_over_several_lines_lose_their_line_breaks_only(tmp_path: Path) -> None:
    """An indented row is written on one line, its text and numbers as they were; its neighbour is not changed."""
    indented = b'{\r\n  "real_tx_id": "a\\n  b",\n\n\t"odd": [\r1.50,  2\n ]\n}'
    lines = saved(tmp_path, b"[" + indented + b"," + ODD[0] + b"]").split(b"\n")
    assert lines == [b'{"real_tx_id": "a\\n  b","odd": [1.50,  2]}', ODD[0], b""]


@pytest.mark.parametrize("cell", [b"NaN", b"1e999", b"7" * 5000, b'"\xff"', b"01", b'"a\nb"', b"[" * 100_000])
def test_invalid_json_is_refused(cell: bytes) -> None:
    """NaN, numbers beyond a double, text that is not UTF-8 and broken JSON are a ResponseError, bytes or not."""
    with pytest.raises(ResponseError):
        read(b'[{"odd": ' + cell + b"}]")


def test_half_a_surrogate_pair_is_kept_by_its_value(tmp_path: Path) -> None:
    """A page that the fast decoder cannot split into rows is written as new JSON text, with the same values."""
    row = b'{"real_tx_id": "\\ud83d", "odd": 1}'
    assert json.loads(saved(tmp_path, b"[" + row + b"]")) == json.loads(row)


def test_pages_after_the_first_are_decoded(tmp_path: Path) -> None:
    """Once the fields are known rows are decoded, say what the first page's dicts say, and keep their bytes."""
    pages = []
    with open_writer(tmp_path / "rows.jsonl", columns=COLUMNS) as file:
        for _ in range(2):
            pages.append(read(b"[" + b", ".join(ODD) + b"]", decoder=file.decoder).rows)
            file.write(pages[-1])
        assert file.commit().path.read_bytes() == b"\n".join([*ODD, *ODD, b""])
    first, second = pages
    assert {type(row) for row in second} == {file.decoder.schema and file.decoder.schema.row_type}
    assert as_dicts(first) == as_dicts(second)
    assert [row.get("odd") for row in first] == [row.get("odd") for row in second]


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
def test_lines_equal_dicts(rows: list[object], indent: int | str | None, *, ascii_only: bool, between: str) -> None:
    """However a server lays its rows out, each line read by itself is the row that the page has."""
    documents = [json.dumps(row, indent=indent, ensure_ascii=ascii_only) for row in rows]
    page = f"[{between}{f'{between},'.join(documents)}]".encode()
    with warnings.catch_warnings(action="ignore", category=UnexpectedAnswerWarning):
        slow = read(page).rows
        fast = read(page, decoder=DECODER.after(slow)).rows
    lines = [json_line(row) for row in slow]
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert [json.loads(line) for line in lines] == as_dicts(slow) == rows
    assert [json_line(row) for row in fast] == lines
