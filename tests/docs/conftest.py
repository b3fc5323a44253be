"""A sandbox that the documents' examples find through the environment, as a reader's would."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from metrics24_sandbox import Behaviour, Sandbox, SandboxOptions


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox small enough that an example over several weeks takes a moment."""
    rows: Any = {"clicks_per_day": 60, "conversions_per_day": 60, "impressions_per_day": 60, "exports_per_day": 100}
    with Sandbox(SandboxOptions(**rows, behaviour=Behaviour(pending=0.2, running=0.2))) as box:
        yield box


@pytest.fixture
def readers_log() -> Iterator[None]:
    """Let an example set logging up as in a program of its own."""
    logger = logging.getLogger("metrics24")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.fixture
def readers_folder(sandbox: Sandbox, readers_log: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and the two variables that the README tells its reader to set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("METRICS24_TOKEN", raising=False)
    monkeypatch.setenv("METRICS24_API_KEY", sandbox.api_key)
    monkeypatch.setenv("METRICS24_BASE_URL", sandbox.base_url)
    return tmp_path
