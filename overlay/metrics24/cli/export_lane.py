"""A pull whose rows come by an export: the columns, the order at the server, and the file made of its CSV."""

from __future__ import annotations

import time
from collections.abc import Iterator
from glob import escape
from typing import TYPE_CHECKING

from attrs import frozen

import metrics24
from metrics24.cli.download_progress import Course, display
from metrics24.cli.exports.fetching import delimiter_of, download_of
from metrics24.cli.filters import parse_filters
from metrics24.cli.pulling import Pulled, Pulling
from metrics24.flows.audit import Audit
from metrics24.flows.lanes import LOOK_AFTER
from metrics24.flows.planning import TABLES
from metrics24.models import columns, row_model
from metrics24.pages.progress import Progress
from metrics24.settings import Limits, Waiting
from metrics24.sinks import Sink, open_sink
from metrics24.sinks.columns import Column
from metrics24.sinks.csv_rows import CsvRows
from metrics24.sinks.feed import BLOCK_ROWS
from metrics24.sinks.layout import plan

if TYPE_CHECKING:
    from pathlib import Path

    from metrics24.cli.download_progress import OnStep


@frozen
class Prospect:
    """What the first rows of the report table say.

    Attributes:
        columns: those of a file of these rows.
        progress: how far they reach.
        whole: whether they are all there are.
        seconds: how long each of their pages took.

    """

    columns: tuple[Column, ...]
    progress: Progress
    whole: bool
    seconds: tuple[float, ...]


class Stopwatch:
    """Tells how long each page takes."""

    def __init__(self) -> None:
        self.laps: list[float] = []
        self._since = time.monotonic()

    def lap(self) -> None:
        """Note that a page is there."""
        now = time.monotonic()
        self.laps.append(now - self._since)
        self._since = now


class Lane:
    """An export in place of pages. Its file has the columns that pages would give it."""

    def __init__(self, pulling: Pulling, client: metrics24.Client, limits: Limits) -> None:
        self._pulling, self._client, self._limits = pulling, client, limits
        self._given = pulling.given
        self._model = row_model(TABLES[pulling.given["table"]])

    @property
    def _documented(self) -> list[str]:
        return [column.name for column in columns(self._model)]

    def check(self) -> None:
        """Find out whether the file can be written, before anything is sent.

        Raises:
            UsageError: it cannot.

        """
        parse_filters(self._given["filters"])
        self._sink(columns(self._model)).abort()

    def look(self) -> Prospect:
        """Read the first rows of the report table, by which the columns of a file are chosen."""
        size = self._given["page_size"] or 100
        asked = self._pulling.rows(self._client, parallel=1, ordered=True, limit=min(BLOCK_ROWS, LOOK_AFTER * size))
        found: list[dict[str, object]] = []
        progress, whole, pages = Progress(), True, Stopwatch()
        for page in asked.by_page():
            pages.lap()
            found += page.records
            progress, whole = progress.plus(page.records), not page.has_next
        layout = plan(columns(self._model), found, fixed=self._given["columns"] == "spec")
        return Prospect(layout.typed, progress, whole, tuple(pages.laps))

    def start(self, prospect: Prospect) -> metrics24.ExportJob:
        """Ask for the export, or take an equal one if that was allowed."""
        names = [column.name for column in prospect.columns]
        return self._client.exports.start(
            self._given["table"],
            self._given["integration"],
            fields=[name for name in names if "," not in name and name.isprintable() and name == name.strip()],
            start=self._pulling.days.start,
            end=self._pulling.days.end,
            filter=parse_filters(self._given["filters"]),
            reuse=self._given["reuse"] or 0,
        )

    def fetch(self, prospect: Prospect, job: metrics24.ExportJob, waiting: Waiting) -> Pulled:
        """Wait for the export, download it beside the file, and lay its rows out.

        What was downloaded stays until the file is there, so that a command that goes on need not fetch it again.

        Raises:
            IntegrityError: the export was cut, its columns are not those of the report table, or its cells cannot be
                told apart.

        """
        delimiter_of(job)  # if it is said already: what cannot be read need not be waited for
        draft = download_of(self._given["output"], job.id)
        quiet = self._given["quiet"] or self._given["as_json"]
        with display(Course(title=self._given["table"]), quiet=quiet) as show:
            if not draft.is_file():  # it only ever appears whole
                job.save(draft, waiting=waiting, on_progress=show)
            try:
                pulled = self._laid_out(draft, prospect, job.refresh(), show)
            except metrics24.Metrics24Error as error:
                error.add_note(f"What was downloaded is kept in {draft}.")
                raise
        draft.unlink(missing_ok=True)
        return pulled

    def _laid_out(self, draft: Path, prospect: Prospect, job: metrics24.ExportJob, show: OnStep) -> Pulled:
        self._check_whole(job)
        needed = self._documented if self._given["via"] == "auto" else ()  # there pages have them
        rows = CsvRows(draft, prospect.columns, delimiter=delimiter_of(job), needed=needed)
        with self._sink(prospect.columns) as sink:
            for block in self._audited(rows, show):
                sink.write(block)
            return Pulled(sink.commit(), job.id, tuple(rows.missing), tuple(rows.as_text))

    def forget(self, job: metrics24.ExportJob) -> None:
        """Remove what was downloaded."""
        draft = download_of(self._given["output"], job.id)
        for path in draft.parent.glob(f"{escape(draft.name)}*"):  # with what is kept of one that was cut short
            path.unlink(missing_ok=True)

    def _audited(self, rows: CsvRows, show: OnStep) -> Iterator[list[dict[str, object]]]:
        """Give the rows, and say at the end whether the server ignored the filter."""
        audit, count = Audit(parse_filters(self._given["filters"])), 0
        for block in rows.blocks():
            audit.see(block)
            count += len(block)
            show(f"{count:,} rows laid out")
            yield block
        audit.report()

    def _check_whole(self, job: metrics24.ExportJob) -> None:
        if (job.rows or 0) >= self._limits.export_rows:
            raise metrics24.IntegrityError(
                f"The export {job.id} has {job.rows:,} rows, which is the most that one may have, so rows are missing. "
                "Pull by pages, or fewer days at once: metrics24 exports plan splits a range."
            )

    def _sink(self, chosen: tuple[Column, ...] | list[Column]) -> Sink:
        return open_sink(
            self._given["output"],
            columns=chosen,
            fixed=True,
            overwrite=self._given["overwrite"],
            spreadsheet_safe=self._given["spreadsheet_safe"],
        )
