"""Fixtures shared by all tests, interrupts that arrive, and patience with slow machines."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from support.account import Fetching, Stage
from support.clock import FakeClock
from support.running import Running, running
from support.scripted import Script, ScriptedServer, Serve

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("patient"), max_examples=500)
settings.load_profile("patient")


def pytest_configure() -> None:
    """Heed SIGINT, which shells let background jobs ignore; programs that tests start would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a module that is slow as a whole where slow tests are left out."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return "\npytestmark = pytest.mark.slow\n" in collection_path.read_text("utf-8") or None


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start scripted servers that are closed after the clients of the same test."""
    with ExitStack() as stack:

        def start(script: Script, **options: Any) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(script, **options))

        yield start


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Run the scenario with `Client`, then with `AsyncClient`, without settings from the environment."""
    for name in ("METRICS24_API_KEY", "METRICS24_TOKEN", "METRICS24_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    yield from running(request.param)


@pytest.fixture
def clock() -> FakeClock:
    """Give a clock on which retries cost no time."""
    return FakeClock()


@pytest.fixture
def fetch(run: Running, clock: FakeClock, tmp_path: Path, serve: Serve) -> Fetching:
    """Give an export of some 3 MiB that is complete, to be fetched."""
    return Fetching(run, clock, tmp_path, Stage(serve))


@pytest.fixture(params=["save", "read"])
def lane(request: pytest.FixtureRequest) -> str:
    """Fetch by each lane."""
    return str(request.param)
