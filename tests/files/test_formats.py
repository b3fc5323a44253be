"""The content of CSV, JSON Lines and Parquet files."""

import sys
from pathlib import Path

import pytest
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from files.round_trip import COLUMNS, files_in, read_csv, save, to_arrow
from metrics24._rows.schema import Row
from metrics24.errors import UsageError
from metrics24.files.writers import open_writer

ROWS: list[Row] = [
    {
        "real_tx_id": "A",
        "sessions": 3,
        "payout": 1.5,
        "is_bot": True,
        "extra_parameters": [{"name": "k", "value": "v"}],
    },
    {"real_tx_id": 'say "hi",\nthen go', "payout": 2, "is_bot": False, "sessions": 2**64, "city": "Köln"},
]
FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"]


def test_csv_is_rfc_4180_in_utf_8(tmp_path: Path) -> None:
    """Lines end in CRLF, cells are quoted where they must be, null is empty, numbers and booleans are JSON's."""
    save(tmp_path / "rows.csv", ROWS)
    assert (tmp_path / "rows.csv").read_bytes().decode() == (
        "real_tx_id,sessions,payout,is_bot,extra_parameters,city,_extra\r\n"
        'A,3,1.5,true,"[{""name"":""k"",""value"":""v""}]",,\r\n'
        '"say ""hi"",\nthen go",,2,false,,Köln,"{""sessions"":18446744073709551616}"\r\n'
    )


def test_csv_is_read_by_others_with_the_types_meant(tmp_path: Path) -> None:
    """Another library infers the columns' types from the CSV file and finds the Parquet file's rows."""
    save(tmp_path / "rows.csv", ROWS)
    options = arrow_csv.ParseOptions(newlines_in_values=True)
    conversion = arrow_csv.ConvertOptions(strings_can_be_null=True)
    read = arrow_csv.read_csv(tmp_path / "rows.csv", parse_options=options, convert_options=conversion)
    assert read.to_pylist() == to_arrow([ROWS], columns=COLUMNS).to_pylist()


def test_json_lines_are_one_object_a_line(tmp_path: Path) -> None:
    """Each line is the row as it was sent, in UTF-8, by either of the two suffixes, in capitals too."""
    for name in ("rows.jsonl", "rows.ndjson", "ROWS.JSONL"):
        save(tmp_path / name, ROWS)
        assert (tmp_path / name).read_text(encoding="utf-8") == (
            '{"real_tx_id":"A","sessions":3,"payout":1.5,"is_bot":true,'
            '"extra_parameters":[{"name":"k","value":"v"}]}\n'
            '{"real_tx_id":"say \\"hi\\",\\nthen go","payout":2,"is_bot":false,'
            '"sessions":18446744073709551616,"city":"Köln"}\n'
        )


def test_parquet_and_arrow_agree(tmp_path: Path) -> None:
    """A Parquet file holds the table that `to_arrow` gives for the same rows."""
    save(tmp_path / "rows.parquet", ROWS)
    assert parquet.read_table(tmp_path / "rows.parquet").equals(to_arrow([ROWS], columns=COLUMNS))


def test_formulas_are_stored_as_sent(tmp_path: Path) -> None:
    """Cells that a spreadsheet would run are not changed unless `spreadsheet_safe` is passed."""
    save(tmp_path / "rows.csv", [{"real_tx_id": text} for text in FORMULAS])
    assert [line[0] for line in read_csv(tmp_path / "rows.csv")[1:]] == FORMULAS


def test_fault_60_spreadsheet_safe_defuses_formulas(tmp_path: Path) -> None:
    """With `spreadsheet_safe` text that starts a formula gets a quote, header included, and numbers do not."""
    rows = [{"real_tx_id": text, "sessions": -1, "=cmd()": "-2", "x": {"a": 1}} for text in FORMULAS]
    save(tmp_path / "rows.csv", rows, spreadsheet_safe=True)
    header, *lines = read_csv(tmp_path / "rows.csv")
    assert header[-3:] == ["'=cmd()", "x", "_extra"]
    assert [line[0] for line in lines] == [f"'{text}" for text in FORMULAS]
    assert {tuple(line[1:]) for line in lines} == {("-1", "", "", "", "'-2", '{"a":1}', "")}


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
def test_spreadsheet_safe_is_for_csv(tmp_path: Path, name: str) -> None:
    """Asking for spreadsheet-safe text where none is written is refused instead of ignored."""
    with pytest.raises(UsageError, match=r"spreadsheet_safe is for \.csv"):
        open_writer(tmp_path / name, columns=COLUMNS, spreadsheet_safe=True)


@pytest.mark.parametrize("name", ["rows", "rows.xlsx", "rows.csv.gz", ".csv"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    """A path that does not say its format is a UsageError that lists the formats, and nothing is created."""
    with pytest.raises(UsageError, match=r"\.csv, \.jsonl, \.ndjson, \.parquet"):
        open_writer(tmp_path / name, columns=COLUMNS)
    assert files_in(tmp_path) == []


def test_parquet_without_pyarrow_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow Parquet and Arrow are a UsageError before any row, and CSV works."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "metrics24.files.arrow", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'metrics24\[tables\]'"):
        open_writer(tmp_path / "rows.parquet", columns=COLUMNS)
    with pytest.raises(UsageError, match=r"pip install 'metrics24\[tables\]'"):
        to_arrow([ROWS], columns=COLUMNS)
    save(tmp_path / "rows.csv", ROWS)
    assert files_in(tmp_path) == ["rows.csv"]
