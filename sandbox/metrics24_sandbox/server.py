"""The sandbox as a thing to hold: two origins in a background thread, and what tests want to ask it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from . import app, world
from .access import Doorkeeper, Turnstile
from .clock import Clock
from .data import noise
from .data.timeline import DAY
from .export_archive import ExportArchive
from .exports import Exports
from .faults import FaultBook
from .filter_groups import FilterGroups
from .journal import Journal, Seen
from .network import BackgroundServers, listen, origin
from .options import SandboxOptions
from .reports import Reports
from .signing import Signer
from .spec import Spec
from .storage import Storage
from .store import Store
from .surroundings import Surroundings

if TYPE_CHECKING:
    from types import TracebackType

_PRELOADED_DAYS_AGO = 30


class Sandbox:
    """A local 24Metrics. `with Sandbox() as box:` serves until the block ends; `start` and `close` do it by hand."""

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self.clock = Clock(self.options.now, tick=self.options.tick)
        self.journal = Journal()
        self.api_key = self.options.api_key or _secret(self.options.seed, "key")
        self.token = _secret(self.options.seed, "token")
        self.integrations = world.INTEGRATIONS
        self.forbidden_integration = world.FORBIDDEN
        self.organization = world.ORGANIZATION
        self.base_url = self.storage_url = ""
        self._faults = FaultBook()
        self._resources = ExitStack()

    def start(self) -> Self:
        """Begin to serve; returns when requests are answered. OSError if a port is taken."""
        with ExitStack() as resources:
            api = resources.enter_context(listen(self.options.host, self.options.port))
            storage = resources.enter_context(listen(self.options.host, self.options.storage_port))
            self.base_url, self.storage_url = origin(api), origin(storage)
            spec, servers = Spec.load(), BackgroundServers()
            shared = self._surroundings(servers)
            store = Store(self.options.database)
            resources.callback(store.close)
            realm = world.create(self.options)
            archive = ExportArchive(realm, store, most_rows=self.options.export_rows)
            resources.callback(archive.close)
            signer = Signer(self.storage_url, self.options.seed)
            groups = FilterGroups(realm, store, spec)
            exports = Exports(realm, archive, signer, spec, self.options)
            if self.options.preloaded and store.is_empty():
                groups.preload(self.clock.now() - _PRELOADED_DAYS_AGO * DAY)
                exports.preload(self.clock.now())
            handlers = {**Reports(realm).handlers(), **groups.handlers(), **exports.handlers()}
            doorkeeper = Doorkeeper(spec, self.api_key, self.token)
            servers.start(
                {
                    api: app.build(spec, handlers, shared, doorkeeper, Turnstile()),
                    storage: Storage(archive, signer, spec, shared),
                }
            )
            resources.callback(servers.stop)
            resources.callback(archive.abandon)
            self._resources = resources.pop_all()
        return self

    def close(self) -> None:
        """Stop serving and forget what is not kept in a file; safe to call twice."""
        self._resources.close()

    def hits(self, operation: str) -> int:
        """How many requests an operation has had; `storage` counts those to the second origin."""
        return self.journal.hits[operation]

    @property
    def requests(self) -> tuple[Seen, ...]:
        """The latest requests, oldest first."""
        return tuple(self.journal.latest)

    @property
    def leaked_credentials(self) -> int:
        """How many requests carried a credential to the storage origin; a good client has none."""
        return self.journal.leaked_credentials

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation (or `storage`) meet faults, such as `503x2` or `lost`."""
        self._faults.queue(operation, plan)

    def advance(self, seconds: float) -> None:
        """Move the clock of a sandbox that was started with `now`."""
        self.clock.advance(seconds)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _surroundings(self, servers: BackgroundServers) -> Surroundings:
        return Surroundings(
            seed=self.options.seed,
            clock=self.clock,
            journal=self.journal,
            faults=self._faults,
            behaviour=self.options.behaviour,
            connection=servers.connection,
        )


def _secret(seed: int, what: str) -> str:
    return f"sandbox-{what}-{noise.key(seed, what).hex()[:24]}"
