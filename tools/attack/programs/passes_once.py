"""A test that passes once and never again, to try the trial itself with."""

from __future__ import annotations

from pathlib import Path

from metrics24._core.downloads import rows_promised


def test_that_passes_once() -> None:
    """The tested code is right, but the test leaves a file behind on which it fails the next time."""
    assert rows_promised({}) is None
    Path("passed.once").touch(exist_ok=False)
