"""The types of CSV columns, found by looking at every cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

_INTEGER = r"(?:0|-?[1-9][0-9]{0,17})"
_SMALL_INTEGER = r"(?:0|-?[1-9][0-9]{0,14})"
_DECIMAL = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = _DAY + r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_SIGNIFICANT_DIGITS = 17  # what a double needs at most to be written and read again unchanged


def _matches(pattern: str) -> Callable[[pa.Array], bool]:
    return lambda cells: _all(pc.match_substring_regex(cells, rf"\A(?:{pattern})\z"))


def _are_numbers(cells: pa.Array) -> bool:
    if not _matches(_DECIMAL)(cells):
        return False
    digits = pc.utf8_length(pc.replace_substring_regex(cells, r"\A[-0.]+|[eE].*|[-.]", ""))
    exact = pc.or_(
        pc.match_substring_regex(cells, rf"\A{_SMALL_INTEGER}\z"),
        pc.and_(pc.match_substring_regex(cells, "[.eE]"), pc.less_equal(digits, _SIGNIFICANT_DIGITS)),
    )
    return _all(exact)


# In the order of preference: of types that hold all cells the first is taken.
_TYPES: Mapping[pa.DataType, Callable[[pa.Array], bool]] = MappingProxyType(
    {
        pa.bool_(): _matches("true|false"),
        pa.int64(): _matches(_INTEGER),
        pa.float64(): _are_numbers,
        pa.date32(): _matches(_DAY),
        pa.timestamp("us"): _matches(_TIME),
        pa.timestamp("us", "UTC"): _matches(rf"{_TIME}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})"),
    }
)


class TypeFinder:
    """Finds the types that hold every cell of every column without a loss.

    * ``true`` and ``false`` are booleans.
    * Digits without a leading zero, at most 18, are 64-bit integers: ``007`` stays text, and so does what is longer.
    * Numbers with a fraction or exponent are doubles if they have at most 17 digits, and the integers among them 15.
    * Days and times in ISO 8601 are dates and timestamps; those with an offset become UTC. One calendar error, or a
      mixture of times with and without an offset, and the column stays text.
    * Empty cells fit every type, where they become null. A column of nothing else is text.
    """

    def __init__(self, columns: int) -> None:
        self._left: list[Sequence[pa.DataType]] = [tuple(_TYPES)] * columns
        self._seen = [False] * columns

    def look_at(self, batch: pa.RecordBatch) -> None:
        """Rule types out by the next records."""
        for place, column in enumerate(batch.columns):
            if self._left[place]:
                cells = column.filter(pc.not_equal(column, ""))
                self._seen[place] |= len(cells) > 0
                self._left[place] = [kind for kind in self._left[place] if _fits(cells, kind)]

    @property
    def types(self) -> list[pa.DataType]:
        """The types of the columns, by what was seen."""
        return [left[0] if left and seen else pa.string() for left, seen in zip(self._left, self._seen, strict=True)]


def convert(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Turn text into values of a type; empty cells become null, and stay empty text where the type is text."""
    if pa.types.is_string(kind):
        return column
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column).cast(kind)


def _fits(cells: pa.Array, kind: pa.DataType) -> bool:
    if not _TYPES[kind](cells):
        return False
    try:
        cells.cast(kind)  # the pattern does not know the calendar
    except pa.ArrowInvalid:
        return False
    return True


def _all(truths: pa.Array) -> bool:
    return bool(pc.all(truths, min_count=0).as_py())
