"""Ask each read operation once, the easy ones first, so that their answers give the ids for the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from attrs import define, field

from metrics24.client.clients import Client
from metrics24.doctor import probes
from metrics24.doctor.findings import Finding, Verdict
from metrics24.doctor.judgement import NOT_ASKED, Asked, Outcome, judge
from metrics24.errors import Metrics24Error, TransportError
from metrics24.operations import OPERATIONS, Operation, Route
from metrics24.responses import decode

NONSENSE = "metrics24-doctor-asks-for-nothing"
_SILENT_AFTER = 2  # operations in a row without any answer, after which the rest is not asked

Routes = Mapping[str, tuple[str, str]]


@define
class Server:
    """The server under examination: sends requests by operation and remembers what it learned from the answers."""

    client: Client
    routes: Routes
    facts: probes.Facts
    worked: set[str] = field(factory=set)
    silent: int = 0
    refused: bool = False
    integrations: set[str | None] = field(factory=lambda: {None})
    _nonsense: dict[tuple[str, str], Outcome] = field(factory=dict)

    @property
    def stopped(self) -> str:
        """Why nothing more should be asked, empty while it should."""
        if self.refused:
            return "the server does not accept the key"
        return "the server had stopped answering" if self.silent >= _SILENT_AFTER else ""

    def route(self, operation: Operation) -> Route:
        """Method and path that are in force."""
        return Route(*self.routes.get(operation.id, (operation.method, operation.path)))

    def ask(self, operation: Operation, arguments: probes.Arguments, body: object = None) -> Outcome:
        """Send one request."""
        wire = probes.on_the_wire(operation, arguments)
        outcome = _send(self.client, operation.id, wire, body)
        self.silent = self.silent + 1 if isinstance(outcome.error, TransportError) else 0
        if outcome.answer is not None:
            self.worked.add(operation.id)
            self.integrations.add(probes.integration_in(arguments, self.facts))
            with suppress(Metrics24Error):  # judged elsewhere
                self.facts.learn(operation, decode(outcome.answer, operation.id))
        elif outcome.status == 401 and not self.worked:
            self.refused = True
        return outcome

    def nonsense(self, operation: Operation, arguments: probes.Arguments) -> Outcome:
        """What the server answers for a path that surely does not exist, beside the operation's."""
        route = self.route(operation)
        method = route.method if operation.effect == "read" else "GET"
        path = nonsense_path(route.path)
        if (method, path) not in self._nonsense:
            client = self.client.with_options(routes={**self.routes, operation.id: (method, path)})
            wire = probes.on_the_wire(operation, arguments)
            self._nonsense[method, path] = _send(client, operation.id, wire, None)
        return self._nonsense[method, path]

    def judge(self, operation: Operation, arguments: probes.Arguments, outcome: Outcome) -> Finding:
        """Judge an operation's outcome, with a look at a nonsense path where that is needed."""
        route = self.route(operation)
        own = probes.is_own(arguments)
        doubt = "" if own else "an id or key from elsewhere is not known here"
        if probes.integration_in(arguments, self.facts) not in self.integrations:
            doubt = doubt or "the integration is not known, with which nothing else worked either"
        asked = Asked(
            operation=operation,
            route=route,
            sent=(*(str(value) for value in arguments.values()), fixed_pieces(route.path)[-1], NONSENSE),
            unproven=doubt,
            own_arguments=own,
        )
        nonsense = self.nonsense(operation, arguments) if outcome.status == 404 else None
        return judge(asked, outcome, nonsense, key_works=bool(self.worked))

    def not_asked(self, operation: Operation, reason: str) -> Finding:
        """The finding on an operation that was not asked."""
        asked = Asked(operation=operation, route=self.route(operation))
        return asked.finding(Verdict.INCONCLUSIVE, NOT_ASKED + reason)


def examine_reads(server: Server, on_step: Callable[[str], None]) -> list[Finding]:
    """Ask every read operation, and judge all of them when all answers are in; in the spec's order."""
    pending = {each.id: each for each in OPERATIONS.values() if each.effect == "read"}
    order = list(pending)
    outcomes: dict[str, tuple[probes.Arguments, Outcome]] = {}
    while pending and not server.stopped:
        ready = next((each for each in pending.values() if _is_ready(each, server.facts)), None)
        if ready is None:
            break
        on_step(ready.id)
        outcomes[ready.id] = _first_success(server, pending.pop(ready.id))
    return [_finding(server, OPERATIONS[name], outcomes.get(name)) for name in order]


def nonsense_path(path: str) -> str:
    """The path with its last fixed piece replaced, so that it keeps prefix and placeholders."""
    before, _, after = path.rpartition(f"/{fixed_pieces(path)[-1]}")
    return f"{before}/{NONSENSE}{after}"


def fixed_pieces(path: str) -> list[str]:
    """The pieces of a path template that are no placeholders."""
    return [piece for piece in path.split("/")[1:] if not piece.startswith("{")] or [""]


def _is_ready(operation: Operation, facts: probes.Facts) -> bool:
    return not isinstance(probes.choices(operation, facts), probes.Unknown)


def _first_success(server: Server, operation: Operation) -> tuple[probes.Arguments, Outcome]:
    """Ask with one choice of arguments after the other for as long as nothing is found under them."""
    choices = probes.choices(operation, server.facts)
    assert not isinstance(choices, probes.Unknown)  # noqa: S101 - only ready operations get here
    tried = [(each, server.ask(operation, each)) for each in choices[:1]]
    for each in choices[1:]:
        if tried[-1][1].status != 404:
            break
        tried.append((each, server.ask(operation, each)))
    return tried[-1]


def _finding(server: Server, operation: Operation, asked: tuple[probes.Arguments, Outcome] | None) -> Finding:
    if asked is not None:
        return server.judge(operation, *asked)
    choices = probes.choices(operation, server.facts)
    reason = choices.reason if isinstance(choices, probes.Unknown) else ""
    return server.not_asked(operation, server.stopped or reason)


def _send(client: Client, operation: str, wire: Mapping[str, Mapping[str, object]], body: object) -> Outcome:
    path = {name: str(value) for name, value in wire["path"].items()}
    try:
        return Outcome(client.request(operation, path=path, query=wire["query"], body=body))
    except Metrics24Error as error:
        return Outcome(error=error)
