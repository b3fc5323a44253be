"""One pull into one file: what was asked for, how far it has come, and how it is said that it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import click
from attrs import frozen

import metrics24
from metrics24.cli.days import Range
from metrics24.cli.filters import parse_filters
from metrics24.cli.interrupts import lost
from metrics24.cli.progress import Course, display
from metrics24.cli.rest import rest_told
from metrics24.cli.text import printable
from metrics24.pages.progress import OnProgress, Progress


@frozen
class Pulled:
    """What a pull came to.

    Attributes:
        saved: the file.
        export_id: the export that it was made of, None where the rows came by pages.
        missing: columns of the report table that the export lacked.
        as_text: columns of nested values that the export had as text.

    """

    saved: metrics24.Saved
    export_id: str | None = None
    missing: tuple[str, ...] = ()
    as_text: tuple[str, ...] = ()


class Pulling:
    """A pull under way.

    Attributes:
        context: the command.
        given: its options.
        days: the days that they mean.
        course: what is said of the progress.
        reached: how far pages have come.
        reasons: why it takes the way that it takes.
        unfinished: what is to be said of an export if the command ends now; None if there is none.

    """

    def __init__(self, context: click.Context, given: Mapping[str, Any], days: Range) -> None:
        self.context, self.given, self.days = context, given, days
        self.course = Course(table=given["table"], start=days.start, end=days.end, limit=given["limit"])
        self.reached = Progress()
        self.reasons: list[str] = []
        self.unfinished: Any = None

    @property
    def ending(self) -> Any:
        """What an early end costs."""
        return self.unfinished or lost(self.reached, self.context, self.days)

    @property
    def has_begun(self) -> bool:
        """Whether an early end costs anything."""
        return bool(self.reached.rows or self.unfinished)

    def say(self, text: str) -> None:
        """Say something on stderr, unless a program reads it or nobody does."""
        if not self.given["quiet"] and not self.given["as_json"]:
            click.echo(printable(text), err=True)

    def explain(self, reason: str) -> None:
        """Say why the way is taken that is, now and in the summary for programs."""
        self.reasons.append(reason)
        self.say(reason)

    def rows(self, client: metrics24.Client, **changes: Any) -> metrics24.Rows[Any]:
        """The rows that were asked for, with some of the question changed."""
        given = self.given
        question: dict[str, Any] = {name: given[name] for name in ("limit", "after", "before")}
        if given["page_size"] is not None:
            question["page_size"] = given["page_size"]
        question |= {"start": self.days.start, "end": self.days.end, "filter": parse_filters(given["filters"])}
        question |= {"ordered": not given["unordered"], "parallel": given["parallel"] or 1}
        found: metrics24.Rows[Any] = getattr(client.reports, given["table"])(
            given["integration"], **{**question, **changes}
        )
        return found

    def by_pages(self, client: metrics24.Client, look: OnProgress | None = None) -> metrics24.Saved:
        """Save the rows page by page; `look` is called after each page, and an error of its own ends the walk."""
        self.reached = Progress()

        def follow(show: Callable[[Progress], object]) -> OnProgress:
            def update(progress: Progress) -> None:
                self.reached = progress
                show(progress)
                if look is not None:
                    look(progress)

            return update

        given = self.given
        advice = "" if given["via"] == "auto" or self._is_narrowed else " --via export may be faster."
        with rest_told(self.say, advice), display(self.course, quiet=given["quiet"] or given["as_json"]) as show:
            return self.rows(client).save(
                given["output"],
                overwrite=given["overwrite"],
                columns=given["columns"],
                spreadsheet_safe=given["spreadsheet_safe"],
                on_progress=follow(show),
            )

    @property
    def _is_narrowed(self) -> bool:
        return any(self.given[name] is not None for name in ("limit", "after", "before"))

    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.course.started
