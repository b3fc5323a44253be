"""What a client makes when it is first needed: httpx alone takes longer to load than all that is checked before.

What can be wrong about connections is told when the client is made, as everything else: where the environment names a
proxy, or a file of certificates that does not look like one, nothing waits, nor where the caller brings a transport.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from metrics24.errors import UsageError
from metrics24.settings import CLOSED, Credential

if TYPE_CHECKING:
    import httpx

    from metrics24.drivers.driver import AsyncDriver, Driver

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
    from metrics24.drivers.driver import Driver  # noqa: PLC0415 - loads httpx
    from metrics24.drivers.wire import Wire  # noqa: PLC0415

    return Driver(Wire(url, credential), max_connections=connections, transport=transport)


def _async_driver(
    url: str, credential: Credential, connections: int, transport: httpx.AsyncBaseTransport | None
) -> AsyncDriver:
    from metrics24.drivers.driver import AsyncDriver  # noqa: PLC0415 - loads httpx
    from metrics24.drivers.wire import Wire  # noqa: PLC0415

    return AsyncDriver(Wire(url, credential), max_connections=connections, transport=transport)
