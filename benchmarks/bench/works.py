"""The works of hand-written loops: count rows, write JSON Lines, make an Arrow table, write Parquet.

Pyarrow is loaded only by those who need it, since it is much of the memory of who does not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.job import Job, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

Row = dict[str, Any]


class Counting:
    """Rows counted and dropped."""

    def __init__(self) -> None:
        self.rows = 0
        self.first: str | None = None
        self.last: str | None = None
        self.files: tuple[str, ...] = ()

    def take(self, rows: Sequence[Row]) -> None:
        """Take the rows of a page."""
        self.seen(len(rows), rows[0]["real_tx_id"], rows[-1]["real_tx_id"])
        self.keep(rows)

    def seen(self, count: int, first: str, last: str) -> None:
        """Count a page by its ends."""
        self.rows += count
        self.first = first if self.first is None else self.first
        self.last = last

    def keep(self, rows: Sequence[Row]) -> None:
        """Do the work itself."""

    def close(self) -> Result:
        """Finish the work."""
        return Result(rows=self.rows, first=self.first, last=self.last, files=self.files)


class JsonLines(Counting):
    """Rows as JSON Lines, a page at a time."""

    def __init__(self, path: Path, dumps: Callable[[Row], bytes]) -> None:
        super().__init__()
        self._file, self._dumps = path.open("wb"), dumps
        self.files = (str(path),)

    def keep(self, rows: Sequence[Row]) -> None:
        """Write a page."""
        self._file.write(b"\n".join(map(self._dumps, rows)) + b"\n")

    def close(self) -> Result:
        """Close the file."""
        self._file.close()
        return super().close()


class Arrow(Counting):
    """Rows kept, then made into one Arrow table."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[Row] = []

    def keep(self, rows: Sequence[Row]) -> None:
        """Keep a page."""
        self._kept += rows

    def table(self) -> pa.Table:
        """The table."""
        import pyarrow as pa  # noqa: PLC0415 - see above

        return pa.Table.from_pylist(self._kept)

    def close(self) -> Result:
        """Make the table."""
        if self.table().num_rows != self.rows:
            raise ValueError("the Arrow table lost rows")
        return super().close()


class Parquet(Arrow):
    """Rows kept, then written into one Parquet file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.files = (str(path),)

    def close(self) -> Result:
        """Write the file."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - see above

        pq.write_table(self.table(), self.files[0])
        return Counting.close(self)


def to_json(row: Row) -> bytes:
    """A row as JSON, by the standard library."""
    return json.dumps(row).encode()


def doing(job: Job, dumps: Callable[[Row], bytes] = to_json) -> Counting:
    """The work that takes the rows of a job."""
    folder = Path(job.folder)
    if job.work == "jsonl":
        return JsonLines(folder / f"{job.candidate}.jsonl", dumps)
    if job.work == "parquet":
        return Parquet(folder / f"{job.candidate}.parquet")
    return Arrow() if job.work == "arrow" else Counting()
