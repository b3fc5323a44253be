"""Tables and lists of fields for people, in plain text: what a server sent cannot move the cursor or forge a line."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from metrics24.cli.text import printable

_GAP = "  "
_NARROWEST = 6


@frozen
class Column:
    """A column of a table.

    Attributes:
        title: what stands above it.
        right: whether its cells are aligned to the right, as numbers are.
        whole: whether its cells are never cut: ids, since a part of an id is worth nothing.

    """

    title: str
    right: bool = False
    whole: bool = False


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]], *, width: int | None) -> list[str]:
    """Lay rows out in lines of at most `width` characters, where cutting cells that may be cut suffices.

    None as the width cuts nothing.
    """
    cells = [[column.title for column in columns], *([cell_text(cell) for cell in row] for row in rows)]
    widths = [max(map(_length, column)) for column in zip(*cells, strict=True)]
    if width is not None:
        _narrow(columns, widths, width)
    return [_line(columns, widths, row) for row in cells]


def fields(record: Mapping[str, object]) -> list[str]:
    """Lay a record out, a field per line; fields without a value are left out."""
    shown = {printable(name): cell_text(value) for name, value in record.items() if value is not None}
    size = max(map(_length, shown), default=0)
    return [f"{_fitted(name, size)}{_GAP}{text}" for name, text in shown.items()]


def cell_text(value: object) -> str:
    """Write a value as people read it: yes and no, texts of a list with commas, everything else as JSON."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return printable(", ".join(value))
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def terminal_width() -> int | None:
    """How many characters a line of stdout holds; None where nobody looks, since a file has no edge."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _line(columns: Sequence[Column], widths: Sequence[int], row: Sequence[str]) -> str:
    fitted = (_fitted(text, size, right=column.right) for text, size, column in zip(row, widths, columns, strict=True))
    return _GAP.join(fitted).rstrip()


def _narrow(columns: Sequence[Column], widths: list[int], width: int) -> None:
    """Take from the widest column that may be cut until the lines fit, or none can give any more."""
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0:
        places = [p for p, column in enumerate(columns) if not column.whole and widths[p] > _NARROWEST]
        if not places:
            return
        widths[max(places, key=widths.__getitem__)] -= 1
        excess -= 1


def _fitted(text: str, size: int, *, right: bool = False) -> str:
    """Cut or fill a text to a size as a terminal measures it: some characters take two places."""
    from rich.cells import set_cell_size  # noqa: PLC0415  takes longer to load than the rest of the command line

    if _length(text) > size:
        return set_cell_size(text, size - 1) + "…"
    return " " * (size - _length(text)) + text if right else set_cell_size(text, size)


def _length(text: str) -> int:
    from rich.cells import cell_len  # noqa: PLC0415  likewise

    return cell_len(text)
