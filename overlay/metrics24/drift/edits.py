"""Edits of the spec's text at the places that ruamel.yaml's nodes name.

Only what changes is written anew: comments, order, quoting and line breaks of all the rest stay as they are, byte for
byte, which no dump of a parsed document can promise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, field

from metrics24.drift.document import Place, Spec
from metrics24.errors import UsageError


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
        node = self._filled(place)
        name, last = node.value[-1]
        if node.flow_style:
            self._insert(last.end_mark.index, f", {key}: {value}")
        else:
            self._insert_line(_end(self.spec.text, name, last), name.start_mark.column, f"{key}: {value}")

    def add_entry_in_order(self, place: Place, key: str, lines: Iterable[str]) -> None:
        """Add an entry of several lines to a mapping in block style, after those whose keys are smaller."""
        node = self._filled(place)
        if node.flow_style:
            raise UsageError(f"The spec has {'.'.join(map(str, place))} on one line: add {key} there by hand.")
        smaller = [entry for entry in node.value if entry[0].value < key] or node.value[:1]
        name, value = smaller[-1]
        column = name.start_mark.column
        pieces = [f"{' ' * column}{line}" for line in lines]
        self._insert(self._line_end(_end(self.spec.text, name, value)), *(f"{self._newline}{each}" for each in pieces))

    def add_item(self, place: Place, item: str) -> None:
        """Add an item to a list, after all others."""
        node = self._filled(place)
        if node.flow_style:
            self._insert(node.value[-1].end_mark.index, f", {item}")
        else:
            self._insert_line(_end(self.spec.text, None, node.value[-1]), node.start_mark.column, f"- {item}")

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

    def _filled(self, place: Place) -> Any:
        node = _at(self.spec.root, place)
        if not node.value:
            raise UsageError(f"The spec has nothing in {'.'.join(map(str, place))} yet: add the first one by hand.")
        return node

    def _insert_line(self, end: int, column: int, line: str) -> None:
        self._insert(self._line_end(end), f"{self._newline}{' ' * column}{line}")

    def _line_end(self, position: int) -> int:
        """Where the line ends, a comment on it included."""
        found = self.spec.text.find("\n", position)
        found = len(self.spec.text) if found < 0 else found
        return found - 1 if self.spec.text[found - 1] == "\r" else found

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
