"""Every way to take rows from the client: models, records, pages, and the three file formats."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet

from support.running import Running, collect
from support.tables import Row

Lane = Callable[[Running, Any, Path], object]


def _models(run: Running, rows: Any, folder: Path) -> object:
    return collect(run, rows)


def _records(run: Running, rows: Any, folder: Path) -> object:
    return collect(run, rows.records())


def _pages(run: Running, rows: Any, folder: Path) -> object:
    return collect(run, rows.by_page())


def _first(run: Running, rows: Any, folder: Path) -> object:
    return run.result(rows.first())


def _saved(suffix: str) -> Lane:
    def lane(run: Running, rows: Any, folder: Path) -> object:
        return run.result(rows.save(folder / f"rows.{suffix}"))

    return lane


FILES = ("jsonl", "csv", "parquet")
LANES: dict[str, Lane] = {
    "models": _models,
    "records": _records,
    "pages": _pages,
    "first": _first,
    **{suffix: _saved(suffix) for suffix in FILES},
}


def read_back(path: Path) -> list[Row]:
    """Read a saved file as records; CSV cells are text."""
    match path.suffix:
        case ".jsonl":
            return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        case ".csv":
            with path.open(newline="", encoding="utf-8") as lines:
                return [dict(record) for record in csv.DictReader(lines)]
        case _:
            return list(pyarrow.parquet.read_table(path).to_pylist())
