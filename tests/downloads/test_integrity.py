"""A file is whole if its last line is and it has as many rows as the server says."""

from __future__ import annotations

from typing import Any

import pytest

from metrics24._core.downloads import check_whole, rows_promised, warn_if_cut
from metrics24.errors import IntegrityError, TruncatedExportWarning
from metrics24.files.csv_import import CsvRecords


def counted(data: bytes) -> CsvRecords:
    """Count the records of a file."""
    records = CsvRecords()
    records.feed(data)
    return records


def promising(total: object) -> dict[str, Any]:
    """An export that has so many rows, as the server says."""
    return {"id": "e1", "results_meta": {"total": total}}


@pytest.mark.parametrize("export", [promising(2), promising(None), promising("2"), promising(True), {"id": "e1"}])
@pytest.mark.parametrize("data", [b"a,b\n1,2\n3,4\n", b'a,b\r\n1,"x\r\ny"\r\n3,4\r\n', b'a\n""\n"a""b"\n'])
def test_a_whole_file_passes(export: dict[str, Any], data: bytes) -> None:
    """Quoted line ends are no rows, and a server that does not say how many there are is believed."""
    check_whole(counted(data), export)
    assert counted(data).records == 2


@pytest.mark.parametrize("data", [b"a,b\n1,2\n3,", b'a,b\n1,"x', b'a,b\n1,"x\n', b"a,b"])
def test_fault_40_a_last_line_that_is_cut_is_an_integrity_error(data: bytes) -> None:
    """A file that ends in a line, or inside quotes, was cut, whatever its rows."""
    with pytest.raises(IntegrityError, match=r"e1 ends in the middle of a line.*verify=False"):
        check_whole(counted(data), promising(None))


@pytest.mark.parametrize(("data", "rows"), [(b"a,b\n1,2\n", 1), (b"a,b\n", 0), (b"", 0)])
@pytest.mark.parametrize("total", [2, 5_000_000])
def test_fault_45_another_number_of_rows_is_an_integrity_error(data: bytes, rows: int, total: int) -> None:
    """Fewer or more rows than the server says are told with both numbers and how to accept them."""
    with pytest.raises(IntegrityError, match=rf"e1 has {rows} rows.*says {total}\..*verify=False"):
        check_whole(counted(data), promising(total))


@pytest.mark.parametrize("data", [b"a,b\n", b""])
def test_an_export_of_no_rows_is_whole(data: bytes) -> None:
    """No rows are as good as any number, if the server says so."""
    check_whole(counted(data), promising(0))
    assert counted(data).records == 0


@pytest.mark.parametrize(
    ("export", "expected"),
    [
        (promising(0), 0),
        (promising(7), 7),
        (promising(False), None),
        (promising(7.0), None),
        ({"results_meta": None}, None),
        ({"results_meta": [7]}, None),
        ({}, None),
    ],
)
def test_only_a_whole_number_is_a_promise(export: dict[str, Any], expected: int | None) -> None:
    """Other values are no number of rows, and no reason to fail."""
    assert rows_promised(export) == expected


@pytest.mark.parametrize("rows", [10, 11])
def test_fault_45_an_export_at_the_limit_is_warned_of(rows: int) -> None:
    """As many rows as one export may have mean that there were more: the warning says how to split."""
    with pytest.warns(TruncatedExportWarning, match=rf"e1 has {rows} rows.*exports\.plan"):
        warn_if_cut(rows, promising(rows), 10)


def test_an_export_below_the_limit_is_not_warned_of(recwarn: pytest.WarningsRecorder) -> None:
    """One row less than the limit is all there is."""
    warn_if_cut(9, promising(9), 10)
    assert not recwarn.list
