"""Specification, generated client, overlay and sandbox agree in every recorded conversation.

That is all a recording from the sandbox proves: our parts agree with each other, not with the live API.
"""

from __future__ import annotations

import json

import pytest

import metrics24
from contract import cassettes
from contract.scenarios import SCENARIOS
from metrics24_sandbox import Sandbox, SandboxOptions

KEY = "k3y-that-no-cassette-may-hold"
FROZEN = SandboxOptions(api_key=KEY, now="2025-03-01T12:00:00")


@pytest.fixture
def recorded(request: pytest.FixtureRequest, name: str) -> str:
    """The scenario's name, after recording it if that was asked for."""
    if request.config.getoption("--record"):
        with Sandbox(FROZEN) as box, metrics24.Client(api_key=KEY, base_url=box.base_url) as client:
            with cassettes.recording(name):
                result = SCENARIOS[name](client)
            cassettes.keep_result(name, result)
    return name


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_recorded_conversation_replays_to_its_result(recorded: str) -> None:
    """Asked the same as when it was recorded, the client makes the same of the recorded answers, every one of them."""
    assert not cassettes.is_stale(recorded), (
        f"{cassettes.path_of(recorded).name} is missing or stale: run `make record`"
    )
    with (
        cassettes.replaying(recorded) as cassette,
        metrics24.Client(api_key=KEY, base_url=f"https://{cassettes.HOST}") as client,
    ):
        result = SCENARIOS[recorded](client)
    assert json.loads(json.dumps(result)) == json.loads(cassettes.result_of(recorded).read_text("utf-8"))
    assert cassette.all_played


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_recording_holds_the_key(recorded: str) -> None:
    """The key that was used while recording stands in no cassette and in no result."""
    kept = cassettes.path_of(recorded).read_text("utf-8") + cassettes.result_of(recorded).read_text("utf-8")
    assert KEY not in kept
    assert "127.0.0.1" not in kept
