"""Sandboxes, scripted servers, and doctor and drift called as from a shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
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
SETTINGS = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
ROWS: dict[str, Any] = {"conversions_per_day": 60, "clicks_per_day": 60, "impressions_per_day": 60}
HERE = ("--integration", "acmeshop01")
WEEK = ("--start", "2025-02-01", "--end", "2025-02-07")


@frozen
class Ended:
    """The end of a command: its exit code and its output."""

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
        """The doctor's verdict on each check and operation."""
        return {each["name"]: each["verdict"] for each in self.facts["checks"] + self.facts["operations"]}

    def named(self, name: str) -> dict[str, Any]:
        """The doctor's finding on a check or operation."""
        every = self.facts["checks"] + self.facts["operations"]
        found: dict[str, Any] = next(each for each in every if each["name"] == name)
        return found

    def agrees(self, code: int, expected: Mapping[str, str]) -> None:
        """Compare the exit code and each verdict of the doctor; after ": " stand words of the finding."""
        assert self.code == code
        for name, each in expected.items():
            verdict, _, words = each.partition(": ")
            found = self.named(name)
            assert found["verdict"] == verdict, name
            assert words in " ".join([found["summary"], *found["details"], *found["remedy"]])

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each difference that drift found, by schema and name."""
        return {f"{each['schema']}.{each['name']}": each["kind"] for each in self.facts["differences"]}


Doctor = Callable[..., Ended]
Drift = Callable[..., Ended]
Serve = Callable[..., ScriptedServer]


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """One sandbox for all tests of a module, which is as the spec says."""
    with Sandbox(SandboxOptions(**ROWS)) as sandbox:
        yield sandbox


@pytest.fixture
def box(shared: Sandbox) -> Sandbox:
    """A sandbox as if it had just been started."""
    shared.reset()
    return shared


@pytest.fixture(scope="module")
def unknown_columns() -> Iterator[Sandbox]:
    """A sandbox whose rows have columns that the spec does not know."""
    with Sandbox(SandboxOptions(unknown_columns=True, **ROWS)) as sandbox:
        yield sandbox


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start scripted servers that are closed after the test."""
    with ExitStack() as stack:

        def start(script: Script, **options: Any) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(script, **options))

        yield start


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Call a command in this process, without settings from outside."""
    for name in (*SETTINGS, "METRICS24_TOKEN", "METRICS24_BASE_URL", "METRICS24_API_KEY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def call(server: Sandbox | ScriptedServer | None, *arguments: str, **environment: str) -> Ended:
        if server is not None:
            monkeypatch.setenv("METRICS24_BASE_URL", server.base_url)
            monkeypatch.setenv("METRICS24_API_KEY", server.api_key if isinstance(server, Sandbox) else KEY)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        code = run(arguments)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call


@pytest.fixture
def doctor(called: Callable[..., Ended]) -> Doctor:
    """Call the doctor for a sandbox or a server."""
    return lambda server, *arguments, **environment: called(server, "doctor", *arguments, **environment)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the spec in the folder where drift is called."""
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "openapi" / "spec.yaml"
    copy.parent.mkdir()
    copy.write_bytes(PATH.read_bytes())
    return copy


@pytest.fixture
def drift(spec: Path, called: Callable[..., Ended]) -> Drift:
    """Call drift beside a copy of the spec, live if a server is given."""

    def call(*arguments: str, server: Sandbox | ScriptedServer | None = None) -> Ended:
        live = () if server is None else ("--live",)
        return called(server, "drift", *live, *arguments, METRICS24_API_KEY=getattr(server, "api_key", KEY))

    return call
