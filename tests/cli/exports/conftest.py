"""An account with one export and its storage, scripted, and a sandbox of its own that starts many exports."""

from collections.abc import Iterator

import pytest

from cli.conftest import Metrics24, Serve
from metrics24_sandbox import Behaviour, Sandbox, SandboxOptions
from support.account import Stage
from support.storage import csv_file

SMALL = csv_file(120)
EXPORT = ("export", "clicks", "--integration", "int1", "--start", "2025-02-01", "--end", "2025-02-02")
COLUMNS = ("--field", "real_tx_id,status")


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    """Serve exports that are ready at once, at a moment that gives the ids in the helps."""
    at_once = Behaviour(pending=0, running=0)
    options = SandboxOptions(
        now="2025-03-01T12:00:00Z", clicks_per_day=60, conversions_per_day=60, impressions_per_day=60, behaviour=at_once
    )
    with Sandbox(options) as sandbox:
        yield sandbox


@pytest.fixture
def box(served: Sandbox) -> Sandbox:  # overrides the one that other tests share
    """The sandbox, as new."""
    served.reset()
    return served


@pytest.fixture
def stage(serve: Serve, monkeypatch: pytest.MonkeyPatch, metrics24: Metrics24) -> Stage:
    """A complete export of 120 rows, which the command's environment points to."""
    stage = Stage(serve, SMALL)
    monkeypatch.setenv("METRICS24_BASE_URL", stage.api.base_url)
    return stage
