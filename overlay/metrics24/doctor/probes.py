"""Harmless parameters for each operation: the user's own, and ids and keys taken from earlier answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from attrs import define, field, frozen

from metrics24.doctor.judgement import described_part
from metrics24.flows.export_records import names_in
from metrics24.flows.planning import TABLES
from metrics24.models import properties
from metrics24.operations import Operation

SAMPLE = 10  # rows or objects asked for: one alone tells little of what its fields can hold
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
        if operation.id in TABLES.values():
            self.tables.setdefault(operation.id, rows_in(operation, body))


def choices(operation: Operation, facts: Facts) -> list[Arguments] | Unknown:
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
