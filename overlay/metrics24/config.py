"""The settings of a client: credentials, base URL, retrying, waiting for exports and their limits.

Nothing here sends anything. A mistake that can be seen without a server is a ConfigurationError.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen

from metrics24.errors import ConfigurationError, Metrics24Error, SecurityError

API_KEY_VARIABLE = "METRICS24_API_KEY"
TOKEN_VARIABLE = "METRICS24_TOKEN"  # noqa: S105 - the variable's name, not a token
BASE_URL_VARIABLE = "METRICS24_BASE_URL"

CLOSED = "This client is closed; make a new one, or move the call into its `with` block."
CONNECTIONS = 8
"""The default number of connections of a client."""
MOST_AT_ONCE = 32
"""The most requests that one parallel iteration may have under way."""
_LARGEST = 1e9  # some thirty years of seconds; more is a mistake, and clocks cannot count it


def checked_number(name: str, value: Any, low: float, *, whole: bool = False, included: bool = True) -> None:
    """Check that an option is a number of at least `low`, or above it if `low` is not included.

    Raises:
        ConfigurationError: it is not such a number, NaN or a bool, or too large to be intended.

    """
    kinds = (int,) if whole else (int, float)
    is_number = not isinstance(value, bool) and isinstance(value, kinds)
    if not is_number or not (low < value <= _LARGEST or (included and value == low)):
        kind = "a whole number" if whole else "a number"
        bound = f"of at least {low:g}" if included else f"above {low:g}"
        raise ConfigurationError(f"{name} must be {kind} {bound} and at most {_LARGEST:g}, not {value!r}.")


def _number(low: float, *, whole: bool = False, included: bool = True) -> Callable[[object, Attribute[Any], Any], None]:
    def check(_: object, attribute: Attribute[Any], value: Any) -> None:
        checked_number(attribute.name, value, low, whole=whole, included=included)

    return check


@frozen
class Retry:
    """A request that failed and will be sent again after a pause: the argument of `on_retry`.

    Attributes:
        operation: the operation's id, as in the OpenAPI spec.
        attempt: the number of the attempt that failed, from 1.
        error: the error of that attempt, a TransportError or a StatusError.
        pause: seconds until the next attempt.

    """

    operation: str
    attempt: int
    error: Metrics24Error
    pause: float


def _callback(_: object, attribute: Attribute[Any], value: Any) -> None:
    if value is not None and (not callable(value) or iscoroutinefunction(value)):
        raise ConfigurationError(
            f"{attribute.name} must be a plain function that takes a metrics24.Retry, not {value!r}; it is called "
            "between two requests, where nothing can be awaited."
        )


@frozen(kw_only=True)
class Retrying:
    """Settings for retrying requests.

    Reads are tried again after transport faults and the statuses 408, 429, 500, 502, 503, 504 and 520 to 524, writes
    only when they surely did not happen.

    Args:
        attempts: the most times that a request is sent, the first time included.
        deadline: seconds for the whole call, including the pauses between its attempts.
        on_retry: a plain function that is called with a `Retry` before each pause, in the thread or on the event loop
            that makes the request. An exception that it raises ends the call and reaches the caller unchanged.

    """

    attempts: int = field(default=5, validator=_number(1, whole=True))
    deadline: float = field(default=120.0, validator=_number(0, included=False))
    on_retry: Callable[[Retry], object] | None = field(default=None, validator=_callback)


@frozen(kw_only=True)
class Waiting:
    """Settings for waiting for an export.

    Args:
        timeout: seconds until ExportTimeout; the export itself goes on.
        first: seconds before the first check.
        max: the longest pause between two checks, in seconds.
        factor: the factor by which each pause is longer than the one before.

    """

    timeout: float = field(default=3600.0, validator=_number(0, included=False))
    first: float = field(default=2.0, validator=_number(0, included=False))
    max: float = field(default=30.0, validator=_number(0, included=False))
    factor: float = field(default=1.5, validator=_number(1))


@frozen(kw_only=True)
class Limits:
    """The account's limits for exports, as the product guide states them.

    Args:
        exports_per_day: the most exports that may be requested a day.
        export_rows: the number of rows at which the server cuts an export.

    """

    exports_per_day: int = field(default=10, validator=_number(1, whole=True))
    export_rows: int = field(default=5_000_000, validator=_number(1, whole=True))


class Secret:
    """A credential that cannot be printed, logged or pickled by accident."""

    __slots__ = ("__weakref__", "_source", "last", "name")

    def __init__(self, source: str | Callable[[], str], name: str) -> None:
        self._source, self.name = source, name
        self.last = "" if callable(source) else source
        if iscoroutinefunction(source):
            raise ConfigurationError(
                f"{name} must be text or a plain function that returns it, not a coroutine function."
            )
        if not callable(source):
            checked(source, name)

    def reveal(self) -> str:
        """Return the credential itself; a callable is called for every request."""
        if isinstance(self._source, str):
            return self._source
        self.last = checked(self._source(), self.name)
        return self.last

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A credential is never pickled; create a Client in each process.")


@frozen
class Credential:
    """One way to authenticate (documentation: "Authentication")."""

    scheme: Literal["key", "token"]
    secret: Secret


def checked(value: object, name: str) -> str:
    """Return `value` if it can be sent as a header.

    Raises:
        ConfigurationError: it is not text, empty, or holds characters that no header may hold. It is not printed.

    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be text, not {type(value).__name__}.")
    if not value:
        raise ConfigurationError(f"{name} is empty.")
    if not all("!" <= character <= "~" for character in value):
        raise ConfigurationError(
            f"{name} holds a blank, a line break or a character outside ASCII; copy it again, alone."
        )
    return value


def resolve_credential(
    api_key: str | Callable[[], str] | None,
    token: str | Callable[[], str] | None,
    environ: Mapping[str, str] = os.environ,
) -> Credential:
    """Choose the credential: from the arguments if there is one, else from the environment.

    Raises:
        ConfigurationError: none, or both from the same source.

    """
    if api_key is None and token is None:
        api_key, token = environ.get(API_KEY_VARIABLE), environ.get(TOKEN_VARIABLE)
        names = API_KEY_VARIABLE, TOKEN_VARIABLE
    else:
        names = "api_key", "token"
    if api_key is not None and token is not None:
        raise ConfigurationError(f"Both {names[0]} and {names[1]} are set; the API takes one of them.")
    if api_key is not None:
        return Credential("key", Secret(api_key, names[0]))
    if token is not None:
        return Credential("token", Secret(token, names[1]))
    raise ConfigurationError(
        f"No credential: set {API_KEY_VARIABLE} or {TOKEN_VARIABLE}, or pass api_key= or token=. "
        "Keys are made under Organization > API Access, or Profile > Security > Enable API Access."
    )


def resolve_base_url(argument: str | None, default: str, environ: Mapping[str, str] = os.environ) -> str:
    """Choose and check the API's base URL; it never ends in a slash. An empty variable counts as none.

    Raises:
        ConfigurationError: it is not an http(s) URL, or has user info, a query or a fragment.
        SecurityError: it is plain http to a host that is not this machine.

    """
    url = argument if argument is not None else environ.get(BASE_URL_VARIABLE) or default
    if not isinstance(url, str) or any(not "!" <= character <= "~" or character in "?#\\" for character in url):
        raise ConfigurationError("The base URL must be text like https://host, without blanks, query or fragment.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError("The base URL cannot be read as a URL.") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError("The base URL must look like https://host, with an optional path.")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("The base URL must not hold user info; credentials have arguments of their own.")
    if parts.scheme == "http" and not is_loopback(host):
        raise SecurityError(
            f"http://{host} would send the credential unencrypted; use https (http is for this machine only)."
        )
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return True if `host` is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
