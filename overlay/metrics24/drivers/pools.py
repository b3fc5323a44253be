"""Pools of connections: httpx clients that keep deadlines, follow no redirect and remember no cookie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from metrics24.drivers.deadline import keep_deadlines
from metrics24.drivers.direct import meter
from metrics24.errors import ConfigurationError
from metrics24.settings import is_loopback


def open_pool(connections: int, transport: httpx.BaseTransport | None) -> httpx.Client:
    """A pool for the synchronous driver.

    Raises:
        ConfigurationError: the environment's certificates or proxies cannot be used.

    """
    with _environment():
        client = httpx.Client(
            limits=_limits(connections), transport=transport, cookies=_no_cookies(), mounts=_passed_by()
        )
    keep_deadlines(client)
    return client


def open_async_pool(connections: int, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """A pool for the asynchronous driver.

    Raises:
        ConfigurationError: the environment's certificates or proxies cannot be used.

    """
    with _environment():
        client = httpx.AsyncClient(
            limits=_limits(connections), transport=transport, cookies=_no_cookies(), mounts=_passed_by()
        )
    meter(client)
    return client


def send(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Send a request by the transport that the environment's proxies leave for it, past the client's own work.

    httpx has no public way to ask its client for a transport; the method used is pinned by httpx<0.29, and by the tests
    with proxies.
    """
    return client._transport_for_url(request.url).handle_request(request)


async def send_async(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send a request like `send`."""
    return await client._transport_for_url(request.url).handle_async_request(request)


def _limits(connections: int) -> httpx.Limits:
    return httpx.Limits(max_connections=connections, max_keepalive_connections=connections)


def _no_cookies() -> CookieJar:
    """The API knows none; one that a proxy sets would be shared by all threads."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


def _passed_by() -> dict[str, None]:
    """What goes past the environment's proxies: plain http, unless its proxy is on this machine as well.

    Plain http is for this machine alone; a proxy elsewhere would be sent the credential unencrypted.
    """
    proxies = getproxies()
    proxy = proxies.get("http") or proxies.get("all") or "localhost"
    host = urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname
    return {} if is_loopback(host or "") else {"http://": None}


@contextmanager
def _environment() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        problem = f"{type(error).__name__}: {error}"
    else:
        return
    raise ConfigurationError(
        f"Connections cannot be set up ({problem}). Check SSL_CERT_FILE and SSL_CERT_DIR, and the proxies in "
        "HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."
    )
