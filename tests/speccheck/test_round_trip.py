"""From unknown columns to typed fields: the sequence in docs/drift.md, as it is written there."""

from __future__ import annotations

import difflib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from metrics24_sandbox import Sandbox, SandboxOptions
from repository.documents import blocks_of
from spec.copies import GENERATOR, copied
from spec.document import ROOT
from speccheck.conftest import ROWS

pytestmark = pytest.mark.slow

SPEC = ROOT / "openapi" / "spec.yaml"
MARK = re.compile(r"x-evidence: (\w+)")
KINDS_OF_ROWS, STRANGE_COLUMNS = 3, 13

TYPES = """
import json, metrics24, metrics24_api
from attrs import fields_dict
from metrics24 import Click
from metrics24._rows.schema import file_columns
with metrics24.Client() as client:
    row = client.reports.clicks("acmeshop01", start="2025-02-01", end="2025-02-01").first()
types = {name: str(field.type) for name, field in fields_dict(Click).items()}
files = {column.name: column.type for column in file_columns("Click")}
unknown = list(row.additional_properties)
print(json.dumps({"types": types, "files": files, "hops": row.hops, "unknown": unknown, "at": metrics24_api.__file__}))
"""


def test_unknown_columns_become_typed_fields_by_the_documented_sequence(tmp_path: Path) -> None:
    """The sequence tells the columns, corrects the spec by additions alone, and regenerates typed fields for them."""
    folders = ("openapi", "scripts", "generated", "overlay", "sandbox")
    copy = copied(tmp_path / "a copy", *folders)
    shells = [block for block in blocks_of(ROOT / "docs" / "drift.md") if block.language == "sh"]
    sequence = next(block.text for block in shells if "--from-sandbox" in block.text)
    with Sandbox(SandboxOptions(unknown_columns=True, **ROWS)) as box:
        told = run(copy, box, "bash", "-euc", sequence)
        facts = json.loads(run(copy, box, sys.executable, "-c", TYPES))
    assert re.findall(r"^Verdict: .*\(exit code (\d+)\)$", told, re.MULTILINE) == ["15", "0", "0", "0"]
    columns_are_typed(facts, copy)
    comments_and_order_are_kept(copy)


def run(copy: Path, box: Sandbox, *command: str) -> str:
    """Run a command in the copy, with the copy's code and the programs of this environment."""
    folders = os.pathsep.join(str(copy / folder) for folder in ("overlay", "generated", "sandbox"))
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {"PATH": programs, "PYTHONPATH": folders, "METRICS24_GENERATOR_VENV": GENERATOR}
    server = {"METRICS24_BASE_URL": box.base_url, "METRICS24_API_KEY": box.api_key}
    done = subprocess.run(
        command, cwd=copy, env=os.environ | ours | server, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def columns_are_typed(facts: dict[str, Any], copy: Path) -> None:
    """The regenerated model has each column with its type, rows fill them, and files get columns of these types."""
    assert facts["at"].startswith(str(copy))
    names = ("handset", "hops", "risk_score", "is_relayed")
    assert [facts["types"][name].partition(" | ")[0] for name in names] == ["str", "int", "float", "bool"]
    assert facts["types"]["matched_rules"].startswith("list[str]")
    assert [facts["files"][name] for name in names] == ["text", "integer", "number", "boolean"]
    assert isinstance(facts["hops"], int)
    assert facts["unknown"] == []


def comments_and_order_are_kept(copy: Path) -> None:
    """The corrected spec is the old one with lines added, and words of evidence changed from a weaker to observed."""
    old, new = (path.read_text("utf-8").splitlines() for path in (SPEC, copy / "openapi" / "spec.yaml"))
    before, after = ([MARK.sub("x-evidence: ?", line) for line in lines] for lines in (old, new))
    steps = difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
    assert {kind for kind, *_ in steps} == {"equal", "insert"}
    kept = [(old[at], new[at + there - start]) for kind, start, end, there, _ in steps for at in range(start, end)]
    changes = {(tuple(MARK.findall(line)), tuple(MARK.findall(other))) for line, other in kept if line != other}
    assert changes <= {(("inferred",), ("observed",)), (("sibling",), ("observed",))}
    assert len(new) - len(old) == KINDS_OF_ROWS * STRANGE_COLUMNS
