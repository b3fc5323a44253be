"""Harmless parameters for each operation: the user's own, and ids and keys taken from earlier answers.

Ask each read operation once, the easy ones first, so that their answers give the ids for the others.

Find out whether the last day of a range counts, which is not documented: else `pull S..E` ends a day early.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from attrs import define, field, frozen

from metrics24._core.export_flows import is_midnight, moment, names_in
from metrics24._core.requests import OPERATIONS, Operation, Route
from metrics24._core.responses import decode
from metrics24.client import Client
from metrics24.errors import Metrics24Error, TransportError
from metrics24.kinds import KINDS
from metrics24.models import properties
from metrics24.speccheck.findings import Finding, Verdict
from metrics24.speccheck.judgement import NOT_ASKED, AskedOperation, Judgement, described_part, judge

SAMPLE = 10  # rows or objects asked for: one alone tells little of what its fields can hold
_TABLES = tuple(kind.report for kind in KINDS.values())
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

_DOUBTFUL = frozenset(
    ("filter_group_id", "export_id", "artifact_name", "offer", "publisher", "tx_id", "hash_", "organization")
)

Arguments = Mapping[str, Any]
Row = Mapping[str, Any]


@frozen
class Unknown:
    """An argument that is not known, and why."""

    reason: str


@define
class Facts:
    """What is known so far. Rows and ids are the user's: they go into requests and nowhere else."""

    integration: str | None
    start: date
    end: date
    filter_group: str | None = field(default=None, repr=False)
    export: str | None = field(default=None, repr=False)
    artifact: str | None = field(default=None, repr=False)
    rows: dict[str, list[Row]] = field(factory=dict, repr=False)
    tables: dict[str, list[Row]] = field(factory=dict, repr=False)

    def days(self) -> Arguments:
        """The arguments that are no ids."""
        return {"start_date": self.start, "end_date": self.end, "pagesize": SAMPLE}

    def scope(self) -> Arguments:
        """The integration."""
        missing = Unknown("it needs an integration: give --integration ID")
        return dict(integration_id=self.integration or missing)  # noqa: C408  the name is the generated code's, no text

    def ids(self) -> Arguments:
        """The ids that lists gave."""
        return {
            "filter_group_id": self.filter_group or Unknown("no list gave the id of a filter group"),
            "export_id": self.export or Unknown("no list gave the id of an export"),
            "artifact_name": self.artifact or Unknown("no export named a file"),
        }

    def learn(self, operation: Operation, body: object) -> None:
        """Take ids and rows out of an answer."""
        model, value = described_part(operation, body)
        items = _items(model, value)
        for kind, objects in items.items():
            if kind == "FilterGroup" and self.filter_group is None:
                self.filter_group = _first_id(objects)
            elif kind == "Export":
                named = sorted(objects, key=lambda each: next(names_in(each), None) is None)
                self.export = self.export or _first_id(named)
        if model == "Export" and isinstance(value, dict):
            self.artifact = self.artifact or next(names_in(value), None)
        for kind in ("Click", "Conversion"):
            if items.get(kind):
                self.rows[kind] = items[kind]
        if operation.id in _TABLES:
            self.tables.setdefault(operation.id, rows_in(operation, body))


def argument_choices(operation: Operation, facts: Facts) -> list[Arguments] | Unknown:
    """The arguments to ask an operation with, the likelier first; or why it cannot be asked."""
    known = {**facts.days(), **facts.scope(), **facts.ids()}
    wanted = [each.argument for each in operation.parameters if each.required or each.argument in ("pagesize",)]
    missing = [name for name in wanted if isinstance(known.get(name), Unknown)]
    if missing:
        return Unknown(known[missing[0]].reason)
    from_rows = [name for name in wanted if name not in known]
    base = {name: known[name] for name in wanted if name in known}
    if not from_rows:
        return [base]
    return _of_rows(operation.response, facts, base, from_rows)


def is_own(arguments: Arguments) -> bool:
    """Whether nothing in the arguments came out of another answer, or names something else than an integration."""
    return not any(name in _DOUBTFUL for name in arguments)


def integration_in(arguments: Arguments, facts: Facts) -> str | None:
    """The integration that the arguments name; None if they name none."""
    return next((arguments[name] for name in facts.scope() if name in arguments), None)


def on_the_wire(operation: Operation, arguments: Arguments) -> dict[str, dict[str, Any]]:
    """Arguments as the API names them, by their place."""
    placed: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
    for parameter in operation.parameters:
        if parameter.argument in arguments:
            placed[parameter.location][parameter.name] = arguments[parameter.argument]
    return placed


def _of_rows(model: str, facts: Facts, base: Arguments, wanted: list[str]) -> list[Arguments] | Unknown:
    rows = facts.rows.get(model)
    if not rows:
        return Unknown("no rows to look up: their table must work, and --start and --end name days that have some")
    found: list[Arguments] = []
    for column in ("real_tx_id", "tx_id"):
        keys = [_keys(model, row, column) for row in rows]
        usable = next((each for each in keys if all(each.get(name) for name in wanted)), None)
        if usable is not None and usable not in found:
            found.append(usable)
    if not found:
        lacking = [name.rstrip("_") for name in wanted if not any(_keys(model, row, "tx_id").get(name) for row in rows)]
        return Unknown(f"the table's rows lack {', '.join(lacking) or 'one of the keys each'}")
    return [{**base, **{name: each[name] for name in wanted}} for each in found]


def _keys(model: str, row: Row, id_column: str) -> dict[str, str]:
    """The keys that look a row up; the documentation does not say from which column the transaction id comes."""
    times = [each.name for each in properties(model) if each.name.endswith("_time") and each.evidence == "documented"]
    time = next((str(row[name]) for name in times if row.get(name)), "")
    day = _DAY.match(time)
    columns = {"offer": "offer", "publisher": "publisher", "tx_id": id_column, "hash_": "hash"}
    texts = {name: row.get(column) for name, column in columns.items()}
    keys = {name: str(value) for name, value in texts.items() if value not in (None, "")}
    return {**keys, "request_date": day[0]} if day else keys


def rows_in(operation: Operation, body: object) -> list[Row]:
    """The rows of a table's answer; none where it has another shape."""
    return [row for rows in _items(*described_part(operation, body)).values() for row in rows]


def _items(model: str, value: object) -> dict[str, list[Mapping[str, Any]]]:
    """The objects that an answer lists, by their model; nothing where it has another shape."""
    for prop in properties(model):
        if prop.name == "data" and isinstance(value, dict):
            inner = value.get("data")
            if isinstance(inner, list):
                return {prop.model: [each for each in inner if isinstance(each, dict)]}
            return _items(prop.model, inner) if prop.model else {}
    return {}


def _first_id(objects: list[Mapping[str, Any]]) -> str | None:
    ids = (each.get("id") for each in objects)
    return next((str(each) for each in ids if each not in (None, "")), None)


NONSENSE = "metrics24-doctor-asks-for-nothing"
_SILENT_AFTER = 2  # operations in a row without any answer, after which the rest is not asked

Routes = Mapping[str, tuple[str, str]]


@define
class ServerProbe:
    """The server under examination: sends requests by operation and remembers what it learned from the answers."""

    client: Client
    routes: Routes
    facts: Facts
    worked: set[str] = field(factory=set)
    silent: int = 0
    refused: bool = False
    integrations: set[str | None] = field(factory=lambda: {None})
    _nonsense: dict[tuple[str, str], Judgement] = field(factory=dict)

    @property
    def stopped(self) -> str:
        """Why nothing more should be asked, empty while it should."""
        if self.refused:
            return "the server does not accept the key"
        return "the server had stopped answering" if self.silent >= _SILENT_AFTER else ""

    def route(self, operation: Operation) -> Route:
        """Method and path that are in force."""
        return Route(*self.routes.get(operation.id, (operation.method, operation.path)))

    def ask(self, operation: Operation, arguments: Arguments, body: object = None) -> Judgement:
        """Send one request."""
        wire = on_the_wire(operation, arguments)
        outcome = _send(self.client, operation.id, wire, body)
        self.silent = self.silent + 1 if isinstance(outcome.error, TransportError) else 0
        if outcome.answer is not None:
            self.worked.add(operation.id)
            self.integrations.add(integration_in(arguments, self.facts))
            with suppress(Metrics24Error):  # judged elsewhere
                self.facts.learn(operation, decode(outcome.answer, operation.id))
        elif outcome.status == 401 and not self.worked:
            self.refused = True
        return outcome

    def nonsense(self, operation: Operation, arguments: Arguments) -> Judgement:
        """What the server answers for a path that surely does not exist, beside the operation's."""
        route = self.route(operation)
        method = route.method if operation.effect == "read" else "GET"
        path = nonsense_path(route.path)
        if (method, path) not in self._nonsense:
            client = self.client.with_options(routes={**self.routes, operation.id: (method, path)})
            wire = on_the_wire(operation, arguments)
            self._nonsense[method, path] = _send(client, operation.id, wire, None)
        return self._nonsense[method, path]

    def judge(self, operation: Operation, arguments: Arguments, outcome: Judgement) -> Finding:
        """Judge an operation's outcome, with a look at a nonsense path where that is needed."""
        route = self.route(operation)
        own = is_own(arguments)
        doubt = "" if own else "an id or key from elsewhere is not known here"
        if integration_in(arguments, self.facts) not in self.integrations:
            doubt = doubt or "the integration is not known, with which nothing else worked either"
        asked = AskedOperation(
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
        asked = AskedOperation(operation=operation, route=self.route(operation))
        return asked.finding(Verdict.INCONCLUSIVE, NOT_ASKED + reason)


def examine_reads(server: ServerProbe, on_step: Callable[[str], None]) -> list[Finding]:
    """Ask every read operation, and judge all of them when all answers are in; in the spec's order."""
    pending = {each.id: each for each in OPERATIONS.values() if each.effect == "read"}
    order = list(pending)
    outcomes: dict[str, tuple[Arguments, Judgement]] = {}
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


def _is_ready(operation: Operation, facts: Facts) -> bool:
    return not isinstance(argument_choices(operation, facts), Unknown)


def _first_success(server: ServerProbe, operation: Operation) -> tuple[Arguments, Judgement]:
    """Ask with one choice of arguments after the other for as long as nothing is found under them."""
    choices = argument_choices(operation, server.facts)
    assert not isinstance(choices, Unknown)  # noqa: S101 - only ready operations get here
    tried = [(each, server.ask(operation, each)) for each in choices[:1]]
    for each in choices[1:]:
        if tried[-1][1].status != 404:
            break
        tried.append((each, server.ask(operation, each)))
    return tried[-1]


def _finding(server: ServerProbe, operation: Operation, asked: tuple[Arguments, Judgement] | None) -> Finding:
    if asked is not None:
        return server.judge(operation, *asked)
    choices = argument_choices(operation, server.facts)
    reason = choices.reason if isinstance(choices, Unknown) else ""
    return server.not_asked(operation, server.stopped or reason)


def _send(client: Client, operation: str, wire: Mapping[str, Mapping[str, object]], body: object) -> Judgement:
    path = {name: str(value) for name, value in wire["path"].items()}
    try:
        return Judgement(client.request(operation, path=path, query=wire["query"], body=body))
    except Metrics24Error as error:
        return Judgement(error=error)


NAME = "last day"

_REMEDY = (
    "metrics24 pull -o: give --end a day later than the last one that you want, or the last day is missing",
    "metrics24 pull --by-day: nothing to do, each file holds its whole day",
    "in Python: end= a day later; for exports, exports.plan sees to it",
)


def examine_last_day(server: ServerProbe, on_step: Callable[[str], None]) -> Finding:
    """Ask a table that had rows for one day alone, from that day to the same: it has rows only if last days count.

    The rows that the tables gave before say which day has some. In which zone days are cut is not documented either, so
    the days beside it are asked for where it is empty: three requests at most, and one where last days count.
    """
    facts = server.facts
    (scope,) = facts.scope().values()
    if server.stopped or isinstance(scope, Unknown):
        return _open(f"{NOT_ASKED}{scope.reason if isinstance(scope, Unknown) else server.stopped}")
    table, day = next(_tables_with_rows(server), ("", None))
    if day is None:
        return _open(
            "whether it counts cannot be judged: no rows whose time tells a day, midnight aside; give --start and "
            "--end of days that have some"
        )
    if facts.start == facts.end:
        return _counts()
    on_step(NAME)
    for each in _with_neighbours(day):
        counted = _has_rows(server, table, each)
        if counted is None:
            return _open(f"whether it counts cannot be judged: no usable answer of {table} for a single day")
        if counted:
            return _counts()
    summary = "does not count: from S to E gives no rows of day E, or those of its first moment alone"
    return Finding(name=NAME, verdict=Verdict.NOTE, summary=summary, remedy=_REMEDY)


def _tables_with_rows(server: ServerProbe) -> Iterator[tuple[str, date]]:
    """Each table that gave rows, and the day of the newest one that does not stand at midnight.

    A server may count the first moment of a last day, so that rows at midnight prove nothing.
    """
    for table in _TABLES:
        moments = [moment(row) for row in server.facts.tables.get(table, ()) if not is_midnight(row)]
        days = [each.date() for each in moments if each is not None]
        if days:
            yield table, max(days)


def _with_neighbours(day: date) -> Iterator[date]:
    for number in (day.toordinal(), day.toordinal() - 1, day.toordinal() + 1):
        if date.min.toordinal() <= number <= date.max.toordinal():
            yield date.fromordinal(number)


def _has_rows(server: ServerProbe, table: str, day: date) -> bool | None:
    """Whether a range of this day alone has rows besides those at midnight; None if the server does not say."""
    operation = OPERATIONS[table]
    chosen = argument_choices(operation, server.facts)
    assert not isinstance(chosen, Unknown)  # noqa: S101 - it was asked before
    outcome = server.ask(operation, {**chosen[0], "start_date": day, "end_date": day})
    if outcome.answer is None:
        return None
    try:
        rows = rows_in(operation, decode(outcome.answer, table))
    except Metrics24Error:
        return None
    return any(not is_midnight(row) for row in rows)


def _counts() -> Finding:
    return Finding(name=NAME, verdict=Verdict.WORKS, summary="counts: from S to E gives the rows of day E too")


def _open(summary: str) -> Finding:
    return Finding(name=NAME, verdict=Verdict.INCONCLUSIVE, summary=summary)
