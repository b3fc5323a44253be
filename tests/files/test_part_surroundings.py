"""What stands beside a download: modes, links, other processes, full disks, kills."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from files.parts import DATA, ETAG, begun
from files.round_trip import files_in
from metrics24.errors import SaveError
from metrics24.files.partial import PartialDownload

PROGRAMS = Path(__file__).parents[1] / "programs"


@pytest.mark.parametrize(("mode", "meanwhile"), [(0o600, 0o600), (0o640, 0o640), (0o444, 0o644)])
def test_overwrite_keeps_the_permissions(tmp_path: Path, mode: int, meanwhile: int) -> None:
    """The new file is as the old one was, and its part is never wider, but for its owner, who may go on with it."""
    path = tmp_path / "x.csv"
    path.write_text("old")
    path.chmod(mode)
    with PartialDownload(path, overwrite=True, identity="e1") as part:
        part.write(0, DATA, ETAG)
        assert stat.S_IMODE((tmp_path / "x.csv.part").stat().st_mode) == meanwhile
        assert path.read_text() == "old"
        part.commit()
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (DATA, mode)


def test_a_file_system_without_permissions_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where modes cannot be changed, a file is overwritten all the same."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no modes here")

    monkeypatch.setattr(os, "chmod", refuse)
    path = tmp_path / "x.csv"
    path.write_text("old")
    begun(path)
    with PartialDownload(path, overwrite=True, identity="e1") as part:
        part.commit()
    assert path.read_bytes() == DATA


@pytest.mark.parametrize("name", ["x.csv.part", "x.csv.part.json"])
@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_in_the_way_is_not_followed(tmp_path: Path, name: str, dangling: bool) -> None:
    """What somebody laid as a link beside the target is an error, and what it leads to is untouched."""
    victim = tmp_path / "victim"
    if not dangling:
        victim.write_text("precious")
    (tmp_path / name).symlink_to(victim)
    path = tmp_path / "x.csv"
    if name.endswith("json"):
        begun(path)
        assert not (tmp_path / name).is_symlink()
    else:
        with pytest.raises(SaveError, match="could not be written"):
            PartialDownload(path, overwrite=False, identity="e1")
    assert not victim.exists() if dangling else victim.read_text() == "precious"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_something_else_in_the_way_is_an_error(tmp_path: Path, make: Any) -> None:
    """A folder or a pipe where the part should be is a SaveError, and nothing waits for it."""
    make(tmp_path / "x.csv.part")
    with pytest.raises(SaveError, match="could not be written"):
        PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1")


def test_a_part_that_is_the_target_too_is_not_written_to(tmp_path: Path) -> None:
    """After a kill between the two names of one file, the next save leaves the target whole until it commits."""
    path = tmp_path / "x.csv"
    begun(path)
    os.link(tmp_path / "x.csv.part", path)
    with PartialDownload(path, overwrite=True, identity="e1") as part:
        assert part.size == 0
        part.write(0, b"new\n", '"v2"')
        assert path.read_bytes() == DATA
        part.commit()
    assert (path.read_bytes(), files_in(tmp_path)) == (b"new\n", ["x.csv"])


def test_a_folder_in_place_of_the_label_is_an_error(tmp_path: Path) -> None:
    """Where it cannot be said what a part belongs to, nothing is begun, and the lock is let go."""
    (tmp_path / "x.csv.part.json").mkdir()
    for _ in range(2):
        with pytest.raises(SaveError, match=r"could not be written \(Is a directory\)"):
            PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1")


@pytest.mark.parametrize("replaced", [False, True])
def test_a_part_that_is_moved_away_while_it_is_opened_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    """When another save gets its file in between, what was opened is no part any more, and a new one is begun."""
    draft, gone, real_open = tmp_path / "x.csv.part", list[Path](), os.open

    def opening(path: Any, *options: Any, **more: Any) -> int:
        handle = real_open(path, *options, **more)
        if path == draft and not gone:
            gone.append(draft.rename(tmp_path / "elsewhere"))
            if replaced:
                draft.touch()
        return handle

    monkeypatch.setattr(os, "open", opening)
    begun(tmp_path / "x.csv")
    assert (draft.read_bytes(), gone[0].read_bytes()) == (DATA, b"")


def test_a_part_that_vanished_is_an_error(tmp_path: Path) -> None:
    """When somebody removed the part, the commit is a SaveError and the target is as it was."""
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        part.write(0, DATA, ETAG)
        (tmp_path / "x.csv.part").unlink()
        with pytest.raises(SaveError, match="could not be written"):
            part.commit()
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize("before", [None, "old"])
def test_fault_43_a_full_disk_keeps_what_has_arrived(tmp_path: Path, before: str | None) -> None:
    """When the system takes no more bytes a SaveError says so, the target is untouched, and the part is a beginning."""
    path = tmp_path / "x.csv"
    if before is not None:
        path.write_text(before)
    program = [sys.executable, "-W", "error", str(PROGRAMS / "part_full_disk.py"), str(path)]
    done = subprocess.run(program, text=True, capture_output=True, timeout=60, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    error, kept = done.stdout.splitlines()
    assert "(File too large)" in error
    assert "make room, then save again" in error
    assert kept in {f"{size} True" for size in range(15_000, 20_001)}
    assert (path.read_text() if path.exists() else None) == before


@pytest.mark.parametrize("blocks", [0, 1, 7])
def test_fault_48_a_killed_process_leaves_a_beginning(tmp_path: Path, blocks: int) -> None:
    """SIGKILL amid a download leaves the target free and lets go of the lock; the next save goes on and is whole."""
    path, data = tmp_path / "x.csv", b"".join(b"%06d\n" % number for number in range(10_000))
    program = [sys.executable, str(PROGRAMS / "part_killed.py"), str(path), str(blocks)]
    assert subprocess.run(program, timeout=60, check=False).returncode == -signal.SIGKILL
    assert not path.exists()
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        assert max(0, blocks * 4_000 - 10_000) <= part.size <= blocks * 4_000
        part.write(part.size, data[part.size :], ETAG)
        assert part.commit().rows == 9_999
    assert path.read_bytes() == data


def test_leaving_waits_for_a_thread_that_writes(tmp_path: Path) -> None:
    """When a save is cancelled while another thread writes, the write ends first, and what it wrote is kept."""
    writing, go_on = Event(), Event()

    class Blocking(bytes):
        def __len__(self) -> int:
            writing.set()
            assert go_on.wait(30)
            return super().__len__()

    part = PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1")
    writer = Thread(target=part.write, args=(0, Blocking(DATA), ETAG))
    leaver = Thread(target=part.__exit__, args=(None, None, None))
    writer.start()
    assert writing.wait(30)
    leaver.start()
    leaver.join(0.05)
    assert leaver.is_alive()
    go_on.set()
    writer.join()
    leaver.join()
    assert (tmp_path / "x.csv.part").read_bytes() == DATA


def test_reading_a_part_can_be_called_off(tmp_path: Path) -> None:
    """Whoever no longer wants the file need not wait until its part is read; the part stays, and is free."""
    begun(tmp_path / "x.csv")
    abandoned = Event()
    abandoned.set()
    with pytest.raises(SaveError, match="called off"):
        PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1", abandoned=abandoned)
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        assert (part.size, part.etag) == (len(DATA), ETAG)
