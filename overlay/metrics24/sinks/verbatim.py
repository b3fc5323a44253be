"""Rows together with the bytes in which the server sent them, for files that keep them as they are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from metrics24.sinks.cells import Cells, LearningLens, as_rows
from metrics24.sinks.columns import json_text

# JSON has line breaks between tokens only, never inside text; what indents the next line goes with them.
_BREAKS = re.compile(rb"[\r\n]+[ \t\r\n]*")


class Verbatim(dict[str, Any]):
    """A row, and the bytes that it was decoded from."""

    __slots__ = ("sent",)

    def __init__(self, row: dict[str, Any], sent: msgspec.Raw) -> None:
        super().__init__(row)
        self.sent = sent


class VerbatimCells:
    """A record, and the bytes that it was decoded from."""

    __slots__ = ("_cells", "get", "sent")

    def __init__(self, cells: Cells, sent: msgspec.Raw) -> None:
        self._cells, self.sent = cells, sent
        self.get = cells.get

    def as_row(self) -> dict[str, Any]:
        """The row as a dict, without what is null."""
        return self._cells.as_row()


class VerbatimLens(LearningLens):
    """Rows know their bytes as well, be they dicts or records."""

    def attach(self, rows: list[Any], content: bytes) -> list[Any]:
        """The rows of a page, each with its bytes; as they are if no quick reader can tell them apart."""
        super().attach(rows, content)
        try:
            texts = _DECODER.decode(content.removeprefix(codecs.BOM_UTF8)).data.data
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return rows
        kind = Verbatim if isinstance(next(iter(rows), {}), dict) else VerbatimCells
        return list(map(kind, rows, texts or ()))


def line_of(row: Any) -> bytes:
    """The row on one line: as it was sent, if it knows; what was indented over several loses its line breaks only."""
    if not isinstance(row, Verbatim | VerbatimCells):
        return json_text(as_rows([row])[0]).encode()
    text = bytes(row.sent)
    return _BREAKS.sub(b"", text) if b"\n" in text or b"\r" in text else text


class _Rows(msgspec.Struct):
    data: Sequence[msgspec.Raw] | None = None


class _Page(msgspec.Struct):
    data: _Rows


_DECODER = msgspec.json.Decoder(_Page)
