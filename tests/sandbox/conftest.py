"""Sandboxes for tests: their clocks stand still, so that nothing depends on today."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from metrics24_sandbox import Sandbox, SandboxOptions
from sandbox.calls import Caller, Start

NOON = "2025-02-10T12:00:00"
_SMALL = SandboxOptions(now=NOON, conversions_per_day=200, clicks_per_day=500, impressions_per_day=300)


@pytest.fixture
def start() -> Iterator[Start]:
    """For tests that need a sandbox of their own."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Caller:
            box = stack.enter_context(Sandbox(replace(_SMALL, **options)))
            caller = Caller(box)
            stack.callback(caller.close)
            return caller

        yield begin


@pytest.fixture(scope="session")
def shared() -> Iterator[Sandbox]:
    """One sandbox without filter groups and exports for all tests that begin with a reset."""
    with Sandbox(replace(_SMALL, preloaded=False)) as box:
        yield box


@pytest.fixture
def own(shared: Sandbox) -> Iterator[Caller]:
    """For tests that write: a sandbox that is as if it had just been started, and empty."""
    shared.reset()
    caller = Caller(shared)
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def call() -> Iterator[Caller]:
    """For tests that only read: one sandbox for all of a module."""
    with Sandbox(_SMALL) as box:
        caller = Caller(box)
        yield caller
        caller.close()
