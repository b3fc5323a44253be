"""Conversations worth keeping: what a client does, and what it makes of the responses, as JSON."""

from __future__ import annotations

from contract.scenarios import downloading, reading, refusing, writing
from contract.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (*reading.SCENARIOS, *writing.SCENARIOS, *downloading.SCENARIOS, *refusing.SCENARIOS)
}
LIVE = {name: scenario.needs != "faults" for name, scenario in SCENARIOS.items()}
"""Every scenario's name, and whether the live API can play it."""
