"""CSV exports become Parquet files that hold every cell, or nothing at all."""

import csv
import errno
import io
import sys
import traceback
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from files.round_trip import converted, files_in
from metrics24.errors import IntegrityError, SaveError, UsageError
from metrics24.files.arrow import CsvFile
from metrics24.files.csv_import import CsvSource, convert_csv, open_source
from support import programs

CELLS = st.text('ab";,|\n\ré=0\0', max_size=8)


@settings(deadline=None)  # the first example loads what all need
@given(
    st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=8)),
    st.sampled_from([("\n", ","), ("\r\n", ";"), ("\r\n", "|"), ("\n", "\t")]),
    st.integers(1, 100),
)
def test_every_cell_arrives_as_text(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], form: tuple[str, str], block: int
) -> None:
    """Quotes, delimiters, line ends and NUL in cells arrive unchanged, wherever the blocks of reading are cut."""
    names = [f"column {place}" for place in range(len(rows[0]) if rows else 2)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=form[0], delimiter=form[1], quoting=csv.QUOTE_ALL).writerows([names, *rows])
    source = tmp_path_factory.mktemp("csv") / "source.csv"
    source.write_text(text.getvalue(), encoding="utf-8", newline="")
    with open_source(source, delimiter=form[1]) as opened:
        batches = list(CsvFile(path=source, delimiter=form[1]).batches(opened, block))
    assert [list(row.values()) for batch in batches for row in batch.to_pylist()] == rows


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        (b"a,b\n", {"a": [], "b": []}),
        (b"a,b", {"a": [], "b": []}),
        (b'a,b\r\n,""\r\n', {"a": [""], "b": [""]}),
        (b"a,b\n1,2", {"a": ["1"], "b": ["2"]}),
        (b"a\n\n1\n\n", {"a": ["", "1", ""]}),
        (b'a,b\n"x\n""y""",007\n', {"a": ['x\n"y"'], "b": ["007"]}),
        (b'\xef\xbb\xbf"a,\n1",b\n1,2\n', {"a,\n1": ["1"], "b": ["2"]}),
        (b"a,b\n\xef\xbb\xbf1,2\n", {"a": ["\ufeff1"], "b": ["2"]}),
        (b"a,,a,a_2\n1,2,3,4\n", {"a": ["1"], "column_2": ["2"], "a_3": ["3"], "a_2": ["4"]}),
        (b'a,b\n1,x"y"z\n', {"a": ["1"], "b": ['x"y"z']}),
    ],
)
def test_examples_at_the_edges(tmp_path: Path, data: bytes, columns: dict[str, list[str]]) -> None:
    """No rows, empty cells, missing line ends, blank lines of one column, byte order marks, odd names, stray quotes."""
    assert converted(tmp_path, data) == columns


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "no header"),
        (b"\n1\n", "no header"),
        (b"a,b\n1,2\n3\n4,5\n", r"line 3 has another number of cells than the header \(2\)"),
        (b'a,b\n1,"x\ny"\n3,secret,5\n', r"line 4 has another number"),
        (b'a,b\n1,2\n"3\n\n",4,secret\n', r"line 3 has another number"),
        (b"a,b\n1,2\n\n3,4\n", r"line 3 has another number"),
        (b"a,b\n1,2\n\n", r"line 3 has another number"),
        (b"a,b\n\n", r"line 2 has another number"),
        (b'a,b\n1,2\n3,"secret\n4,5\n', r"line 3 ends inside a quoted cell"),
        (b"a,b\n1,secret\xff\n", r"line 2 is not in UTF-8"),
        (b"a,b\n1,secret\ry\n", r"line 2 holds a carriage return"),
        (b"a\n1\r2\n", r"line 2 holds a carriage return"),
        (b'a,b\n1,x"secret\n2,3"\n', "quotes stand where CSV does not allow"),
        (b'a,b\n"1" x,secret""\n2,"\n', "line 3 ends inside"),
        (b"\xff,b\n1,2\n", "first line"),
        (b'"a,b\n1,2\n', "first line"),
        (b"a" * 2**20 + b"bc\n1\n", "first line is longer than 1 MiB"),
    ],
)
@pytest.mark.parametrize("infer_types", [False, True])
def test_a_malformed_file_is_refused_unquoted(tmp_path: Path, data: bytes, fault: str, infer_types: bool) -> None:
    """Ragged, blank, cut and undecodable records are an IntegrityError, and the target is as it was before."""
    (tmp_path / "target.parquet").write_text("before")
    with pytest.raises(IntegrityError, match=fault) as caught:
        converted(tmp_path, data, infer_types=infer_types, overwrite=True)
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert (tmp_path / "target.parquet").read_text() == "before"
    assert files_in(tmp_path) == ["source.csv", "target.parquet"]


def test_very_long_cells_are_kept(tmp_path: Path) -> None:
    """A cell of 20 MB, with line ends and quotes in it, arrives whole."""
    cell = 'x "y"\n' * 3_500_000
    quoted = cell.replace('"', '""')
    columns = converted(tmp_path, f'a,b\n1,2\n3,"{quoted}"\n5,6\n'.encode())
    assert columns["a"] == ["1", "3", "5"]
    assert columns["b"] == ["2", cell, "6"]


def test_longer_records_than_memory_should_hold_are_refused(tmp_path: Path) -> None:
    """A record of more than 64 MiB is an IntegrityError, and nothing is left behind."""
    source = tmp_path / "source.csv"
    with source.open("wb") as file:
        file.write(b"a\n1\n")
        file.truncate(200 * 2**20)
    with pytest.raises(IntegrityError, match="more than 64 MiB"):
        convert_csv(source, tmp_path / "target.parquet")
    assert files_in(tmp_path) == ["source.csv"]


def test_row_groups_are_of_a_size_that_readers_like(tmp_path: Path) -> None:
    """A long file becomes row groups of at least 50,000 rows each, the last one aside, and keeps its order."""
    rows = [f"row {number}" for number in range(180_000)]
    assert converted(tmp_path, "\n".join(["a", *rows]).encode()) == {"a": rows}
    metadata = parquet.read_metadata(tmp_path / "target.parquet")
    sizes = [metadata.row_group(place).num_rows for place in range(metadata.num_row_groups)]
    assert len(sizes) > 1
    assert min(sizes[:-1]) >= 50_000


def test_five_hundred_columns(tmp_path: Path) -> None:
    """A wide file keeps its columns, their order and their cells."""
    lines = [",".join(f"{row} {place}" for place in range(500)) for row in range(3_001)]
    columns = converted(tmp_path, "\n".join(lines).encode())
    assert list(columns) == lines[0].split(",")
    assert [columns[f"0 {place}"][2_999] for place in (0, 499)] == ["3000 0", "3000 499"]
    assert {len(cells) for cells in columns.values()} == {3_000}


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "\r", "\0", "é"])
def test_impossible_delimiters_are_refused(tmp_path: Path, delimiter: str) -> None:
    """A delimiter that is not one ASCII character, or that CSV uses itself, is a UsageError."""
    with pytest.raises(UsageError, match="cannot be a delimiter"):
        convert_csv(tmp_path / "source.csv", tmp_path / "target.parquet", delimiter=delimiter)


def test_targets_and_sources_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    """A taken target and the source itself are a UsageError, a source that is not there is a SaveError."""
    source, target = tmp_path / "source.csv", tmp_path / "target.parquet"
    with pytest.raises(SaveError, match=r"source\.csv could not be read \(No such file"):
        convert_csv(source, target)
    assert files_in(tmp_path) == []
    source.write_text("a\n1\n")
    with pytest.raises(UsageError, match="cannot be converted into itself"):
        convert_csv(source, source, overwrite=True)
    target.write_text("before")
    with pytest.raises(UsageError, match="exists already"):
        convert_csv(source, target)
    assert (source.read_text(), target.read_text()) == ("a\n1\n", "before")
    assert files_in(tmp_path) == ["source.csv", "target.parquet"]


class BrokenDisk(io.BytesIO):
    """A file whose second kilobyte cannot be read."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read the first kilobyte only."""
        if self.tell() >= 1024:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(min(size or 0, 1024))


def test_a_source_that_breaks_off_is_a_save_error(tmp_path: Path) -> None:
    """An error of the disk while reading is reported as one of the source."""
    source = CsvSource(tmp_path / "source.csv", BrokenDisk(b"a\n" + b"1\n" * 2_000), delimiter=",")
    assert next(source.blocks(500)) == b"1\n" * 250
    with pytest.raises(SaveError, match=r"source\.csv could not be read \(Input/output error\)"):
        list(source.blocks())


def test_fault_43_a_full_disk_leaves_the_target_as_it_was(tmp_path: Path) -> None:
    """A Parquet file that cannot be written is a SaveError, and nothing is left behind."""
    source = tmp_path / "source.csv"
    with source.open("w") as file:
        file.write("a\n")
        file.writelines(f"{number * 2**40:x}\n" for number in range(200_000))
    said = programs.output("full_disk_converting", str(source))
    assert "could not be written (File too large)" in "".join(said)
    assert files_in(tmp_path) == ["source.csv"]


def test_without_pyarrow_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow a conversion is a UsageError that says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "metrics24.files.arrow", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'metrics24\[tables\]'"):
        convert_csv(tmp_path / "source.csv", tmp_path / "target.parquet")
