"""`metrics24 pull --via auto|export`: the way that is taken, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import click

import metrics24
from metrics24.cli.export_lane import Lane, Prospect, Stopwatch
from metrics24.cli.interrupts import command_line
from metrics24.cli.pulling import Pulled, Pulling
from metrics24.flows.lanes import LOOK_AFTER, Choice, Estimate, Glimpse, by_pages, choose, past, span, unfit
from metrics24.pages.progress import Progress
from metrics24.settings import CONNECTIONS, Limits, Waiting

DIFFERENCES = "An export does not tell null from empty text, and its order is the server's: docs/exports.md."
_KEPT = 86_400  # for how long a command that goes on may take the export that it had asked for
_SHORTEST, _LONGEST = 60.0, 3_600.0
# What says that going on by pages would fail as well, or that the question itself is wrong.
_FATAL = (
    metrics24.SaveError,
    metrics24.UsageError,
    metrics24.ConfigurationError,
    metrics24.Unauthorized,
)


class _Started(Exception):  # noqa: N818 - no error: it ends a walk whose rows come by an export instead
    """An export was asked for."""

    def __init__(self, prospect: Prospect, job: metrics24.ExportJob) -> None:
        super().__init__(job.id)
        self.prospect, self.job = prospect, job


class Lanes:
    """The ways of one pull."""

    def __init__(self, pulling: Pulling, client: metrics24.Client, limits: Limits | None = None) -> None:
        self._pulling, self._client = pulling, client
        self._limits = limits or Limits()
        self._lane = Lane(pulling, client, self._limits)
        self._patience = _LONGEST

    def export(self) -> Pulled:
        """Take the export.

        Raises:
            click.UsageError: it knows nothing of something that was asked for.

        """
        if (name := self._unfit()) is not None:
            raise click.UsageError(f"--{name} does not go with --via export: an export has all rows of its days.")
        self._lane.check()
        prospect = self._lane.look()
        try:
            with self._asking():
                job = self._lane.start(prospect)
        except (metrics24.RequestFailed, metrics24.RateLimited) as error:
            error.add_note("On the command line: --reuse SECONDS, or --via pages, which needs no export.")
            raise
        return self._finish(prospect, job)

    def auto(self) -> Pulled:
        """Take whichever way is thought to be faster, pages if the export is not to be had."""
        if (name := self._unfit()) is not None:
            self._pulling.explain(f"By pages: an export knows no --{name}.")
            return Pulled(self._pulling.by_pages(self._client))
        self._lane.check()
        if self._pulling.given["unordered"] and (self._pulling.given["parallel"] or 1) > 1:
            return self._beforehand()
        pages = Stopwatch()

        def look(progress: Progress) -> None:
            pages.lap()
            if len(pages.laps) == LOOK_AFTER and self._prefers_export(progress, pages.laps):
                prospect = self._lane.look()
                if (job := self._started(prospect)) is not None:
                    raise _Started(prospect, job)

        try:
            saved = self._pulling.by_pages(self._client, look)
        except _Started as started:
            return self._finish_or_go_on(started.prospect, started.job)
        if len(pages.laps) < LOOK_AFTER:
            self._pulling.explain(f"By pages: {saved.rows:,} rows are not worth an export.")
        return Pulled(saved)

    def _beforehand(self) -> Pulled:
        """Estimate from pages that are read for that alone: a walk without an order does not tell how far it is."""
        prospect = self._lane.look()
        if prospect.whole:
            self._pulling.explain(f"By pages: {prospect.progress.rows:,} rows are not worth an export.")
        elif self._prefers_export(prospect.progress, prospect.seconds):
            job = self._started(prospect)
            if job is not None:
                return self._finish_or_go_on(prospect, job)
        return Pulled(self._pulling.by_pages(self._client))

    def _prefers_export(self, progress: Progress, seconds: Sequence[float]) -> bool:
        given, days = self._pulling.given, self._pulling.days
        glimpse = Glimpse(rows=progress.rows, seconds=tuple(seconds), newest=progress.newest, oldest=progress.oldest)
        at_once = min(given["parallel"] or 1, CONNECTIONS)
        estimate = by_pages(glimpse, days.start, days.end, parallel=at_once, rate=given["rate"])
        choice = self._choice(estimate)
        self._pulling.explain(choice.why)
        if estimate is not None:
            self._patience = min(_LONGEST, max(_SHORTEST, estimate.seconds))
        return choice.export

    def _choice(self, estimate: Estimate | None) -> Choice:
        """Choose; the list of exports is read only where it matters."""
        listed: list[dict[str, object]] = []
        if estimate is not None and estimate.is_long:
            try:
                listed = [export.to_dict() for export in self._client.exports.list()]
            except _FATAL:
                raise
            except metrics24.Metrics24Error as error:
                return Choice(export=False, why=f"By pages: {estimate}; exports cannot be listed ({_brief(error)}).")
        told = past(listed, self._pulling.given["table"], self._limits, datetime.now(UTC))
        return choose(estimate, told, self._limits)

    def _started(self, prospect: Prospect) -> metrics24.ExportJob | None:
        """Ask for the export; say so if it is not to be had."""
        try:
            with self._asking():
                return self._lane.start(prospect)
        except _FATAL:
            raise
        except metrics24.Metrics24Error as error:
            self._pulling.unfinished = None
            self._pulling.explain(f"By pages after all: the export is not to be had ({_brief(error)}).")
            return None

    def _finish_or_go_on(self, prospect: Prospect, job: metrics24.ExportJob) -> Pulled:
        """Fetch the export, and begin again by pages if there is none."""
        try:
            return self._finish(prospect, job, Waiting(timeout=self._patience))
        except _FATAL:
            raise
        except metrics24.Metrics24Error as error:
            self._pulling.unfinished = None
            self._lane.forget(job)
            late = isinstance(error, metrics24.ExportTimeout)
            reason = f"was not ready within {span(self._patience)}" if late else f"failed ({_brief(error)})"
            self._pulling.explain(f"By pages after all, from the first row: export {job.id} {reason}.")
        return Pulled(self._pulling.by_pages(self._client))

    def _finish(self, prospect: Prospect, job: metrics24.ExportJob, waiting: Waiting | None = None) -> Pulled:
        from metrics24.cli.exports.resuming import Unfinished  # noqa: PLC0415  one of the two must come first

        pulling = self._pulling
        again = {**pulling.days.options(), "via": "export", "reuse": _KEPT}
        pulling.unfinished = Unfinished(job.id, command_line(pulling.context, again))
        pulling.say(f"Export {job.id}: {job.status}")
        try:
            pulled = self._lane.fetch(prospect, job, waiting or Waiting(timeout=_LONGEST))
        except (metrics24.ExportFailed, metrics24.ExportCanceled, metrics24.IntegrityError):
            pulling.unfinished = Unfinished(job.id, None)
            raise
        if pulled.missing:
            pulling.say(f"The export has no {', '.join(pulled.missing)}: these columns are empty.")
        if pulled.as_text:
            pulling.say(
                f"The export has {', '.join(pulled.as_text)} as text of its own, where pages have JSON: "
                "do not mix this file with those of pages."
            )
        pulling.say(DIFFERENCES)
        return pulled

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Mark that an export may have been asked for, as long as that is not known."""
        from metrics24.cli.exports.resuming import Unfinished  # noqa: PLC0415  likewise

        self._pulling.unfinished = Unfinished(None, None)
        try:
            yield
        except metrics24.AmbiguousWrite:
            raise
        except metrics24.Metrics24Error:
            self._pulling.unfinished = None
            raise

    def _unfit(self) -> str | None:
        given = self._pulling.given
        return unfit(limit=given["limit"], after=given["after"], before=given["before"])


def _brief(error: metrics24.Metrics24Error) -> str:
    """The first sentence of an error, without its full stop."""
    return str(error).partition(". ")[0].removesuffix(".")
