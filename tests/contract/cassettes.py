"""Recorded conversations: one YAML file a scenario, with its result beside it, and no credential in either."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import vcr

from metrics24_api.operation_table import SPEC_SHA256

FOLDER = Path(__file__).parent.parent / "cassettes"
HOST = "sandbox.invalid"
_REQUEST_HEADERS = {"accept", "content-type"}
_ANSWER_HEADERS = {"content-type", "retry-after"}
_HEADER = "# Recorded from the sandbox, for the specification with the SHA-256 hash {}; `make record` records anew.\n"


def path_of(name: str) -> Path:
    """Where a scenario's conversation is kept."""
    return FOLDER / f"{name}.yaml"


def result_of(name: str) -> Path:
    """Where a scenario's result is kept."""
    return FOLDER / f"{name}.json"


def is_stale(name: str) -> bool:
    """Whether the conversation is missing or was recorded for another specification."""
    path = path_of(name)
    return not path.exists() or not path.read_text("utf-8").startswith(_HEADER.format(SPEC_SHA256))


@contextmanager
def recording(name: str) -> Iterator[None]:
    """Record what is said inside the block."""
    path = path_of(name)
    path.unlink(missing_ok=True)
    with _recorder("all").use_cassette(str(path)):
        yield
    path.write_text(_HEADER.format(SPEC_SHA256) + path.read_text("utf-8"), encoding="utf-8")


@contextmanager
def replaying(name: str) -> Iterator[Any]:
    """Answer from the recording; a request that is not in it is an error."""
    with _recorder("none").use_cassette(str(path_of(name))) as cassette:
        yield cassette


def keep_result(name: str, result: object) -> None:
    """Write a scenario's result down for review."""
    result_of(name).write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _recorder(mode: str) -> Any:
    return vcr.VCR(
        record_mode=mode,
        match_on=("method", "path", "query", "body"),
        before_record_request=_scrubbed_request,
        before_record_response=_scrubbed_answer,
        decode_compressed_response=True,
    )


def _scrubbed_request(request: Any) -> Any:
    """Keep only headers that are known to be harmless, and no address of a machine."""
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in _REQUEST_HEADERS}
    request.uri = urlunsplit(urlsplit(request.uri)._replace(netloc=HOST))
    return request


def _scrubbed_answer(answer: dict[str, Any]) -> dict[str, Any]:
    answer["headers"] = {name: value for name, value in answer["headers"].items() if name.lower() in _ANSWER_HEADERS}
    return answer
