"""In bad weather clients lose nothing and double nothing; `make attack` lets them work in it for minutes."""

from __future__ import annotations

import pytest

from attack.soak import attack
from attack.tasks import TASKS

pytestmark = pytest.mark.slow


def test_what_is_done_in_bad_weather_is_done_right() -> None:
    """With a fault in every fourth request what threads and event loops report is so, and errors are of ours."""
    soak = attack(0.05, 24, pairs=1)
    assert soak.wrong == []
    assert soak.tasks.total() + soak.errors.total() >= 2 * len(TASKS)
    assert soak.weather.faults.total() >= 1
