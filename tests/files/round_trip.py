"""Helpers that write files and read them back with other libraries."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pyarrow import parquet

from metrics24._rows.schema import Column, Row
from metrics24.files.atomic import Saved
from metrics24.files.csv_import import convert_csv
from metrics24.files.writers import ArrowRows, open_writer

COLUMNS = (
    Column("real_tx_id", "text"),
    Column("sessions", "integer"),
    Column("payout", "number"),
    Column("is_bot", "boolean"),
    Column("extra_parameters", "json"),
)


def save(path: Path, *pages: Sequence[Row], columns: Sequence[Column] = COLUMNS, **options: Any) -> Saved:
    """Save pages of rows."""
    with open_writer(path, columns=columns, **options) as file:
        for page in pages:
            file.write(page)
        return file.commit()


def read_parquet(path: Path) -> list[dict[str, Any]]:
    """Read a Parquet file as rows, each with its non-null columns only."""
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def read_csv(path: Path) -> list[list[str]]:
    """Read a CSV file's lines, the header first, strictly by RFC 4180."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Read a JSON Lines file."""
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    return [json.loads(line) for line in lines]


def files_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def converted(folder: Path, data: bytes, **options: Any) -> dict[str, list[Any]]:
    """Convert CSV data and return the Parquet file's columns."""
    source, target = folder / "source.csv", folder / "target.parquet"
    source.write_bytes(data)
    saved = convert_csv(source, target, **options)
    table = parquet.read_table(target)
    assert saved == Saved(target, rows=table.num_rows, bytes=target.stat().st_size, misfits=0)
    columns: dict[str, list[Any]] = table.to_pydict()
    return columns


def to_arrow(batches: Iterable[Sequence[Row]], *, columns: Sequence[Column], fixed: bool = False) -> Any:
    """Return the Arrow table of rows that come in these pages."""
    gathering = ArrowRows(columns=columns, fixed=fixed)
    for batch in batches:
        gathering.write(batch)
    return gathering.finish()
