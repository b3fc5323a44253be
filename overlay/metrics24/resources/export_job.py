"""One export, from the request to the file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from os import PathLike
from threading import Event
from typing import Any

from metrics24.drivers.driver import AsyncDriver, Driver
from metrics24.flows.deletion import delete_export
from metrics24.flows.waiting import read_export
from metrics24.resources.export_state import WAITING, Desk, ExportState, OnExportProgress, OnWait
from metrics24.settings import Waiting
from metrics24.sinks import CsvRecords, Part, Saved


class ExportJob(ExportState):
    """An export on the server (documentation: "DownloadCenter").

    Raises, besides what each method says:
        StatusError, TransportError: the API or its storage refused, or could not be reached.

    """

    def __init__(self, record: dict[str, Any], desk: Desk, driver: Driver) -> None:
        super().__init__(record, desk)
        self._driver = driver

    def refresh(self) -> ExportJob:
        """Ask the server for the export's state (one request)."""
        self._record = self._driver.run(read_export(self.id, self._desk.policy, self._desk.routes))
        return self

    def wait(self, waiting: Waiting = WAITING, *, on_progress: OnWait | None = None) -> ExportJob:
        """Wait until the file is there.

        Args:
            waiting: how long, and how often to look.
            on_progress: called after each look.

        Raises:
            ExportTimeout: it is not ready in time; it goes on, and can be waited for again.
            ExportFailed, ExportCanceled: there will be no file.

        """
        watch = self._watch(waiting)
        while not watch.done:
            try:
                progress = self._driver.run(watch.next_look())
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
        on_progress: OnExportProgress | None = None,
    ) -> Saved:
        """Wait for the file if need be, and download it. The target appears whole, or not at all.

        What has arrived, if anything, stands in a `.part` beside the target; saving again, also from another process,
        goes on there.

        Args:
            path: the target. It holds the CSV exactly as the server made it.
            overwrite: replace a target that exists.
            verify: check that the last line is whole and the number of rows is what the server says.
            waiting: how long to wait for the file, and how often to look.
            on_progress: called after each look and each block.

        Raises:
            UsageError: the target exists, is no .csv, or its folder does not exist; the export is kept.
            SaveError: the file cannot be written, or another process is downloading to it.
            IntegrityError: what arrived is not what the server promised.
            ExportTimeout, ExportFailed, ExportCanceled: as in `wait`.

        """
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
        """Wait for the file if need be, and give its bytes, in blocks of 1 MiB at most.

        Whoever stops in the middle closes the generator (`contextlib.closing`), and with it the connection.

        Args:
            verify: check at the end that the last line is whole and the number of rows is what the server says.

        Raises:
            IntegrityError: what arrived is not what the server promised, or it changed on the way.
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
        self._driver.run(delete_export(self.id, self._desk.policy, self._desk.routes))


async def _opened(open_part: Callable[..., Part]) -> Part:
    """Open a part in a thread. Whoever is cancelled meanwhile leaves no lock behind."""
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

    Raises, besides what each method says:
        StatusError, TransportError: the API or its storage refused, or could not be reached.

    """

    _resumed = "(await client.exports.resume({id}))"

    def __init__(self, record: dict[str, Any], desk: Desk, driver: AsyncDriver) -> None:
        super().__init__(record, desk)
        self._driver = driver

    async def refresh(self) -> AsyncExportJob:
        """Ask the server for the export's state (one request)."""
        self._record = await self._driver.run(read_export(self.id, self._desk.policy, self._desk.routes))
        return self

    async def wait(self, waiting: Waiting = WAITING, *, on_progress: OnWait | None = None) -> AsyncExportJob:
        """Wait until the file is there; see `ExportJob.wait`.

        Raises:
            ExportTimeout: it is not ready in time; it goes on, and can be waited for again.
            ExportFailed, ExportCanceled: there will be no file.

        """
        watch = self._watch(waiting)
        while not watch.done:
            try:
                progress = await self._driver.run(watch.next_look())
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
        on_progress: OnExportProgress | None = None,
    ) -> Saved:
        """Wait for the file if need be, and download it; see `ExportJob.save`. Files are written in a thread.

        Raises:
            UsageError: the target exists, is no .csv, or its folder does not exist; the export is kept.
            SaveError: the file cannot be written, or another process is downloading to it.
            IntegrityError: what arrived is not what the server promised.
            ExportTimeout, ExportFailed, ExportCanceled: as in `wait`.

        """
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
        """Wait for the file if need be, and give its bytes; see `ExportJob.iter_bytes`.

        Raises:
            IntegrityError: what arrived is not what the server promised, or it changed on the way.
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
        await self._driver.run(delete_export(self.id, self._desk.policy, self._desk.routes))
