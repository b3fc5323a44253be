"""The clients: settings in, resources out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypedDict, Unpack

from attrs import evolve, field, frozen

from metrics24.drivers.clock import Clock
from metrics24.drivers.driver import AsyncDriver, Driver
from metrics24.drivers.wire import Wire
from metrics24.effects import RawResponse
from metrics24.errors import ConfigurationError
from metrics24.flows.retry import Pacer, Policy, send
from metrics24.operations import DEFAULT_BASE_URL, Routes, build_raw, checked_routes
from metrics24.resources.reports import AsyncReports, Reports
from metrics24.settings import Limits, Retrying, base_url, credential

if TYPE_CHECKING:
    import httpx

Key = str | Callable[[], str]
Params = Mapping[str, object] | Iterable[tuple[str, object]]
RouteTable = Mapping[str, tuple[str, str]]


_RETRYING = Retrying()
_LIMITS = Limits()


class Options(TypedDict, total=False):
    """What `with_options` can change."""

    timeout: float
    rate: float | None
    retrying: Retrying
    limits: Limits
    routes: RouteTable | None


@frozen(kw_only=True)
class _Settings:
    """A client's settings, checked."""

    policy: Policy
    routes: Routes = field(factory=dict)
    limits: Limits = field(factory=Limits)

    def changed(self, options: Options) -> _Settings:
        """These settings with some of them changed.

        Raises:
            ConfigurationError: one of the options makes no sense.

        """
        policy = self.policy
        if "timeout" in options:
            policy = evolve(policy, timeout=_positive("timeout", options["timeout"]))
        if "retrying" in options:
            policy = evolve(policy, retrying=options["retrying"])
        if "rate" in options:
            rate = options["rate"]
            policy = evolve(policy, pacer=Pacer(None if rate is None else _positive("rate", rate)))
        routes = checked_routes(options["routes"]) if "routes" in options else self.routes
        return _Settings(policy=policy, routes=routes, limits=options.get("limits", self.limits))


def _positive(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or value <= 0:
        raise ConfigurationError(f"{name} must be a number of seconds or requests above 0, and finite, not {value!r}.")
    return float(value)


def _settings(options: Options) -> _Settings:
    return _Settings(policy=Policy(timeout=30.0, retrying=_RETRYING)).changed(options)


def _wire(api_key: Key | None, token: Key | None, url: str | None) -> Wire:
    return Wire(base_url(url, DEFAULT_BASE_URL), credential(api_key, token))


def _connections(count: int) -> int:
    if count < 1:
        raise ConfigurationError(f"max_connections must be at least 1, not {count}.")
    return count


class Client:
    """A connection to 24Metrics. Make one, share it between threads, close it (or use it as a `with` block).

    Args:
        api_key: the API key, or a callable that gives it; METRICS24_API_KEY by default.
        token: a bearer token instead of a key; METRICS24_TOKEN by default.
        base_url: the API's address; METRICS24_BASE_URL, then the spec's server by default.
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
        retrying: Retrying = _RETRYING,
        limits: Limits = _LIMITS,
        max_connections: int = 8,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        settings = _settings(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        wire = _wire(api_key, token, base_url)
        driver = Driver(wire, max_connections=_connections(max_connections), transport=transport)
        self._set_up(settings, driver, owner=True)

    @classmethod
    def _on_clock(cls, clock: Clock, **settings: Any) -> Self:
        """Make a client whose flows live on `clock`; for tests of what takes time."""
        client = cls(**settings)
        client._driver.clock = clock
        return client

    def _set_up(self, settings: _Settings, driver: Driver, *, owner: bool) -> None:
        self._settings, self._driver, self._owner = settings, driver, owner
        self.reports = Reports(settings.policy, settings.routes, driver)

    def with_options(self, **options: Unpack[Options]) -> Self:
        """Make a client with other options that shares this one's connections; closing it closes nothing shared."""
        client = object.__new__(type(self))
        client._set_up(self._settings.changed(options), self._driver, owner=False)
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
        retrying: Retrying = _RETRYING,
        limits: Limits = _LIMITS,
        max_connections: int = 8,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        settings = _settings(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        wire = _wire(api_key, token, base_url)
        driver = AsyncDriver(wire, max_connections=_connections(max_connections), transport=transport)
        self._set_up(settings, driver, owner=True)

    @classmethod
    def _on_clock(cls, clock: Clock, **settings: Any) -> Self:
        """Make a client whose flows live on `clock`; for tests of what takes time."""
        client = cls(**settings)
        client._driver.clock = clock
        return client

    def _set_up(self, settings: _Settings, driver: AsyncDriver, *, owner: bool) -> None:
        self._settings, self._driver, self._owner = settings, driver, owner
        self.reports = AsyncReports(settings.policy, settings.routes, driver)

    def with_options(self, **options: Unpack[Options]) -> Self:
        """Make a client with other options that shares this one's connections; closing it closes nothing shared."""
        client = object.__new__(type(self))
        client._set_up(self._settings.changed(options), self._driver, owner=False)
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
