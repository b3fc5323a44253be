"""Rows together with the bytes in which the server sent them, for files that keep them as they are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from metrics24.sinks.cells import Lens

# JSON has line breaks between tokens only, never inside text; what indents the next line goes with them.
_BREAKS = re.compile(rb"[\r\n]+[ \t\r\n]*")


class Verbatim(dict[str, Any]):
    """A row, and the bytes that it was decoded from."""

    __slots__ = ("sent",)

    def __init__(self, row: dict[str, Any], sent: msgspec.Raw) -> None:
        super().__init__(row)
        self.sent = sent

    def line(self) -> bytes:
        """The row as it was sent, on one line; what was indented over several loses its line breaks only."""
        text = bytes(self.sent)
        return _BREAKS.sub(b"", text) if b"\n" in text or b"\r" in text else text


class VerbatimLens(Lens):
    """Rows are dicts as usual, which know their bytes as well."""

    def attach(self, rows: list[Any], content: bytes) -> list[Any]:
        """The rows of a page, each with its bytes; as they are if no quick reader can tell them apart."""
        try:
            texts = _DECODER.decode(content.removeprefix(codecs.BOM_UTF8)).data.data
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return rows
        return list(map(Verbatim, rows, texts or ()))


class _Rows(msgspec.Struct):
    data: Sequence[msgspec.Raw] | None = None


class _Page(msgspec.Struct):
    data: _Rows


_DECODER = msgspec.json.Decoder(_Page)
