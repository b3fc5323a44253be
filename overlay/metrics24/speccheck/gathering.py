"""Gather responses: ask a live server's read operations once each, or read cassettes as vcrpy writes them.

A live server is asked with harmless parameters: the user's own, and ids and keys out of earlier responses.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from attrs import define, field, frozen

from metrics24._core.effects import RawResponse
from metrics24._core.export_flows import names_in
from metrics24._core.requests import OPERATIONS, Operation, Route
from metrics24.client import Client
from metrics24.config import Retrying, is_loopback
from metrics24.errors import Metrics24Error, StatusError, TransportError, UsageError
from metrics24.kinds import KINDS
from metrics24.models import properties
from metrics24.speccheck.comparison import RecordedResponse
from metrics24.speccheck.judgement import (
    NOT_ASKED,
    Finding,
    ProbedOperation,
    ProbeResult,
    Verdict,
    described_part,
    judge,
)
from metrics24.speccheck.spec import Spec, import_extra

Arguments = Mapping[str, Any]
Row = Mapping[str, Any]
Routes = Mapping[str, tuple[str, str]]

SAMPLE: Final = 10
"""Rows or objects that the doctor asks for: a single one says little of its fields."""
MOST_ROWS: Final = 100
"""Rows or objects that drift asks for, whose counts say more than a sample."""

_RETRYING = Retrying(attempts=2, deadline=15.0)
_NONSENSE = "metrics24-doctor-asks-for-nothing"
_SILENT_AFTER = 2  # operations in a row without any response, after which the rest is not asked
_FOUND_IN_RESPONSES = frozenset(
    ("filter_group_id", "export_id", "artifact_name", "offer", "publisher", "tx_id", "hash_", "organization")
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

_SUFFIXES = frozenset({".yaml", ".yml"})
_LONGEST_HEADER = 2_000
_LIVE = "# kind: live"  # the mark of our own recordings of a live API
_GZIP = b"\x1f\x8b"
_BODIES = ("base64_string", "base64", "string")  # the names that versions of vcrpy give to a body


@frozen(kw_only=True)
class Gathered:
    """Responses, and what is known of their origin.

    Attributes:
        responses: the responses.
        sandbox: True if some are not from a live API: a sandbox gave them, or a person wrote them.
        notes: lines about what was left out.
        unjudged: a line for each operation that gave no response to compare.

    """

    responses: tuple[RecordedResponse, ...]
    sandbox: bool
    notes: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()


@frozen
class MissingArgument:
    """The reason why an argument is not known."""

    reason: str


@define
class Facts:
    """All that is known to ask with. Rows and ids are the user's: they go into requests and nowhere else.

    Attributes:
        integration: the integration to ask, if there is one.
        start: the first day of a range.
        end: the last day.
        page_size: the number of rows or objects to ask for.
        artifact: the name of an export's file.
        objects: the rows and objects that tables and lists gave, by their model.

    """

    integration: str | None
    start: date
    end: date
    page_size: int = SAMPLE
    artifact: str | None = field(default=None, repr=False)
    objects: dict[str, list[Row]] = field(factory=dict, repr=False)

    def arguments(self) -> dict[str, object]:
        """Return the arguments that many operations share; a `MissingArgument` for one that is not known."""
        groups = self.objects.get("FilterGroup", [])
        with_file_first = sorted(self.objects.get("Export", []), key=lambda each: next(names_in(each), None) is None)
        return self.scope() | {
            "start_date": self.start,
            "end_date": self.end,
            "pagesize": self.page_size,
            "filter_group_id": _first_id(groups) or MissingArgument("no list gave the id of a filter group"),
            "export_id": _first_id(with_file_first) or MissingArgument("no list gave the id of an export"),
            "artifact_name": self.artifact or MissingArgument("no export named a file"),
        }

    def scope(self) -> dict[str, object]:
        """Return the argument that names the integration; a `MissingArgument` if it is not known."""
        missing = MissingArgument("it needs an integration: give --integration ID")
        return dict(integration_id=self.integration or missing)  # noqa: C408  the name is the generated code's, no text

    def choices(self, operation: Operation) -> list[Arguments] | MissingArgument:
        """Return the arguments to ask an operation with, the likelier ones first; or why it cannot be asked."""
        known = self.arguments()
        needed = [each.argument for each in operation.parameters if each.required or each.argument == "pagesize"]
        base = {name: known[name] for name in needed if name in known}
        missing = next((value for value in base.values() if isinstance(value, MissingArgument)), None)
        if missing is not None:
            return missing
        from_rows = [name for name in needed if name not in known]
        return self._from_rows(operation.response, base, from_rows) if from_rows else [base]

    def learn(self, operation: Operation, body: object) -> None:
        """Take ids and rows out of a response."""
        model, value = described_part(operation, body)
        for kind, objects in _items(model, value).items():
            self.objects[kind] = self.objects.get(kind) or objects
        if model == "Export" and isinstance(value, dict):
            self.artifact = self.artifact or next(names_in(value), None)

    def _from_rows(self, model: str, base: Arguments, needed: list[str]) -> list[Arguments] | MissingArgument:
        """Choose keys of rows to look them up; the documentation does not say which column holds a transaction id."""
        rows = self.objects.get(model)
        if not rows:
            return MissingArgument(
                "no rows to look up: their table must work, and --start and --end name days that have some"
            )
        found: list[Arguments] = []
        for column in ("real_tx_id", "tx_id"):
            keys = [_keys(model, row, column) for row in rows]
            usable = next((each for each in keys if all(each.get(name) for name in needed)), None)
            if usable is not None and usable not in found:
                found.append(usable)
        if not found:  # `keys` are now those with the column tx_id
            lacking = [name.rstrip("_") for name in needed if not any(each.get(name) for each in keys)]
            return MissingArgument(f"the table's rows lack {', '.join(lacking) or 'one of the keys each'}")
        return [{**base, **{name: each[name] for name in needed}} for each in found]


def _keys(model: str, row: Row, id_column: str) -> dict[str, str]:
    time_column = next(kind.time_column for kind in KINDS.values() if kind.model == model)
    day = _DAY.match(str(row.get(time_column)))
    columns = {"offer": "offer", "publisher": "publisher", "tx_id": id_column, "hash_": "hash"}
    keys = {name: str(row[column]) for name, column in columns.items() if row.get(column) not in (None, "")}
    return {**keys, "request_date": day[0]} if day else keys


def rows_in(operation: Operation, body: object) -> list[Row]:
    """Return the rows of a table's response; none if it has another shape."""
    return [row for rows in _items(*described_part(operation, body)).values() for row in rows]


def _items(model: str, value: object) -> dict[str, list[Row]]:
    """Return the objects that a response lists, by their model; none if it has another shape."""
    inner = value.get("data") if isinstance(value, dict) else None
    kind = next((each.model for each in properties(model) if each.name == "data"), "")
    if kind and isinstance(inner, list):
        return {kind: [each for each in inner if isinstance(each, dict)]}
    return _items(kind, inner) if kind and inner is not None else {}


def _first_id(objects: list[Row]) -> str | None:
    return next((str(each["id"]) for each in objects if each.get("id") not in (None, "")), None)


@define
class ServerProbe:
    """A server that is probed operation by operation, and what its responses taught.

    Attributes:
        client: the client that sends the requests.
        routes: the user's corrections of methods and paths.
        facts: the arguments that are known so far.
        responses: the responses to all operations.
        problem: the last error.
        worked: the operations that gave a success.

    """

    client: Client
    routes: Routes
    facts: Facts
    responses: list[RecordedResponse] = field(factory=list)
    problem: Metrics24Error | None = None
    worked: set[str] = field(factory=set)
    _integrations: set[object] = field(factory=lambda: {None})
    _silent: int = 0
    _refused: bool = False
    _nonsense: dict[tuple[str, str], ProbeResult] = field(factory=dict)

    @property
    def stopped(self) -> str:
        """The reason why nothing more should be asked, empty if there is none."""
        if self._refused:
            return "the server does not accept the key"
        return "the server had stopped answering" if self._silent >= _SILENT_AFTER else ""

    def ask(self, operation: Operation, arguments: Arguments, body: object = None) -> ProbeResult:
        """Send one request and record its response."""
        result = _send(self.client, operation, arguments, body)
        self._silent = self._silent + 1 if isinstance(result.error, TransportError) else 0
        self.problem = result.error or self.problem
        if result.response is not None:
            self.responses.append(result.response)
        if result.error is None:
            self.worked.add(operation.id)
            self._integrations.add(_integration(**arguments))
            self.facts.learn(operation, result.body)
        elif result.status == 401 and not self.worked:
            self._refused = True
        return result

    def judge(self, operation: Operation, arguments: Arguments, result: ProbeResult) -> Finding:
        """Judge the result of an operation, and where it is a 404 compare it with that of a nonsense path."""
        own, doubt = not any(name in _FOUND_IN_RESPONSES for name in arguments), ""
        if not own:
            doubt = "an id or key from elsewhere is not known here"
        elif _integration(**arguments) not in self._integrations:
            doubt = "the integration is not known, with which nothing else worked either"
        route = self._route(operation)
        sent = (*map(str, arguments.values()), fixed_pieces(route.path)[-1], _NONSENSE)
        probed = ProbedOperation(operation=operation, route=route, sent=sent, doubt=doubt, own_arguments=own)
        nonsense = self._ask_nonsense(operation, arguments) if result.status == 404 else None
        return judge(probed, result, nonsense, key_works=bool(self.worked))

    def not_asked(self, operation: Operation, reason: str) -> Finding:
        """Return the finding on an operation that was not asked."""
        probed = ProbedOperation(operation=operation, route=self._route(operation))
        return probed.finding(Verdict.INCONCLUSIVE, NOT_ASKED + reason)

    def _route(self, operation: Operation) -> Route:
        return Route(*self.routes.get(operation.id, (operation.method, operation.path)))

    def _ask_nonsense(self, operation: Operation, arguments: Arguments) -> ProbeResult:
        """Ask for a path that surely does not exist, beside the operation's."""
        route = self._route(operation)
        method = route.method if operation.effect == "read" else "GET"
        path = nonsense_path(route.path)
        if (method, path) not in self._nonsense:
            client = self.client.with_options(routes={**self.routes, operation.id: (method, path)})
            self._nonsense[method, path] = _send(client, operation, arguments, None)
        return self._nonsense[method, path]


def probe(client: Client, routes: Routes, facts: Facts, **options: Any) -> ServerProbe:
    """Prepare to probe a server, with few retries; `options` are more options of the client."""
    return ServerProbe(client.with_options(retrying=_RETRYING, routes=routes, **options), routes, facts)


def examine_reads(server: ServerProbe, on_step: Callable[[str], None]) -> list[Finding]:
    """Ask every read operation once, the easy ones first, and judge all of them when all responses are in."""
    reads = [each for each in OPERATIONS.values() if each.effect == "read"]
    pending, results = list(reads), dict[str, tuple[Arguments, ProbeResult]]()
    while pending and not server.stopped:
        ready = ((each, server.facts.choices(each)) for each in pending)
        found = next(((each, choices) for each, choices in ready if isinstance(choices, list)), None)
        if found is None:
            break
        operation, choices = found
        on_step(operation.id)
        pending.remove(operation)
        for arguments in choices:
            result = server.ask(operation, arguments)
            results[operation.id] = arguments, result
            if result.status != 404:
                break
    return [
        server.judge(each, *results[each.id])
        if each.id in results
        else server.not_asked(each, server.stopped or getattr(server.facts.choices(each), "reason", ""))
        for each in reads
    ]


def nonsense_path(path: str) -> str:
    """Return the path with its last fixed piece replaced, so that it keeps prefix and placeholders."""
    before, _, after = path.rpartition(f"/{fixed_pieces(path)[-1]}")
    return f"{before}/{_NONSENSE}{after}"


def fixed_pieces(path: str) -> list[str]:
    """Return the pieces of a path template that are no placeholders."""
    return [piece for piece in path.split("/")[1:] if not piece.startswith("{")] or [""]


def _integration(*, integration_id: object = None, **_: object) -> object:
    """Return the integration among some arguments, None without one."""
    return integration_id


def _send(client: Client, operation: Operation, arguments: Arguments, body: object) -> ProbeResult:
    placed: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
    for parameter in operation.parameters:
        if parameter.argument in arguments:
            placed[parameter.location][parameter.name] = arguments[parameter.argument]
    path = {name: str(value) for name, value in placed["path"].items()}
    try:
        response = client.request(operation.id, path=path, query=placed["query"], body=body)
    except StatusError as error:
        failed = RawResponse(error.status_code, httpx.Headers(dict(error.headers)), error.body)
        return ProbeResult(RecordedResponse.of(operation.id, failed), error)
    except Metrics24Error as error:
        return ProbeResult(error=error)
    return ProbeResult(RecordedResponse.of(operation.id, response))


def from_cassettes(spec: Spec, folder: Path) -> Gathered:
    """Read all cassettes of a folder and of the folders in it.

    Raises:
        UsageError: there are none, or one cannot be read.

    """
    responses: list[RecordedResponse] = []
    sandbox, notes, foreign = False, [], 0
    for file in sorted(each for each in folder.rglob("*") if each.suffix in _SUFFIXES and each.is_file()):
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"The cassette {file} cannot be read: {error}") from error
        interactions = _interactions(text, file)
        if interactions is None:
            notes.append(f"{file.relative_to(folder).as_posix()} is no cassette")
        for each in map(_mapping, interactions or ()):
            request, response = _mapping(each.get("request")), _mapping(each.get("response"))
            url = urlsplit(str(request.get("uri", "")))
            operation = spec.operation_of(str(request.get("method", "")), url.path)
            if operation is None:
                foreign += 1
                continue
            responses.append(_recorded(operation.id, response, file))
            sandbox = sandbox or _of_sandbox(text, url.hostname or "")
    if not responses:
        raise UsageError(f"{folder} holds no cassette with a response of the API: record some with `make record`.")
    if foreign:
        notes.append(f"requests that are none of the spec's operations, such as downloads: {foreign}")
    return Gathered(responses=tuple(responses), sandbox=sandbox, notes=tuple(notes))


def _interactions(text: str, file: Path) -> list[object] | None:
    """Return the requests of a cassette with their responses; None if it is some other YAML."""
    yaml = import_extra("yaml")
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError) as error:
        reason = type(error).__name__  # its message would show a piece of the file
        raise UsageError(f"The cassette {file} is not YAML that can be read ({reason}): record it again.") from error
    interactions = _mapping(document).get("interactions")
    return interactions if isinstance(interactions, list) else None


def _recorded(operation: str, response: Mapping[str, Any], file: Path) -> RecordedResponse:
    status = response.get("status")
    code = status.get("code") if isinstance(status, dict) else status
    if not isinstance(code, int):
        raise UsageError(f"The cassette {file} has a response to {operation} without a status: record it again.")
    try:
        content = _content(response.get("body"))
    except (binascii.Error, OSError, EOFError, zlib.error) as error:
        raise UsageError(f"The cassette {file} has a damaged response to {operation}: record it again.") from error
    return RecordedResponse.of(operation, RawResponse(code, httpx.Headers(), content))


def _content(body: Any) -> bytes:
    """Return the bytes of a body: text, bytes or base64, packed or not."""
    raw = body
    if isinstance(body, dict):
        name = next((each for each in _BODIES if isinstance(body.get(each), str | bytes)), "")
        raw = base64.b64decode(body[name]) if name.startswith("base64") else body.get(name)
    content = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else bytes(raw or b"")
    return gzip.decompress(content) if content.startswith(_GZIP) else content


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _of_sandbox(text: str, host: str) -> bool:
    """Return True if a cassette is not from a live API: its header must say that it is; without a header, the host."""
    header = [line for line in text[:_LONGEST_HEADER].splitlines() if line.startswith("#")]
    return _LIVE not in header if header else "sandbox" in host or is_loopback(host)
