"""`Client` and `AsyncClient`: options, resources, and requests of any operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypedDict, TypeVar, Unpack

from attrs import evolve, field, frozen

from metrics24._core.requests import DEFAULT_BASE_URL, Routes, build_raw, checked_routes
from metrics24._core.retry import Policy, RateLimiter, send
from metrics24._io.driver import AsyncDriver, Clock, Driver
from metrics24._io.http import Endpoint
from metrics24.config import (
    CONNECTIONS,
    Limits,
    Retrying,
    checked_number,
    resolve_base_url,
    resolve_credential,
)
from metrics24.errors import ConfigurationError
from metrics24.exports import AsyncExports, Exports
from metrics24.filter_groups import AsyncFilterGroups, FilterGroups
from metrics24.reports import AsyncReports, Reports

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from metrics24._core.effects import RawResponse

D = TypeVar("D", bound=Driver | AsyncDriver)

Key = str | Callable[[], str]
Params = Mapping[str, object] | Iterable[tuple[str, object]]
RouteTable = Mapping[str, tuple[str, str]]

RETRYING = Retrying()
LIMITS = Limits()


class OptionChanges(TypedDict, total=False):
    """The options that `with_options` can change."""

    timeout: float
    rate: float | None
    retrying: Retrying
    limits: Limits
    routes: RouteTable | None


@frozen(kw_only=True)
class ClientOptions:
    """The checked options of a client. Clients made by `with_options` share the state that the policy holds."""

    policy: Policy = field(factory=lambda: Policy(timeout=30.0, retrying=RETRYING))
    routes: Routes = field(factory=dict)
    limits: Limits = LIMITS

    def changed(self, changes: OptionChanges) -> ClientOptions:
        """Return these options with some of them changed.

        Raises:
            ConfigurationError: one of the changes is not valid.

        """
        for name in changes.keys() - OptionChanges.__annotations__.keys():
            raise ConfigurationError(
                f"There is no option {name!r} to change; make another Client for other credentials."
            )
        for name, kind in (("retrying", Retrying), ("limits", Limits)):
            if name in changes and not isinstance(changes.get(name), kind):
                raise ConfigurationError(f"{name} must be a metrics24.{kind.__name__}, not {changes.get(name)!r}.")
        policy = self.policy
        if "timeout" in changes:
            checked_number("timeout", changes["timeout"], 0, included=False)
            policy = evolve(policy, timeout=float(changes["timeout"]))
        if "rate" in changes:
            rate = changes["rate"]
            if rate is not None:
                checked_number("rate", rate, 0, included=False)
            policy = evolve(policy, rate_limiter=RateLimiter(rate))
        return ClientOptions(
            policy=evolve(policy, retrying=changes.get("retrying", policy.retrying)),
            routes=checked_routes(changes["routes"]) if "routes" in changes else self.routes,
            limits=changes.get("limits", self.limits),
        )


class _BaseClient(Generic[D]):
    """The options and the driver of a client, which clients made by `with_options` share and do not close."""

    _driver: D

    def _set_up(self, options: ClientOptions, driver: D, *, owner: bool) -> None:
        self._options, self._driver, self._owner = options, driver, owner

    @classmethod
    def _on_clock(cls, clock: Clock, **options: Any) -> Self:
        """Make a client that runs on `clock`, for tests of waits and deadlines."""
        client = cls(**options)
        client._driver.clock = clock
        return client

    def with_options(self, **changes: Unpack[OptionChanges]) -> Self:
        """Make a client with other options that shares this one's connections; closing it closes nothing shared."""
        client = object.__new__(type(self))
        client._set_up(self._options.changed(changes), self._driver, owner=False)
        return client

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._driver.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client is never pickled, since it holds a credential; make one in each process.")


class Client(_BaseClient[Driver]):
    """A connection to 24Metrics. Make one, share it between threads, close it (or use it as a `with` block).

    Args:
        api_key: the API key, or a callable that returns it; METRICS24_API_KEY by default.
        token: a bearer token instead of a key; METRICS24_TOKEN by default.
        base_url: the API's address; by default METRICS24_BASE_URL or, if that is empty, the spec's server.
        routes: corrections of guessed paths, ``{"operationId": ("GET", "/path")}``.
        timeout: seconds of wall-clock time for each attempt, even if the server sends a byte at a time.
        rate: requests per second at most, None for no limit.
        retrying: how often and how long to try.
        limits: the account's limits for exports.
        max_connections: connections at once, at most.
        transport: an httpx transport, for private authorities, proxies or tests; `timeout` then bounds each of its
            reads, not the whole attempt.

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
        max_connections: int = CONNECTIONS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        options = ClientOptions().changed(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        endpoint = Endpoint(resolve_base_url(base_url, DEFAULT_BASE_URL), resolve_credential(api_key, token))
        checked_number("max_connections", max_connections, 1, whole=True)
        driver = Driver(endpoint, max_connections=max_connections, transport=transport)
        self._set_up(options, driver, owner=True)

    @cached_property
    def reports(self) -> Reports:
        """Tables of clicks, conversions and impressions, and the look-up of one of their rows."""
        return Reports(self._options.policy, self._options.routes, self._driver, lambda: self.exports)

    @cached_property
    def exports(self) -> Exports:
        """Large CSV files that the server makes, and the Download Center that keeps them."""
        return Exports(self._options.policy, self._options.routes, self._options.limits, self._driver)

    @cached_property
    def filter_groups(self) -> FilterGroups:
        """Filter groups, one by one and many at once."""
        return FilterGroups(self._options.policy, self._options.routes, self._driver)

    def request(
        self,
        operation: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Params | None = None,
        body: object = None,
    ) -> RawResponse:
        """Call any operation by its id and return the raw response, for calls that have no method here.

        Args:
            operation: the operation's id in the OpenAPI spec, such as "listExports".
            path: its path parameters, by the API's own names.
            query: its query parameters, by the API's own names; a list is sent as a repeated parameter.
            body: the JSON to send.

        Raises:
            UsageError: the operation or a path parameter is wrong; nothing was sent.
            StatusError, TransportError: the API refused, or could not be reached.

        """
        request = build_raw(operation, self._options.routes, path=path, query=query, body=body)
        return self._driver.run(send(request, self._options.policy))

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


class AsyncClient(_BaseClient[AsyncDriver]):
    """The asynchronous client; the twin of `Client`, with the same arguments.

    `reports.*` and `list()` return lazily and are not awaited; methods that fetch are. Use it as `async with`, or call
    `aclose()`.

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
        max_connections: int = CONNECTIONS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        options = ClientOptions().changed(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        endpoint = Endpoint(resolve_base_url(base_url, DEFAULT_BASE_URL), resolve_credential(api_key, token))
        checked_number("max_connections", max_connections, 1, whole=True)
        driver = AsyncDriver(endpoint, max_connections=max_connections, transport=transport)
        self._set_up(options, driver, owner=True)

    @cached_property
    def reports(self) -> AsyncReports:
        """Tables of clicks, conversions and impressions, and the look-up of one of their rows."""
        return AsyncReports(self._options.policy, self._options.routes, self._driver, lambda: self.exports)

    @cached_property
    def exports(self) -> AsyncExports:
        """Large CSV files that the server makes, and the Download Center that keeps them."""
        return AsyncExports(self._options.policy, self._options.routes, self._options.limits, self._driver)

    @cached_property
    def filter_groups(self) -> AsyncFilterGroups:
        """Filter groups, one by one and many at once."""
        return AsyncFilterGroups(self._options.policy, self._options.routes, self._driver)

    async def request(
        self,
        operation: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Params | None = None,
        body: object = None,
    ) -> RawResponse:
        """Call any operation by its id and return the raw response, for calls that have no method here.

        Args:
            operation: the operation's id in the OpenAPI spec, such as "listExports".
            path: its path parameters, by the API's own names.
            query: its query parameters, by the API's own names; a list is sent as a repeated parameter.
            body: the JSON to send.

        Raises:
            UsageError: the operation or a path parameter is wrong; nothing was sent.
            StatusError, TransportError: the API refused, or could not be reached.

        """
        request = build_raw(operation, self._options.routes, path=path, query=query, body=body)
        return await self._driver.run(send(request, self._options.policy))

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
