"""Ends that a user or a scheduler brings about, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from attrs import asdict, frozen

from metrics24.cli.options import Range, command_line
from metrics24.rows import Progress


@frozen
class Lost:
    """The rows that had been fetched when a command ended early.

    Attributes:
        rows: how many rows.
        newest: the time of the first one.
        oldest: the time of the last one.
        cursor: the last one's cursor.
        resume: the command that fetches only what is older, None where that cannot be said.

    """

    rows: int
    newest: str | None
    oldest: str | None
    cursor: str | None
    resume: str | None

    def facts(self) -> Mapping[str, object]:
        """Return the members that the error object gets."""
        return {"lost": asdict(self)}

    def __str__(self) -> str:
        if not self.rows:
            return "Nothing had been fetched, and no file was left behind."
        span = f" ({self.newest} back to {self.oldest})" if self.oldest else ""
        text = (
            f"{self.rows:,} rows{span} had been fetched and are lost; no file was left behind. Run the command again."
        )
        hint = f" If you have those rows from elsewhere, this fetches only the older ones: {self.resume}"
        return text + hint if self.resume else text


def lost(progress: Progress, context: click.Context, days: Range) -> Lost:
    """Sum up what had been fetched of these days, and how to fetch only the rest."""
    resume = None
    if progress.cursor is not None and context.params["before"] is None:
        limit = context.params["limit"]
        rest: dict[str, Any] = {} if limit is None else {"limit": limit - progress.rows}
        # Another name, so that nobody takes the older rows for the whole range.
        output = Path(context.params["output_file"])
        rest |= {"parallel": None, "unordered": None}  # which do not go with --after
        rest["output_file"] = output.with_name(f"{output.stem}.older{output.suffix}")
        resume = command_line({**days.options(), "after": progress.cursor, **rest})
    return Lost(progress.rows, progress.newest, progress.oldest, progress.cursor, resume)
