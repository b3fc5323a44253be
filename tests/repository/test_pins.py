"""All machines test the same packages."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions

from repository.tree import ROOT

BUNDLED_WITH_PYTHON = {"setuptools"}  # Python 3.11 puts it into each new environment, later ones do not


def canonical(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    """The versions that requirements/constraints.txt prescribes."""
    lines = (ROOT / "requirements" / "constraints.txt").read_text("utf-8").splitlines()
    requirements = [line.partition("==") for line in lines if not line.startswith("#")]
    return {canonical(name): version for name, _, version in requirements}


def test_every_installed_package_is_pinned() -> None:
    """The environment holds no package that requirements/constraints.txt does not pin to just that version."""
    installed = {canonical(distribution.metadata["Name"]): distribution.version for distribution in distributions()}
    foreign = {name for name, _ in installed.items() - pins().items()}
    assert foreign - {"metrics24", *BUNDLED_WITH_PYTHON} == set()


def test_the_build_backend_is_the_pinned_one() -> None:
    """The build backend's version in pyproject.toml is the one that requirements/constraints.txt pins."""
    build_system = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]
    assert build_system["requires"] == [f"hatchling=={pins()['hatchling']}"]


def test_pre_commit_runs_the_pinned_tools() -> None:
    """Each hook of .pre-commit-config.yaml has the version that requirements/constraints.txt pins for its tool."""
    text = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    hooks = re.findall(r"repo: \S+/([\w-]+)\n\s+rev: v(\S+)", text)
    assert {name.removesuffix("-pre-commit"): version for name, version in hooks} == {
        name: pins()[name] for name in ("ruff", "typos")
    }
