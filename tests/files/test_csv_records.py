"""Counting a CSV file's records without reading its cells."""

import csv
import io
from collections.abc import Iterable
from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics24.files.csv_import import CsvRecords

CELLS = st.text('ab",;\n\ré=', max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6)
CUTS = st.lists(st.integers(0, 200), max_size=8)
STYLES: dict[str, int] = {"minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL}


def written(table: list[list[str]], line_end: str, style: str) -> bytes:
    """Write a table as CSV with Python's own writer."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=STYLES[style]).writerows(table)  # type: ignore[arg-type]
    return text.getvalue().encode()


def fed(blocks: Iterable[bytes]) -> CsvRecords:
    """Feed blocks to a counter."""
    counter = CsvRecords()
    for block in blocks:
        counter.feed(block)
    return counter


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut data at some places, empty blocks among them."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


def lines_read(data: bytes) -> int | None:
    """Count the lines that Python's reader finds, or None if it says that the data end inside quotes."""
    try:
        return len(list(csv.reader(io.StringIO(data.decode(errors="replace"), newline=""), strict=True)))
    except csv.Error:
        return None


@given(TABLES, CUTS, st.sampled_from(["\n", "\r\n"]), st.sampled_from(sorted(STYLES)))
def test_fault_46_records_are_counted(table: list[list[str]], cuts: list[int], line_end: str, style: str) -> None:
    """However the bytes are split, quoted line ends, doubled quotes and blank lines are counted as a reader does."""
    counter = fed(split(written(table, line_end, style), cuts))
    assert counter.records == max(0, len(table) - 1)
    assert counter.ended
    assert not counter.open_quote


# With these Python's writer quotes a CR in a cell; where it does not its own reader takes it for a line end.
@given(TABLES, CUTS, st.integers(0, 200), st.sampled_from([("\n", "all"), ("\r\n", "all"), ("\r\n", "minimal")]))
def test_fault_40_a_cut_is_seen(table: list[list[str]], cuts: list[int], length: int, form: tuple[str, str]) -> None:
    """Of any beginning of a file it is known whether it ends inside quotes or with a line end, and its records."""
    data = written(table, *form)[:length]
    counter = fed(split(data, cuts))
    lines = lines_read(data)
    assert counter.open_quote == (lines is None)
    if lines is not None:
        assert counter.records == max(0, lines - 1)
        assert counter.ended == (data == b"" or data.endswith(b"\n"))
    else:
        assert not counter.ended


@pytest.mark.parametrize(
    ("data", "records", "ended", "open_quote"),
    [
        (b"", 0, True, False),
        (b"a,b", 0, False, False),
        (b"a,b\r\n", 0, True, False),
        (b"a,b\r\n1", 1, False, False),
        (b"a,b\r\n1,2\r", 1, False, False),
        (b'a,b\n1,"2\n', 1, False, True),
        (b'a,b\n1,"2\n"', 1, False, False),
        (b'a,b\n1,"2\n""\n"\n', 1, True, False),
        (b'\xef\xbb\xbf"a\n"\n1\n', 1, True, False),
        (b"a\n\n\n", 2, True, False),
        (b"a\n\x00\xff\n", 1, True, False),
    ],
)
def test_examples_at_the_edges(data: bytes, records: int, ended: bool, open_quote: bool) -> None:
    """Nothing, a header, cut lines, open and closed quotes, a byte order mark, blank lines, bytes that are no text."""
    for counter in (fed([data]), fed(data[place : place + 1] for place in range(len(data)))):
        assert (counter.records, counter.ended, counter.open_quote) == (records, ended, open_quote)


@pytest.mark.parametrize("line", [b"id,2025-02-01,offer,ok\r\n", b'"id","2025-02-01","say ""hi""","two\nlines"\r\n'])
def test_counting_is_faster_than_any_download(line: bytes) -> None:
    """Quoted or not, more than 100 MB are counted in a second, and a slow machine's best of three tries shows it."""
    block = line * (2**20 // len(line))
    rates = []
    for _ in range(3):
        start = perf_counter()
        fed([block] * 8)
        rates.append(8 * len(block) / (perf_counter() - start))
    assert max(rates) > 100e6
