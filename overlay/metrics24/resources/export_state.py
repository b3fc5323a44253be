"""What is known of an export without asking, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

from attrs import field, frozen

from metrics24.errors import UsageError
from metrics24.flows.download import Download
from metrics24.flows.export_records import has_failed, names_in
from metrics24.flows.integrity import check_whole, rows_promised, warn_if_cut
from metrics24.flows.retry import Policy
from metrics24.flows.waiting import WaitProgress, Watch, is_complete, raise_if_failed, status_of
from metrics24.models import Export, factory
from metrics24.operations import Routes
from metrics24.settings import Limits, Waiting
from metrics24.sinks import CsvRecords, Part, named

WAITING = Waiting()
_OTHER_FORMATS = frozenset({".parquet", ".jsonl", ".ndjson", ".json", ".gz", ".zip", ".xlsx"})


@frozen
class DownloadProgress:
    """How far a download has come, after each block.

    Attributes:
        export_id: the export.
        bytes: how many have arrived, those of an earlier attempt included.
        total: the size of the file in bytes, None if storage does not say.
        rows: how many rows have arrived.

    """

    export_id: str
    bytes: int
    total: int | None
    rows: int


def csv_target(path: object) -> Path:
    """The path of a download, which is a CSV file.

    Raises:
        UsageError: it is no path, or its suffix is that of another format.

    """
    target = named(path)
    if target.suffix.lower() in _OTHER_FORMATS:
        raise UsageError(
            f"{target} would hold CSV, which is what the server makes: let it end in .csv. `metrics24 export -o "
            "FILE.parquet` converts."
        )
    return target


OnWait = Callable[[WaitProgress], object]
OnExportProgress = Callable[[WaitProgress | DownloadProgress], object]


@frozen(kw_only=True)
class Desk:
    """What all exports of a client share."""

    policy: Policy = field(repr=False)
    routes: Routes = field(repr=False)
    limits: Limits


def as_export(record: Mapping[str, Any]) -> Export:
    """An export as users hold it."""
    found: Export = factory("Export")(record)
    return found


class ExportState:
    """What both kinds of job have: what the server said last, without I/O, and what to do next."""

    _resumed: ClassVar = "client.exports.resume({id})"

    def __init__(self, record: dict[str, Any], desk: Desk) -> None:
        self._record, self._desk = record, desk

    @property
    def id(self) -> str:
        """The export's id; `exports.resume(id)` takes it up again, from another process, tomorrow."""
        return str(self._record["id"])

    @property
    def status(self) -> str:
        """Its state, as the server said last."""
        return status_of(self._record)

    @property
    def done(self) -> bool:
        """Whether it has come to an end, as the server said last: complete, failed or canceled."""
        return is_complete(self._record) or has_failed(self._record)

    @property
    def rows(self) -> int | None:
        """How many rows it has, as the server said last; None as long as it does not say."""
        return rows_promised(self._record)

    @property
    def export(self) -> Export:
        """All that the server said last."""
        return as_export(self._record)

    def _watch(self, waiting: Waiting) -> Watch:
        raise_if_failed(self._record)
        return Watch(self._record, waiting, self._desk.policy, self._desk.routes)

    def _download(self, *, part: Part | None = None) -> Download:
        name, desk = next(names_in(self._record)), self._desk
        if part is None:
            return Download(name, desk.policy, desk.routes, rewinds=False)
        return Download(name, desk.policy, desk.routes, offset=part.size, etag=part.etag)

    def _part(self, path: object, *, overwrite: bool, abandoned: Event | None = None) -> Part:
        """Open the part beside a target; where there can be none, say that the export is not lost by it."""
        try:
            return Part(csv_target(path), overwrite=overwrite, identity=self.id, abandoned=abandoned)
        except UsageError as error:
            again = self._resumed.format(id=f'"{self.id}"')
            error.args = (f"{str(error).rstrip('.')}. The export {self.id} is kept: {again}.save(...)",)
            raise

    def _check(self, records: CsvRecords, *, verify: bool) -> None:
        if verify:
            check_whole(records, self._record)
        warn_if_cut(records.records, self._record, self._desk.limits.export_rows)

    def _progress(self, part: Part, download: Download) -> DownloadProgress:
        return DownloadProgress(self.id, part.size, download.size, part.records.records)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id!r}, status={self.status!r})"
