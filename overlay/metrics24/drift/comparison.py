"""Hold answers against the spec and count what is seen. Values are looked at, never kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from attrs import define, field, frozen

from metrics24.doctor.shape import ANY_NAME, TYPE_NAMES, WORD, is_name
from metrics24.drift.document import Operation, Place, Schema, Spec
from metrics24.drift.formats import form


@frozen
class Body:
    """The JSON of an answer."""

    value: object = field(repr=False)


@frozen
class Heard:
    """One answer: `body` is None where it is empty, and not JSON where `readable` is false."""

    operation: str
    status: int
    body: Body | None = None
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


def compare(spec: Spec, answers: list[Heard]) -> Seen:
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
