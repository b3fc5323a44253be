"""Partial downloads: kept beside their target, continued by a later attempt, and mixed with nothing else."""

import errno
import json
import os
import signal
import stat
from contextlib import nullcontext
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from files.round_trip import files_in
from metrics24.errors import SaveError, UsageError
from metrics24.files.atomic import Saved
from metrics24.files.partial import PartialDownload
from support import programs

DATA = b"a,b\n" + b"1,2\n" * 5
ETAG = '"v1"'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path to download to."""
    return tmp_path / "x.csv"


def begun(path: Path, data: bytes = DATA, *, identity: str = "e1", etag: str = ETAG) -> None:
    """Leave a part behind."""
    with PartialDownload(path, overwrite=True, identity=identity) as part:
        part.write(0, data, etag)


def test_a_part_becomes_the_file(tmp_path: Path, path: Path) -> None:
    """The target stays free while the part grows; after the commit the file is the only one left."""
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        part.write(0, DATA[:10], ETAG)
        part.write(10, DATA[10:], ETAG)
        assert files_in(tmp_path) == ["x.csv.part", "x.csv.part.json"]
        saved = part.commit()
    assert saved == Saved(path, rows=5, bytes=len(DATA), misfits=0)
    assert (files_in(tmp_path), path.read_bytes()) == (["x.csv"], DATA)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_fault_48_a_later_attempt_goes_on_with_the_part(path: Path, error: type[BaseException]) -> None:
    """After any error or Ctrl-C, the next attempt goes on behind the last byte, with version and row count."""

    def interrupted() -> None:
        with PartialDownload(path, overwrite=False, identity="e1") as part:
            part.write(0, DATA[:10], ETAG)
            raise error

    with pytest.raises(error):
        interrupted()
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        assert (part.size, part.etag, part.records.records) == (10, ETAG, 2)
        part.write(10, DATA[10:], ETAG)
        assert part.commit().rows == 5
    assert path.read_bytes() == DATA


@pytest.mark.parametrize("error", [RuntimeError, None])
def test_an_empty_part_is_removed(tmp_path: Path, path: Path, error: type[Exception] | None) -> None:
    """If no byte arrived, nothing is left, not even an older label."""
    begun(path, b"")

    def nothing() -> None:
        with PartialDownload(path, overwrite=False, identity="e1"):
            if error is not None:
                raise error

    with pytest.raises(error) if error is not None else nullcontext():
        nothing()
    assert files_in(tmp_path) == []


def test_bytes_without_a_version_are_not_continued(path: Path) -> None:
    """A part of unknown version is dropped, by an attempt at its own export and at the one that an old label names."""
    begun(path, identity="one")
    begun(path, b"other bytes\n", identity="two", etag="")
    for identity in ("one", "two"):
        with PartialDownload(path, overwrite=False, identity=identity) as part:
            assert (part.size, part.etag) == (0, "")
        begun(path, b"other bytes\n", identity="two", etag="")


@pytest.mark.parametrize(
    "label",
    [
        *(b"", b"{", b"\xff", b"[]", b"null", b'{"etag": "x"}', None),
        *(b'{"export": "e1"}', b'{"export": "e1", "etag": 5}', b'{"export": "e1", "etag": ""}'),
    ],
)
def test_a_broken_label_starts_over(tmp_path: Path, path: Path, label: bytes | None) -> None:
    """A kill while the label is written costs the bytes that had arrived, and nothing else."""
    begun(path)
    file = tmp_path / "x.csv.part.json"
    file.unlink() if label is None else file.write_bytes(label)
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        assert part.size == 0
        part.write(0, DATA, ETAG)
        part.commit()
    assert (path.read_bytes(), files_in(tmp_path)) == (DATA, ["x.csv"])


def test_a_new_version_replaces_what_was_there(tmp_path: Path, path: Path) -> None:
    """A block at 0 starts over: its version is written first, and only its rows are counted."""
    begun(path)
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        part.write(0, b"n\n1\n", '"v2"')
        assert json.loads((tmp_path / "x.csv.part.json").read_text()) == {"export": "e1", "etag": '"v2"'}
        assert (part.size, part.records.records) == (4, 1)
        part.write(4, b"", '"v2"')
        assert part.commit().bytes == 4
    assert path.read_bytes() == b"n\n1\n"


@pytest.mark.parametrize(("data", "rows"), [(b"", 0), (b"a,b\n1,2\n", 1)])
def test_a_shorter_file_or_another_export_replaces_what_was_there(tmp_path: Path, data: bytes, rows: int) -> None:
    """A shorter version, an empty one too, and another export leave nothing of the bytes that were there."""
    for name, identity in (("x.csv", "e1"), ("y.csv", "e2")):
        begun(tmp_path / name)
        with PartialDownload(tmp_path / name, overwrite=False, identity=identity) as part:
            assert identity == "e1" or (part.size, part.etag, part.records.records) == (0, "", 0)
            part.write(0, data, '"v2"')
            assert (part.size, part.commit().rows) == (len(data), rows)
        assert (tmp_path / name).read_bytes() == data


def test_a_version_that_becomes_unknown_is_forgotten(tmp_path: Path) -> None:
    """If a download goes on without a version, a later attempt does not go on with its bytes."""
    begun(tmp_path / "x.csv")
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        part.write(0, b"a\n", "")
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        assert part.size == 0


def test_fault_48_a_part_in_use_is_left_alone(path: Path) -> None:
    """A second part at one path is refused before it touches the first one, until that has ended."""
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        part.write(0, DATA, ETAG)
        for identity in ("e1", "other"):
            with pytest.raises(SaveError, match="being written by another process"):
                PartialDownload(path, overwrite=False, identity=identity)
        part.commit()
    assert path.read_bytes() == DATA
    begun(path)


def test_a_part_that_ended_refuses_more_bytes(tmp_path: Path) -> None:
    """Writing or committing after the end is a SaveError, and leaving again does no harm."""
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        part.write(0, DATA, ETAG)
        part.commit()
        for late in (lambda: part.write(len(DATA), b"x", ETAG), part.commit):
            with pytest.raises(SaveError, match="ended before"):
                late()
    assert (tmp_path / "x.csv").read_bytes() == DATA


def test_fault_44_a_target_that_exists_is_refused_at_once(tmp_path: Path) -> None:
    """Without overwrite nothing is begun beside a file that is there, or in a folder that is not."""
    (tmp_path / "x.csv").write_text("mine")
    with pytest.raises(UsageError, match="overwrite=True"):
        PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1")
    with pytest.raises(UsageError, match="create it"):
        PartialDownload(tmp_path / "none" / "x.csv", overwrite=False, identity="e1")
    assert files_in(tmp_path) == ["x.csv"]


def test_fault_65_a_target_that_appears_meanwhile_is_left_as_it_is(tmp_path: Path, path: Path) -> None:
    """The error says that nothing needs to be fetched again, and with overwrite nothing is."""
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        part.write(0, DATA, ETAG)
        path.write_text("theirs")
        with pytest.raises(SaveError, match=r"appeared during the download.*overwrite=True"):
            part.commit()
    assert path.read_text() == "theirs"
    with PartialDownload(path, overwrite=True, identity="e1") as part:
        assert part.size == len(DATA)
        part.commit()
    assert (path.read_bytes(), files_in(tmp_path)) == (DATA, ["x.csv"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o000])
def test_new_files_have_the_modes_of_the_umask(tmp_path: Path, mask: int) -> None:
    """The part and its label have the permissions of the umask, and are not executable."""
    before = os.umask(mask)
    try:
        begun(tmp_path / "clicks.csv")
        made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert made == dict.fromkeys(["clicks.csv.part", "clicks.csv.part.json"], 0o666 & ~mask)


@pytest.mark.parametrize(("mode", "meanwhile"), [(0o600, 0o600), (0o640, 0o640), (0o444, 0o644)])
def test_overwrite_keeps_the_permissions(tmp_path: Path, path: Path, mode: int, meanwhile: int) -> None:
    """The new file has the old one's permissions, and its part no wider ones, but its owner can go on with it."""
    path.write_text("old")
    path.chmod(mode)
    with PartialDownload(path, overwrite=True, identity="e1") as part:
        part.write(0, DATA, ETAG)
        assert stat.S_IMODE((tmp_path / "x.csv.part").stat().st_mode) == meanwhile
        assert path.read_text() == "old"
        part.commit()
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (DATA, mode)


def test_a_file_system_without_permissions_works(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is overwritten even if modes cannot be changed."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no modes here")

    monkeypatch.setattr(os, "chmod", refuse)
    path.write_text("old")
    begun(path)
    with PartialDownload(path, overwrite=True, identity="e1") as part:
        part.commit()
    assert path.read_bytes() == DATA


@pytest.mark.parametrize("name", ["x.csv.part", "x.csv.part.json"])
@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_in_the_way_is_not_followed(tmp_path: Path, path: Path, name: str, dangling: bool) -> None:
    """A link in place of the part is an error, one in place of the label is replaced; their targets stay untouched."""
    victim = tmp_path / "victim"
    if not dangling:
        victim.write_text("precious")
    (tmp_path / name).symlink_to(victim)
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


def test_a_part_that_is_the_target_too_is_not_written_to(tmp_path: Path, path: Path) -> None:
    """After a kill between the two names of one file, the next save leaves the target whole until it commits."""
    begun(path)
    os.link(tmp_path / "x.csv.part", path)
    with PartialDownload(path, overwrite=True, identity="e1") as part:
        assert part.size == 0
        part.write(0, b"new\n", '"v2"')
        assert path.read_bytes() == DATA
        part.commit()
    assert (path.read_bytes(), files_in(tmp_path)) == (b"new\n", ["x.csv"])


def test_a_folder_in_place_of_the_label_is_an_error(tmp_path: Path) -> None:
    """If no label can be written, nothing is begun, and the lock is released."""
    (tmp_path / "x.csv.part.json").mkdir()
    for _ in range(2):
        with pytest.raises(SaveError, match=r"could not be written \(Is a directory\)"):
            PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1")


@pytest.mark.parametrize("replaced", [False, True])
def test_a_part_that_moves_is_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: bool) -> None:
    """If another save commits in between, the opened file is no part any more, and a new one is begun."""
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
    """If the part was removed, the commit is a SaveError and the target is as it was."""
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        part.write(0, DATA, ETAG)
        (tmp_path / "x.csv.part").unlink()
        with pytest.raises(SaveError, match="could not be written"):
            part.commit()
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize("before", [None, "old"])
def test_fault_43_a_full_disk_keeps_what_has_arrived(path: Path, before: str | None) -> None:
    """A full disk is a SaveError, the target is untouched, and the part can be continued."""
    if before is not None:
        path.write_text(before)
    error, kept = programs.output("part_full_disk", str(path))
    assert "(File too large)" in error
    assert "make room, then save again" in error
    assert kept in {f"{size} True" for size in range(15_000, 20_001)}
    assert (path.read_text() if path.exists() else None) == before


@pytest.mark.parametrize("blocks", [0, 1, 7])
def test_fault_48_a_killed_process_leaves_a_beginning(tmp_path: Path, blocks: int) -> None:
    """SIGKILL amid a download leaves the target free and releases the lock; the next save continues to a whole file."""
    path, data = tmp_path / "x.csv", b"".join(b"%06d\n" % number for number in range(10_000))
    with programs.start("part_killed", str(path), str(blocks)) as program:
        assert program.wait(60) == -signal.SIGKILL
    assert not path.exists()
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        assert max(0, blocks * 4_000 - 10_000) <= part.size <= blocks * 4_000
        part.write(part.size, data[part.size :], ETAG)
        assert part.commit().rows == 9_999
    assert path.read_bytes() == data


def test_leaving_waits_for_a_thread_that_writes(tmp_path: Path) -> None:
    """If a save is cancelled while another thread writes, the write ends first, and its bytes are kept."""
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
    """Abandoning a save ends the reading of its part; the part stays, and is not locked."""
    begun(tmp_path / "x.csv")
    abandoned = Event()
    abandoned.set()
    with pytest.raises(SaveError, match="called off"):
        PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1", abandoned=abandoned)
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        assert (part.size, part.etag) == (len(DATA), ETAG)
