"""Killed outright, a save leaves the target as it was or whole; `make attack` kills at every point there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from attack.killing import Saving, Scene

pytestmark = pytest.mark.slow

DOWNLOAD = Saving("download", "sync", overwrite=False)
DOWNLOAD_OVER = Saving("download", "async", overwrite=True)
POINTS = [
    (DOWNLOAD, "block 1"),
    (DOWNLOAD, "before fsync 1"),
    (DOWNLOAD, "after link 1"),
    (DOWNLOAD_OVER, "before replace 1"),
    (Saving("rows", "async", overwrite=False, suffix=".csv"), "after response 2"),
    (Saving("rows", "sync", overwrite=True, suffix=".parquet"), "before replace 1"),
]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """Give servers that always answer the same."""
    with ExitStack() as stack:
        yield Scene(stack)


@pytest.mark.parametrize(("saving", "point"), POINTS, ids=lambda each: str(each).replace(" ", "_"))
def test_fault_48_a_kill_harms_nothing(scene: Scene, saving: Saving, point: str) -> None:
    """Fault 48: the target is untouched or whole, other files are untouched, and saving again gives the same bytes."""
    left = scene.kill(saving, point)
    assert len(left) <= (saving.what == "rows")
