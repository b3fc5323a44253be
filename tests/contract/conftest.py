"""Cassettes by name, and a sandbox to ask the same questions again."""

from collections.abc import Iterator

import pytest

from contract.recording import FROZEN
from metrics24_sandbox import Sandbox


@pytest.fixture(scope="session")
def frozen_sandbox() -> Iterator[Sandbox]:
    """A sandbox as it is recorded, which is reset before each recording."""
    with Sandbox(FROZEN) as box:
        yield box


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test uses the account of the person who runs it."""
    for name in ("METRICS24_API_KEY", "METRICS24_TOKEN", "METRICS24_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
