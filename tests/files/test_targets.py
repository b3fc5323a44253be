"""Files appear whole or not at all, and never in place of one that was not to be replaced."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from pyarrow import parquet

from files.round_trip import COLUMNS, files_in, read_csv, save
from metrics24.errors import SaveError, UsageError
from metrics24.files.writers import open_writer

SUFFIXES = ("csv", "jsonl", "parquet")
PROGRAMS = Path(__file__).parents[1] / "programs"


def rows_of(text: str, count: int = 10) -> list[dict[str, str]]:
    """Give rows that all say the same."""
    return [{"real_tx_id": text}] * count


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_appears_before_the_commit(tmp_path: Path, suffix: str) -> None:
    """While rows are written the path stays free, and after the commit it is the only file."""
    path = tmp_path / f"rows.{suffix}"
    with open_writer(path, columns=COLUMNS) as file:
        file.write(rows_of("A", 2_500))
        assert not path.exists()
        saved = file.commit()
        assert path.stat().st_size == saved.bytes
    assert files_in(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("count", [0, 10, 2_500])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_on_the_way_leaves_nothing(
    tmp_path: Path, suffix: str, count: int, error: type[BaseException]
) -> None:
    """Whatever ends the block, Ctrl-C included, the folder is as it was before."""

    def write_and_fail() -> None:
        with open_writer(tmp_path / f"rows.{suffix}", columns=COLUMNS) as file:
            file.write(rows_of("A", count))
            raise error

    with pytest.raises(error):
        write_and_fail()
    assert files_in(tmp_path) == []


def test_leaving_without_a_commit_leaves_nothing(tmp_path: Path) -> None:
    """A block that ends before the commit gives its rows up."""
    with open_writer(tmp_path / "rows.csv", columns=COLUMNS) as file:
        file.write(rows_of("A"))
    assert files_in(tmp_path) == []


def test_a_completed_file_takes_nothing_more(tmp_path: Path) -> None:
    """Writing or committing after the commit is a UsageError, and aborting then does no harm."""
    with open_writer(tmp_path / "rows.csv", columns=COLUMNS) as file:
        file.commit()
        with pytest.raises(UsageError, match="completed or given up"):
            file.write(rows_of("A"))
        with pytest.raises(UsageError, match="completed or given up"):
            file.commit()
        file.abort()
    assert files_in(tmp_path) == ["rows.csv"]


def test_fault_44_an_existing_file_is_refused_before_any_row(tmp_path: Path) -> None:
    """Without overwrite a path that is taken, even by a dangling link, is a UsageError that names the remedy."""
    (tmp_path / "rows.csv").write_text("mine")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
    for name in ("rows.csv", "link.csv"):
        with pytest.raises(UsageError, match="overwrite=True"):
            open_writer(tmp_path / name, columns=COLUMNS)
    assert (tmp_path / "rows.csv").read_text() == "mine"
    assert files_in(tmp_path) == ["link.csv", "rows.csv"]


def test_overwrite_replaces_at_the_end_and_keeps_the_permissions(tmp_path: Path) -> None:
    """With overwrite the old file stays until the commit, and the new one is no more widely readable."""
    path = tmp_path / "rows.csv"
    path.write_text("old")
    path.chmod(0o600)
    with open_writer(path, columns=COLUMNS, overwrite=True) as file:
        file.write(rows_of("A"))
        assert path.read_text() == "old"
        assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o600}
        file.commit()
    assert len(read_csv(path)) == 11
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_overwrite_of_nothing_is_fine(tmp_path: Path) -> None:
    """Overwrite means may, not must."""
    assert save(tmp_path / "rows.csv", rows_of("A"), overwrite=True).rows == 10


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_and_devices_are_refused(tmp_path: Path, overwrite: bool) -> None:
    """Something that is no regular file is never replaced."""
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UsageError, match="not a regular file"):
        open_writer(tmp_path / "folder.csv", columns=COLUMNS, overwrite=overwrite)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A folder that does not exist is a UsageError before any row, not created in passing."""
    with pytest.raises(UsageError, match="does not exist; create it"):
        open_writer(tmp_path / "none" / "rows.csv", columns=COLUMNS)
    assert files_in(tmp_path) == []


def test_a_folder_that_takes_no_files_is_refused() -> None:
    """A folder in which nothing can be created is a UsageError before any row."""
    with pytest.raises(UsageError, match="cannot be written to"):
        open_writer("/proc/rows.csv", columns=COLUMNS)


def test_a_name_as_long_as_the_file_system_allows_is_fine(tmp_path: Path) -> None:
    """The unfinished file's name does not grow with the target's."""
    save(tmp_path / f"{'n' * 251}.csv", rows_of("A"))
    assert files_in(tmp_path) == [f"{'n' * 251}.csv"]


def test_fault_65_of_two_that_save_to_one_path_one_wins_whole(tmp_path: Path) -> None:
    """If two writers commit to one free path, one file appears whole and the other writer gets a SaveError."""
    path = tmp_path / "rows.csv"
    first, second = (open_writer(path, columns=COLUMNS) for _ in range(2))
    first.write(rows_of("first"))
    second.write(rows_of("second"))
    first.commit()
    with second, pytest.raises(SaveError, match=r"appeared while .* overwrite=True"):
        second.commit()
    assert [line[0] for line in read_csv(path)[1:]] == ["first"] * 10
    assert files_in(tmp_path) == ["rows.csv"]


def test_file_systems_without_hard_links_replace_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system without hard links a file appears whole too, and never in place of another."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "rows.csv"
    first, second = (open_writer(path, columns=COLUMNS) for _ in range(2))
    first.write(rows_of("first"))
    first.commit()
    with second, pytest.raises(SaveError, match="appeared while"):
        second.commit()
    assert [line[0] for line in read_csv(path)[1:]] == ["first"] * 10
    assert files_in(tmp_path) == ["rows.csv"]


def test_fault_65_overwriting_one_path_from_many_threads_mixes_nothing(tmp_path: Path) -> None:
    """If many writers replace one path at the same time, the file is one of theirs, whole."""
    path = tmp_path / "rows.parquet"
    together = Barrier(8)

    def overwrite(name: str) -> None:
        with open_writer(path, columns=COLUMNS, overwrite=True) as file:
            file.write(rows_of(name, 1_200))
            together.wait(30)
            file.commit()

    threads = [Thread(target=overwrite, args=(f"thread {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = parquet.read_table(path)["real_tx_id"].to_pylist()
    assert (len(names), len(set(names))) == (1_200, 1)
    assert files_in(tmp_path) == ["rows.parquet"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("overwrite", ["new", "old"])
def test_a_full_disk_leaves_the_target_untouched(tmp_path: Path, suffix: str, overwrite: str) -> None:
    """A full disk is a SaveError, the old file stays, and nothing else is left."""
    path = tmp_path / f"rows.{suffix}"
    if overwrite == "old":
        path.write_text("old")
    before = files_in(tmp_path)
    program = [sys.executable, "-W", "error", str(PROGRAMS / "full_disk.py"), str(path)]
    done = subprocess.run(program, text=True, capture_output=True, timeout=60, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    assert "could not be written (File too large)" in done.stdout
    assert files_in(tmp_path) == before
    assert overwrite == "new" or path.read_text() == "old"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_killed_process_leaves_no_half_file_under_the_name(tmp_path: Path, suffix: str) -> None:
    """SIGKILL amid writing leaves the path free, and the same call then succeeds."""
    path = tmp_path / f"rows.{suffix}"
    program = [sys.executable, str(PROGRAMS / "killed.py"), str(path)]
    assert subprocess.run(program, timeout=60, check=False).returncode == -signal.SIGKILL
    assert not path.exists()
    assert save(path, rows_of("A")).rows == 10


def test_aborting_waits_for_a_thread_that_writes(tmp_path: Path) -> None:
    """An abort while another thread writes, as when an async save is cancelled, lets the write end first."""
    writing, go_on = Event(), Event()

    class Blocking(dict[str, object]):
        def keys(self) -> Any:
            writing.set()
            assert go_on.wait(30)
            return super().keys()

    file = open_writer(tmp_path / "rows.parquet", columns=COLUMNS)
    writer = Thread(target=file.write, args=([Blocking(real_tx_id="A")] * 1_000,))
    aborter = Thread(target=file.abort)
    writer.start()
    assert writing.wait(30)
    aborter.start()
    aborter.join(0.05)
    assert aborter.is_alive()
    go_on.set()
    writer.join()
    aborter.join()
    assert files_in(tmp_path) == []
