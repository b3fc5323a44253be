"""Options of the test run: `--record` records the conversations of tests/contract anew."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that `make record` uses."""
    parser.addoption("--record", action="store_true", help="record tests/cassettes anew from the sandbox")
