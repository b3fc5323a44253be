"""Fixtures for pytest: put `pytest_plugins = ["metrics24.testing.plugin"]` into the top conftest.py.

One sandbox serves all tests of a run (with xdist, of a worker); it is reset for each test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from metrics24.client import AsyncClient, Client
from metrics24.errors import UsageError
from metrics24.testing.sandboxes import Choices, SandboxBox, sandbox

try:
    import pytest
except ModuleNotFoundError as error:
    raise UsageError("The fixtures of metrics24 need pytest: pip install pytest") from error

F = TypeVar("F", bound=Callable[..., Any])

# pytest-asyncio needs its own decorator; others, such as anyio, run pytest's asynchronous fixtures.
async_fixture: Callable[[F], F] = import_module("pytest_asyncio" if find_spec("pytest_asyncio") else "pytest").fixture


@pytest.fixture(scope="session")
def metrics24_sandbox_choices() -> Choices:
    """The options of the sandbox; override this fixture to choose others."""
    return {}


@pytest.fixture(scope="session")
def metrics24_sandbox_server(metrics24_sandbox_choices: Choices) -> Iterator[SandboxBox]:
    """The sandbox, as the last test left it."""
    with sandbox(**metrics24_sandbox_choices) as box:
        yield box


@pytest.fixture
def metrics24_sandbox(metrics24_sandbox_server: SandboxBox) -> SandboxBox:
    """The sandbox, as if it had just been started."""
    metrics24_sandbox_server.reset()
    return metrics24_sandbox_server


@pytest.fixture
def metrics24_client(metrics24_sandbox: SandboxBox) -> Iterator[Client]:
    """A client of the sandbox."""
    with metrics24_sandbox.client() as client:
        yield client


@async_fixture
async def metrics24_async_client(metrics24_sandbox: SandboxBox) -> AsyncIterator[AsyncClient]:
    """An asynchronous client of the sandbox."""
    async with metrics24_sandbox.async_client() as client:
        yield client


@pytest.fixture
def metrics24_environment(metrics24_sandbox: SandboxBox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The sandbox's address and key in this process's environment, where clients without arguments find them."""
    environment = metrics24_sandbox.environment()
    monkeypatch.delenv("METRICS24_TOKEN", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment
