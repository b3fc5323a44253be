"""What a client makes when it is first needed: httpx alone takes longer to load than all that is checked before.

What can be wrong about connections is told when the client is made, as everything else: where the environment names a
proxy, or a file of certificates that does not look like one, nothing waits, nor where the caller brings a transport.

A client's options, checked once and changed by `with_options`.

What both kinds of client have.

The clients: settings in, resources out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypedDict, TypeVar, Unpack

from attrs import evolve, field, frozen

from metrics24.config import CLOSED, CONNECTIONS, Credential, Limits, Retrying, base_url, checked_number, credential
from metrics24.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from metrics24._core.effects import Flow, RawResponse
    from metrics24._core.requests import Routes
    from metrics24._core.retry import Policy
    from metrics24._io.clock import Clock
    from metrics24._io.driver import AsyncDriver, Driver
    from metrics24.exports import AsyncExports, Exports
    from metrics24.filter_groups import AsyncFilterGroups, FilterGroups
    from metrics24.reports import AsyncReports, Reports


T = TypeVar("T")

_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


class Late(Generic[T]):
    """Something that is made when it is first asked for, once for all threads."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: T | None = None
        self._ended = False

    def get(self) -> T:
        """Give what was made; make it if need be.

        Raises:
            UsageError: it was ended before it was made.

        """
        if self._made is None:
            with self._lock:
                if self._made is None:
                    if self._ended:
                        raise UsageError(CLOSED)
                    self._made = self._make()
        return self._made

    def end(self) -> T | None:
        """Make nothing from now on; give what was made, to be closed."""
        with self._lock:
            self._ended = True
            return self._made


def driver(url: str, credential: Credential, connections: int, transport: httpx.BaseTransport | None) -> Late[Driver]:
    """What runs a client's requests.

    Raises:
        ConfigurationError: the environment's certificates or proxies cannot be used.

    """
    link = Late(partial(_driver, url, credential, connections, transport))
    if transport is not None or _could_fail(os.environ):
        link.get()
    return link


def async_driver(
    url: str, credential: Credential, connections: int, transport: httpx.AsyncBaseTransport | None
) -> Late[AsyncDriver]:
    """What runs an asynchronous client's requests; its connections open in the event loop that they belong to."""
    return Late(partial(_async_driver, url, credential, connections, transport))


def _could_fail(environ: Mapping[str, str]) -> bool:
    """Whether the environment says something about connections that may be a mistake."""
    authorities = environ.get("SSL_CERT_FILE")
    if authorities and not _holds_certificates(Path(authorities)):
        return True
    return any(value and name.lower() in _PROXIES for name, value in environ.items())


def _holds_certificates(path: Path) -> bool:
    try:
        return path.is_file() and b"-----BEGIN " in path.read_bytes()  # what is no plain file may be read once only
    except OSError:
        return False


def _driver(url: str, credential: Credential, connections: int, transport: httpx.BaseTransport | None) -> Driver:
    from metrics24._io.driver import Driver  # noqa: PLC0415 - loads httpx
    from metrics24._io.http import Endpoint  # noqa: PLC0415

    return Driver(Endpoint(url, credential), max_connections=connections, transport=transport)


def _async_driver(
    url: str, credential: Credential, connections: int, transport: httpx.AsyncBaseTransport | None
) -> AsyncDriver:
    from metrics24._io.driver import AsyncDriver  # noqa: PLC0415 - loads httpx
    from metrics24._io.http import Endpoint  # noqa: PLC0415

    return AsyncDriver(Endpoint(url, credential), max_connections=connections, transport=transport)


Key = str | Callable[[], str]
Params = Mapping[str, object] | Iterable[tuple[str, object]]
RouteTable = Mapping[str, tuple[str, str]]


RETRYING = Retrying()
LIMITS = Limits()


class Options(TypedDict, total=False):
    """What `with_options` can change."""

    timeout: float
    rate: float | None
    retrying: Retrying
    limits: Limits
    routes: RouteTable | None


@frozen(kw_only=True)
class Settings:
    """A client's settings, checked. The policy follows when the first call needs it."""

    routes: Routes = field(factory=dict)
    limits: Limits = LIMITS
    _policy: Late[Policy]

    @property
    def policy(self) -> Policy:
        """How calls are made."""
        return self._policy.get()

    def changed(self, options: Options) -> Settings:
        """These settings with some of them changed.

        Raises:
            ConfigurationError: one of the options makes no sense.

        """
        _check(options)
        policy = _changed(self.policy, options)  # at once: what many changes leave for later would be a deep chain
        return self._with(options, Late(lambda: policy))

    def _with(self, options: Options, policy: Late[Policy]) -> Settings:
        routes = _routes(options["routes"]) if "routes" in options else self.routes
        return Settings(policy=policy, routes=routes, limits=options.get("limits", self.limits))


def _check(options: Options) -> None:
    for name in options.keys() - Options.__annotations__.keys():
        raise ConfigurationError(f"There is no option {name!r} to change; make another Client for other credentials.")
    for name, kind in (("retrying", Retrying), ("limits", Limits)):
        if name in options and not isinstance(options.get(name), kind):
            raise ConfigurationError(f"{name} must be a metrics24.{kind.__name__}, not {options.get(name)!r}.")
    if "timeout" in options:
        checked_number("timeout", options["timeout"], 0, included=False)
    if options.get("rate") is not None:
        checked_number("rate", options["rate"], 0, included=False)


def _changed(policy: Policy, options: Options) -> Policy:
    from metrics24._core.retry import RateLimiter  # noqa: PLC0415 - loads what reads answers

    changes: dict[str, Any] = {}
    if "timeout" in options:
        changes["timeout"] = float(options["timeout"])
    if "retrying" in options:
        changes["retrying"] = options["retrying"]
    if "rate" in options:
        rate = options["rate"]
        changes["pacer"] = RateLimiter(None if rate is None else float(rate))
    return evolve(policy, **changes)


def _first_policy(options: Options) -> Policy:
    from metrics24._core.retry import Policy  # noqa: PLC0415 - loads what reads answers

    return _changed(Policy(timeout=30.0, retrying=RETRYING), options)


def _routes(table: RouteTable | None) -> Routes:
    if table is None:
        return {}
    from metrics24._core.requests import checked_routes  # noqa: PLC0415 - loads the table of operations

    return checked_routes(table)


def checked_settings(options: Options) -> Settings:
    """Settings for a new client.

    Raises:
        ConfigurationError: one of the options makes no sense.

    """
    _check(options)
    policy = Late(lambda: _first_policy(options))
    return Settings(policy=policy)._with(options, policy)


def address_of(api_key: Key | None, token: Key | None, url: str | None) -> tuple[str, Credential]:
    """Where a new client sends to, and as whom."""
    return base_url(url, _servers), credential(api_key, token)


def _servers() -> str:
    from metrics24._core.requests import DEFAULT_BASE_URL  # noqa: PLC0415 - loads the table of operations

    return DEFAULT_BASE_URL


def connections_of(count: int) -> int:
    """A number of connections that works."""
    checked_number("max_connections", count, 1, whole=True)
    return count


class Shared:
    """Settings, a driver that is made when it is first needed, and whether it is this client's to close."""

    @classmethod
    def _on_clock(cls, clock: Clock, **settings: Any) -> Self:
        """Make a client whose flows live on `clock`; for tests of what takes time."""
        client = cls(**settings)
        client._link.get().clock = clock
        return client

    _link: Late[Any]

    def _set_up(self, settings: Settings, base_url: str, link: Late[Any], *, owner: bool) -> None:
        self._settings, self._base_url, self._link, self._owner = settings, base_url, link, owner

    def with_options(self, **changes: Unpack[Options]) -> Self:
        """Make a client with other options that shares this one's connections; closing it closes nothing shared."""
        client = object.__new__(type(self))
        client._set_up(self._settings.changed(changes), self._base_url, self._link, owner=False)
        return client

    def _asked(
        self, operation: str, path: Mapping[str, str] | None, query: Params | None, body: object
    ) -> Flow[RawResponse]:
        from metrics24._core.requests import build_raw  # noqa: PLC0415 - loads the table of operations
        from metrics24._core.retry import send  # noqa: PLC0415 - loads what reads answers

        request = build_raw(operation, self._settings.routes, path=path, query=query, body=body)
        return send(request, self._settings.policy)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client is never pickled, since it holds a credential; make one in each process.")


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
        settings = checked_settings(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        address = address_of(api_key, token, base_url)
        link = driver(*address, connections_of(max_connections), transport)
        self._set_up(settings, address[0], link, owner=True)

    @property
    def _driver(self) -> Driver:
        return self._link.get()

    @cached_property
    def reports(self) -> Reports:
        """Tables of clicks, conversions and impressions, and the look-up of one of their rows."""
        from metrics24.reports import Reports  # noqa: PLC0415 - each resource loads when it is used

        return Reports(self._settings.policy, self._settings.routes, self._driver)

    @cached_property
    def exports(self) -> Exports:
        """Large CSV files that the server makes, and the Download Center that keeps them."""
        from metrics24.exports import Exports  # noqa: PLC0415

        return Exports(self._settings.policy, self._settings.routes, self._settings.limits, self._driver)

    @cached_property
    def filter_groups(self) -> FilterGroups:
        """Filter groups, one by one and many at once."""
        from metrics24.filter_groups import FilterGroups  # noqa: PLC0415

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
        settings = checked_settings(
            {"timeout": timeout, "rate": rate, "retrying": retrying, "limits": limits, "routes": routes}
        )
        address = address_of(api_key, token, base_url)
        link = async_driver(*address, connections_of(max_connections), transport)
        self._set_up(settings, address[0], link, owner=True)

    @property
    def _driver(self) -> AsyncDriver:
        return self._link.get()

    @cached_property
    def reports(self) -> AsyncReports:
        """Tables of clicks, conversions and impressions, and the look-up of one of their rows."""
        from metrics24.reports import AsyncReports  # noqa: PLC0415 - each resource loads when it is used

        return AsyncReports(self._settings.policy, self._settings.routes, self._driver)

    @cached_property
    def exports(self) -> AsyncExports:
        """Large CSV files that the server makes, and the Download Center that keeps them."""
        from metrics24.exports import AsyncExports  # noqa: PLC0415

        return AsyncExports(self._settings.policy, self._settings.routes, self._settings.limits, self._driver)

    @cached_property
    def filter_groups(self) -> AsyncFilterGroups:
        """Filter groups, one by one and many at once."""
        from metrics24.filter_groups import AsyncFilterGroups  # noqa: PLC0415

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
