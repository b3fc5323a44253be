"""The documents are true: examples run, links lead somewhere, tables are fresh."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import metrics24
from metrics24.cli.app import run
from repository.documents import DOCUMENTS, ROOT, Block, blocks, blocks_of

MAKE = re.compile(r"`make ([a-z-]+)|^\$? ?make ([a-z-]+)", re.MULTILINE)
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")


def runnable(*languages: str) -> list[Block]:
    """The blocks that are not excused."""
    return [block for block in blocks(*languages) if not block.excuse]


@pytest.mark.parametrize("block", runnable("python"), ids=lambda block: block.name)
@pytest.mark.usefixtures("readers_folder")
def test_a_python_example_runs(block: Block) -> None:
    """Every Python block of the documents runs by itself against a sandbox without an error or a warning."""
    code = compile("\n" * block.line + block.text, str(block.document), "exec")
    exec(code, {"__name__": "__main__"})  # noqa: S102 - to run what the documents show is the point


@pytest.mark.parametrize("block", runnable("console"), ids=lambda block: block.name)
@pytest.mark.usefixtures("readers_folder")
def test_a_shell_example_runs(block: Block, capfd: pytest.CaptureFixture[str]) -> None:
    """Every command of the documents' console blocks is one of metrics24 and ends with exit code 0."""
    for line in filter(None, block.text.replace("\\\n", " ").splitlines()):
        program, *arguments = shlex.split(line.removeprefix("$ "), comments=True)
        assert program == "metrics24"
        assert run(arguments) == 0, f"{line}\n{capfd.readouterr()}"


def test_no_block_escapes_these_tests() -> None:
    """Every block names a language that is run or is not code to run, and an excuse is a reason, not a bare mark."""
    every = [block for document in DOCUMENTS for block in blocks_of(document)]
    assert {block.language for block in every} <= {"python", "console", "sh", "yaml", "text", "diff"}
    assert [block.name for block in every if block.excuse and len(block.excuse.split()) < 3] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_exist(document: Path) -> None:
    """Every make target that a document names is one of the Makefile's."""
    named = {first or second for first, second in MAKE.findall(document.read_text("utf-8"))}
    assert named <= set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link of a document leads to a file of the repository."""
    targets = LINK.findall(document.read_text("utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_evidence_table_is_fresh() -> None:
    """The README's table shows the evidence that the spec gives now."""
    script = ROOT / "scripts" / "evidence_table.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_error_is_explained() -> None:
    """Every error that metrics24 exports stands in docs/errors.md, and nothing stands there that is not an error."""
    errors = {name for name in metrics24.__all__ if is_error(getattr(metrics24, name))}
    explained = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.MULTILINE))
    assert errors - explained == {"Metrics24Error", "StatusError"}  # base classes, explained in the text
    assert explained <= errors


def is_error(thing: object) -> bool:
    """True if something is an error class of metrics24."""
    return isinstance(thing, type) and issubclass(thing, metrics24.Metrics24Error)
