"""Pages that wait: in memory up to a limit, beyond it in a file without a name."""

from __future__ import annotations

import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import evolve

from metrics24._io.prefetch import ParallelReader, SpillBuffer
from metrics24.arguments import ReportParams
from metrics24.errors import SaveError
from parallel.fake_days import days, one_after_the_other, served
from support.days import READINGS, Days, at, numbered
from support.fake_driver import FakeDriver, Row, Script, policy


def test_pages_come_back_as_they_were() -> None:
    """Pages that fit stay in memory, the others go into the file, and one that was taken makes room for another."""
    buffer, pages = SpillBuffer(10), [bytes([number]) * 4 for number in range(9)]
    tickets = [buffer.put(each) for each in pages]
    assert [isinstance(each, bytes) for each in tickets] == [True] * 2 + [False] * 7
    assert [buffer.take(each) for each in reversed(tickets)] == pages[::-1]
    for _ in range(3):
        assert isinstance(ticket := buffer.put(b"0123456789"), bytes)
        assert buffer.take(ticket) == b"0123456789"
    buffer.close()


def test_an_emptied_file_is_used_from_its_beginning() -> None:
    """The file does not grow for ever: once nothing is left in it, it is written from its beginning again."""
    buffer = SpillBuffer(0)
    one, two = buffer.put(b"one"), buffer.put(b"two")
    assert (one, two) == ((0, 3), (3, 3))
    assert [buffer.take(two), buffer.take(one)] == [b"two", b"one"]
    assert buffer.put(b"again") == (0, 5)
    buffer.close()


def test_an_emptied_file_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk gets its room back as soon as the last page was taken, and not only at the end of a paginator."""
    with tempfile.TemporaryFile() as file:
        monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: file)
        buffer = SpillBuffer(0)
        buffer.take(buffer.put(b"page"))
        assert os.fstat(file.fileno()).st_size == 0


def test_a_buffer_holds_64_mib_in_memory() -> None:
    """Waiting pages take that much memory and not a byte more, by default."""
    buffer = SpillBuffer()
    assert isinstance(buffer.put(bytes(64 * 1024 * 1024)), bytes)
    assert buffer.put(b"x") == (0, 1)
    buffer.close()


def test_the_file_has_no_name_and_needs_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing appears in the folder for temporary files, a closed buffer opens no file, a missing folder is named."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    buffer = SpillBuffer(0)
    buffer.put(b"page")
    assert list(tmp_path.iterdir()) == []
    buffer.close()
    assert isinstance(buffer.put(b"late"), bytes)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(SaveError, match=r"No such file or directory.*missing.*TMPDIR"):
        SpillBuffer(0).put(b"page")


def test_threads_may_share_a_buffer() -> None:
    """Pages put and taken by many threads at once are never mixed up."""
    buffer, barrier = SpillBuffer(1_000), threading.Barrier(8)

    def work(number: int) -> bool:
        barrier.wait()
        pages = [b"%d-%d" % (number, index) * 50 for index in range(200)]
        return [buffer.take(ticket) for ticket in [buffer.put(each) for each in pages]] == pages

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    buffer.close()


def read_all(server: Script, asked: ReportParams, buffer: SpillBuffer) -> tuple[ParallelReader, list[Row]]:
    """Return the reader and the rows of several days at once; all pages wait in a buffer before the first is given."""
    reader = ParallelReader(evolve(asked, parallel=3), policy(), {}, buffer=buffer)
    driver, rows = FakeDriver(server), list[Row]()
    while not reader.done:
        while (found := reader.next_flow()) is not None:
            reader.arrived(found[0], driver.run(found[1]))
        while not reader.done and (page := reader.take()) is not None:
            rows += reader.table(page).rows
    return reader, rows


@pytest.mark.parametrize("most", [0, 2_000, 64_000_000])
def test_rows_are_the_same_wherever_pages_waited(most: int) -> None:
    """Pages that went through the file give the rows that pages in memory give."""
    asked = days(4, page_size=3)
    server = served(Days(numbered([at(day, second) for day in range(5) for second in range(10)])))
    buffer = SpillBuffer(most)
    reader, rows = read_all(server, asked, buffer)
    assert rows == one_after_the_other(server, asked)
    reader.finish()
    assert isinstance(buffer.put(b"late"), bytes)  # it is closed, and opens no file any more


@pytest.mark.parametrize("limit", [0, 1, 49, 50, 51, 1_000])
def test_fault_29_a_limit_gives_the_newest_rows(limit: int) -> None:
    """With a limit several days at once give the newest rows, exactly as many as one paginator."""
    server = served(Days(numbered([at(day, second) for day in range(5) for second in range(10)])))
    rows = read_all(server, days(4, page_size=3, limit=limit), SpillBuffer())[1]
    assert rows == one_after_the_other(server, days(4, page_size=3))[:limit]


@pytest.mark.parametrize("reading", READINGS)
def test_reading_gives_back_the_memory_that_it_took(reading: str) -> None:
    """Once all rows are given, nothing is left in the buffer, not even the pages of days without rows."""
    most = 64_000
    buffer = SpillBuffer(most)
    assert len(read_all(served(Days(numbered([at(1), at(5, 9)]), reading)), days(6), buffer)[1]) == 2
    assert isinstance(buffer.put(bytes(most)), bytes)
    buffer.close()


def test_a_full_disk_surfaces_like_any_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A page that cannot be kept is an error where its rows would be."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    reader = ParallelReader(days(2), policy(), {}, buffer=SpillBuffer(0))
    found = reader.next_flow()
    assert found is not None
    reader.arrived(found[0], FakeDriver(served(Days(numbered([at(2)])))).run(found[1]))
    with pytest.raises(SaveError):
        reader.take()
