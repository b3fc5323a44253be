"""Rows as Arrow data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from metrics24.errors import UsageError
from metrics24.sinks.columns import FIRST_BLOCK, Column, Layout, Row

if TYPE_CHECKING:
    import pyarrow


def arrow() -> Any:
    """The pyarrow module.

    Raises:
        UsageError: it is not installed.

    """
    try:
        return import_module("pyarrow")
    except ModuleNotFoundError:
        raise UsageError("pyarrow is not installed: pip install 'metrics24[tables]'.") from None


class Arrow:
    """Turns rows into record batches of one schema."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._pyarrow = pa = arrow()
        types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
        fields = [pa.field(column.name, types.get(column.type, pa.string())) for column in layout.columns]
        self.schema = pa.schema([*fields, pa.field(layout.names[-1], pa.string())])

    def batch(self, rows: Sequence[Row]) -> tuple[pyarrow.RecordBatch, int]:
        """The rows as a record batch, and how many values went to `_extra`."""
        laid_out = [self._layout.laid_out(row) for row in rows]
        cells = zip(*(row for row, _ in laid_out), strict=True)
        arrays = [self._pyarrow.array(column, field.type) for column, field in zip(cells, self.schema, strict=True)]
        return self._pyarrow.record_batch(arrays, schema=self.schema), sum(misfits for _, misfits in laid_out)


def to_arrow(blocks: Iterable[Sequence[Row]], *, columns: Sequence[Column], fixed: bool) -> pyarrow.Table:
    """All rows in one table, with the columns that `save` would choose.

    Raises:
        UsageError: pyarrow is not installed.

    """
    pa = arrow()
    rows = [row for block in blocks for row in block]
    made = Arrow(Layout.learnt(columns, rows[:FIRST_BLOCK], fixed=fixed))
    steps = range(0, len(rows), FIRST_BLOCK)
    return pa.Table.from_batches([made.batch(rows[at : at + FIRST_BLOCK])[0] for at in steps], schema=made.schema)
