"""A sandbox, servers that say what a test wants, and the doctor called as from a shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from attrs import frozen

from metrics24.cli.app import run
from metrics24_sandbox import Sandbox, SandboxOptions
from support.scripted import Script, ScriptedServer

KEY = "sandbox-key-0123456789abcdef"  # of servers that check none; module level, so that no traceback shows it
OF_THE_ENVIRONMENT = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@frozen
class Visit:
    """How a call of the doctor ended."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> dict[str, Any]:
        """The object that --json printed."""
        facts: dict[str, Any] = json.loads(self.out)
        return facts

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each check and operation."""
        return {each["name"]: each["verdict"] for each in self.facts["checks"] + self.facts["operations"]}

    def named(self, name: str) -> dict[str, Any]:
        """What was found of a check or operation."""
        every = self.facts["checks"] + self.facts["operations"]
        found: dict[str, Any] = next(each for each in every if each["name"] == name)
        return found


Doctor = Callable[..., Visit]
Serve = Callable[..., ScriptedServer]


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """One sandbox for all tests of a module."""
    with Sandbox(SandboxOptions(conversions_per_day=60, clicks_per_day=60, impressions_per_day=60)) as sandbox:
        yield sandbox


@pytest.fixture
def box(shared: Sandbox) -> Sandbox:
    """A sandbox as if it had just been started."""
    shared.reset()
    return shared


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start scripted servers that are closed after the test."""
    with ExitStack() as stack:

        def start(script: Script, **options: Any) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(script, **options))

        yield start


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Call the doctor in this process, for a sandbox or a server, without settings from outside."""
    for name in (*OF_THE_ENVIRONMENT, "METRICS24_TOKEN", "METRICS24_BASE_URL", "METRICS24_API_KEY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def visit(server: Sandbox | ScriptedServer | None, *arguments: str, **environment: str) -> Visit:
        if server is not None:
            monkeypatch.setenv("METRICS24_BASE_URL", server.base_url)
            monkeypatch.setenv("METRICS24_API_KEY", server.api_key if isinstance(server, Sandbox) else KEY)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        code = run(("doctor", *arguments))
        captured = capsys.readouterr()
        return Visit(code, captured.out, captured.err)

    return visit
