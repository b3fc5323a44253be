"""What `metrics24 pull --by-day` says of the days: for people and for programs, at the end and when it ends early."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
from attrs import asdict, frozen

from metrics24.cli.text import fitting_nowhere, number, printable, size


@frozen
class Day:
    """One day's file.

    Attributes:
        day: the day.
        path: its file.
        skipped: whether the file was complete before.
        complete: whether it is now: that of a day that was not over is read again the next time.
        rows: how many rows were saved; None for a file that was skipped.
        bytes: its size; None likewise.
        misfits: how many values stand in the column ``_extra``; None likewise.

    """

    day: date
    path: Path
    skipped: bool
    complete: bool
    rows: int | None = None
    bytes: int | None = None
    misfits: int | None = None

    def facts(self) -> Mapping[str, object]:
        """Say it to programs."""
        return {**asdict(self), "day": str(self.day), "path": str(self.path)}

    def __str__(self) -> str:
        note = "" if self.complete else "; not known to be over, so it is read again the next time"
        rows = number(self.rows or 0, "row")
        return f"{self.day}: {rows}, {size(self.bytes or 0)}, in {printable(str(self.path))}{note}"


@frozen
class Done:
    """What was saved before a command ended early, and how to go on."""

    days: Sequence[Day]
    resume: str

    def facts(self) -> Mapping[str, object]:
        """Say it as an error's members."""
        return {"days": [day.facts() for day in self.days], "resume": self.resume}

    def __str__(self) -> str:
        days = ", ".join(sorted(str(each.day) for each in self.days))
        done = f"Days that are done: {days}" if days else "No day was completed"
        return f"{done}; nothing unfinished was left behind. Go on with the others: {self.resume}"


def summarize(days: Sequence[Day], about: Mapping[str, Any], *, created: bool, quiet: bool, as_json: bool) -> None:
    """Say on stdout what was saved, and what was there already; `about` has the folder, the range and the seconds."""
    read = [day for day in days if not day.skipped]
    rows, misfits = (sum(getattr(day, name) or 0 for day in read) for name in ("rows", "misfits"))
    if as_json:
        click.echo(json.dumps({**about, "created": created, "rows": rows, "days": [day.facts() for day in days]}))
    elif not quiet:
        before = len(days) - len(read)
        skipped = f"; {number(before, 'day')} {'was' if before == 1 else 'were'} complete before" if before else ""
        folder, seconds = printable(about["folder"]) + (" (created)" if created else ""), about["seconds"]
        click.echo(f"{number(rows, 'row')} of {number(len(read), 'day')} in {folder} after {seconds:.1f} s{skipped}")
        if misfits:
            click.echo(fitting_nowhere(misfits))
