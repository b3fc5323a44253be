"""Specification, generated client, overlay and sandbox agree in every recorded conversation.

That is all a recording from the sandbox proves: our parts agree with each other, not with the live API.
"""

import json
from pathlib import Path
from typing import Any

import pytest

import metrics24_api.models
from contract import cassettes, recording
from contract.exchanges import CREDENTIALS, Exchange, exchanges, shapes, violations
from contract.scenarios import SCENARIOS, STATUSES
from metrics24_api.operation_table import OPERATIONS
from metrics24_sandbox import Sandbox

CASSETTES = sorted([*cassettes.FOLDER.glob("*.yaml"), *cassettes.FOLDER.glob("live/*.yaml")])
OWN = [cassettes.FOLDER / f"{name}.yaml" for name in SCENARIOS]
DOWNLOADS = ("downloadClicks", "getExportUrl", "")
READS, WRITES = "getClickReport", "updateFilterGroup"


def shown(path: Path) -> str:
    """A cassette's name, with its folder where that says something."""
    return path.stem if path.parent == cassettes.FOLDER else f"{path.parent.name}/{path.stem}"


def every(paths: list[Path]) -> pytest.MarkDecorator:
    """One test per cassette."""
    return pytest.mark.parametrize("path", paths, ids=shown)


@pytest.mark.parametrize("mode", ["sync", "async"])
@every(CASSETTES)
@pytest.mark.disable_socket
def test_a_recorded_conversation_replays_to_its_result(path: Path, mode: str) -> None:
    """Without any network, each client asks what was recorded, all of it, and makes of it the reviewed result."""
    result = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert recording.replayed(SCENARIOS[path.stem], path, mode) == result


@every(CASSETTES)
def test_requests_and_responses_are_as_the_specification_says(path: Path) -> None:
    """Requests to the API and responses are in the spec, one credential included; storage is sent no credential."""
    recorded = exchanges(path)
    found = [text for each in recorded if each.operation for text in violations(each)]
    assert found == [], "\n".join(found)
    assert not any(name in each.headers for each in recorded if not each.operation for name in CREDENTIALS)


@every(CASSETTES)
def test_the_generated_models_give_back_what_was_recorded(path: Path) -> None:
    """Each successful response, read by its generated model and written again, is what it was, nulls aside."""
    responses = [each for each in exchanges(path) if each.operation and each.status < 300 and each.response]
    for each in responses:
        model = getattr(metrics24_api.models, model_of(each))
        assert model.from_dict(each.parsed).to_dict() == without_nulls(each.parsed), each.operation


def model_of(exchange: Exchange) -> str:
    """The generated model of a response; single objects may be wrapped, and a creation may tell its id alone."""
    name = OPERATIONS[exchange.operation].response
    if "created_item_id" in exchange.parsed:
        return "CreatedItem"
    wrapped = hasattr(metrics24_api.models, f"{name}Envelope") and exchange.parsed.keys() == {"data"}
    return f"{name}Envelope" if wrapped else name


def without_nulls(value: Any) -> Any:
    """A JSON value without properties that are null, which to the client are absent."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


@every(CASSETTES)
def test_the_sandbox_still_responds_in_the_same_shape(path: Path, frozen_sandbox: Sandbox, tmp_path: Path) -> None:
    """Asked by the same scenario, the sandbox answers each operation and status with the recorded keys and types."""
    again = recording.of_sandbox(SCENARIOS[path.stem], frozen_sandbox, tmp_path)
    assert shapes(again) == shapes(path)
    if cassettes.origin_of(path).kind == "sandbox":
        assert again.read_bytes() == path.read_bytes(), "recording twice does not give the same: run `make record`"
        assert again.with_suffix(".json").read_bytes() == path.with_suffix(".json").read_bytes()


def test_every_operation_has_a_recorded_success() -> None:
    """All operations of the spec are in the sandbox's cassettes with a response that is no error."""
    succeeded = {each.operation for path in OWN for each in exchanges(path) if each.status < 300}
    assert succeeded - {""} == OPERATIONS.keys()


@pytest.mark.parametrize("operation", [READS, WRITES, *DOWNLOADS], ids=lambda name: name or "storage")
def test_every_documented_status_is_recorded(operation: str) -> None:
    """Each documented error is recorded for a read, for a write, and for a download at the API and at storage."""
    met = {each.status for path in OWN for each in exchanges(path) if each.operation == operation}
    assert set(STATUSES) <= met


def test_both_forms_of_authentication_are_recorded() -> None:
    """There are requests with the key and requests with the token, and no other header carries one."""
    sent = {name: set[str]() for name in CREDENTIALS}
    for path in OWN:
        for each in exchanges(path):
            for name in CREDENTIALS:
                sent[name] |= {each.headers[name]} if name in each.headers else set()
    assert sent == {"api-key": {"scrubbed-key", "not-a-key-at-all"}, "authorization": {"Bearer scrubbed-token"}}
