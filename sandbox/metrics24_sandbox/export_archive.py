"""Exports as they are kept, and their files, which are written as soon as somebody asks for a finished export."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from .data.timeline import DAY
from .export_files import AbandonedError, ExportFiles, Order
from .export_jobs import Job
from .ranges import window

if TYPE_CHECKING:
    from pathlib import Path

    from .store import Store
    from .world import World

_KIND = "export"
_KEPT_DAYS = 90
_PATIENCE = 2.0
"""Seconds that a request waits for files to be written; after that an export is simply still in progress."""


class ExportArchive:
    """All exports of the organization. Exports older than 90 days are gone."""

    def __init__(self, world: World, store: Store, *, most_rows: int) -> None:
        self._world, self._store, self._most_rows = world, store, most_rows
        self._files = ExportFiles()
        self._writing: dict[str, asyncio.Task[None]] = {}

    def close(self) -> None:
        """Remove all files; they are written again on request."""
        self._files.close()

    def abandon(self) -> None:
        """Stop writing."""
        self._files.abandon()

    def add(self, job: Job) -> None:
        """Keep a new export."""
        self._store.add(_KIND, job.keep(), parent=job.integration, created=job.created)

    def requested_since(self, moment: int) -> int:
        """Count the exports requested since a moment, deleted ones included."""
        return self._store.created_since(_KIND, moment)

    def next_number(self) -> int:
        """A number that no export has had yet."""
        return self._store.next_number()

    async def get(self, identity: str, now: int) -> Job | None:
        """An export by its id, its file written if it is due."""
        kept = self._store.get(_KIND, identity)
        job = None if kept is None else Job.restore(kept)
        return None if job is None or _is_gone(job, now) else (await self._settled([job], now))[0]

    async def all(self, now: int) -> list[Job]:
        """All exports, newest first."""
        jobs = [Job.restore(kept) for kept in reversed(self._store.things(_KIND))]
        return await self._settled([job for job in jobs if not _is_gone(job, now)], now)

    async def by_artifact(self, name: str, now: int) -> Job | None:
        """The export whose file has this name, if it can be downloaded."""
        job = await self.get(name.removesuffix(".csv").rpartition("-")[2], now)
        return job if job is not None and job.artifact_name == name and job.downloadable(now) else None

    def delete(self, job: Job) -> None:
        """Delete an export and its file."""
        self._store.delete(_KIND, job.id)
        self._files.remove(job.artifact_name)

    async def file(self, job: Job) -> Path:
        """The file of a finished export; written again if an earlier sandbox wrote it."""
        path = self._files.path(job.artifact_name)
        if not path.exists():
            await self._write(job)
        return path

    async def _settled(self, jobs: list[Job], now: int) -> list[Job]:
        """The exports with their files written, as far as that does not take long."""
        due = [self._write(job) for job in jobs if job.wants_file(now)]
        if not due:
            return jobs
        written, _ = await asyncio.wait(due, timeout=_PATIENCE)
        for task in written:
            task.result()
        kept = [self._store.get(_KIND, job.id) for job in jobs]
        return [Job.restore(one) for one in kept if one is not None]

    def _write(self, job: Job) -> asyncio.Task[None]:
        """The task that writes a file; there is never more than one for an export."""
        task = self._writing.get(job.id)
        if task is None:
            task = self._writing[job.id] = asyncio.create_task(self._write_and_note(job))
            task.add_done_callback(lambda _: self._writing.pop(job.id, None))
        return task

    async def _write_and_note(self, job: Job) -> None:
        try:
            result = await asyncio.to_thread(self._files.write, self._order(job))
        except AbandonedError:
            return
        self._store.replace(_KIND, replace(job, result=result).keep())

    def _order(self, job: Job) -> Order:
        return Order(
            name=job.artifact_name,
            table=self._world.integration(job.integration).tables()[job.kind],
            window=window(*job.dates, job.end_date, job.created),
            as_of=job.created,
            fields=job.fields,
            extra_parameters=job.extra_parameters,
            conditions=job.conditions,
            delimiter=job.delimiter,
            most_rows=self._most_rows,
        )


def _is_gone(job: Job, now: int) -> bool:
    return now - job.created > _KEPT_DAYS * DAY
