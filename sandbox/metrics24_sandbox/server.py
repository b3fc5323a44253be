"""The sandbox as a thing to hold: two origins in a background thread, and what tests want to ask it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from . import world
from .engine import Engine, credentials
from .network import BackgroundServers, listen, origin
from .options import SandboxOptions
from .spec import Spec

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.types import Receive, Scope, Send

    from .journal import Seen


class Sandbox:
    """A local 24Metrics. `with Sandbox() as box:` serves until the block ends; `start` and `close` do it by hand.

    `base_url` is the API's origin, `storage_url` the one that signed URLs point to; `api_key` and `token` open the
    API; `integrations` exist (the first is the main one), `forbidden_integration` exists for others.
    """

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self.api_key, self.token = credentials(self.options)
        self.integrations = world.INTEGRATIONS
        self.forbidden_integration = world.FORBIDDEN
        self.organization = world.ORGANIZATION
        self.base_url = self.storage_url = ""
        self._servers = BackgroundServers()
        self._resources = ExitStack()

    def start(self) -> Self:
        """Begin to serve; returns when requests are answered. OSError for taken ports, ValueError for bad options."""
        with ExitStack() as resources:
            api = resources.enter_context(listen(self.options.host, self.options.port))
            storage = resources.enter_context(listen(self.options.host, self.options.storage_port))
            self.base_url, self.storage_url = origin(api), origin(storage)
            self._spec, self._world = Spec.load(), world.create(self.options)
            self._servers = BackgroundServers()
            self._engine = self._new_engine()
            resources.callback(self._close_engine)
            self._servers.start({api: self._api, storage: self._storage})
            resources.callback(self._stop_serving)
            self._resources = resources.pop_all()
        return self

    def close(self) -> None:
        """Stop serving and forget what is not kept in a file; safe to call twice."""
        self._resources.close()

    def reset(self) -> None:
        """Forget created things, received requests, queued faults and passed time, without a restart."""
        self._servers.call(self._replace_engine)

    def hits(self, operation: str) -> int:
        """Count the requests to an operation; `storage` counts those to the second origin."""
        return self._engine.journal.hits[operation]

    @property
    def requests(self) -> tuple[Seen, ...]:
        """The latest requests, oldest first."""
        return tuple(self._engine.journal.latest)

    @property
    def leaked_credentials(self) -> int:
        """Count the requests that carried a credential to the storage origin; a good client sends none."""
        return self._engine.journal.leaked_credentials

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation (or `storage`) meet faults, such as `503x2` or `lost`."""
        self._engine.faults.queue(operation, plan)

    def advance(self, seconds: float) -> None:
        """Move the clock of a sandbox that was started with `now`; ValueError if it was not."""
        self._engine.clock.advance(seconds)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._engine.api(scope, receive, send)

    async def _storage(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._engine.storage(scope, receive, send)

    def _new_engine(self) -> Engine:
        return Engine(
            self.options,
            spec=self._spec,
            world=self._world,
            storage_url=self.storage_url,
            connection=self._servers.connection,
        )

    def _stop_serving(self) -> None:
        self._engine.abandon()
        self._servers.stop()

    def _close_engine(self) -> None:
        self._engine.close()

    def _replace_engine(self) -> None:
        self._engine.close(forget=True)
        self._engine = self._new_engine()
