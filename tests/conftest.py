"""What the whole test run needs: `--record`, and interrupts that arrive."""

from __future__ import annotations

import signal

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that `make record` uses."""
    parser.addoption("--record", action="store_true", help="record tests/cassettes anew from the sandbox")


def pytest_configure() -> None:
    """Heed SIGINT, which shells let background jobs ignore; programs that tests start would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
