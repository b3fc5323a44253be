"""From what was counted to what differs, what is only absent, and what the answers confirm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import evolve, field, frozen

from metrics24.doctor.shape import ANY_NAME
from metrics24.drift.comparison import Seen, Tally
from metrics24.drift.document import Place, Schema, Spec

DIFFERS: Final = 15
IN_PART: Final = 13
"""The codes of metrics24.cli.exits."""

UNKNOWN, MISSING, CONFLICT = "unknown field", "missing field", "type conflict"
VALUE, STATUS, UNREADABLE = "unknown value", "undocumented status", "no JSON"
RAISED = frozenset({"sibling", "inferred"})
"""Evidence that is weaker than having seen it."""


@frozen(kw_only=True)
class Difference:
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

    differences: tuple[Difference, ...]
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


def _of_property(spec: Spec, seen: Seen, tally: Tally) -> Iterator[Difference]:
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


def _of_value(seen: Seen, tally: Tally) -> Difference:
    place = () if tally.name == ANY_NAME else tally.place
    return _difference(VALUE, tally, tally.present, seen.texts[tally.model], place=place)


def _of_answers(spec: Spec, seen: Seen) -> Iterator[Difference]:
    asked: dict[str, int] = {}
    for (name, _), count in seen.statuses.items():
        asked[name] = asked.get(name, 0) + count
    for name, tally in seen.shapeless.items():
        yield _difference(CONFLICT, tally, tally.conflicts, asked[name])
    for name, count in seen.unreadable.items():
        if count:
            yield Difference(kind=UNREADABLE, schema=name, name="", operations=(name,), seen=count, of=asked[name])
    for (name, status), count in sorted(seen.statuses.items()):
        operation = spec.operations[name]
        if operation.response(status) is None:
            # A redirect is no answer of the API's, and a 405 means that the method is wrong: not for the spec to list.
            add = status // 100 in (2, 4, 5) and status != 405
            place = (*operation.place, "responses") if add else ()
            yield Difference(
                kind=STATUS,
                schema=name,
                name=str(status),
                operations=(name,),
                seen=count,
                of=asked[name],
                place=place,
            )


def _difference(kind: str, tally: Tally, seen: int, of: int, *, evidence: str = "", place: Place = ()) -> Difference:
    forms = [each for each in tally.forms if each]
    return Difference(
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
