"""Types of CSV columns are found in the whole file, and never change a cell."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from files.round_trip import converted
from support import programs

AT_TEN = datetime(2025, 2, 28, 10)  # some exports have no time zone
CELLS = st.text("01.-e:T ", max_size=8)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["true", "", "false"], [True, None, False]),
        (["1", "-20", "", "0"], [1, -20, None, 0]),
        (["999999999999999999"], [999999999999999999]),
        (["1.50", "2", "-0.5", "1e-5", ""], [1.5, 2.0, -0.5, 1e-5, None]),
        (["0.30000000000000004"], [0.30000000000000004]),
        (["2025-02-28", ""], [date(2025, 2, 28), None]),
        (["2025-02-28 10:00:00", "2025-02-28T10:00:00.5"], [AT_TEN, AT_TEN.replace(microsecond=500_000)]),
        (["2025-02-28T10:00:00Z", "2025-02-28T12:00:00+02:00"], [AT_TEN.replace(tzinfo=UTC)] * 2),
    ],
)
def test_inferred_types_hold_every_cell(tmp_path: Path, cells: list[str], values: list[object]) -> None:
    """Booleans, integers, numbers, days and times become values of their type, and empty cells become null."""
    data = "a,b\n" + "".join(f"{cell},\n" for cell in cells)
    assert converted(tmp_path, data.encode(), infer_types=True) == {"a": values, "b": [""] * len(cells)}


@pytest.mark.parametrize(
    "cells",
    [
        ["007", "1"],
        ["00.5"],
        ["12345678901234567890"],
        ["1234567890123456789"],
        ["1.5", "1234567890123456"],
        ["0.123456789012345678"],
        ["1e999"],
        ["+1"],
        [" 1"],
        ["-0"],
        ["NaN", "1.5"],
        ["inf"],
        ["1", "true"],
        ["True"],
        ["1", "x", ""],
        ["2025-02-30"],
        ["2025-02-28", "2025-02-28T10:00:00Z"],
        ["2025-02-28T10:00:00Z", "2025-02-28T10:00:00"],
        ["2025-02-28T25:00:00Z"],
        ["1\n"],
    ],
)
def test_what_a_type_would_change_stays_text(tmp_path: Path, cells: list[str]) -> None:
    """Leading zeros, long integers, too many digits, mixtures and impossible days stay the text that they were."""
    data = "a\n" + "".join(f'"{cell}"\n' for cell in cells)
    assert converted(tmp_path, data.encode(), infer_types=True) == {"a": cells}


@settings(deadline=None)  # the first example loads what all need
@given(st.lists(st.one_of(st.integers().map(str), st.floats().map(repr), st.booleans().map(str), CELLS), max_size=6))
def test_inferring_never_fails_and_never_loses(tmp_path_factory: pytest.TempPathFactory, cells: list[str]) -> None:
    """Whatever the cells are, those of a typed column read back as the same numbers, and others as the same text."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a"], *([cell] for cell in cells)])
    [values] = converted(tmp_path_factory.mktemp("csv"), text.getvalue().encode(), infer_types=True).values()
    for cell, value in zip(cells, values, strict=True):
        expected: object = type(value)(cell) if isinstance(value, int | float) else cell or value
        assert value == expected


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file_and_types_hold_to_its_end(tmp_path: Path) -> None:
    """A million rows take little more memory than a tenth, and one text in the last row makes its column text."""
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    texts = ",".join(f"some longer text in cell {place}" for place in range(6))
    for path, rows in ((small, 100_000), (large, 1_000_000)):
        with path.open("w") as file:
            file.write("id,number,time,a,b,c,d,e,f\n")
            file.writelines(f"{row},{row}.5,2025-02-01T10:00:00Z,{texts}\n" for row in range(rows))
            file.write(f"1,last,2025-02-01T10:00:00Z,{texts}\n")
    lines = programs.output("converting", str(small), str(large), timeout=120)
    [(few, early), (many, late)] = [line.split() for line in lines]
    assert (int(few), int(many)) == (100_001, 1_000_001)
    assert float(late) - float(early) < 60
    types = [str(kind) for kind in parquet.read_schema(large.with_suffix(".parquet")).types[:4]]
    assert types == ["int64", "string", "timestamp[us, tz=UTC]", "string"]
