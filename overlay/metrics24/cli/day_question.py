"""What the files in a folder of `metrics24 pull --by-day` answer: days of different questions must not be mixed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from metrics24.cli.filters import plain
from metrics24.errors import UsageError
from metrics24.sinks.target import Target, file_errors

_DAYS = "-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].*"


class Question:
    """The question of one run, and that of the files of its table, which is kept in a hidden file beside them.

    A folder whose files have none, since they were made before there was one, is taken at its word.

    Raises:
        UsageError: the files answer another question, or which one cannot be read.

    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._folder: Path = given["by_day"]
        self._table: str = given["table"]
        self._path = self._folder / f".metrics24-{self._table}.json"
        self._asked: dict[str, Any] = {
            "integration": given["integration"],
            "filters": plain(given["filters"]),
            "columns": given["columns"],
        }
        if given["format"] == "csv":  # other files always keep text as it was sent
            self._asked["spreadsheet_safe"] = given["spreadsheet_safe"]
        self._kept = self._read() if any(self._folder.glob(f"{self._table}{_DAYS}")) else {}
        different = [name for name in self._asked if self._kept.get(name, self._asked[name]) != self._asked[name]]
        if different:
            raise UsageError(self._mixed(different))

    def keep(self) -> None:
        """Write the question down, unless it is there.

        Raises:
            UsageError, SaveError: it cannot be written.

        """
        question = {**self._kept, **self._asked}
        if question == self._kept:
            return
        target = Target(self._path, overwrite=True)
        try:
            with file_errors(self._path):
                target.file.write(f"{json.dumps(question, indent=2)}\n".encode())
                target.commit()
        finally:
            target.abort()
        self._kept = question

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            kept = None
        if not isinstance(kept, dict):
            raise UsageError(
                f"{self._path} cannot be read, so what the {self._table} in {self._folder} are of is not known. Remove "
                "it if they are of this pull, or choose another folder with --by-day."
            )
        return kept

    def _mixed(self, different: list[str]) -> str:
        held = [name for name in _WORDS if name in self._kept and name in {"integration", "filters", *different}]
        holds = " ".join(_WORDS[name](self._kept[name]) for name in held)
        this = " ".join(_WORDS[name](self._asked[name]) for name in different)
        return f"{self._folder} holds {self._table} {holds}; this pull is {this}. Choose another folder with --by-day."


def _filters(value: Any) -> str:
    texts = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return f"with {', '.join(texts)}" if texts else "without a filter"


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "integration": lambda value: f"of {value}",
    "filters": _filters,
    "columns": lambda value: f"with --columns {value}" if value else "without --columns",
    "spreadsheet_safe": lambda value: f"{'with' if value else 'without'} --spreadsheet-safe",
}
