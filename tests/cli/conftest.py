"""A sandbox, a shell whose environment knows it, and servers that say what a test wants."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli.commands import Ended, Shell
from metrics24.cli.app import run
from metrics24_sandbox import Sandbox, SandboxOptions
from support.scripted import Script, ScriptedServer

Metrics24 = Callable[..., Ended]
Serve = Callable[[Script], ScriptedServer]

STYLING = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")


@pytest.fixture(scope="session")
def box() -> Iterator[Sandbox]:
    """A sandbox with about 60 rows a day."""
    with Sandbox(SandboxOptions(conversions_per_day=60, clicks_per_day=60, impressions_per_day=60)) as sandbox:
        yield sandbox


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start scripted servers that are closed after the test."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(ScriptedServer(script))


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """An empty working folder."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


@pytest.fixture
def shell(box: Sandbox, desk: Path) -> Shell:
    """A shell on the desk, set up as the README says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("METRICS24_")}
    plain = {name: value for name, value in kept.items() if name not in STYLING}
    return Shell(desk, {**plain, "METRICS24_API_KEY": box.api_key, "METRICS24_BASE_URL": box.base_url})


@pytest.fixture
def metrics24(
    box: Sandbox, desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Metrics24:
    """Run the command on the desk, in this process and against the sandbox unless told otherwise."""
    monkeypatch.chdir(desk)
    monkeypatch.delenv("METRICS24_TOKEN", raising=False)
    monkeypatch.setenv("METRICS24_API_KEY", box.api_key)
    monkeypatch.setenv("METRICS24_BASE_URL", box.base_url)

    def metrics24(*arguments: str) -> Ended:
        code = run(arguments)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return metrics24
