"""The job of one process and its result. Only the standard library: peers import it too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

PAGE = 100
WARM_UP_PAGES = 3
DAYS = 10
FIRST_DAY, LAST_DAY = "2025-02-01", "2025-02-10"


class NotMeasured(Exception):  # noqa: N818 - it is a finding, not a failure
    """A candidate that cannot take part; the text says why."""


def integration(pages: int, latency: int) -> str:
    """The integration whose table has so many pages and answers after so many milliseconds; the server reads it."""
    return f"bench-{pages}-{latency}"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One candidate doing one piece of work.

    Attributes:
        path, params, cursor: the request as it goes over the wire, and the name of the parameter for the next page.
        day_params: the names of the parameters for the first and the last day.
        options: what only one work needs, such as `parallel`; those under `warm_up` replace others in the warm-up.

    """

    candidate: str
    work: str
    base_url: str
    folder: str
    pages: int = 0
    latency: int = 0
    path: str = ""
    params: dict[str, str] = field(default_factory=dict)
    cursor: str = ""
    day_params: tuple[str, str] = ("", "")
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The whole address of the table."""
        return self.base_url + self.path

    @property
    def integration(self) -> str:
        """The table's name, as the server reads it."""
        return integration(self.pages, self.latency)

    def warm_up(self) -> Job:
        """The same work on a few pages, without latency."""
        small, own = integration(WARM_UP_PAGES, 0), self.integration
        params = {name: small if value == own else value for name, value in self.params.items()}
        folder = Path(self.folder, "warm-up")
        folder.mkdir(exist_ok=True)
        options = self.options | self.options.get("warm_up", {})
        return replace(self, pages=WARM_UP_PAGES, latency=0, params=params, folder=str(folder), options=options)

    def dumps(self) -> str:
        """The job as text."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Self:
        """The job out of its text."""
        return cls(**json.loads(text))


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a candidate.

    Attributes:
        rows, first, last: how many rows (-1 for who does not know), and the ids of the first and the last one.
        files: what it wrote.
        read: bytes of all responses, from who counts them.

    """

    rows: int
    first: str | None = None
    last: str | None = None
    files: tuple[str, ...] = ()
    read: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One measured run.

    Attributes:
        seconds, cpu: by the clock, and of CPU.
        peak_mb: the most memory that the process ever had.
        first, last, order: the ids of the first and the last row, and a digest of all ids in order, as far as known.
        written, read: bytes of all files, and of all responses from who counts them.

    """

    seconds: float
    cpu: float
    peak_mb: float
    rows: int
    first: str | None
    last: str | None
    order: str = ""
    written: int = 0
    read: int = 0
