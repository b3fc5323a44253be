"""Edits of the spec's text at the places that ruamel.yaml's nodes name.

Only what changes is written anew: comments, order, quoting and line breaks of all the rest stay as they are, byte for
byte, which no dump of a parsed document can promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field

from metrics24.drift.document import Place, Spec


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
