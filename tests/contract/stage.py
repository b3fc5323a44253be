"""The stage of a scenario: the calls that it may make, and the clean-up of what it creates."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import field, frozen

import metrics24
from contract.cassettes import Origin
from contract.scrubbing import API_HOST, KEY, TOKEN
from metrics24 import Retrying
from metrics24_sandbox import Sandbox
from support.clock import FakeClock
from support.running import Running, collect, running

WRONG_KEY = "not-a-key-at-all"
NO_INTEGRATION = "nosuchshop"
GROUPS = ("metrics24 contract test A", "metrics24 contract test B")
OFFERS = ("contract-offer-1", "contract-offer-2")
DESCRIPTION = "written by the contract tests of metrics24"
HARMLESS = frozenset({WRONG_KEY, NO_INTEGRATION, *GROUPS, *OFFERS, DESCRIPTION})
"""Texts that scenarios bring themselves; they are nobody's secret and stay as they are."""

LARGEST_EXPORT = 5_000


class UnsuitedError(Exception):
    """The account does not have what a scenario needs; it is not recorded, and says what is missing."""


@frozen(kw_only=True)
class Stage:
    """A client, and the account that it talks to. Scenarios are said once; `run` runs them with either client."""

    run: Running
    origin: Origin
    base_url: str
    credential: dict[str, str]
    folder: Path
    box: Sandbox | None = None
    clock: FakeClock | None = None
    started: list[str] = field(factory=list)

    def connected(self, **options: Any) -> Any:
        """A client; the credential that it is given replaces the usual one."""
        chosen = options if options.keys() & {"api_key", "token"} else {**self.credential, **options}
        return self.run.client(self.base_url, clock=self.clock, **chosen)

    def impatient(self, **options: Any) -> Any:
        """A client that asks once and takes no for an answer."""
        return self.connected(retrying=Retrying(attempts=1), **options)

    @property
    def integration(self) -> str:
        return self.origin.integration

    @property
    def days(self) -> dict[str, Any]:
        return {"start": self.origin.start, "end": self.origin.end}

    def result(self, value: Any) -> Any:
        """The result of a method, awaited where it must be."""
        return self.run.result(value)

    def all(self, rows: Any) -> list[Any]:
        """Everything that an iteration gives."""
        return collect(self.run, rows)

    def first_page(self, rows: Any) -> Any:
        """The first page of rows that there must be."""
        page = next(iter(self.run.take(rows.by_page(), 1)), None)
        if page is None or not page.records:
            raise UnsuitedError("there is nothing to read: choose other days, or another integration")
        return page

    def fail(self, operation: str, plan: str) -> None:
        """Let the sandbox fail as planned; a replay fails as it was recorded."""
        if self.box is not None:
            self.box.fail_next(operation, plan)

    def refused(self, action: Callable[[], object]) -> list[Any]:
        """The error that a request ends in."""
        try:
            action()
        except metrics24.Metrics24Error as error:
            found = [type(error).__name__, getattr(error, "status_code", None)]
            return [*found, error.retry_after] if isinstance(error, metrics24.RateLimited) else found
        return ["nothing was refused"]

    def exported(self, job: Any) -> Any:
        """A job that has been started: remembered, waited for, and small enough for a cassette."""
        self.started.append(job.id)
        self.result(job.wait())
        if (job.rows or 0) > LARGEST_EXPORT:
            raise UnsuitedError(f"the export has {job.rows} rows: choose a day with less than {LARGEST_EXPORT}")
        return job

    def clean_up(self) -> None:
        """Take away what scenarios made, also those that failed: groups by their names, exports by their ids."""
        client = self.connected()
        for group in self.all(client.filter_groups.list(self.integration)):
            if group.name in GROUPS:
                with suppress(metrics24.NotFound):
                    self.result(client.filter_groups.delete(self.integration, group.id))
        for export in self.started:
            with suppress(metrics24.NotFound):
                self.result(client.exports.delete(export))


@contextmanager
def replay_stage(origin: Origin, mode: str = "sync") -> Iterator[Stage]:
    """A stage for a replay, on a clock of its own."""
    credential = {"token": TOKEN} if origin.credential == "token" else {"api_key": KEY}
    yield from _stages(mode, origin, base_url=f"https://{API_HOST}", credential=credential, clock=FakeClock())


@contextmanager
def sandbox_stage(origin: Origin, box: Sandbox, credential: dict[str, str], mode: str = "sync") -> Iterator[Stage]:
    """A stage on a sandbox whose clock stands still."""
    yield from _stages(mode, origin, base_url=box.base_url, credential=credential, clock=FakeClock(), box=box)


@contextmanager
def live_stage(
    origin: Origin, base_url: str, credential: dict[str, str], clock: FakeClock | None = None
) -> Iterator[Stage]:
    """A stage on the live API, where time passes."""
    yield from _stages("sync", origin, base_url=base_url, credential=credential, clock=clock)


def _stages(mode: str, origin: Origin, **where: Any) -> Iterator[Stage]:
    with TemporaryDirectory() as folder, contextmanager(running)(mode) as run:
        yield Stage(run=run, origin=origin, folder=Path(folder), **where)
