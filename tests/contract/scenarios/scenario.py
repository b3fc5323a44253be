"""The class of all scenarios."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from attrs import frozen

from contract.stage import Stage

Needs = Literal["reads", "writes", "faults"]


@frozen
class Scenario:
    """A conversation, and what it needs: an account to read, one to write to, or faults that only a sandbox has."""

    name: str
    play: Callable[[Stage], Any]
    needs: Needs


def scenarios(needs: Needs, *plays: Callable[[Stage], Any]) -> tuple[Scenario, ...]:
    """Scenarios that are called as their functions are."""
    return tuple(Scenario(play.__name__, play, needs) for play in plays)
