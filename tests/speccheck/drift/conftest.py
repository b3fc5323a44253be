"""Drift called as from a shell, on a desk that has a spec of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from metrics24.cli.app import run
from metrics24_sandbox import Sandbox, SandboxOptions
from spec.document import PATH
from support.scripted import Script, ScriptedServer

KEY = "sandbox-key-0123456789abcdef"  # of servers that check none; module level, so that no traceback shows it
ROWS: dict[str, Any] = {"conversions_per_day": 60, "clicks_per_day": 60, "impressions_per_day": 60}


@frozen
class Look:
    """How a call of drift ended."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> dict[str, Any]:
        """The object that --json printed."""
        facts: dict[str, Any] = json.loads(self.out)
        return facts

    @property
    def names(self) -> dict[str, str]:
        """The kind of each difference by its schema and name."""
        return {f"{each['schema']}.{each['name']}": each["kind"] for each in self.facts["differences"]}


Drift = Callable[..., Look]
Serve = Callable[[Script], ScriptedServer]


@pytest.fixture(scope="module")
def strange() -> Iterator[Sandbox]:
    """A sandbox whose rows have columns that the spec has never heard of."""
    with Sandbox(SandboxOptions(unknown_columns=True, **ROWS)) as box:
        yield box


@pytest.fixture(scope="module")
def plain() -> Iterator[Sandbox]:
    """A sandbox that is as the spec says."""
    with Sandbox(SandboxOptions(**ROWS)) as box:
        yield box


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start scripted servers that are closed after the test."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(ScriptedServer(script))


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the spec in the folder where drift is called."""
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "openapi" / "spec.yaml"
    copy.parent.mkdir()
    copy.write_bytes(PATH.read_bytes())
    return copy


@pytest.fixture
def drift(spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Drift:
    """Call drift in this process, for a server if one is given."""
    monkeypatch.delenv("METRICS24_TOKEN", raising=False)
    monkeypatch.delenv("METRICS24_BASE_URL", raising=False)

    def look(*arguments: str, server: Sandbox | ScriptedServer | None = None) -> Look:
        monkeypatch.setenv("METRICS24_API_KEY", server.api_key if isinstance(server, Sandbox) else KEY)
        asked = ("--live", "--base-url", server.base_url) if server is not None else ()
        code = run(("drift", *asked, *arguments))
        captured = capsys.readouterr()
        return Look(code, captured.out, captured.err)

    return look
