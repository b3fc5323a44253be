"""Answers out of recorded conversations: cassettes as vcrpy writes them, read with mistrust."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field

from metrics24.drift.comparison import Body, Heard
from metrics24.drift.document import Spec, extra
from metrics24.errors import UsageError
from metrics24.settings import is_loopback

_SUFFIXES = frozenset({".yaml", ".yml"})
_LONGEST_HEADER = 2_000
_LIVE = "# kind: live"  # which our own recordings say of themselves
_GZIP = b"\x1f\x8b"


@define
class Recorded:
    """What a folder of cassettes holds.

    Attributes:
        answers: the answers to operations of the spec.
        sandbox: whether some of them are not from a live API: given by a sandbox, or written by hand.
        others: names of YAML files that are no cassettes.
        foreign: how many requests were none of the spec's operations, such as downloads from a storage.

    """

    answers: list[Heard] = field(factory=list)
    sandbox: bool = False
    others: list[str] = field(factory=list)
    foreign: int = 0


def recorded(spec: Spec, folder: Path) -> Recorded:
    """Read all cassettes of a folder.

    Raises:
        UsageError: there are none, or one cannot be read.

    """
    found = Recorded()
    files = [each for each in sorted(folder.rglob("*")) if each.suffix in _SUFFIXES and each.is_file()]
    for file in files:
        text = _text(file)
        conversations = _interactions(text, file)
        if conversations is None:
            found.others.append(file.relative_to(folder).as_posix())
            continue
        for request, response in conversations:
            url = urlsplit(str(request.get("uri", "")))
            operation = spec.operation_of(str(request.get("method", "")), url.path)
            if operation is None:
                found.foreign += 1
                continue
            found.answers.append(_heard(operation.id, response, file))
            found.sandbox = found.sandbox or _of_sandbox(text, url.hostname or "")
    if not found.answers:
        raise UsageError(f"{folder} holds no cassette with an answer of the API: record some with `make record`.")
    return found


def heard(operation: str, status: int, content: bytes) -> Heard:
    """An answer, its JSON decoded where there is any."""
    if not content.strip():
        return Heard(operation, status)
    try:
        return Heard(operation, status, Body(json.loads(content.decode("utf-8-sig"))))
    except (ValueError, RecursionError):
        return Heard(operation, status, readable=False)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The cassette {file} cannot be read: {error}") from error


def _interactions(text: str, file: Path) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]] | None:
    """The requests and responses of a cassette; None if it is some other YAML."""
    yaml = extra("yaml")
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError) as error:
        reason = type(error).__name__  # which would show a piece of the file if it were to say more
        raise UsageError(f"The cassette {file} is not YAML that can be read ({reason}): record it again.") from error
    interactions = document.get("interactions") if isinstance(document, dict) else None
    if not isinstance(interactions, list):
        return None
    pairs = [(_mapping(each).get("request"), _mapping(each).get("response")) for each in interactions]
    return [(_mapping(request), _mapping(response)) for request, response in pairs]


def _heard(operation: str, response: Mapping[str, Any], file: Path) -> Heard:
    status = response.get("status")
    code = status.get("code") if isinstance(status, dict) else status
    if not isinstance(code, int):
        raise UsageError(f"The cassette {file} has an answer to {operation} without a status: record it again.")
    try:
        return heard(operation, code, _content(response.get("body")))
    except (binascii.Error, OSError, EOFError, zlib.error) as error:
        raise UsageError(
            f"The cassette {file} has an answer to {operation} that is damaged: record it again."
        ) from error


def _content(body: Any) -> bytes:
    """The bytes of a body: text, bytes or base64, packed or not."""
    given = body if not isinstance(body, dict) else next(_values(body), b"")
    content = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else bytes(given or b"")
    return gzip.decompress(content) if content.startswith(_GZIP) else content


def _values(body: Mapping[str, Any]) -> Iterator[str | bytes]:
    for name in ("base64_string", "base64"):
        if isinstance(body.get(name), str | bytes):
            yield base64.b64decode(body[name])
    if isinstance(body.get("string"), str | bytes):
        yield body["string"]


def _of_sandbox(text: str, host: str) -> bool:
    """Whether an answer is not from a live API: the comment at the top must say that it is; without one, the host."""
    header = [line for line in text[:_LONGEST_HEADER].splitlines() if line.startswith("#")]
    return _LIVE not in header if header else "sandbox" in host or is_loopback(host)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def by_operation(answers: list[Heard]) -> dict[str, int]:
    """How many answers each operation gave."""
    return dict(sorted(Counter(each.operation for each in answers).items()))
