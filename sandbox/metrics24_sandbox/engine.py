"""Everything of a sandbox but the network: its state, and the two applications that work on it."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from . import app
from .access import Doorkeeper, Turnstile
from .clock import Clock
from .data import noise
from .data.timeline import DAY
from .export_archive import ExportArchive
from .exports import Exports
from .faults import FaultBook
from .filter_groups import FilterGroups
from .journal import Journal
from .reports import Reports
from .signing import Signer
from .storage import Storage
from .store import Store
from .surroundings import Surroundings

if TYPE_CHECKING:
    from .mishaps import Connection
    from .options import SandboxOptions
    from .spec import Spec
    from .world import World

_PRELOADED_DAYS_AGO = 30


class Engine:
    """One life of a sandbox, from the start or a reset to the next reset or the end."""

    def __init__(
        self, options: SandboxOptions, *, spec: Spec, world: World, storage_url: str, connection: Connection
    ) -> None:
        self.clock = Clock(options.now, tick=options.tick)
        self.journal = Journal()
        self.faults = FaultBook()
        with ExitStack() as resources:
            self._store = resources.enter_context(closing(Store(options.database)))
            self._archive = ExportArchive(world, self._store, most_rows=options.export_rows)
            resources.callback(self._archive.close)
            signer = Signer(storage_url, options.seed)
            groups = FilterGroups(world, self._store, spec)
            exports = Exports(world, self._archive, signer, spec, options)
            if options.preloaded and self._store.is_empty():
                groups.preload(self.clock.now() - _PRELOADED_DAYS_AGO * DAY)
                exports.preload(self.clock.now())
            shared = self._surroundings(options, connection)
            handlers = {**Reports(world).handlers(), **groups.handlers(), **exports.handlers()}
            self.api = app.build(spec, handlers, shared, Doorkeeper(spec, *credentials(options)), Turnstile())
            self.storage = Storage(self._archive, signer, spec, shared)
            self._resources = resources.pop_all()

    def abandon(self) -> None:
        """Stop what is done in the background."""
        self._archive.abandon()

    def close(self, *, forget: bool = False) -> None:
        """Let go of files and database; with `forget` of what the database holds, too."""
        self.abandon()
        if forget:
            self._store.clear()
        self._resources.close()

    def _surroundings(self, options: SandboxOptions, connection: Connection) -> Surroundings:
        return Surroundings(
            seed=options.seed,
            clock=self.clock,
            journal=self.journal,
            faults=self.faults,
            behaviour=options.behaviour,
            connection=connection,
        )


def credentials(options: SandboxOptions) -> tuple[str, str]:
    """The key and the token that are accepted."""
    return options.api_key or _secret(options.seed, "key"), _secret(options.seed, "token")


def _secret(seed: int, what: str) -> str:
    return f"sandbox-{what}-{noise.key(seed, what).hex()[:24]}"
