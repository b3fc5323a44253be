"""Copies of the repository's files, to be spoilt by tests."""

import os
import shutil
import subprocess
from pathlib import Path

from spec.document import ROOT

GENERATOR = os.environ.get("METRICS24_GENERATOR_VENV", str(ROOT / ".venv" / "generator"))


def copied(target: Path, *folders: str) -> Path:
    """A copy of some top folders, without caches."""
    for folder in folders:
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    return target


def regenerate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a copy's own scripts/regenerate.sh from elsewhere, with the generator of the original."""
    return subprocess.run(
        [root / "scripts" / "regenerate.sh", *arguments],
        cwd=root.parent,
        env=os.environ | {"METRICS24_GENERATOR_VENV": GENERATOR},
        capture_output=True,
        text=True,
        check=False,
    )
