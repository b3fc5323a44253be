"""Recordings: of a sandbox whose clock stands still, and of the live API."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve

from contract import cassettes
from contract.cassettes import Origin
from contract.pseudonyms import Pseudonyms
from contract.scenarios import Scenario
from contract.scrubbing import API_HOST, KEY, STORAGE_HOST, TOKEN, Scrubber
from contract.stage import HARMLESS, Stage, replay_stage, sandbox_stage
from metrics24_sandbox import Sandbox, SandboxOptions

CANARY = "c4n4ry-Key.that_no~cassette-may-hold"
"""The key that the sandbox accepts while it is recorded."""

_ROWS: dict[str, Any] = {"conversions_per_day": 24, "clicks_per_day": 30, "impressions_per_day": 40}
FROZEN = SandboxOptions(api_key=CANARY, now="2025-03-01T12:00:00", tick=1.0, **_ROWS)
_DAYS = {"start": "2025-02-01", "end": "2025-02-02"}
_SALT = b"what a sandbox says belongs to nobody"


def of_sandbox(scenario: Scenario, box: Sandbox, folder: Path) -> Path:
    """Record a scenario from a sandbox that was started with `FROZEN`; gives the cassette.

    Raises:
        LeakError, UnscrubbableError: nothing was kept.

    """
    box.reset()
    hosts = {urlsplit(box.base_url).netloc: API_HOST, urlsplit(box.storage_url).netloc: STORAGE_HOST}
    scrubber = scrubber_for(box.base_url, {CANARY: KEY, box.token: TOKEN}, _SALT, hosts)
    account = Origin("sandbox", cassettes.spec_hash(), box.integrations[0], box.organization, **_DAYS)
    with sandbox_stage(account, box, {"api_key": CANARY}) as stage:
        return record(scenario, stage, scrubber, {"the key": CANARY, "the token": box.token}, folder)


def scrubber_for(base_url: str, credentials: Mapping[str, str], salt: bytes, hosts: dict[str, str]) -> Scrubber:
    """A scrubber for one account."""
    return Scrubber(base_url, credentials, Pseudonyms(salt, harmless=HARMLESS, hosts=hosts))


def record(scenario: Scenario, stage: Stage, scrubber: Scrubber, secrets: Mapping[str, str], folder: Path) -> Path:
    """Record a scenario on a stage, and its result as a replay of the cassette gives it.

    Raises:
        LeakError, UnscrubbableError: nothing was kept.

    """
    path = folder / f"{scenario.name}.yaml"
    cassettes.record(path, _shown(stage.origin, scrubber), scrubber, secrets, lambda: scenario.play(stage))
    try:
        result = cassettes.as_result(replayed(scenario, path))
    except BaseException:
        path.unlink()
        raise
    cassettes.write(path.with_suffix(".json"), result, cassettes.forbidden(scrubber, secrets))
    return path


def replayed(scenario: Scenario, path: Path, mode: str = "sync") -> Any:
    """Replay a cassette, every response of which the client must ask for, and return the scenario's result.

    Raises:
        AssertionError: a response was not asked for.

    """
    with replay_stage(cassettes.origin_of(path), mode) as stage, cassettes.replaying(path) as cassette:
        found = scenario.play(stage)
    unplayed = [request.uri for index, request in enumerate(cassette.requests) if not cassette.play_counts[index]]
    assert unplayed == [], f"{path.name} holds responses that were never requested: {unplayed}"
    return json.loads(json.dumps(found))


def _shown(origin: Origin, scrubber: Scrubber) -> Origin:
    names = scrubber.pseudonyms
    return evolve(origin, integration=names.of(origin.integration), organization=names.of(origin.organization))
