"""Files appear whole or not at all, and never in place of one that was not to be replaced."""

import errno
import os
import signal
import stat
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from pyarrow import parquet

from files.round_trip import COLUMNS, files_in, read_csv, save
from metrics24.errors import SaveError, UsageError
from metrics24.files.writers import open_writer
from support import programs

SUFFIXES = ("csv", "jsonl", "parquet")


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
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, None])
def test_early_ends_leave_nothing(tmp_path: Path, suffix: str, count: int, error: type[BaseException] | None) -> None:
    """Whatever ends the block before the commit, an error, Ctrl-C or nothing, the folder is as it was before."""

    def write_and_fail() -> None:
        with open_writer(tmp_path / f"rows.{suffix}", columns=COLUMNS) as file:
            file.write(rows_of("A", count))
            if error is not None:
                raise error

    with pytest.raises(error) if error is not None else nullcontext():
        write_and_fail()
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


@pytest.mark.parametrize("overwrite", [False, True])
def test_places_that_take_no_file_are_refused(tmp_path: Path, overwrite: bool) -> None:
    """A folder in the way, and folders that are missing or take no files, are a UsageError before any row."""
    (tmp_path / "folder.csv").mkdir()
    for path, words in (
        (tmp_path / "folder.csv", "not a regular file"),
        (tmp_path / "none" / "rows.csv", "does not exist; create it"),
        (Path("/proc/rows.csv"), "cannot be written to"),
    ):
        with pytest.raises(UsageError, match=words):
            open_writer(path, columns=COLUMNS, overwrite=overwrite)
    assert files_in(tmp_path) == ["folder.csv"]


def test_a_name_as_long_as_the_file_system_allows_is_fine(tmp_path: Path) -> None:
    """The unfinished file's name does not grow with the target's."""
    save(tmp_path / f"{'n' * 251}.csv", rows_of("A"))
    assert files_in(tmp_path) == [f"{'n' * 251}.csv"]


@pytest.mark.parametrize("hard_links", [True, False])
def test_fault_65_one_of_two_writers_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard_links: bool) -> None:
    """Of two writers to one free path one appears whole and the other gets a SaveError, without hard links too."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links here")

    if not hard_links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "rows.csv"
    first, second = (open_writer(path, columns=COLUMNS) for _ in range(2))
    first.write(rows_of("first"))
    second.write(rows_of("second"))
    first.commit()
    with second, pytest.raises(SaveError, match=r"appeared while .* overwrite=True"):
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
    assert "could not be written (File too large)" in "".join(programs.output("full_disk", str(path)))
    assert files_in(tmp_path) == before
    assert overwrite == "new" or path.read_text() == "old"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_killed_process_leaves_no_half_file_under_the_name(tmp_path: Path, suffix: str) -> None:
    """SIGKILL amid writing leaves the path free, and the same call then succeeds."""
    path = tmp_path / f"rows.{suffix}"
    with programs.start("killed", str(path)) as program:
        assert program.wait(60) == -signal.SIGKILL
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


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
@pytest.mark.parametrize("overwrite", [False, True])
def test_new_files_have_the_permissions_of_the_umask(tmp_path: Path, umask: int, mode: int, overwrite: bool) -> None:
    """A new file is as readable as any other that the process creates."""
    before = os.umask(umask)
    try:
        saved = save(tmp_path / "rows.csv", rows_of("A", 1), overwrite=overwrite)
    finally:
        os.umask(before)
    assert stat.S_IMODE(saved.path.stat().st_mode) == mode


@pytest.mark.parametrize("dangling", [False, True])
def test_overwriting_a_link_replaces_the_link(tmp_path: Path, dangling: bool) -> None:
    """A symbolic link becomes a file of its own, and what it led to is left alone."""
    aim = tmp_path / "aim.csv"
    if not dangling:
        aim.write_text("mine")
    link = tmp_path / "rows.csv"
    link.symlink_to(aim)
    save(link, rows_of("A", 1), overwrite=True)
    assert not link.is_symlink()
    assert [line[0] for line in read_csv(link)] == ["real_tx_id", "A"]
    assert files_in(tmp_path) == (["rows.csv"] if dangling else ["aim.csv", "rows.csv"])
    assert dangling or aim.read_text() == "mine"


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_unfinished_file_that_someone_removed_is_an_error(tmp_path: Path, overwrite: bool) -> None:
    """A hidden file that was removed before the commit is a SaveError, and the path is as it was."""
    path = tmp_path / "rows.csv"
    if overwrite:
        path.write_text("old")
    before = files_in(tmp_path)
    with open_writer(path, columns=COLUMNS, overwrite=overwrite) as file:
        file.write(rows_of("A", 1))
        [hidden] = tmp_path.glob(".metrics24-*.tmp")
        hidden.unlink()
        with pytest.raises(SaveError, match="could not be written"):
            file.commit()
    assert files_in(tmp_path) == before
    assert not overwrite or path.read_text() == "old"


def race(path: Path, *options: str) -> tuple[list[str], list[str]]:
    """Let two processes write, then commit at the same time; give what they said and the values in the file."""
    program = [sys.executable, "-W", "error", str(programs.PROGRAMS / "racing.py"), str(path)]
    racers = [
        subprocess.Popen([*program, name, *options], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in ("first", "second")
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60)[0].strip() for racer in racers]
    return said, [line[0] for line in read_csv(path)[1:]]


@pytest.mark.parametrize("options", [[], ["overwrite"]])
def test_fault_65_of_two_racing_processes_one_wins_whole(tmp_path: Path, options: list[str]) -> None:
    """The file is that of one process, whole; without overwrite the other one gets a SaveError."""
    said, values = race(tmp_path / "rows.csv", *options)
    assert sorted(said) == (["saved", "saved"] if options else ["SaveError", "saved"])
    winners = [name for name, word in zip(("first", "second"), said, strict=True) if word == "saved"]
    assert values in [[name] * 3_000 for name in winners]
    assert files_in(tmp_path) == ["rows.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, suffix: str) -> None:
    """Of 300,000 rows of 1 KB the last 200,000, which are 190 MiB of text, raise the peak by less than 40 MiB."""
    lines = programs.output("long_file", str(tmp_path / f"rows.{suffix}"), timeout=120)
    rows, early, late = map(float, " ".join(lines).split())
    assert rows == 300_000
    assert late - early < 40
