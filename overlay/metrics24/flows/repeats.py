"""Rows that came before: whether two are the same, and whether a page has rows from before its cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metrics24.sinks import as_rows, values_of

CURSOR_FIELD = "real_tx_id"


def same_row(one: Any, other: Any) -> bool:
    """Whether two rows are the same, in whichever form they were decoded; what is null may be absent."""
    if one is None or other is None or one.get(CURSOR_FIELD) != other.get(CURSOR_FIELD):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one == other
    left, right = ({name: value for name, value in row.items() if value is not None} for row in as_rows([one, other]))
    return left == right


def ignores_cursor(rows: Sequence[Any], cursor: str | None, last: Any) -> bool:
    """Whether a page that should follow `cursor` has rows from before it.

    One id may stand on several rows, so a page may begin with the cursor's id; but not with the very row that was read
    last, and not with other rows before the one that the cursor names.
    """
    if cursor is None or not rows:
        return False
    ids = values_of(rows, CURSOR_FIELD)
    return same_row(rows[0], last) or (cursor in ids and ids[0] != cursor)
