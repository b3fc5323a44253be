"""What texts look like. A text is looked at and forgotten; only the name of its form is kept.

Hold answers against the spec and count what is seen. Values are looked at, never kept.

From what was counted to what differs, what is only absent, and what the answers confirm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from attrs import define, evolve, field, frozen

from metrics24.speccheck.document import Operation, Place, Schema, Spec
from metrics24.speccheck.findings import ANY_NAME
from metrics24.speccheck.judgement import TYPE_NAMES, WORD, is_name, text_format

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?", re.ASCII)
ZONELESS = "date-time without zone"


def form(text: str) -> str:
    """The format of a text: one of JSON Schema's, `ulid`, or a time that names no zone; empty if it has none."""
    if _ULID.fullmatch(text):
        return "ulid"
    if _TIME.fullmatch(text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return ""
        return ZONELESS
    return text_format(text)


@frozen
class ResponseBody:
    """The JSON of an answer."""

    value: object = field(repr=False)


@frozen
class RecordedResponse:
    """One answer: `body` is None where it is empty, and not JSON where `readable` is false."""

    operation: str
    status: int
    body: ResponseBody | None = None
    readable: bool = True


@define
class Tally:
    """What was seen of one property or one enum value, over all objects that could have it.

    `place` is where the spec describes it, empty if it does not; `model` counts the objects.
    """

    model: Place
    schema: str
    name: str
    place: Place
    path: str
    required: bool = False
    operations: set[str] = field(factory=set)
    present: int = 0
    nulls: int = 0
    fitting: int = 0
    conflicts: int = 0
    found: Counter[str] = field(factory=Counter)
    items: Counter[str] = field(factory=Counter)
    forms: Counter[str] = field(factory=Counter)
    expected: frozenset[str] = frozenset()

    def count(self, operation: str, value: object) -> None:
        """Count one appearance."""
        self.operations.add(operation)
        self.present += 1
        kind = TYPE_NAMES[type(value)]
        self.nulls += kind == "null"
        self.found[kind] += 1
        if isinstance(value, str) and value:
            self.forms[form(value)] += 1
        if isinstance(value, list):
            self.items.update(TYPE_NAMES[type(item)] for item in value)


@define
class Seen:
    """All that was counted."""

    objects: Counter[Place] = field(factory=Counter)
    properties: dict[tuple[Place, str], Tally] = field(factory=dict)
    values: dict[tuple[Place, str], Tally] = field(factory=dict)
    texts: Counter[Place] = field(factory=Counter)
    statuses: Counter[tuple[str, int]] = field(factory=Counter)
    with_body: set[tuple[str, int]] = field(factory=set)
    unreadable: Counter[str] = field(factory=Counter)
    shapeless: dict[str, Tally] = field(factory=dict)


def compare(spec: Spec, answers: list[RecordedResponse]) -> Seen:
    """Count what stands in the answers, beside what the spec says of them."""
    seen = Seen()
    for each in answers:
        operation = spec.operations[each.operation]
        seen.statuses[each.operation, each.status] += 1
        if not each.readable:
            seen.unreadable[each.operation] += 200 <= each.status < 300
        elif each.body is not None:
            seen.with_body.add((each.operation, each.status))
            schema = spec.answer(operation, each.status)
            if schema is not None:
                _Reading(spec, seen, operation).of_answer(schema, each.body.value)
        elif each.status == 200 and spec.answer(operation, 200) and operation.node.get("x-effect") == "read":
            seen.unreadable[each.operation] += 1
    return seen


@frozen
class _Reading:
    """The reading of one answer."""

    spec: Spec
    seen: Seen
    operation: Operation

    def of_answer(self, schema: Schema, value: object) -> None:
        fitting = self._fitting(schema, value)
        if fitting is None:
            first = next(iter(self.spec.alternatives(schema)))
            tally = Tally(first.place, first.name, "", first.place, "$", expected=first.types)
            tally = self.seen.shapeless.setdefault(self.operation.id, tally)
            tally.count(self.operation.id, value)
            tally.conflicts += 1
        else:
            self._inside(fitting, value, "$", None)

    def _fitting(self, schema: Schema, value: object) -> list[Schema] | None:
        """The alternatives whose type the value has; None if it has that of none."""
        kind = TYPE_NAMES[type(value)]
        found = []
        for each in self.spec.alternatives(schema):
            types = frozenset[str]().union(*(part.types for part in self.spec.parts(each)))
            if not types or kind in types or (kind == "integer" and "number" in types):
                found.append(each)
        return found or None

    def _inside(self, fitting: list[Schema], value: object, path: str, tally: Tally | None) -> None:
        """Look into objects and lists."""
        if isinstance(value, dict) and fitting:
            self._of_object(self._best(fitting, value), value, path)
        elif isinstance(value, list):
            for each in (each for each in fitting if "items" in each.node):
                items = self.spec.schema((*each.place, "items"), each.node["items"])
                inner = [(item, self._fitting(items, item)) for item in value]
                for item, kinds in inner:
                    self._inside(kinds or [], item, f"{path}[]", None)
                if tally is not None:
                    wrong = {TYPE_NAMES[type(item)] for item, kinds in inner if kinds is None}
                    tally.conflicts += bool(wrong)
                    tally.found.update(f"array of {kind}" for kind in wrong)

    def _best(self, fitting: list[Schema], value: Mapping[str, object]) -> Schema:
        """The one of several kinds of object that a value is: all that is required of it is there, or most of it is."""

        def worth(schema: Schema) -> tuple[bool, int]:
            known = self._properties(schema)
            required = [name for name, (_, needed, _) in known.items() if needed]
            return bool(required) and all(name in value for name in required), len(known.keys() & value.keys())

        return self.spec.model(max(fitting, key=worth))

    def _properties(self, schema: Schema) -> Mapping[str, tuple[Schema, bool, str]]:
        """The properties of a kind of object: schema at the place where it is described, required flag, and home."""
        return {
            name: (Schema((*part.place, "properties", name), node), name in part.node.get("required", ()), part.name)
            for part in self.spec.parts(schema)
            for name, node in part.node.get("properties", {}).items()
        }

    def _of_object(self, model: Schema, value: Mapping[str, object], path: str) -> None:
        known = self._properties(model)
        if not known:  # anything is allowed
            return
        self.seen.objects[model.place] += 1
        for name, (schema, required, home) in known.items():
            tally = self._tally(Tally(model.place, home, name, schema.place, f"{path}.{name}", required))
            tally.expected = self._expected(schema)
            if name in value:
                self._of_property(tally, schema, value[name])
        others = self._others(model)
        for name in (each for each in value if each not in known):
            shown = name if is_name(name) and others is None else ANY_NAME
            place = () if others is None else others.place
            tally = self._tally(Tally(model.place, model.name, shown, place, f"{path}.{shown}"))
            if others is None:
                tally.count(self.operation.id, value[name])
            else:
                tally.expected = self._expected(others)
                self._of_property(tally, others, value[name])

    def _others(self, model: Schema) -> Schema | None:
        """What the spec says of all properties that it does not name, if it says anything."""
        for part in self.spec.parts(model):
            node = part.node.get("additionalProperties")
            if isinstance(node, Mapping) and node:
                return Schema((*part.place, "additionalProperties"), node)
        return None

    def _tally(self, new: Tally) -> Tally:
        return self.seen.properties.setdefault((new.model, new.name), new)

    def _of_property(self, tally: Tally, schema: Schema, value: object) -> None:
        tally.count(self.operation.id, value)
        followed = self.spec.schema(schema.place, schema.node)
        fitting = self._fitting(followed, value)
        if value is None:
            tally.conflicts += fitting is None and not tally.required  # a required one counts as missing
            return
        if fitting is None:
            tally.conflicts += 1
            return
        tally.fitting += 1
        self._inside(fitting, value, tally.path, tally)
        if isinstance(value, str):
            self._of_text(followed, value, tally)

    def _of_text(self, schema: Schema, text: str, tally: Tally) -> None:
        """Count a text that is none of those which the spec lists, where it lists any."""
        enums = [each for each in self.spec.alternatives(schema) if "enum" in each.node]
        for each in enums:
            self.seen.texts[each.place] += 1
        if enums and all(text not in each.node["enum"] for each in enums):
            place, name = enums[0].place, text if WORD.fullmatch(text) else ANY_NAME  # what is no word may be data
            new = Tally(place, enums[0].name, name, (*place, "enum"), tally.path, expected=frozenset({"string"}))
            self.seen.values.setdefault((place, name), new).count(self.operation.id, text)

    def _expected(self, schema: Schema) -> frozenset[str]:
        alternatives = self.spec.alternatives(self.spec.schema(schema.place, schema.node))
        parts = (part for each in alternatives for part in self.spec.parts(each))
        return frozenset[str]().union(*(part.types for part in parts)) - {"null"}


DIFFERS: Final = 15
IN_PART: Final = 13
"""The codes of metrics24.cli.exits."""

UNKNOWN, MISSING, CONFLICT = "unknown field", "missing field", "type conflict"
VALUE, STATUS, UNREADABLE = "unknown value", "undocumented status", "no JSON"
RAISED = frozenset({"sibling", "inferred"})
"""Evidence that is weaker than having seen it."""


@frozen(kw_only=True)
class SpecDifference:
    """One way in which answers are not as the spec says; it holds names, types and counts, never a value of the user's.

    Attributes:
        kind: one of the six kinds above.
        schema: the schema of the spec that would have to change; of a status, the operation.
        name: the property, the new enum value, or the status.
        path: where it was seen first, as a JSON path; ``[]`` stands for any item of a list.
        operations: whose answers have it.
        seen: in how many objects, texts or answers.
        of: out of how many.
        nulls: how often it was null.
        found: the types that were seen, and how often each.
        items: the types of the items of lists.
        format: the format of all texts seen, empty if they have none in common.
        expected: the types that the spec gives.
        evidence: the spec's evidence for what it expects.
        place: where in the spec something is to be added, empty if that is to be done by hand.

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
    place: Place = ()

    @property
    def types(self) -> tuple[str, ...]:
        """The types that a schema would have to allow: no null, and no integer beside number."""
        names = [name for name, _ in self.found if name != "null"]
        return tuple(name for name in names if name != "integer" or "number" not in names)

    @property
    def by_patch(self) -> bool:
        """Whether the patch takes care of it."""
        return bool(self.place)


@frozen(kw_only=True)
class Absent:
    """A property that is documented, optional, and in none of the objects: chance, or no longer there."""

    schema: str
    name: str
    path: str
    of: int


@frozen(kw_only=True)
class Confirmed:
    """Something that was seen just as the spec says, for which the spec has weaker evidence."""

    name: str
    evidence: str
    place: Place = field(repr=False)


@frozen(kw_only=True)
class Findings:
    """Everything that answers tell about the spec."""

    differences: tuple[SpecDifference, ...]
    absent: tuple[Absent, ...]
    confirmed: tuple[Confirmed, ...]


def findings(spec: Spec, seen: Seen) -> Findings:
    """Draw the conclusions."""
    every = list(seen.properties.values())
    differences = [
        *(each for tally in every for each in _of_property(spec, seen, tally)),
        *(_of_value(seen, tally) for tally in seen.values.values()),
        *_of_answers(spec, seen),
    ]
    absent = [
        Absent(schema=each.schema, name=each.name, path=each.path, of=seen.objects[each.model])
        for each in every
        if not each.present and not each.required and _evidence(spec, each) == "documented"
    ]
    return Findings(differences=tuple(differences), absent=tuple(absent), confirmed=tuple(_confirmed(spec, seen)))


def _of_property(spec: Spec, seen: Seen, tally: Tally) -> Iterator[SpecDifference]:
    of, there = seen.objects[tally.model], tally.present - tally.nulls
    if not tally.place:
        difference = _difference(UNKNOWN, tally, tally.present, of)
        clear = len(difference.types) == 1 and tally.name != ANY_NAME
        yield evolve(difference, place=_home(spec, Schema(tally.model, spec.at(tally.model)))) if clear else difference
        return
    evidence = _evidence(spec, tally)
    if tally.required and there < of:
        yield _difference(MISSING, tally, of - there, of, evidence=evidence)
    if tally.conflicts:
        yield _difference(CONFLICT, tally, tally.conflicts, of, evidence=evidence)


def _of_value(seen: Seen, tally: Tally) -> SpecDifference:
    place = () if tally.name == ANY_NAME else tally.place
    return _difference(VALUE, tally, tally.present, seen.texts[tally.model], place=place)


def _of_answers(spec: Spec, seen: Seen) -> Iterator[SpecDifference]:
    asked: dict[str, int] = {}
    for (name, _), count in seen.statuses.items():
        asked[name] = asked.get(name, 0) + count
    for name, tally in seen.shapeless.items():
        yield _difference(CONFLICT, tally, tally.conflicts, asked[name])
    for name, count in seen.unreadable.items():
        if count:
            yield SpecDifference(kind=UNREADABLE, schema=name, name="", operations=(name,), seen=count, of=asked[name])
    for (name, status), count in sorted(seen.statuses.items()):
        operation = spec.operations[name]
        if operation.response(status) is None:
            # A redirect is no answer of the API's, and a 405 means that the method is wrong: not for the spec to list.
            add = status // 100 in (2, 4, 5) and status != 405
            place = (*operation.place, "responses") if add else ()
            yield SpecDifference(
                kind=STATUS,
                schema=name,
                name=str(status),
                operations=(name,),
                seen=count,
                of=asked[name],
                place=place,
            )


def _difference(
    kind: str, tally: Tally, seen: int, of: int, *, evidence: str = "", place: Place = ()
) -> SpecDifference:
    forms = [each for each in tally.forms if each]
    return SpecDifference(
        kind=kind,
        schema=tally.schema,
        name=tally.name,
        path=tally.path,
        operations=tuple(sorted(tally.operations)),
        seen=seen,
        of=of,
        nulls=tally.nulls,
        found=tuple(sorted(tally.found.items())),
        items=tuple(sorted(tally.items)),
        format=forms[0] if len(tally.forms) == len(forms) == 1 else "",
        expected=tuple(sorted(tally.expected)),
        evidence=evidence,
        place=place,
    )


def _confirmed(spec: Spec, seen: Seen) -> Iterator[Confirmed]:
    succeeded = {name for name, status in seen.statuses if 200 <= status < 300 and not seen.unreadable[name]}
    for name, operation in spec.operations.items():
        evidence = operation.node.get("x-evidence", "")
        if name in succeeded - seen.shapeless.keys() and evidence in RAISED:
            yield Confirmed(name=name, evidence=evidence, place=operation.place)
    by_place: dict[Place, list[Tally]] = {}
    for tally in seen.properties.values():
        by_place.setdefault(tally.place, []).append(tally)
    for place, tallies in by_place.items():
        if place and any(each.fitting for each in tallies) and not any(each.conflicts for each in tallies):
            evidence = _evidence(spec, tallies[0])
            if evidence in RAISED:
                yield Confirmed(name=f"{tallies[0].schema}.{tallies[0].name}", evidence=evidence, place=place)


def _evidence(spec: Spec, tally: Tally) -> str:
    return str(spec.at(tally.place).get("x-evidence", "")) if tally.place else ""


def _home(spec: Spec, schema: Schema) -> Place:
    """The place of the properties to which a kind of object can add: its own ones, or else of what it is built on."""
    parts = [each for each in spec.parts(schema) if "properties" in each.node]
    own = [each for each in parts if each.place[: len(schema.place)] == schema.place]
    return (*(own or parts)[-1].place, "properties")
