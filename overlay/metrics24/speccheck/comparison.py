"""Compare responses with the spec: count what is seen of each property, then conclude what differs.

Values are looked at and forgotten: names, JSON types, formats and counts are all that is kept of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from ipaddress import IPv4Address, ip_address
from typing import Final

from attrs import define, evolve, field, frozen

from metrics24._core.effects import RawResponse
from metrics24._core.responses import decode
from metrics24.errors import ResponseError
from metrics24.speccheck.spec import Place, Schema, Spec

ANY_NAME: Final = "*"
"""Stands for a name or value that is not shown, since it may be an id or data."""

UNKNOWN, MISSING, CONFLICT, ABSENT = "unknown field", "missing field", "type conflict", "absent field"
VALUE, STATUS, NOT_JSON = "unknown value", "undocumented status", "no JSON"
WEAK_EVIDENCE: Final = frozenset({"sibling", "inferred"})
"""Evidence that is weaker than a response that was seen."""

_TYPE_NAMES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
_TYPE_ORDER = list(_TYPE_NAMES.values())
_NAME = re.compile(r"[A-Za-z_][\w.:\[\]-]{0,63}", re.ASCII)
_ID = re.compile(r"[0-9A-Za-z-]*[0-9]{4,}[0-9A-Za-z-]*|[0-9a-f-]{16,}", re.ASCII)
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?", re.ASCII)
_FORMATS = {
    "uri": re.compile(r"https?://.*", re.DOTALL),
    "ulid": re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII),
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE),
}


@frozen
class JsonBody:
    """The decoded JSON of a response."""

    value: object = field(repr=False)


@frozen
class RecordedResponse:
    """A response, live or out of a cassette.

    Attributes:
        operation: the id of the operation.
        status: the HTTP status.
        body: the JSON, None if the body is empty or not JSON.
        problem: the reason why the body is not JSON, empty if it is or if there is no body.

    """

    operation: str
    status: int
    body: JsonBody | None = None
    problem: str = ""

    @classmethod
    def of(cls, operation: str, response: RawResponse) -> RecordedResponse:
        """Decode a response as the client does."""
        if not response.content.strip():
            return cls(operation, response.status_code)
        try:
            return cls(operation, response.status_code, JsonBody(decode(response, operation)))
        except ResponseError as error:
            return cls(operation, response.status_code, problem=str(error))


@frozen(kw_only=True)
class Difference:
    """One way in which responses differ from the spec.

    Attributes:
        kind: one of the seven kinds above; an absent field may be chance.
        schema: the schema of the spec to change; for a status or a body that is not JSON, the operation.
        name: the property, the new enum value, or the status.
        path: the JSON path where it was seen first; ``[]`` stands for any item of a list.
        operations: the operations whose responses have it.
        seen: the number of objects, texts or responses that have it.
        of: the number of objects, texts or responses that could have it.
        nulls: how often it was null.
        found: the types that were seen, and how often each.
        items: the types of the items of lists.
        format: the format of all texts that were seen, empty if they have none in common.
        expected: the types that the spec gives.
        evidence: the spec's evidence for what it expects.
        place: the place in the spec where a patch adds it; empty if that is left to people.

    """

    kind: str
    schema: str
    name: str
    path: str = "$"
    operations: tuple[str, ...] = ()
    seen: int = 0
    of: int = 0
    nulls: int = 0
    found: tuple[tuple[str, int], ...] = ()
    items: tuple[str, ...] = ()
    format: str = ""
    expected: tuple[str, ...] = ()
    evidence: str = ""
    place: Place = field(default=(), repr=False)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that a schema has to allow: without null, and without integer beside number."""
        names = [name for name, _ in self.found if name != "null"]
        return tuple(name for name in names if name != "integer" or "number" not in names)

    @property
    def by_patch(self) -> bool:
        """True if a patch of the spec removes the difference."""
        return bool(self.place)


@frozen(kw_only=True)
class Confirmed:
    """A weak guess of the spec that the responses confirm."""

    name: str
    evidence: str
    place: Place = field(repr=False)


@frozen(kw_only=True)
class Comparison:
    """All that responses say about the spec.

    Attributes:
        differences: where the responses differ from the spec.
        absent: documented optional properties that no object has, which may be chance.
        confirmed: guesses that were right.
        with_body: the operations and statuses of which a JSON body was seen.

    """

    differences: tuple[Difference, ...]
    absent: tuple[Difference, ...]
    confirmed: tuple[Confirmed, ...]
    with_body: frozenset[tuple[str, int]]


def compare(spec: Spec, responses: Iterable[RecordedResponse]) -> Comparison:
    """Compare responses with the spec."""
    counts = _Counts(spec)
    for each in responses:
        counts.add(each)
    tallies = counts.properties.values()
    return Comparison(
        differences=(
            *(each for tally in tallies for each in _property_differences(counts, tally)),
            *(
                each.difference(
                    VALUE, each.present, counts.texts[each.model], place=() if each.name == ANY_NAME else each.place
                )
                for each in counts.values.values()
            ),
            *_response_differences(counts),
        ),
        absent=tuple(
            each.difference(ABSENT, 0, counts.objects[each.model], evidence="documented")
            for each in tallies
            if not each.present and not each.required and spec.evidence(each.place) == "documented"
        ),
        confirmed=tuple(_confirmed(counts)),
        with_body=frozenset(counts.with_body),
    )


def text_format(text: str) -> str:
    """Return the format of a text: one of JSON Schema's, `ulid` or `date-time without zone`; empty for any other."""
    for name, pattern in _FORMATS.items():
        if pattern.fullmatch(text):
            return name
    with suppress(ValueError):
        if _DATE.fullmatch(text):
            date.fromisoformat(text)
            return "date"
        if _TIME.match(text):
            zoned = datetime.fromisoformat(text).tzinfo is not None
            return "date-time" if zoned else "date-time without zone" if _TIME.fullmatch(text) else ""
        return "ipv4" if isinstance(ip_address(text), IPv4Address) else "ipv6"
    return ""


@define
class _Tally:
    """Counts of one property or one enum value, over all objects that could have it.

    `model` is the kind of object, `place` the place where the spec describes the property: empty if it does not.
    """

    model: Place
    schema: str
    name: str
    place: Place
    path: str
    required: bool = False
    expected: frozenset[str] = frozenset()
    operations: set[str] = field(factory=set)
    present: int = 0
    nulls: int = 0
    fitting: int = 0
    conflicts: int = 0
    found: Counter[str] = field(factory=Counter)
    items: Counter[str] = field(factory=Counter)
    formats: Counter[str] = field(factory=Counter)

    def count(self, operation: str, value: object) -> None:
        """Count one appearance."""
        self.operations.add(operation)
        self.present += 1
        self.nulls += value is None
        self.found[_TYPE_NAMES[type(value)]] += 1
        if isinstance(value, str) and value:
            self.formats[text_format(value)] += 1
        if isinstance(value, list):
            self.items.update(_TYPE_NAMES[type(item)] for item in value)

    def difference(self, kind: str, seen: int, of: int, *, evidence: str = "", place: Place = ()) -> Difference:
        """Conclude a difference of this kind."""
        formats = list(self.formats)
        return Difference(
            kind=kind,
            schema=self.schema,
            name=self.name,
            path=self.path,
            operations=tuple(sorted(self.operations)),
            seen=seen,
            of=of,
            nulls=self.nulls,
            found=tuple(sorted(self.found.items(), key=lambda each: _in_order(each[0]))),
            items=tuple(sorted(self.items, key=_in_order)),
            format=formats[0] if len(formats) == 1 else "",
            expected=tuple(sorted(self.expected, key=_in_order)),
            evidence=evidence,
            place=place,
        )


@define
class _Counts:
    """All counts, and the operation whose response is being read."""

    spec: Spec
    operation: str = ""
    objects: Counter[Place] = field(factory=Counter)
    properties: dict[tuple[Place, str], _Tally] = field(factory=dict)
    values: dict[tuple[Place, str], _Tally] = field(factory=dict)
    texts: Counter[Place] = field(factory=Counter)
    responses: Counter[str] = field(factory=Counter)
    statuses: Counter[tuple[str, int]] = field(factory=Counter)
    with_body: set[tuple[str, int]] = field(factory=set)
    not_json: Counter[str] = field(factory=Counter)
    mistyped: dict[str, _Tally] = field(factory=dict)

    def add(self, response: RecordedResponse) -> None:
        """Count all that a response holds."""
        self.operation, status = response.operation, response.status
        operation = self.spec.operations[self.operation]
        schema = self.spec.response_schema(operation, status)
        self.responses[self.operation] += 1
        self.statuses[self.operation, status] += 1
        if response.body is not None:
            self.with_body.add((self.operation, status))
            if schema is not None:
                self._add_body(schema, response.body.value)
        elif response.problem:
            if 200 <= status < 300:
                self.not_json[self.operation] += 1
        elif status == 200 and schema is not None and operation.node.get("x-effect") == "read":
            self.not_json[self.operation] += 1

    def _add_body(self, schema: Schema, value: object) -> None:
        fitting = self._fitting(schema, value)
        if fitting is not None:
            self._add_inside(fitting, value, "$", None)
            return
        first = next(iter(self.spec.alternatives(schema)))
        new = _Tally(first.place, first.name, "", first.place, "$", expected=self._types(first))
        tally = self.mistyped.setdefault(self.operation, new)
        tally.count(self.operation, value)
        tally.conflicts += 1

    def _fitting(self, schema: Schema, value: object) -> list[Schema] | None:
        """Return the alternatives whose type the value has; None if it has the type of none."""
        kind = _TYPE_NAMES[type(value)]
        kinds = {kind, "number"} if kind == "integer" else {kind}
        found = [each for each in self.spec.alternatives(schema) if not (types := self._types(each)) or types & kinds]
        return found or None

    def _types(self, schema: Schema) -> frozenset[str]:
        return frozenset[str]().union(*(part.types for part in self.spec.parts(schema)))

    def _add_inside(self, fitting: list[Schema], value: object, path: str, tally: _Tally | None) -> None:
        """Count what is inside an object or a list."""
        if isinstance(value, dict) and fitting:
            self._add_object(self._best(fitting, value), value, path)
        elif isinstance(value, list):
            for each in (each for each in fitting if "items" in each.node):
                items = self.spec.resolve((*each.place, "items"), each.node["items"])
                wrong = set()
                for item in value:
                    kinds = self._fitting(items, item)
                    if kinds is None:
                        wrong.add(_TYPE_NAMES[type(item)])
                    else:
                        self._add_inside(kinds, item, f"{path}[]", None)
                if tally is not None and wrong:
                    tally.conflicts += 1
                    tally.found.update(f"array of {kind}" for kind in wrong)

    def _best(self, fitting: list[Schema], value: Mapping[str, object]) -> Schema:
        """Return the kind of object that a value is: all that it requires is there, or most of its properties."""

        def rank(schema: Schema) -> tuple[bool, int]:
            known = self._properties(schema)
            required = [name for name, (_, needed, _) in known.items() if needed]
            return bool(required) and all(name in value for name in required), len(known.keys() & value.keys())

        return self.spec.model(max(fitting, key=rank))

    def _properties(self, schema: Schema) -> Mapping[str, tuple[Schema, bool, str]]:
        """Return the properties of a kind of object: each one's schema, whether it is required, and its home."""
        return {
            name: (Schema((*part.place, "properties", name), node), name in part.node.get("required", ()), part.name)
            for part in self.spec.parts(schema)
            for name, node in part.node.get("properties", {}).items()
        }

    def _add_object(self, model: Schema, value: Mapping[str, object], path: str) -> None:
        known = self._properties(model)
        if not known:  # an object without described properties may have any
            return
        self.objects[model.place] += 1
        for name, (schema, required, home) in known.items():
            new = _Tally(model.place, home, name, schema.place, f"{path}.{name}", required)
            tally = self.properties.setdefault((model.place, name), new)
            tally.expected = self._expected(schema)
            if name in value:
                self._add_property(tally, schema, value[name])
        others = self._others(model)
        for name in (each for each in value if each not in known):
            # In objects that are keyed by ids, names are ids and not words of the API.
            word = others is None and _NAME.fullmatch(name) and not _ID.fullmatch(name)
            shown, place = name if word else ANY_NAME, () if others is None else others.place
            new = _Tally(model.place, model.name, shown, place, f"{path}.{shown}")
            tally = self.properties.setdefault((model.place, shown), new)
            if others is None:
                tally.count(self.operation, value[name])
            else:
                tally.expected = self._expected(others)
                self._add_property(tally, others, value[name])

    def _others(self, model: Schema) -> Schema | None:
        """Return the schema of all properties that the spec does not name, if it has one."""
        for part in self.spec.parts(model):
            node = part.node.get("additionalProperties")
            if isinstance(node, Mapping) and node:
                return Schema((*part.place, "additionalProperties"), node)
        return None

    def _add_property(self, tally: _Tally, schema: Schema, value: object) -> None:
        tally.count(self.operation, value)
        resolved = self.spec.resolve(schema.place, schema.node)
        fitting = self._fitting(resolved, value)
        if value is None:
            tally.conflicts += fitting is None and not tally.required  # a required one counts as missing
        elif fitting is None:
            tally.conflicts += 1
        else:
            tally.fitting += 1
            self._add_inside(fitting, value, tally.path, tally)
            if isinstance(value, str):
                self._add_text(resolved, value, tally)

    def _add_text(self, schema: Schema, text: str, tally: _Tally) -> None:
        """Count a text that is none of those that the spec lists, where it lists any."""
        enums = [each for each in self.spec.alternatives(schema) if "enum" in each.node]
        for each in enums:
            self.texts[each.place] += 1
        if enums and all(text not in each.node["enum"] for each in enums):
            place, name = enums[0].place, text if _WORD.fullmatch(text) else ANY_NAME
            new = _Tally(place, enums[0].name, name, (*place, "enum"), tally.path, expected=frozenset({"string"}))
            self.values.setdefault((place, name), new).count(self.operation, text)

    def _expected(self, schema: Schema) -> frozenset[str]:
        alternatives = self.spec.alternatives(self.spec.resolve(schema.place, schema.node))
        return frozenset[str]().union(*map(self._types, alternatives)) - {"null"}


def _property_differences(counts: _Counts, tally: _Tally) -> Iterator[Difference]:
    spec, of = counts.spec, counts.objects[tally.model]
    if not tally.place:
        difference = tally.difference(UNKNOWN, tally.present, of)
        clear = len(difference.types) == 1 and tally.name != ANY_NAME
        yield evolve(difference, place=_home(spec, Schema(tally.model, spec.at(tally.model)))) if clear else difference
        return
    evidence, missing = spec.evidence(tally.place), of - (tally.present - tally.nulls)
    if tally.required and missing:
        yield tally.difference(MISSING, missing, of, evidence=evidence)
    if tally.conflicts:
        yield tally.difference(CONFLICT, tally.conflicts, of, evidence=evidence)


def _response_differences(counts: _Counts) -> Iterator[Difference]:
    for name, tally in counts.mistyped.items():
        yield tally.difference(CONFLICT, tally.conflicts, counts.responses[name])
    for name, count in counts.not_json.items():
        of = counts.responses[name]
        yield Difference(kind=NOT_JSON, schema=name, name="", operations=(name,), seen=count, of=of)
    for (name, status), count in sorted(counts.statuses.items()):
        operation = counts.spec.operations[name]
        if operation.response(status) is None:
            # A redirect does not come from the API, and a 405 means a wrong method: neither belongs into the spec.
            add = status // 100 in (2, 4, 5) and status != 405
            yield Difference(
                kind=STATUS,
                schema=name,
                name=str(status),
                operations=(name,),
                seen=count,
                of=counts.responses[name],
                place=(*operation.place, "responses") if add else (),
            )


def _in_order(kind: str) -> tuple[int, str]:
    return _TYPE_ORDER.index(kind) if kind in _TYPE_ORDER else len(_TYPE_ORDER), kind


def _confirmed(counts: _Counts) -> Iterator[Confirmed]:
    spec = counts.spec
    succeeded = {name for name, status in counts.statuses if 200 <= status < 300 and not counts.not_json[name]}
    for name, operation in spec.operations.items():
        evidence = spec.evidence(operation.place)
        if name in succeeded - counts.mistyped.keys() and evidence in WEAK_EVIDENCE:
            yield Confirmed(name=name, evidence=evidence, place=operation.place)
    by_place: dict[Place, list[_Tally]] = {}
    for tally in counts.properties.values():
        by_place.setdefault(tally.place, []).append(tally)
    for place, tallies in by_place.items():
        evidence, right = spec.evidence(place), any(each.fitting for each in tallies)
        if evidence in WEAK_EVIDENCE and right and not any(each.conflicts for each in tallies):
            yield Confirmed(name=f"{tallies[0].schema}.{tallies[0].name}", evidence=evidence, place=place)


def _home(spec: Spec, schema: Schema) -> Place:
    """Return the place of the properties to which a kind of object can add: its own, or else of what it is built on."""
    parts = [each for each in spec.parts(schema) if "properties" in each.node]
    own = [each for each in parts if each.place[: len(schema.place)] == schema.place]
    return (*(own or parts)[-1].place, "properties")
