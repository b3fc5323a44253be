"""Edits of the spec's text at the places that ruamel.yaml's nodes name.

Only what changes is written anew: comments, order, quoting and line breaks of all the rest stay as they are, byte for
byte, which no dump of a parsed document can promise.

The patch that makes the spec say what was seen, and marks as observed what was seen just as it says.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from attrs import define, field

from metrics24.speccheck.comparison import STATUS, UNKNOWN, VALUE, Findings, Seen, SpecDifference
from metrics24.speccheck.corrections import property_schema, yaml_key
from metrics24.speccheck.document import Operation, Place, Spec


@define
class Edits:
    """Edits of one document, collected and then made together."""

    spec: Spec
    _replacements: dict[tuple[int, int], str] = field(factory=dict)
    _insertions: dict[int, list[str]] = field(factory=dict)

    def replace(self, place: Place, text: str) -> None:
        """Replace a scalar."""
        node = _at(self.spec.root, place)
        self._replacements[node.start_mark.index, node.end_mark.index] = text

    def add_entry(self, place: Place, key: str, value: str) -> None:
        """Add an entry to a mapping, after all others."""
        node = _at(self.spec.root, place)
        if node.flow_style:
            self._add_inside(node, f"{key}: {value}")
        else:
            name, last = node.value[-1]
            self._add_lines(_end(self.spec.text, name, last), name.start_mark.column, [f"{key}: {value}"])

    def add_entry_in_order(self, place: Place, key: str, lines: Sequence[str], value: str) -> None:
        """Add an entry to a mapping, after those whose keys are smaller: `lines`, or `value` where it is in braces."""
        node = _at(self.spec.root, place)
        if node.flow_style:
            self._add_inside(node, f'"{key}": {value}')
        else:
            name, last = ([entry for entry in node.value if entry[0].value < key] or node.value[:1])[-1]
            self._add_lines(_end(self.spec.text, name, last), name.start_mark.column, [f'"{key}":', *lines])

    def add_item(self, place: Place, item: str) -> None:
        """Add an item to a list, after all others."""
        node = _at(self.spec.root, place)
        if node.flow_style:
            self._add_inside(node, item)
        else:
            self._add_lines(_end(self.spec.text, None, node.value[-1]), node.start_mark.column, [f"- {item}"])

    def text(self) -> str:
        """The text with all edits."""
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
        """Add lines below the one on which something ends, behind whatever comment that has."""
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
    """The node at a place."""
    node = root
    for step in place:
        node = node.value[step] if isinstance(step, int) else {key.value: value for key, value in node.value}[step]
    return node


def _end(text: str, key: Any, value: Any) -> int:
    """Where the last character of an entry stands: no comment or blank line behind it counts as its own."""
    if key is not None and value.start_mark.index < key.start_mark.index:  # an alias, whose value stands elsewhere
        return int(key.end_mark.index)
    if value.value and isinstance(value.value, list) and not value.flow_style:
        last = value.value[-1]
        inner, item = last if isinstance(last, tuple) else (None, last)
        if inner is not None or item.start_mark.index >= value.start_mark.index:
            return _end(text, inner, item)
    start, end = value.start_mark.index, value.end_mark.index
    return int(start + len(text[start:end].rstrip()))


OBSERVED: Final = "observed"
_REFERENCES = frozenset({"$ref", "anyOf", "oneOf"})
_SIMPLE_ITEMS = frozenset({"string", "integer", "number", "boolean"})


def patched(spec: Spec, seen: Seen, found: Findings) -> str:
    """The spec's text with everything that the answers teach; what needs judgement is left as it is."""
    edits = Edits(spec)
    for each in found.confirmed:
        edits.replace((*each.place, "x-evidence"), OBSERVED)
    for difference in {(each.place, each.name): each for each in found.differences if each.by_patch}.values():
        match difference.kind:
            case kind if kind == UNKNOWN:
                edits.add_entry(difference.place, yaml_key(difference.name), _property(difference))
            case kind if kind == VALUE:
                edits.add_item(difference.place, yaml_key(difference.name))
            case kind if kind == STATUS:
                operation = spec.operations[difference.schema]
                has_body = (operation.id, int(difference.name)) in seen.with_body
                response = _response(spec, operation, int(difference.name), has_body=has_body)
                edits.add_entry_in_order(difference.place, difference.name, _lines(response), _flow(response))
    return edits.text()


def as_diff(old: str, new: str, name: str) -> str:
    """The change as `git apply` and `patch -p1` take it; empty if there is none."""
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
    return "".join(each if each.endswith("\n") else f"{each}\n\\ No newline at end of file\n" for each in lines)


def _property(difference: SpecDifference) -> str:
    kind, items = difference.types[0], "{}"
    if len(difference.items) == 1 and difference.items[0] in _SIMPLE_ITEMS:
        items = f"{{type: {difference.items[0]}}}"
    return property_schema(kind, difference.format if kind == "string" else "", items)


def _response(spec: Spec, operation: Operation, status: int, *, has_body: bool) -> dict[str, Any]:
    """The description of an answer that the spec does not list: a success is like the usual one."""
    described = {"description": f"Not documented; its name in HTTP is {_phrase(status)}.", "x-evidence": OBSERVED}
    schema = _content(spec, operation, 200 if status < 300 else 400)
    return described | ({"content": {"application/json": {"schema": schema}}} if has_body and schema else {})


def _lines(response: Mapping[str, Any]) -> list[str]:
    """A response as lines of its own."""
    lines = [f"  {name}: {value}" for name, value in response.items() if name != "content"]
    for media, content in response.get("content", {}).items():
        lines += ["  content:", f"    {media}:", f"      schema: {_flow(content['schema'])}"]
    return lines


def _content(spec: Spec, operation: Operation, like: int) -> Any:
    """The schema of the JSON that another status is described with, if it is nothing but references to others."""
    resolved = spec.schema(operation.place, operation.response(like) or {}).node
    schema = resolved.get("content", {}).get("application/json", {}).get("schema", {})
    parts = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return schema if all(each.keys() <= _REFERENCES for each in parts) else {}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown"


def _flow(node: Any) -> str:
    """Texts and what holds them as YAML on one line, in the spec's style."""
    if isinstance(node, Mapping):
        return f"{{{', '.join(f'{_flow_key(key)}: {_flow(value)}' for key, value in node.items())}}}"
    return f"[{', '.join(map(_flow, node))}]" if isinstance(node, list) else yaml_key(node)


def _flow_key(key: str) -> str:
    return key if key.startswith("$") else yaml_key(key)
