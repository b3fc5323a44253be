"""Answers out of recorded conversations: cassettes as vcrpy writes them, read with mistrust.

Answers of a live server: each read operation is asked as the doctor asks it, with larger pages.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import define, field, frozen

from metrics24._core.requests import Operation
from metrics24.client import Client
from metrics24.config import is_loopback
from metrics24.errors import Metrics24Error, StatusError, UsageError
from metrics24.speccheck.comparison import RecordedResponse, ResponseBody
from metrics24.speccheck.doctor import RETRYING
from metrics24.speccheck.document import Spec, extra
from metrics24.speccheck.findings import Verdict
from metrics24.speccheck.judgement import Judgement
from metrics24.speccheck.probing import Arguments, Facts, Routes, ServerProbe, examine_reads

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

    answers: list[RecordedResponse] = field(factory=list)
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


def heard(operation: str, status: int, content: bytes) -> RecordedResponse:
    """An answer, its JSON decoded where there is any."""
    if not content.strip():
        return RecordedResponse(operation, status)
    try:
        return RecordedResponse(operation, status, ResponseBody(json.loads(content.decode("utf-8-sig"))))
    except (ValueError, RecursionError):
        return RecordedResponse(operation, status, readable=False)


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


def _heard(operation: str, response: Mapping[str, Any], file: Path) -> RecordedResponse:
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


def by_operation(answers: list[RecordedResponse]) -> dict[str, int]:
    """How many answers each operation gave."""
    return dict(sorted(Counter(each.operation for each in answers).items()))


LARGEST_PAGE: Final = 100
_GOOD = frozenset({Verdict.WORKS, Verdict.DIFFERS})


class _ManyRows(Facts):
    """What the doctor knows, asked for by the hundred: counts say more than a sample."""

    def days(self) -> Arguments:
        """The arguments that are no ids."""
        return {name: LARGEST_PAGE if name == "pagesize" else value for name, value in super().days().items()}


@define
class _Listener(ServerProbe):
    """The doctor's server, whose answers are kept for comparison."""

    answers: list[RecordedResponse] = field(factory=list)
    problem: Metrics24Error | None = None

    def ask(self, operation: Operation, arguments: Arguments, body: object = None) -> Judgement:
        """Send one request and keep what is answered."""
        outcome = super().ask(operation, arguments, body)
        if outcome.answer is not None:
            self.answers.append(heard(operation.id, outcome.answer.status_code, outcome.answer.content))
        elif isinstance(outcome.error, StatusError) and outcome.status is not None:
            self.answers.append(heard(operation.id, outcome.status, outcome.error.body))
        self.problem = outcome.error or self.problem
        return outcome


@frozen
class Listened:
    """The answers, and a line for each operation that gave none that tells anything."""

    answers: list[RecordedResponse]
    silent: tuple[str, ...]


def listen(
    client: Client,
    integration: str | None,
    days: tuple[date, date],
    on_step: Callable[[str], None],
    routes: Routes,
) -> Listened:
    """Ask each read operation, some by `routes` of their own; nothing is written.

    Raises:
        Metrics24Error: nothing was answered with success: why the last operation was not.

    """
    server = _Listener(client.with_options(retrying=RETRYING, routes=routes), routes, _ManyRows(integration, *days))
    findings = examine_reads(server, on_step)
    if not server.worked and server.problem is not None:
        raise server.problem
    silent = [f"{each.name}: {each.summary}" for each in findings if each.verdict not in _GOOD]
    return Listened(server.answers, tuple(silent))
