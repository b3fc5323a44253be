"""Generated code can be generated again, byte for byte, and nothing else passes for it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spec.copies import copied, regenerate
from spec.document import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of everything that generating needs, at a path with a space."""
    return copied(tmp_path / "a copy", "openapi", "scripts", "generated")


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, without Python's caches."""
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def compare(copy: Path, fresh: Path) -> subprocess.CompletedProcess[str]:
    """The comparison that regenerate.sh --check makes, without the generator."""
    script = copy / "scripts" / "generated_files.py"
    command = [sys.executable, str(script), "compare", str(copy / "generated"), str(fresh)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def change(copy: Path) -> None:
    """Edit a generated file by hand."""
    with (copy / "generated/metrics24_api/types.py").open("a", encoding="utf-8") as file:
        file.write("# by hand\n")


def remove(copy: Path) -> None:
    """Lose a generated file."""
    (copy / "generated/metrics24_api/models/click.py").unlink()


def add(copy: Path) -> None:
    """Put a file where the generator puts none."""
    (copy / "generated/metrics24_api/extra.py").touch()


def edit(copy: Path) -> None:
    """Edit the specification and forget to regenerate."""
    with (copy / "openapi/spec.yaml").open("a", encoding="utf-8") as file:
        file.write("# a comment\n")


SPOILT = [
    pytest.param(change, "changed: generated/metrics24_api/types.py", id="changed"),
    pytest.param(remove, "missing: generated/metrics24_api/models/click.py", id="missing"),
    pytest.param(add, "extra: generated/metrics24_api/extra.py", id="extra"),
    pytest.param(edit, "edited without regenerating: openapi/spec.yaml", id="edited"),
]


@pytest.mark.parametrize(("spoil", "line"), SPOILT)
def test_one_spoilt_file_is_named(copy: Path, spoil: Callable[[Path], None], line: str) -> None:
    """A changed, missing or extra file and an edited specification each fail alone, with name and remedy."""
    spoil(copy)
    outcome = compare(copy, ROOT / "generated")
    assert outcome.returncode == 1
    assert outcome.stderr.splitlines()[0] == line
    assert "make regenerate" in outcome.stderr.splitlines()[1]


def test_an_untouched_package_passes_without_a_word(copy: Path) -> None:
    """Nothing is said, and nothing fails, where nothing differs but caches."""
    (copy / "generated/metrics24_api/__pycache__").mkdir()
    (copy / "generated/metrics24_api/__pycache__/types.pyc").touch()
    outcome = compare(copy, ROOT / "generated")
    assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.mark.slow
def test_the_committed_package_is_what_the_specification_gives(copy: Path) -> None:
    """Generating at another place gives the committed files, byte for byte, and replaces what stood there."""
    for spoil in (change, remove, add):
        spoil(copy)
    outcome = regenerate(copy)
    assert outcome.returncode == 0, outcome.stderr
    assert contents(copy / "generated") == contents(ROOT / "generated")


@pytest.mark.slow
def test_the_check_reports_everything_at_once(copy: Path) -> None:
    """The check generates elsewhere, names every spoilt file, fails, and changes nothing."""
    for spoil in (change, remove, add, edit):
        spoil(copy)
    before = contents(copy)
    outcome = regenerate(copy, "--check")
    assert outcome.returncode == 1
    assert {parameter.values[1] for parameter in SPOILT} <= set(outcome.stderr.splitlines())
    assert contents(copy) == before


@pytest.mark.slow
def test_another_folder_can_be_named(copy: Path, tmp_path: Path) -> None:
    """A folder given as argument is written instead, and a folder of other things is not touched."""
    outcome = regenerate(copy, str(tmp_path / "else where"))
    assert outcome.returncode == 0, outcome.stderr
    assert contents(tmp_path / "else where") == contents(ROOT / "generated")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    outcome = regenerate(copy, str(tmp_path / "mine"))
    assert outcome.returncode == 2
    assert "refusing to replace" in outcome.stderr
    assert contents(tmp_path / "mine") == {"letter.txt": b""}


@pytest.mark.slow
def test_a_broken_specification_leaves_the_package_alone(copy: Path) -> None:
    """If the generator fails, its message is shown and the package stays as it was."""
    (copy / "openapi/spec.yaml").write_text("openapi: 3.1.0\n", encoding="utf-8")
    before = contents(copy)
    outcome = regenerate(copy)
    assert outcome.returncode != 0
    assert "does not accept openapi/" in outcome.stderr
    assert contents(copy) == before
