"""Compare an answer with the spec's model, and write what the spec lacks. Values are looked at, never kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from ipaddress import IPv4Address, ip_address
from uuid import UUID

from attrs import field, frozen

from metrics24.doctor.findings import Difference
from metrics24.models import Property, declared_in, known_values, properties

TYPE_NAMES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
_NAME = re.compile(r"[A-Za-z_][\w.:\[\]-]{0,63}", re.ASCII)
WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}", re.ASCII)
_ID = re.compile(r"[0-9A-Za-z-]*[0-9]{4,}[0-9A-Za-z-]*|[0-9a-f-]{16,}", re.ASCII)
_DEEPEST_ABSENCE = 2  # what lies in optional objects of optional objects is absent more often than not
ANY_NAME = "*"
"""Stands for a property whose name is not shown, since it may be an id."""


@frozen
class _Seen:
    """What was seen in one place, over all items of all lists."""

    kind: str
    schema: str
    expected: str = ""
    evidence: str = ""
    types: set[str] = field(factory=set)
    formats: set[str] = field(factory=set)


def compare(model: str, value: object) -> tuple[Difference, ...]:
    """Every place where `value` is not as the spec describes `model`.

    A model for which the spec lists no properties allows anything. An optional property that is documented and in no
    object of its kind is an "absent field", which may be chance; one that is null is none.
    """
    comparison = _Comparison()
    comparison.of_object(model, value, "$")
    comparison.absences()
    return tuple(_difference(path, name, seen) for (path, name), seen in comparison.seen.items())


@frozen
class _Comparison:
    """Collects what differs, and which properties the objects in each place have."""

    seen: dict[tuple[str, str], _Seen] = field(factory=dict)
    keys: dict[tuple[str, str], set[str]] = field(factory=dict)

    def note(self, path: str, name: str, seen: _Seen, found: object) -> None:
        place = self.seen.setdefault((path, name), seen)
        place.types.add(TYPE_NAMES[type(found)])
        if isinstance(found, str):
            place.formats.add(text_format(found))

    def of_object(self, model: str, value: object, path: str) -> None:
        if not isinstance(value, dict):
            self.note(path, model, _Seen("type conflict", model, "object", "inferred"), value)
            return
        known = {each.name: each for each in properties(model)}
        self.keys.setdefault((model, path), set()).update(value)
        for prop in known.values():
            self.of_property(model, prop, value.get(prop.name), f"{path}.{prop.name}")
        for name in [each for each in value if known and each not in known]:
            shown = name if is_name(name) else ANY_NAME
            self.note(f"{path}.{shown}", shown, _Seen("unknown field", model), value[name])

    def of_property(self, model: str, prop: Property, found: object, path: str) -> None:
        if found is None and not prop.required:
            return
        if found is None or not _fits(prop.type, found):
            kind = "missing field" if found is None else "type conflict"
            self.note(path, prop.name, _Seen(kind, declared_in(model, prop.name), prop.type, prop.evidence), found)
        elif prop.model:
            items = [(found, path)] if not isinstance(found, list) else [(item, f"{path}[]") for item in found]
            for item, where in items:
                self.of_object(prop.model, item, where)
        elif isinstance(found, str):
            schema, values = known_values(model, prop.attribute)
            if values and found not in values and WORD.fullmatch(found):  # what is no word may be data
                self.note(path, found, _Seen("unknown value", schema, prop.type, prop.evidence), found)

    def absences(self) -> None:
        for (model, path), keys in self.keys.items():
            if len(path.replace(".data", "").split(".")) > _DEEPEST_ABSENCE:
                continue
            for prop in properties(model):
                if prop.evidence == "documented" and not prop.required and prop.name not in keys:
                    seen = _Seen("absent field", declared_in(model, prop.name), prop.type, prop.evidence)
                    self.seen[f"{path}.{prop.name}", prop.name] = seen


def _fits(expected: str, found: object) -> bool:
    name = TYPE_NAMES[type(found)]
    return expected in ("any", name) or (expected == "number" and name == "integer")


def is_name(name: str) -> bool:
    """Whether a property's name is a word of the API and not an id, as in objects that are keyed by ids."""
    return bool(_NAME.fullmatch(name)) and not _ID.fullmatch(name)


def _difference(path: str, name: str, seen: _Seen) -> Difference:
    order = list(TYPE_NAMES.values())
    types = tuple(sorted(seen.types, key=order.index))
    shape = next(iter(seen.formats)) if len(seen.formats) == 1 else ""
    return Difference(seen.kind, path, seen.schema, name, seen.expected, types, shape, seen.evidence)


def _parses(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def text_format(text: str) -> str:
    """The JSON Schema format of a text, empty if it has none that is known for sure."""
    if re.match(r"https?://", text):
        return "uri"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return "date" if _parses(date.fromisoformat, text) else ""
    if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        zoned = _parses(datetime.fromisoformat, text) and datetime.fromisoformat(text).tzinfo is not None
        return "date-time" if zoned else ""
    if len(text) == 36 and _parses(UUID, text):
        return "uuid"
    if _parses(ip_address, text):
        return "ipv4" if isinstance(ip_address(text), IPv4Address) else "ipv6"
    return ""
