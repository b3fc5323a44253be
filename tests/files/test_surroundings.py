"""Permissions, links, and processes that interfere with a file being saved."""

import os
import stat
from pathlib import Path

import pytest

from files.round_trip import COLUMNS, files_in, read_csv, save
from metrics24.errors import SaveError
from metrics24.files.writers import open_writer

ROWS = [{"real_tx_id": "A"}]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
@pytest.mark.parametrize("overwrite", [False, True])
def test_new_files_have_the_permissions_of_the_umask(tmp_path: Path, umask: int, mode: int, overwrite: bool) -> None:
    """A new file is as readable as any other that the process creates."""
    before = os.umask(umask)
    try:
        saved = save(tmp_path / "rows.csv", ROWS, overwrite=overwrite)
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
    save(link, ROWS, overwrite=True)
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
        file.write(ROWS)
        [hidden] = tmp_path.glob(".metrics24-*.tmp")
        hidden.unlink()
        with pytest.raises(SaveError, match="could not be written"):
            file.commit()
    assert files_in(tmp_path) == before
    assert not overwrite or path.read_text() == "old"
