"""The clients: settings in, resources out."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, Unpack

from metrics24.client import options
from metrics24.client.options import LIMITS, RETRYING, Key, Options, Params, RouteTable, Settings
from metrics24.drivers.clock import Clock
from metrics24.drivers.driver import AsyncDriver, Driver
from metrics24.effects import RawResponse
from metrics24.flows.retry import send
from metrics24.operations import build_raw
from metrics24.resources.exports import AsyncExports, Exports
from metrics24.resources.filter_groups import AsyncFilterGroups, FilterGroups
from metrics24.resources.reports import AsyncReports, Reports
from metrics24.settings import Limits, Retrying

if TYPE_CHECKING:
    import httpx


class Client:
    """A connection to 24Metrics. Make one, share it between threads, close it (or use it as a `with` block).

    Args:
        api_key: the API key, or a callable that gives it; METRICS24_API_KEY by default.
        token: a bearer token instead of a key; METRICS24_TOKEN by default.
        base_url: the API's address; METRICS24_BASE_URL unless that is empty, then the spec's server by default.
        routes: corrections of guessed paths, ``{"operationId": ("GET", "/path")}``.
        timeout: seconds for each attempt, by the clock on the wall, also against a server that drips.
        rate: requests per second at most, None for no limit.
        retrying: how often and how long to try.
        limits: the account's limits for exports.
        max_connections: connections at once.
        transport: an httpx transport, for private authorities, proxies or tests. Its reads are bounded one by one.

    Raises:
        ConfigurationError: a setting is wrong; nothing was sent.
        SecurityError: the base URL is plain http to another machine.

    """

    def __init__(
        self,
        *,
        api_key: Key | None = None,
        token: Key | None = None,
        base_url: str | None = None,
        routes: RouteTable | None = None,
        timeout: float = 30.0,
        rate: float | None = None,
        retrying: Retrying = RETRYING,
        limits: Limits = LIMITS,
        max_connections: int = 8,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        settings = options.settings(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        wire = options.wire(api_key, token, base_url)
        driver = Driver(wire, max_connections=options.connections(max_connections), transport=transport)
        self._set_up(settings, driver, owner=True)

    @classmethod
    def _on_clock(cls, clock: Clock, **settings: Any) -> Self:
        """Make a client whose flows live on `clock`; for tests of what takes time."""
        client = cls(**settings)
        client._driver.clock = clock
        return client

    def _set_up(self, settings: Settings, driver: Driver, *, owner: bool) -> None:
        self._settings, self._driver, self._owner = settings, driver, owner
        self.reports = Reports(settings.policy, settings.routes, driver)
        self.exports = Exports(settings.policy, settings.routes, settings.limits, driver)
        self.filter_groups = FilterGroups(settings.policy, settings.routes, driver)

    def with_options(self, **changes: Unpack[Options]) -> Self:
        """Make a client with other options that shares this one's connections; closing it closes nothing shared."""
        client = object.__new__(type(self))
        client._set_up(self._settings.changed(changes), self._driver, owner=False)
        return client

    def request(
        self,
        operation: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Params | None = None,
        body: object = None,
    ) -> RawResponse:
        """Call any operation by its id and get the raw answer; the way out when the rest of this client is in it.

        Args:
            operation: the operation's id in the OpenAPI spec, such as "listExports".
            path: its path parameters, by the API's own names.
            query: its query parameters, by the API's own names; a list is sent as a repeated parameter.
            body: what to send as JSON.

        Raises:
            UsageError: the operation or a path parameter is wrong; nothing was sent.
            StatusError, TransportError: as everywhere.

        """
        request = build_raw(operation, self._settings.routes, path=path, query=query, body=body)
        return self._driver.run(send(request, self._settings.policy))

    def close(self) -> None:
        """Close all connections, unless they are shared with the client that made this one."""
        if self._owner:
            self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client(base_url={self._driver.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client is never pickled, since it holds a credential; make one in each process.")


class AsyncClient:
    """The asynchronous client; the twin of `Client`, with the same arguments.

    `reports.*` return lazily and are not awaited; what ends a chain is. Use it as `async with`, or call `aclose()`.

    Raises:
        ConfigurationError: a setting is wrong; nothing was sent.
        SecurityError: the base URL is plain http to another machine.

    """

    def __init__(
        self,
        *,
        api_key: Key | None = None,
        token: Key | None = None,
        base_url: str | None = None,
        routes: RouteTable | None = None,
        timeout: float = 30.0,
        rate: float | None = None,
        retrying: Retrying = RETRYING,
        limits: Limits = LIMITS,
        max_connections: int = 8,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        settings = options.settings(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        wire = options.wire(api_key, token, base_url)
        driver = AsyncDriver(wire, max_connections=options.connections(max_connections), transport=transport)
        self._set_up(settings, driver, owner=True)

    @classmethod
    def _on_clock(cls, clock: Clock, **settings: Any) -> Self:
        """Make a client whose flows live on `clock`; for tests of what takes time."""
        client = cls(**settings)
        client._driver.clock = clock
        return client

    def _set_up(self, settings: Settings, driver: AsyncDriver, *, owner: bool) -> None:
        self._settings, self._driver, self._owner = settings, driver, owner
        self.reports = AsyncReports(settings.policy, settings.routes, driver)
        self.exports = AsyncExports(settings.policy, settings.routes, settings.limits, driver)
        self.filter_groups = AsyncFilterGroups(settings.policy, settings.routes, driver)

    def with_options(self, **changes: Unpack[Options]) -> Self:
        """Make a client with other options that shares this one's connections; closing it closes nothing shared."""
        client = object.__new__(type(self))
        client._set_up(self._settings.changed(changes), self._driver, owner=False)
        return client

    async def request(
        self,
        operation: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Params | None = None,
        body: object = None,
    ) -> RawResponse:
        """Call any operation by its id and get the raw answer; the way out when the rest of this client is in it.

        Args:
            operation: the operation's id in the OpenAPI spec, such as "listExports".
            path: its path parameters, by the API's own names.
            query: its query parameters, by the API's own names; a list is sent as a repeated parameter.
            body: what to send as JSON.

        Raises:
            UsageError: the operation or a path parameter is wrong; nothing was sent.
            StatusError, TransportError: as everywhere.

        """
        request = build_raw(operation, self._settings.routes, path=path, query=query, body=body)
        return await self._driver.run(send(request, self._settings.policy))

    async def aclose(self) -> None:
        """Close all connections, unless they are shared with the client that made this one."""
        if self._owner:
            await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncClient(base_url={self._driver.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client is never pickled, since it holds a credential; make one in each process.")
