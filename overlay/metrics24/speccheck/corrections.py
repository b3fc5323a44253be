"""Corrections of what the spec guessed wrong: now in a client's options, for good as lines or a patch of the spec.

A patch only adds lines and replaces single words: comments, order, quoting and line breaks of everything else stay as
they are, byte for byte, which no dump of a parsed document can promise.
"""

from __future__ import annotations

import difflib
import http.client
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import define, field

from metrics24._core.requests import Operation
from metrics24.speccheck.comparison import ANY_NAME, MISSING, STATUS, UNKNOWN, VALUE, Comparison, Difference
from metrics24.speccheck.spec import Place, Spec, SpecOperation

SPEC: Final = "openapi/spec.yaml"
REGENERATE: Final = "make regenerate && make record"
OBSERVED: Final = "observed"

_MARK = f"x-evidence: {OBSERVED}"
_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_HIDDEN = {UNKNOWN: "fields whose names may be ids", VALUE: "values that may be data"}
_REFERENCES = frozenset({"$ref", "anyOf", "oneOf"})
_SIMPLE_ITEMS = frozenset({"string", "integer", "number", "boolean"})


def path_remedy(operation: Operation, method: str, path: str) -> tuple[str, ...]:
    """Say how to correct an operation's path."""
    placeholders = "".join(re.findall(r"/\{[^{}]*\}", path))
    return (*_options(operation, method, f"/the/right/path{placeholders}"), spec_remedy(operation, "its right path"))


def method_remedy(operation: Operation, method: str, path: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """Say how to correct an operation's method; `allowed` are those that the server names."""
    other = next(iter(allowed), "GET" if method == "POST" else "POST")
    return (*_options(operation, other, path), spec_remedy(operation, f"the method {other}"))


def spec_remedy(operation: Operation, new: str) -> str:
    """Say how to move an operation in the spec."""
    now = f"{operation.method} {operation.path}, {operation.evidence}"
    return f"for good: in {SPEC}, move operationId {operation.id} ({now}) to {new}; then {REGENERATE}"


def _options(operation: Operation, method: str, path: str) -> tuple[str, ...]:
    return (
        f'now: Client(routes={{"{operation.id}": ("{method}", "{path}")}})',
        f"on the command line: --route '{operation.id}={method} {path}'",
    )


def spec_lines(differences: Iterable[Difference]) -> tuple[str, ...]:
    """Return the lines of YAML that make the spec describe a response, each below the place where it belongs."""
    places: dict[str, dict[str, None]] = {}
    for difference in differences:
        place, line = _line(difference)
        places.setdefault(place, {})[line] = None
    return tuple(
        text
        for place, lines in places.items()
        for text in (f"# {SPEC}: components.schemas.{place}", *(f"  {line}" for line in lines))
    )


def _line(difference: Difference) -> tuple[str, str]:
    kind, schema, name = difference.kind, difference.schema, _yaml_key(difference.name)
    if kind == MISSING:
        return f"{schema}.required", f"# take out {name}, and mark the property {_MARK}"
    if kind in (UNKNOWN, VALUE) and difference.name == ANY_NAME:
        return schema, f"# has {_HIDDEN[kind]}: describe them by hand"
    if kind == VALUE:
        return f"{schema}.enum", f"- {name}"
    if difference.path == "$":
        found = _flow_list(name for name, _ in difference.found)
        return schema, f"# describe {found} instead of {' or '.join(difference.expected)}"
    if len(difference.types) == 1:  # the spec, and all that is generated from it, can express one type and null
        return f"{schema}.properties", f"{name}: {_property(difference)}"
    types = " and ".join(difference.types) or "null only"
    return f"{schema}.properties", f"# {name} was {types}: describe it by hand"


def patched(spec: Spec, compared: Comparison) -> str:
    """Return the spec's text with all that the responses say; what needs judgement is left as it is."""
    edits = _Edits(spec)
    for each in compared.confirmed:
        edits.replace((*each.place, "x-evidence"), OBSERVED)
    for difference in {(each.place, each.name): each for each in compared.differences if each.by_patch}.values():
        name = _yaml_key(difference.name)
        if difference.kind == UNKNOWN:
            entry = f"{name}: {_property(difference)}"
            edits.add(difference.place, [entry], entry)
        elif difference.kind == VALUE:
            edits.add(difference.place, [f"- {name}"], name)
        elif difference.kind == STATUS:
            operation, status = spec.operations[difference.schema], int(difference.name)
            has_body = (operation.id, status) in compared.with_body
            response = _response(spec, operation, status, has_body=has_body)
            edits.add(
                difference.place, [f"{name}:", *_lines(response)], f"{name}: {_flow(response)}", before=difference.name
            )
    return edits.text()


def as_diff(old: str, new: str, name: str) -> str:
    """Return the change as `git apply` and `patch -p1` take it; empty if there is none."""
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
    return "".join(each if each.endswith("\n") else f"{each}\n\\ No newline at end of file\n" for each in lines)


def _property(difference: Difference) -> str:
    """Write a schema like the others in the spec: null is allowed, and times stay text, since their form may vary."""
    kind, items = difference.types[0], difference.items
    parts = [f"type: {_flow_list([kind, 'null'])}"]
    if kind == "array":
        parts.append(f"items: {{type: {items[0]}}}" if len(items) == 1 and items[0] in _SIMPLE_ITEMS else "items: {}")
    if kind == "object":
        parts.append("additionalProperties: true")
    if kind == "string" and difference.format:
        parts.append(f"description: Looks like {difference.format}.")
    return f"{{{', '.join([*parts, _MARK])}}}"


def _response(spec: Spec, operation: SpecOperation, status: int, *, has_body: bool) -> dict[str, Any]:
    """Describe a response that the spec does not list; a success has the schema of 200, a failure that of 400."""
    phrase = http.client.responses.get(status, "unknown")
    described = {"description": f"Not documented; its name in HTTP is {phrase}.", "x-evidence": OBSERVED}
    schema = _content(spec, operation, 200 if status < 300 else 400)
    return described | ({"content": {"application/json": {"schema": schema}}} if has_body and schema else {})


def _lines(response: Mapping[str, Any]) -> list[str]:
    """Write the description of a response on lines of its own."""
    lines = [f"  {name}: {value}" for name, value in response.items() if name != "content"]
    for media, content in response.get("content", {}).items():
        lines += ["  content:", f"    {media}:", f"      schema: {_flow(content['schema'])}"]
    return lines


def _content(spec: Spec, operation: SpecOperation, like: int) -> Any:
    """Return the schema of the JSON of another status, if it consists of references only."""
    resolved = spec.resolve(operation.place, operation.response(like) or {}).node
    schema = resolved.get("content", {}).get("application/json", {}).get("schema", {})
    parts = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return schema if all(each.keys() <= _REFERENCES for each in parts) else {}


def _flow(node: Any) -> str:
    """Write texts, lists and mappings as YAML on one line, in the spec's style."""
    if isinstance(node, Mapping):
        pairs = {key if key.startswith("$") else _yaml_key(key): _flow(value) for key, value in node.items()}
        return f"{{{', '.join(f'{key}: {value}' for key, value in pairs.items())}}}"
    return f"[{', '.join(map(_flow, node))}]" if isinstance(node, list) else _yaml_key(node)


def _flow_list(types: Iterable[str]) -> str:
    return f"[{', '.join(json.dumps(each) if each == 'null' else each for each in types)}]"


def _yaml_key(name: str) -> str:
    """Write a name or value as YAML, in quotes where it could be taken for something else."""
    plain = _PLAIN.fullmatch(name) and name.lower() not in _RESERVED
    return name if plain else json.dumps(name)


@define
class _Edits:
    """Edits of the spec's text, collected and then made together."""

    spec: Spec
    _replacements: dict[tuple[int, int], str] = field(factory=dict)
    _insertions: dict[int, list[str]] = field(factory=dict)

    def replace(self, place: Place, text: str) -> None:
        """Replace a scalar."""
        node = _at(self.spec.nodes, place)
        self._replacements[node.start_mark.index, node.end_mark.index] = text

    def add(self, place: Place, lines: Sequence[str], flow: str, before: str = "") -> None:
        """Add an entry to a mapping or an item to a list: `lines` of their own, or `flow` within brackets or braces.

        It comes after all others, or in a mapping after those whose keys are smaller than `before`.
        """
        node = _at(self.spec.nodes, place)
        if node.flow_style:
            self._add_inside(node, flow)
            return
        others = node.value
        if before:
            others = [entry for entry in others if entry[0].value < before] or others[:1]
        key, value = others[-1] if isinstance(others[-1], tuple) else (None, others[-1])
        column = (key or node).start_mark.column
        self._add_lines(_end(self.spec.text, key, value), column, lines)

    def text(self) -> str:
        """Return the text with all edits."""
        spans = [*self._replacements, *((at, at) for at in self._insertions)]
        pieces, position = [], 0
        for start, end in sorted(spans):
            inserted = self._insertions.get(start, []) if start == end else [self._replacements[start, end]]
            pieces += [self.spec.text[position:start], *inserted]
            position = end
        return "".join([*pieces, self.spec.text[position:]])

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.spec.text else "\n"

    def _add_lines(self, end: int, column: int, lines: Sequence[str]) -> None:
        """Add lines below the one on which something ends, after the comment of that line."""
        found = self.spec.text.find("\n", end)
        found = len(self.spec.text) if found < 0 else found
        position = found - 1 if self.spec.text[found - 1] == "\r" else found
        self._insert(position, *(f"{self._newline}{' ' * column}{line}" for line in lines))

    def _add_inside(self, node: Any, piece: str) -> None:
        """Add something before the closing bracket or brace."""
        start, end = node.start_mark.index, node.end_mark.index - 1
        before = self.spec.text[start:end].rstrip()
        comma = "" if not node.value else " " if before.endswith(",") else ", "
        comma = ", " if start + len(before) in self._insertions else comma
        self._insert(start + len(before), f"{comma}{piece}")

    def _insert(self, position: int, *pieces: str) -> None:
        self._insertions.setdefault(position, []).extend(pieces)


def _at(root: Any, place: Place) -> Any:
    """Return the node at a place."""
    node = root
    for step in place:
        node = node.value[step] if isinstance(step, int) else {key.value: value for key, value in node.value}[step]
    return node


def _end(text: str, key: Any, value: Any) -> int:
    """Return the position after an entry; a comment or blank line behind it does not belong to it."""
    if key is not None and value.start_mark.index < key.start_mark.index:  # an alias: its value is elsewhere
        return int(key.end_mark.index)
    if value.value and isinstance(value.value, list) and not value.flow_style:
        last = value.value[-1]
        inner, item = last if isinstance(last, tuple) else (None, last)
        if inner is not None or item.start_mark.index >= value.start_mark.index:
            return _end(text, inner, item)
    start, end = value.start_mark.index, value.end_mark.index
    return int(start + len(text[start:end].rstrip()))
