"""Rows of which little is looked at before somebody wants them: a few of their fields, and the bytes for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

import msgspec

from metrics24.sinks.cells import read_rows


class Outline:
    """A row that knows some of its fields, and all of them when it comes to comparing."""

    __slots__ = ("_known", "_sent")

    def __init__(self, known: msgspec.Struct, sent: msgspec.Raw) -> None:
        self._known, self._sent = known, sent

    def get(self, name: str, default: object = None) -> Any:
        """The field's value, `default` if it is null, absent or not among those that are known."""
        value = getattr(self._known, name, None)
        return default if value is None else value

    def as_row(self) -> Mapping[str, Any]:
        """The row as a dict; if no quick reader can tell what is in it, it stands for its bytes."""
        try:
            return cast("dict[str, Any]", msgspec.json.decode(self._sent))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return {"": bytes(self._sent)}


def read_outlines(content: bytes, names: tuple[str, ...]) -> tuple[list[Outline], str | None, str | None, bool] | None:
    """Read a page of a report table like `read_cells`, of its rows only the fields that are named."""
    known, sent = read_rows(content, _kind(names)), read_rows(content, msgspec.Raw)
    if known is None or sent is None:
        return None
    return list(map(Outline, known[0], sent[0])), *known[1:]


@lru_cache(maxsize=8)
def _kind(names: tuple[str, ...]) -> type[msgspec.Struct]:
    return msgspec.defstruct("Known", [(name, Any, None) for name in names], gc=False)
