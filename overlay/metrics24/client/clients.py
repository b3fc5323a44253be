"""The clients: settings in, resources out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self

from metrics24.client import links, options
from metrics24.client.links import Late
from metrics24.client.options import LIMITS, RETRYING, Key, Params, RouteTable
from metrics24.client.shared import Shared
from metrics24.settings import CONNECTIONS, Limits, Retrying

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from metrics24.drivers.driver import AsyncDriver, Driver
    from metrics24.effects import RawResponse
    from metrics24.resources.exports import AsyncExports, Exports
    from metrics24.resources.filter_groups import AsyncFilterGroups, FilterGroups
    from metrics24.resources.reports import AsyncReports, Reports


class Client(Shared):
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

    _link: Late[Driver]

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
        max_connections: int = CONNECTIONS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        settings = options.settings(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        address = options.address(api_key, token, base_url)
        link = links.driver(*address, options.connections(max_connections), transport)
        self._set_up(settings, address[0], link, owner=True)

    @property
    def _driver(self) -> Driver:
        return self._link.get()

    @cached_property
    def reports(self) -> Reports:
        """Tables of clicks, conversions and impressions, and the look-up of one of their rows."""
        from metrics24.resources.reports import Reports  # noqa: PLC0415 - each resource loads when it is used

        return Reports(self._settings.policy, self._settings.routes, self._driver)

    @cached_property
    def exports(self) -> Exports:
        """Large CSV files that the server makes, and the Download Center that keeps them."""
        from metrics24.resources.exports import Exports  # noqa: PLC0415

        return Exports(self._settings.policy, self._settings.routes, self._settings.limits, self._driver)

    @cached_property
    def filter_groups(self) -> FilterGroups:
        """Filter groups, one by one and many at once."""
        from metrics24.resources.filter_groups import FilterGroups  # noqa: PLC0415

        return FilterGroups(self._settings.policy, self._settings.routes, self._driver)

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
        return self._driver.run(self._asked(operation, path, query, body))

    def close(self) -> None:
        """Close all connections, unless they are shared with the client that made this one."""
        driver = self._link.end() if self._owner else None
        if driver is not None:
            driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(Shared):
    """The asynchronous client; the twin of `Client`, with the same arguments.

    `reports.*` return lazily and are not awaited; what ends a chain is. Use it as `async with`, or call `aclose()`.

    Raises:
        ConfigurationError: a setting is wrong; nothing was sent.
        SecurityError: the base URL is plain http to another machine.

    """

    _link: Late[AsyncDriver]

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
        max_connections: int = CONNECTIONS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        settings = options.settings(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        address = options.address(api_key, token, base_url)
        link = links.async_driver(*address, options.connections(max_connections), transport)
        self._set_up(settings, address[0], link, owner=True)

    @property
    def _driver(self) -> AsyncDriver:
        return self._link.get()

    @cached_property
    def reports(self) -> AsyncReports:
        """Tables of clicks, conversions and impressions, and the look-up of one of their rows."""
        from metrics24.resources.reports import AsyncReports  # noqa: PLC0415 - each resource loads when it is used

        return AsyncReports(self._settings.policy, self._settings.routes, self._driver)

    @cached_property
    def exports(self) -> AsyncExports:
        """Large CSV files that the server makes, and the Download Center that keeps them."""
        from metrics24.resources.exports import AsyncExports  # noqa: PLC0415

        return AsyncExports(self._settings.policy, self._settings.routes, self._settings.limits, self._driver)

    @cached_property
    def filter_groups(self) -> AsyncFilterGroups:
        """Filter groups, one by one and many at once."""
        from metrics24.resources.filter_groups import AsyncFilterGroups  # noqa: PLC0415

        return AsyncFilterGroups(self._settings.policy, self._settings.routes, self._driver)

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
        return await self._driver.run(self._asked(operation, path, query, body))

    async def aclose(self) -> None:
        """Close all connections, unless they are shared with the client that made this one."""
        driver = self._link.end() if self._owner else None
        if driver is not None:
            await driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
