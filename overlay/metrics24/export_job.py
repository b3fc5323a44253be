"""One export on the server, from the request to the file: wait for it, download it, delete it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from os import PathLike
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

from attrs import field, frozen

from metrics24._core.downloads import Download, check_whole, rows_promised, warn_if_cut
from metrics24._core.export_flows import (
    StatusWatch,
    WaitProgress,
    delete_export,
    has_failed,
    is_complete,
    names_in,
    raise_if_failed,
    read_export,
    status_of,
)
from metrics24._core.requests import Routes
from metrics24._core.retry import Policy
from metrics24._io.driver import AsyncDriver, Driver
from metrics24.config import Limits, Waiting
from metrics24.errors import Metrics24Error, UsageError
from metrics24.files.atomic import AtomicFile, Saved, as_path
from metrics24.files.csv_import import CsvRecords, convert_csv, csv_beside, delimiter_of
from metrics24.files.partial import PartialDownload
from metrics24.files.writers import pyarrow_needed
from metrics24.models import Export, factory

WAITING = Waiting()
_PARQUET = ".parquet"
_NAME_DELIMITER = "Name the delimiter, or save the export as .csv."
_OTHER_FORMATS = frozenset({".jsonl", ".ndjson", ".json", ".gz", ".zip", ".xlsx"})


@frozen
class DownloadProgress:
    """The progress of a download, after each block.

    Attributes:
        export_id: the export.
        bytes: the number of bytes that have arrived, those of an earlier attempt included.
        total: the size of the file in bytes, None if storage does not say.
        rows: the number of rows that have arrived.

    """

    export_id: str
    bytes: int
    total: int | None
    rows: int


def check_target(path: object, *, overwrite: bool = False, delimiter: str | None = None) -> Path:
    """Check that an export can be saved to a file, before it is requested and counts against the day's quota.

    Args:
        path: the target.
        overwrite: the target may exist.
        delimiter: the character between fields, if it is known.

    Raises:
        UsageError: it is not a path, its suffix is that of another format, or it cannot be written.

    """
    target = _target(path)
    AtomicFile(target, overwrite=overwrite).abort()  # leaves no file
    if target.suffix.lower() == _PARQUET:
        if delimiter is not None and not delimiter.isascii():
            raise UsageError("Parquet files are made of CSV with one ASCII character as the delimiter")
        with pyarrow_needed():
            import_module("pyarrow")
    return target


def _target(path: object) -> Path:
    target = as_path(path)
    if target.suffix.lower() in _OTHER_FORMATS:
        raise UsageError(
            f"{target} would hold CSV, the format that the server makes: let it end in .csv, or in {_PARQUET} to "
            "have it converted"
        )
    return target


OnWait = Callable[[WaitProgress], object]
OnExportProgress = Callable[[WaitProgress | DownloadProgress], object]


@frozen(kw_only=True)
class ExportSettings:
    """The policy, routes and limits that all exports of a client share."""

    policy: Policy = field(repr=False)
    routes: Routes = field(repr=False)
    limits: Limits


def as_export(record: Mapping[str, Any]) -> Export:
    """Return the model of an export."""
    export: Export = factory("Export")(record)
    return export


class ExportState:
    """The last known record of an export, and what can be read from it without I/O."""

    _resumed: ClassVar = "client.exports.resume({id})"

    def __init__(self, record: dict[str, Any], settings: ExportSettings) -> None:
        self._record, self._settings = record, settings

    @property
    def id(self) -> str:
        """The export's id; `exports.resume(id)` takes it up again, also in another process or on another day."""
        return str(self._record["id"])

    @property
    def status(self) -> str:
        """The status, as the server last reported it."""
        return status_of(self._record)

    @property
    def done(self) -> bool:
        """True if the export is complete, failed or canceled, as the server last reported it."""
        return is_complete(self._record) or has_failed(self._record)

    @property
    def rows(self) -> int | None:
        """The number of rows, as the server last reported it; None if it did not."""
        return rows_promised(self._record)

    @property
    def may_be_cut(self) -> bool:
        """True if the export has as many rows as one may have, so that rows may be missing."""
        return (self.rows or 0) >= self._settings.limits.export_rows

    @property
    def export(self) -> Export:
        """The export as the server last described it."""
        return as_export(self._record)

    @property
    def artifact_name(self) -> str | None:
        """The name of the export's file, for `exports.url`; None until the server names one."""
        return next(names_in(self._record), None)

    def _watch(self, waiting: Waiting) -> StatusWatch:
        raise_if_failed(self._record)
        return StatusWatch(self._record, waiting, self._settings.policy, self._settings.routes)

    def _download(self, *, part: PartialDownload | None = None) -> Download:
        name, settings = next(names_in(self._record)), self._settings
        if part is None:
            return Download(name, settings.policy, settings.routes, rewinds=False)
        return Download(name, settings.policy, settings.routes, offset=part.size, etag=part.etag)

    def _part(self, path: object, *, overwrite: bool, abandoned: Event | None = None) -> PartialDownload:
        """Open the partial download beside a target."""
        with self._kept():
            return PartialDownload(_target(path), overwrite=overwrite, identity=self.id, abandoned=abandoned)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Add to the error of a target that cannot be written that the export is not lost."""
        try:
            yield
        except UsageError as error:
            again = self._resumed.format(id=f'"{self.id}"')
            error.args = (f"{str(error).rstrip('.')}. The export {self.id} is kept: {again}.save(...)",)
            raise

    def _csv_beside(self, path: object, *, overwrite: bool, delimiter: str | None) -> Path | None:
        """Return the path of the CSV file that a Parquet file is made from; None for other targets."""
        with self._kept():
            if as_path(path).suffix.lower() != _PARQUET:
                return None
            target = check_target(path, overwrite=overwrite, delimiter=delimiter)
        return csv_beside(target, self.id)

    def _convert(
        self, source: Path, path: object, *, overwrite: bool, delimiter: str | None, infer_types: bool
    ) -> Saved:
        """Convert the download to the target, then remove it."""
        try:
            saved = convert_csv(
                source,
                as_path(path),
                delimiter=delimiter or delimiter_of(self._record, self.id, _NAME_DELIMITER),
                infer_types=infer_types,
                overwrite=overwrite,
            )
        except Metrics24Error as error:
            error.add_note(f"The download is kept in {source}.")
            raise
        source.unlink(missing_ok=True)
        return saved

    def _check(self, records: CsvRecords, *, verify: bool) -> None:
        if verify:
            check_whole(records, self._record)
        warn_if_cut(records.records, self._record, self._settings.limits.export_rows)

    def _progress(self, part: PartialDownload, download: Download) -> DownloadProgress:
        return DownloadProgress(self.id, part.size, download.size, part.records.records)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id!r}, status={self.status!r})"


class ExportJob(ExportState):
    """An export on the server (documentation: "DownloadCenter").

    Raises, besides the errors of each method:
        StatusError, TransportError: the API or its storage refused, or could not be reached.

    """

    def __init__(self, record: dict[str, Any], settings: ExportSettings, driver: Driver) -> None:
        super().__init__(record, settings)
        self._driver = driver

    def refresh(self) -> ExportJob:
        """Read the export's state from the server (one request)."""
        self._record = self._driver.run(read_export(self.id, self._settings.policy, self._settings.routes))
        return self

    def wait(self, waiting: Waiting = WAITING, *, on_progress: OnWait | None = None) -> ExportJob:
        """Wait until the export has a file.

        Args:
            waiting: the timeout, and the pauses between polls.
            on_progress: called after each poll.

        Raises:
            ExportTimeout: it is not ready in time; it goes on, and can be waited for again.
            ExportFailed, ExportCanceled: there will be no file.

        """
        watch = self._watch(waiting)
        while not watch.done:
            try:
                progress = self._driver.run(watch.poll())
            finally:
                self._record = watch.export
            if on_progress is not None:
                on_progress(progress)
        return self

    def save(
        self,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        verify: bool = True,
        waiting: Waiting = WAITING,
        delimiter: str | None = None,
        infer_types: bool = False,
        on_progress: OnExportProgress | None = None,
    ) -> Saved:
        """Wait for the file if need be, and download it. The target appears whole, or not at all.

        Bytes that have arrived are kept in a `.part` beside the target, where a later `save`, also in another process,
        resumes.

        Args:
            path: the target. A .parquet file is converted; any other holds the CSV exactly as the server made it.
            overwrite: replace a target that exists.
            verify: check that the last line is whole and the number of rows is what the server says.
            waiting: how long to wait for the file, and how often to poll.
            delimiter: for Parquet, the character between fields, if the server does not say or is wrong.
            infer_types: for Parquet, find numbers, days and times; otherwise all columns are text.
            on_progress: called after each poll and each block.

        Raises:
            UsageError: the target exists, is of another format, or its folder does not exist; the export is kept.
            SaveError: the file cannot be written, or another process is downloading to it.
            IntegrityError: what arrived is not what the server promised.
            ExportTimeout, ExportFailed, ExportCanceled: as in `wait`.

        """
        source = self._csv_beside(path, overwrite=overwrite, delimiter=delimiter)
        if source is not None:
            if not source.is_file():  # it appears only when it is whole
                self.save(source, overwrite=overwrite, verify=verify, waiting=waiting, on_progress=on_progress)
            return self._convert(source, path, overwrite=overwrite, delimiter=delimiter, infer_types=infer_types)
        with self._part(path, overwrite=overwrite) as part:
            self.wait(waiting, on_progress=on_progress)
            download = self._download(part=part)
            try:
                while (block := self._driver.run(download.next_block())) is not None:
                    part.write(block.offset, block.data, download.etag)
                    if on_progress is not None:
                        on_progress(self._progress(part, download))
            finally:
                self._driver.run(download.close())
            self._check(part.records, verify=verify)
            return part.commit()

    def iter_bytes(self, *, verify: bool = True) -> Generator[bytes]:
        """Wait for the file if need be, and yield its bytes, in blocks of 1 MiB at most.

        To stop early, close the generator (`contextlib.closing`): that closes the connection.

        Args:
            verify: check at the end that the last line is whole and the number of rows is what the server says.

        Raises:
            IntegrityError: what arrived is not what the server promised, or the file changed on the way.
            ExportTimeout, ExportFailed, ExportCanceled: as in `wait`.

        """
        self.wait()
        download, records = self._download(), CsvRecords()
        try:
            while (block := self._driver.run(download.next_block())) is not None:
                records.feed(block.data)
                yield block.data
        finally:
            self._driver.run(download.close())
        self._check(records, verify=verify)

    def delete(self) -> None:
        """Delete the export and its file on the server (documentation: "Delete Download Center Export").

        Raises:
            NotFound: there is no such export.

        """
        self._driver.run(delete_export(self.id, self._settings.policy, self._settings.routes))


async def _opened(open_part: Callable[..., PartialDownload]) -> PartialDownload:
    """Open a partial download in a thread; a cancellation meanwhile leaves no lock behind."""
    abandoned = Event()
    opening = asyncio.ensure_future(asyncio.to_thread(open_part, abandoned=abandoned))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        abandoned.set()
        await asyncio.wait([opening])
        if opening.exception() is None:
            with opening.result():
                raise
        raise


class AsyncExportJob(ExportState):
    """An export on the server; the asynchronous twin of `ExportJob`.

    Raises, besides the errors of each method:
        StatusError, TransportError: the API or its storage refused, or could not be reached.

    """

    _resumed = "(await client.exports.resume({id}))"

    def __init__(self, record: dict[str, Any], settings: ExportSettings, driver: AsyncDriver) -> None:
        super().__init__(record, settings)
        self._driver = driver

    async def refresh(self) -> AsyncExportJob:
        """Read the export's state from the server (one request)."""
        self._record = await self._driver.run(read_export(self.id, self._settings.policy, self._settings.routes))
        return self

    async def wait(self, waiting: Waiting = WAITING, *, on_progress: OnWait | None = None) -> AsyncExportJob:
        """Wait until the export has a file; see `ExportJob.wait`.

        Raises:
            ExportTimeout: it is not ready in time; it goes on, and can be waited for again.
            ExportFailed, ExportCanceled: there will be no file.

        """
        watch = self._watch(waiting)
        while not watch.done:
            try:
                progress = await self._driver.run(watch.poll())
            finally:
                self._record = watch.export
            if on_progress is not None:
                on_progress(progress)
        return self

    async def save(
        self,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        verify: bool = True,
        waiting: Waiting = WAITING,
        delimiter: str | None = None,
        infer_types: bool = False,
        on_progress: OnExportProgress | None = None,
    ) -> Saved:
        """Wait for the file if need be, and download it; see `ExportJob.save`. Files are written in a thread.

        Raises:
            UsageError: the target exists, is of another format, or its folder does not exist; the export is kept.
            SaveError: the file cannot be written, or another process is downloading to it.
            IntegrityError: what arrived is not what the server promised.
            ExportTimeout, ExportFailed, ExportCanceled: as in `wait`.

        """
        source = self._csv_beside(path, overwrite=overwrite, delimiter=delimiter)
        if source is not None:
            if not source.is_file():  # it appears only when it is whole
                await self.save(source, overwrite=overwrite, verify=verify, waiting=waiting, on_progress=on_progress)
            convert = partial(self._convert, overwrite=overwrite, delimiter=delimiter, infer_types=infer_types)
            return await asyncio.to_thread(convert, source, path)
        with await _opened(partial(self._part, path, overwrite=overwrite)) as part:
            await self.wait(waiting, on_progress=on_progress)
            download = self._download(part=part)
            try:
                while (block := await self._driver.run(download.next_block())) is not None:
                    await asyncio.to_thread(part.write, block.offset, block.data, download.etag)
                    if on_progress is not None:
                        on_progress(self._progress(part, download))
            finally:
                await self._driver.run(download.close())
            self._check(part.records, verify=verify)
            return await asyncio.to_thread(part.commit)

    async def iter_bytes(self, *, verify: bool = True) -> AsyncGenerator[bytes]:
        """Wait for the file if need be, and yield its bytes; see `ExportJob.iter_bytes`.

        Raises:
            IntegrityError: what arrived is not what the server promised, or the file changed on the way.
            ExportTimeout, ExportFailed, ExportCanceled: as in `wait`.

        """
        await self.wait()
        download, records = self._download(), CsvRecords()
        try:
            while (block := await self._driver.run(download.next_block())) is not None:
                records.feed(block.data)
                yield block.data
        finally:
            await self._driver.run(download.close())
        self._check(records, verify=verify)

    async def delete(self) -> None:
        """Delete the export and its file on the server (documentation: "Delete Download Center Export").

        Raises:
            NotFound: there is no such export.

        """
        await self._driver.run(delete_export(self.id, self._settings.policy, self._settings.routes))
