"""The sandbox as a thing to hold: two origins in a background thread, and what tests want to ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from . import app, world
from .access import Doorkeeper, Turnstile
from .clock import Clock
from .data import noise
from .faults import FaultBook
from .journal import Journal, Seen
from .network import BackgroundServers, listen, origin
from .options import SandboxOptions
from .reports import Reports
from .spec import Spec
from .surroundings import Surroundings

if TYPE_CHECKING:
    from types import TracebackType


class Sandbox:
    """A local 24Metrics. `with Sandbox() as box:` serves until the block ends; `start` and `close` do the same by hand."""

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self.clock = Clock(self.options.now, tick=self.options.tick)
        self.journal = Journal()
        self.api_key = self.options.api_key or _secret(self.options.seed, "key")
        self.token = _secret(self.options.seed, "token")
        self.integrations = world.INTEGRATIONS
        self.organization = world.ORGANIZATION
        self.base_url = self.storage_url = ""
        self._faults = FaultBook()
        self._servers: BackgroundServers | None = None

    def start(self) -> Self:
        """Begin to serve; returns when requests are answered. OSError if a port is taken."""
        listener = listen(self.options.host, self.options.port)
        self.base_url = origin(listener)
        surroundings = Surroundings(
            seed=self.options.seed,
            clock=self.clock,
            journal=self.journal,
            faults=self._faults,
            behaviour=self.options.behaviour,
            connection=lambda scope: servers.connection(scope),
        )
        spec = Spec.load()
        handlers = Reports(world.create(self.options)).handlers()
        api = app.build(spec, handlers, surroundings, Doorkeeper(spec, self.api_key, self.token), Turnstile())
        servers = self._servers = BackgroundServers({listener: api})
        servers.start()
        return self

    def close(self) -> None:
        """Stop serving; safe to call twice."""
        if self._servers is not None:
            self._servers.stop()
            self._servers = None

    def hits(self, operation: str) -> int:
        """How many requests an operation has had; `storage` counts those to the second origin."""
        return self.journal.hits[operation]

    @property
    def requests(self) -> tuple[Seen, ...]:
        """The latest requests, oldest first."""
        return tuple(self.journal.latest)

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation (or `storage`) meet faults, such as `503x2` or `lost`."""
        self._faults.queue(operation, plan)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _secret(seed: int, what: str) -> str:
    return f"sandbox-{what}-{noise.key(seed, what).hex()[:24]}"
