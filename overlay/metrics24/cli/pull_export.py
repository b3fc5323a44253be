"""`metrics24 pull --via export`."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import click
from attrs import evolve

import metrics24
from metrics24._core.pagination import FilterAudit
from metrics24._rows.schema import Column
from metrics24.cli.export_commands import ExportProgress, Unfinished
from metrics24.cli.options import Range, command_line, parse_filters
from metrics24.cli.output import Ending
from metrics24.cli.pull import Pulled, PullOptions
from metrics24.files.csv_import import CsvRows
from metrics24.files.layout import plan
from metrics24.files.writers import BLOCK_ROWS, FileWriter, open_writer
from metrics24.kinds import KINDS as KINDS_BY_NAME
from metrics24.models import columns

_KEPT = 86_400  # seconds for which a command that goes on may take the export that this one has asked for
_DIFFERENCES = "An export does not tell null from empty text, and its order is the server's: docs/exports.md."


class ExportPull:
    """An export in place of pages. Its file has the columns that pages would give it."""

    def __init__(self, options: PullOptions, days: Range, client: metrics24.Client, ending: list[Ending]) -> None:
        self._options, self._days, self._client, self._ending = options, days, client, ending
        self._model = KINDS_BY_NAME[options.kind].model
        self._filter = parse_filters(options.filter)

    def save(self, path: Path) -> Pulled:
        """Ask for the export, fetch it and lay its rows out."""
        options, output = self._options, self._options.output
        for name in ("limit", "after", "before"):
            if getattr(options, name) is not None:
                raise click.UsageError(f"--{name} does not go with --via export: an export has all rows of its days.")
        self._writer(path, columns(self._model)).abort()
        found: list[dict[str, object]] = []
        size = options.page_size or 100
        for page in (
            evolve(options, limit=min(BLOCK_ROWS, 10 * size), parallel=1).rows(self._client, self._days).by_page()
        ):
            found += page.records
        chosen = plan(columns(self._model), found, fixed=options.columns == "spec").typed
        job = self._started(chosen)
        again = command_line({**self._days.options(), "via": "export", "reuse": _KEPT})
        self._ending[:] = [Unfinished(job.id, again)]
        output.say(f"Export {job.id}: {job.status}")
        try:
            pulled = self._fetched(job, path, chosen)
        except (metrics24.ExportFailed, metrics24.ExportCanceled, metrics24.IntegrityError):
            self._ending[:] = [Unfinished(job.id, None)]
            raise
        if pulled.missing:
            output.say(f"The export has no {', '.join(pulled.missing)}: these columns are empty.")
        if pulled.as_text:
            output.say(
                f"The export has {', '.join(pulled.as_text)} as text of its own, where pages have JSON: do not mix "
                "this file with those of pages."
            )
        output.say(_DIFFERENCES)
        return pulled

    def _started(self, chosen: Sequence[Column]) -> metrics24.ExportJob:
        names = [column.name for column in chosen]
        self._ending[:] = [Unfinished(None, None)]
        try:
            return self._client.exports.start(
                self._options.kind,  # type: ignore[arg-type]  # one of KINDS
                self._options.integration,
                fields=[name for name in names if "," not in name and name.isprintable() and name == name.strip()],
                start=self._days.start,
                end=self._days.end,
                filter=self._filter,
                reuse=self._options.reuse or 0,
            )
        except metrics24.AmbiguousWrite:
            raise
        except metrics24.Metrics24Error as error:
            self._ending.clear()
            if isinstance(error, metrics24.RequestFailed | metrics24.RateLimited):
                error.add_note("On the command line: --reuse SECONDS, or --via pages, which needs no export.")
            raise

    def _fetched(self, job: metrics24.ExportJob, path: Path, chosen: Sequence[Column]) -> Pulled:
        _ = job._delimiter  # if it is said already: what cannot be read need not be waited for
        draft = path.with_name(f"{path.name}.{sha256(job.id.encode()).hexdigest()[:8]}.csv")
        with self._options.output.progress(self._options.kind, "waiting for the server", timed=True) as show:
            if not draft.is_file():  # it only ever appears whole
                job.save(draft, on_progress=ExportProgress(show))
            try:
                pulled = self._laid_out(draft, path, job.refresh(), chosen)
            except metrics24.Metrics24Error as error:
                error.add_note(f"What was downloaded is kept in {draft}.")
                raise
        draft.unlink(missing_ok=True)
        return pulled

    def _laid_out(self, draft: Path, path: Path, job: metrics24.ExportJob, chosen: Sequence[Column]) -> Pulled:
        if (job.rows or 0) >= 5_000_000:
            raise metrics24.IntegrityError(
                f"The export {job.id} has {job.rows:,} rows, which is the most that one may have, so rows are missing. "
                "Pull by pages, or fewer days at once: metrics24 exports plan splits a range."
            )
        rows, audit = CsvRows(draft, tuple(chosen), delimiter=job._delimiter), FilterAudit(self._filter)
        with self._writer(path, chosen) as writer:
            for block in rows.blocks():
                audit.see(block)
                writer.write(block)
            audit.report()
            return Pulled(writer.commit(), job.id, tuple(rows.missing), tuple(rows.as_text))

    def _writer(self, path: Path, chosen: Sequence[Column]) -> FileWriter:
        options = {"overwrite": self._options.overwrite, "spreadsheet_safe": self._options.spreadsheet_safe}
        return open_writer(path, columns=tuple(chosen), fixed=True, **options)
