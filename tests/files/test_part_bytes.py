"""A part holds the bytes of one export alone, and files are as open to others as the umask says."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from files.parts import DATA, ETAG, begun
from metrics24.files.partial import PartialDownload


def test_a_shorter_file_of_another_export_leaves_nothing_of_the_longer_one(tmp_path: Path) -> None:
    """What an earlier export left in the part is gone, also where the new bytes are fewer."""
    target = tmp_path / "clicks.csv"
    begun(target)
    with PartialDownload(target, overwrite=False, identity="e2") as part:
        part.write(0, DATA[:8], ETAG)
        part.commit()
    assert target.read_bytes() == DATA[:8]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o000])
def test_new_files_have_the_modes_of_the_umask(tmp_path: Path, mask: int) -> None:
    """The part, its label and the target can be read and written by whom the umask lets, and run by nobody."""
    before = os.umask(mask)
    try:
        begun(tmp_path / "clicks.csv")
        made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert made == dict.fromkeys(["clicks.csv.part", "clicks.csv.part.json"], 0o666 & ~mask)
