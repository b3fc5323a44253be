"""What has arrived of a download is kept beside its target, taken up again, and mixed with nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from files.parts import DATA, ETAG, begun
from files.round_trip import files_in
from metrics24.errors import SaveError, UsageError
from metrics24.files.atomic import Saved
from metrics24.files.partial import PartialDownload


def test_a_part_becomes_the_file(tmp_path: Path) -> None:
    """While it grows the target stays free; committed, the file is the only one left."""
    path = tmp_path / "x.csv"
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        part.write(0, DATA[:10], ETAG)
        part.write(10, DATA[10:], ETAG)
        assert files_in(tmp_path) == ["x.csv.part", "x.csv.part.json"]
        saved = part.commit()
    assert saved == Saved(path, rows=5, bytes=len(DATA), misfits=0)
    assert (files_in(tmp_path), path.read_bytes()) == (["x.csv"], DATA)


def test_an_empty_file_can_be_committed(tmp_path: Path) -> None:
    """An export without a byte is a file all the same."""
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        assert part.commit().bytes == 0
    assert files_in(tmp_path) == ["x.csv"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_fault_48_what_has_arrived_is_taken_up_again(tmp_path: Path, error: type[BaseException]) -> None:
    """Whatever ended it, the same file goes on behind its last byte, with its version and its rows counted."""
    path = tmp_path / "x.csv"

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
def test_an_empty_part_is_removed(tmp_path: Path, error: type[Exception] | None) -> None:
    """Where nothing arrived, nothing is left, an older label included."""
    path = tmp_path / "x.csv"
    begun(path, b"")

    def nothing() -> None:
        with PartialDownload(path, overwrite=False, identity="e1"):
            if error is not None:
                raise error

    if error is None:
        nothing()
    else:
        with pytest.raises(error):
            nothing()
    assert files_in(tmp_path) == []


def test_another_export_begins_anew(tmp_path: Path) -> None:
    """What stems from another export is never a beginning of this one."""
    begun(tmp_path / "x.csv", identity="other")
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        assert (part.size, part.etag, part.records.records) == (0, "", 0)


def test_bytes_without_a_version_are_no_part_of_what_an_older_label_names(tmp_path: Path) -> None:
    """A part whose version is unknown is not taken up, neither for its own export nor for the one before."""
    path = tmp_path / "x.csv"
    begun(path, identity="one")
    begun(path, b"other bytes\n", identity="two", etag="")
    for identity in ("one", "two"):
        with PartialDownload(path, overwrite=False, identity=identity) as part:
            assert (part.size, part.etag) == (0, "")
        begun(path, b"other bytes\n", identity="two", etag="")


@pytest.mark.parametrize(
    "label",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'{"export": "e1"}',
        b'{"export": "e1", "etag": 5}',
        b'{"export": "e1", "etag": ""}',
        b'{"etag": "x"}',
        None,
    ],
)
def test_a_label_that_says_nothing_begins_anew(tmp_path: Path, label: bytes | None) -> None:
    """A kill while the label is written costs what had arrived, and never more."""
    path = tmp_path / "x.csv"
    begun(path)
    file = tmp_path / "x.csv.part.json"
    file.unlink() if label is None else file.write_bytes(label)
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        assert part.size == 0
        part.write(0, DATA, ETAG)
        part.commit()
    assert (path.read_bytes(), files_in(tmp_path)) == (DATA, ["x.csv"])


def test_a_new_version_replaces_what_was_there(tmp_path: Path) -> None:
    """A block at 0 begins anew, its version is written down first, and its rows alone are counted."""
    path = tmp_path / "x.csv"
    begun(path)
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        part.write(0, b"n\n1\n", '"v2"')
        assert json.loads((tmp_path / "x.csv.part.json").read_text()) == {"export": "e1", "etag": '"v2"'}
        assert (part.size, part.records.records) == (4, 1)
        part.write(4, b"", '"v2"')
        assert part.commit().bytes == 4
    assert path.read_bytes() == b"n\n1\n"


def test_a_file_that_became_empty_replaces_what_was_there(tmp_path: Path) -> None:
    """An empty block at 0 empties the part."""
    begun(tmp_path / "x.csv")
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        part.write(0, b"", '"v2"')
        assert (part.size, part.commit().rows) == (0, 0)


def test_a_version_that_becomes_unknown_is_forgotten(tmp_path: Path) -> None:
    """When a download goes on without a version, what has arrived is not taken up again."""
    begun(tmp_path / "x.csv")
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        part.write(0, b"a\n", "")
    with PartialDownload(tmp_path / "x.csv", overwrite=False, identity="e1") as part:
        assert part.size == 0


def test_fault_48_a_part_in_use_is_left_alone(tmp_path: Path) -> None:
    """A second part on one path is refused, before anything of the first is touched, until that has ended."""
    path = tmp_path / "x.csv"
    with PartialDownload(path, overwrite=False, identity="e1") as part:
        part.write(0, DATA, ETAG)
        for identity in ("e1", "other"):
            with pytest.raises(SaveError, match="being written by another process"):
                PartialDownload(path, overwrite=False, identity=identity)
        part.commit()
    assert path.read_bytes() == DATA
    begun(path)


def test_a_part_that_ended_takes_nothing_more(tmp_path: Path) -> None:
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


def test_fault_65_a_target_that_appears_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    """The error says that nothing needs to be fetched again, and with overwrite nothing is."""
    path = tmp_path / "x.csv"
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
