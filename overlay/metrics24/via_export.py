"""Save rows by way of an export instead of pages: `rows.save(path, via="export")`.

The first rows are read by pages, since they decide which columns the file has. Then the server makes a CSV file of all
rows, which is downloaded beside the target and converted into a file like the one that pages would give. It differs
from that one where a CSV file must: null and empty text are the same, the order is the server's, and nested values may
be text of another form.

A download is kept until the target is there. So `save` with the same target and `reuse=` goes on where an earlier one
ended: it takes the existing export, and downloads nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from metrics24._core.pagination import FilterAudit
from metrics24._rows.schema import Column, Row, file_columns
from metrics24.arguments import ReportParams, seconds, whole_days
from metrics24.errors import IntegrityError, Metrics24Error, UsageError
from metrics24.files.atomic import Saved, as_path
from metrics24.files.csv_import import CsvRows, csv_beside, delimiter_of
from metrics24.files.writers import BLOCK_ROWS, FileWriter, open_writer, plan

if TYPE_CHECKING:
    from metrics24.export_job import ExportState

_SAMPLE_PAGES = 10


class ExportConversion:
    """The rows of a downloaded CSV file on their way into the target, a block at a time."""

    def __init__(self, export_id: str, source: CsvRows, writer: FileWriter, audit: FilterAudit) -> None:
        self._export_id, self._source, self._writer, self._audit = export_id, source, writer, audit
        self._blocks = source.blocks()
        self.rows = 0

    def write_block(self) -> int | None:
        """Write the next block; return the number of its rows, None if there is none."""
        block = next(self._blocks, None)
        if block is None:
            return None
        self._audit.check(block)
        self._writer.write(block)
        self.rows += len(block)
        return len(block)

    def commit(self) -> Saved:
        """Complete the target."""
        self._audit.report()
        missing, as_text = tuple(self._source.missing), tuple(self._source.as_text)
        return evolve(self._writer.commit(), export_id=self._export_id, missing=missing, as_text=as_text)


class ExportSave:
    """One call of `save(via="export")`.

    Raises:
        UsageError: the rows are not all rows of whole days, or the target cannot be written.

    """

    def __init__(
        self,
        params: object,
        path: str | PathLike[str],
        *,
        reuse: float,
        overwrite: bool,
        columns: str | None,
        spreadsheet_safe: bool,
    ) -> None:
        if columns not in {None, "spec"}:
            raise UsageError(f"columns is 'spec' or left out, not {columns!r}.")
        self._params, self._target = whole_days(params, "via='export'"), as_path(path)
        self._reuse = seconds(reuse, "reuse")
        self._fixed = columns == "spec"
        self._columns: Sequence[Column] = file_columns(self._params.kind.model)
        self._open = partial(
            open_writer, self._target, fixed=True, overwrite=overwrite, spreadsheet_safe=spreadsheet_safe
        )
        self._open(columns=self._columns).abort()  # before anything is sent

    @property
    def sample(self) -> ReportParams:
        """The parameters by which to read the first rows, which decide the columns of the file."""
        return evolve(self._params, limit=min(BLOCK_ROWS, _SAMPLE_PAGES * self._params.page_size), parallel=1)

    def request(self, sample: Sequence[Row]) -> Mapping[str, Any]:
        """Choose the columns of the file by the first rows; return the arguments of `exports.start`."""
        self._columns = plan(self._columns, sample, fixed=self._fixed).typed
        names = (column.name for column in self._columns)
        params = self._params
        return {
            "kind": params.kind.name,
            "integration": params.integration,
            "fields": [name for name in names if "," not in name and name.isprintable() and name == name.strip()],
            "start": params.start,
            "end": params.end,
            "filter": params.filter,
            "reuse": self._reuse,
        }

    def download(self, job: ExportState) -> Path:
        """Return the path of the CSV file that the target is made from.

        Raises:
            IntegrityError: the server names a delimiter that CSV files cannot have.

        """
        _delimiter_of(job)  # if the server names it already: a file that cannot be read need not be waited for
        return csv_beside(self._target, job.id)

    @contextmanager
    def conversion(self, job: ExportState, download: Path) -> Iterator[ExportConversion]:
        """Open the target for the rows of a download, which is removed when the block ends well.

        Raises:
            IntegrityError: the export was cut, its columns are not those of the report table, or its delimiter is
                impossible.

        """
        try:
            if job.may_be_cut:
                raise IntegrityError(
                    f"The export {job.id} has {job.rows:,} rows, which is the most that one may have, so rows may be "
                    "missing. Save by pages, or fewer days at once; a plan of exports splits a range."
                )
            source = CsvRows(download, self._columns, delimiter=_delimiter_of(job))
            with self._open(columns=self._columns) as writer:
                yield ExportConversion(job.id, source, writer, FilterAudit(self._params.filter))
        except Metrics24Error as error:
            error.add_note(f"The download is kept in {download}.")
            raise
        download.unlink(missing_ok=True)


def _delimiter_of(job: ExportState) -> str:
    return delimiter_of(job.export.to_dict(), job.id, "Resume the export by its id and save it as .csv.")
