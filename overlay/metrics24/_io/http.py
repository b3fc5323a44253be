"""The client's HTTP: requests and their headers, bodies, errors and transports, all in terms of httpx.

Requests go straight to a transport. httpx's own client would merge them with its settings and look for cookies,
redirects and passwords, none of which this API has, at half of a request's cost.
"""

from __future__ import annotations

import json
import os
import platform
import ssl
import stat
import threading
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib import import_module
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpcore
import httpx
from attrs import frozen

from metrics24 import __version__
from metrics24._core.effects import Call, Open, RawResponse, Request
from metrics24._core.requests import API_KEY_HEADER
from metrics24._io.network import NETWORK_ERRORS, open_async_pool, open_pool
from metrics24._io.redaction import harmless, remember, without_secrets
from metrics24.config import Credential, is_loopback
from metrics24.errors import (
    ConfigurationError,
    Metrics24Error,
    RequestTimeout,
    ResponseError,
    TransportError,
    UsageError,
)

HTTP_ERRORS = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, *NETWORK_ERRORS)
"""The errors of sending and receiving. They are dropped, not chained: their tracebacks hold the request's headers."""
_TIMEOUTS = (httpx.TimeoutException, httpcore.TimeoutException)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@frozen
class Attempt:
    """The host, purpose and time limit of one attempt to send something, for its error messages."""

    host: str
    purpose: str
    timeout: float

    def timed_out(self, *, sent: bool = True) -> RequestTimeout:
        """Return the error for a response that did not arrive in time."""
        return RequestTimeout(
            f"The whole response of {self.host} to {self.purpose} did not arrive within {self.timeout:g} s. Try again "
            "later, or give it more time with timeout=.",
            sent=sent,
        )

    def fault(self, error: Exception) -> Metrics24Error:
        """Convert one of HTTP_ERRORS into an error of metrics24."""
        sent = not isinstance(error, _NEVER_SENT)
        if isinstance(error, _TIMEOUTS):
            return self.timed_out(sent=sent)
        problem = f"{type(error).__name__}: {harmless(str(error))}"
        if isinstance(error, httpx.InvalidURL | UnicodeError):
            return TransportError(
                f"The URL of {self.purpose} cannot be sent ({problem}). Check arguments, base URL and routes.",
                sent=False,
                permanent=True,
            )
        if is_untrusted(error):
            return TransportError(
                f"The certificate of {self.host} is not trusted ({problem}). If that host is right, name its authority "
                "in SSL_CERT_FILE, or pass transport=httpx.HTTPTransport(verify=...).",
                sent=False,
                permanent=True,
            )
        return TransportError(
            f"{self.host} could not be reached for {self.purpose}, or the connection broke ({problem}). Check the base "
            "URL, the network and the proxy settings.",
            sent=sent,
        )


def is_untrusted(error: BaseException | None) -> bool:
    """Return True if a certificate that is not trusted caused the error, directly or not."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


RESPONSE_LIMIT = 32 * 1024 * 1024
ERROR_LIMIT = 64 * 1024
_STEP = 1024 * 1024
_GZIP_OR_ZLIB = 47  # zlib's window bits for "gzip or zlib, whichever the header says"


class BodyReader:
    """Collects and unpacks the body of a response within a size limit, which httpx does not have.

    The body of an error is cut at its limit, and may be damaged: the error's status matters more than its body. Any
    other body must arrive whole.

    Attributes:
        full: True if the rest of the body is not needed.

    """

    def __init__(self, operation: str, *, encoding: str, is_error: bool) -> None:
        coding = encoding.strip().lower()
        packed = coding in {"gzip", "x-gzip", "deflate"}
        if not packed and not is_error and coding not in {"", "identity"}:
            raise ResponseError(
                f"The response to {operation} came in an encoding that was not requested; only gzip was.",
                operation=operation,
            )
        self._operation = operation
        self._is_error = is_error
        self._limit = ERROR_LIMIT if is_error else RESPONSE_LIMIT
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB) if packed else None
        self._parts: list[bytes] = []
        self._size = 0
        self.full = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            ResponseError: the body is larger than the limit.
            TransportError: it cannot be decompressed.

        """
        if self._inflate is None:
            self._keep(data)
        elif not self._unpack(data):
            self.full = True
            if not self._is_error:
                raise TransportError(f"The compressed response to {self._operation} arrived damaged.")

    def content(self) -> bytes:
        """Return the whole body.

        Raises:
            TransportError: the compressed stream ended too early.

        """
        if self._inflate is not None and self._parts and not self._inflate.eof and not self._is_error:
            raise TransportError(f"The compressed response to {self._operation} ended too early.")
        return b"".join(self._parts)

    def _unpack(self, data: bytes) -> bool:
        """Decompress in small steps, to notice a bomb early; return False if the stream is damaged."""
        try:
            while data and not self.full and self._inflate is not None:
                self._keep(self._inflate.decompress(data, _STEP))
                data = self._inflate.unconsumed_tail
                if self._inflate.unused_data:
                    data, self._inflate = self._inflate.unused_data, zlib.decompressobj(_GZIP_OR_ZLIB)
        except zlib.error:
            return False
        return True

    def _keep(self, data: bytes) -> None:
        room = self._limit - self._size
        if len(data) > room:
            if not self._is_error:
                raise ResponseError(
                    f"The response to {self._operation} is larger than {self._limit >> 20} MiB, so the rest was not "
                    "read. No page of this API is that large: is the base URL right?",
                    operation=self._operation,
                )
            data, self.full = data[:room], True
        self._size += len(data)
        self._parts.append(data)


USER_AGENT = f"metrics24/{__version__} httpx/{httpx.__version__} Python/{platform.python_version()}"
_UNSENT_SHARE = 0.9  # of an attempt's time, so that a failure to connect can be told from a lost response


@frozen
class Endpoint:
    """The API's address, and the credential to send to it."""

    base_url: str
    credential: Credential

    def attempt(self, call: Call) -> Attempt:
        """Describe a call for messages."""
        return Attempt(urlsplit(self.base_url).netloc, call.request.operation, call.timeout)

    def request(self, call: Call) -> httpx.Request:
        """Make a request ready to be sent. The credential is in its headers only, in no variable of ours."""
        request = call.request
        return httpx.Request(
            request.method,
            httpx.URL(self.base_url + request.path, params=request.params or None),
            content=None if request.body is None else _json(request),
            headers=self._headers(request),
            extensions=_timeouts(call.timeout),
        )

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Connection": "keep-alive",
            "User-Agent": USER_AGENT,
        }
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        secret = self.credential.secret
        if self.credential.scheme == "key":
            headers[API_KEY_HEADER] = secret.reveal()
        else:
            headers["Authorization"] = f"Bearer {secret.reveal()}"
        remember(secret)
        return headers

    def body(self, response: httpx.Response, call: Call) -> BodyReader:
        """Return a reader for the body, which a transport for tests may have read and unpacked already."""
        encoding = "" if response.is_stream_consumed else response.headers.get("content-encoding", "")
        return BodyReader(call.request.operation, encoding=encoding, is_error=response.status_code >= 300)

    def response(self, response: httpx.Response, content: bytes) -> RawResponse:
        """Convert a response into ours, and redact headers and errors that repeat the credential."""
        if response.status_code >= 400:
            content = without_secrets(content)
        return RawResponse(response.status_code, harmless_headers(response.headers), content)


def file_request(effect: Open) -> httpx.Request:
    """Make the request for a file ready to be sent. It carries no credential but its URL."""
    headers = {
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "keep-alive",
        "User-Agent": USER_AGENT,
    }
    if effect.offset:
        headers["Range"] = f"bytes={effect.offset}-"
        headers["If-Range"] = effect.etag
    request = httpx.Request("GET", effect.url.reveal(), headers=headers, extensions=_timeouts(effect.timeout))
    for value in effect.url.values:
        remember(value)
    if effect.url.signature is not None:
        effect.url.signature.last = request.url.query.decode("ascii")  # as it is sent: servers may repeat it
        remember(effect.url.signature)
    return request


def _timeouts(seconds: float) -> dict[str, dict[str, float]]:
    unsent = seconds * _UNSENT_SHARE
    return {"timeout": {"connect": unsent, "pool": unsent, "read": seconds, "write": seconds}}


def _json(request: Request) -> bytes:
    try:
        return json.dumps(request.body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"The body for {request.operation} cannot be written as JSON: {error}.") from None


def harmless_headers(headers: httpx.Headers) -> httpx.Headers:
    """Return headers without any credential: the same ones, unless the server repeats one."""
    values = b"\n".join(value for _, value in headers.raw)
    if without_secrets(values) == values:
        return headers
    return httpx.Headers([(name, without_secrets(value)) for name, value in headers.raw])


def file_headers(response: httpx.Response) -> httpx.Headers:
    """Return the headers of a file, without any part of the signed URL that storage repeats.

    A transport for tests may have read and unpacked the response already; then the headers must not say otherwise.
    """
    headers = httpx.Headers(harmless_headers(response.headers))
    if response.is_stream_consumed and "content-encoding" in headers:
        del headers["content-encoding"]
        headers.pop("content-length", None)
    return headers


def chunks(response: httpx.Response) -> Iterator[bytes]:
    """Return the body as it arrives, still compressed; whole if a transport for tests has read it already."""
    return iter([response.content]) if response.is_stream_consumed else response.iter_raw()


async def async_chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """Do the same as `chunks` on an event loop."""
    if response.is_stream_consumed:
        yield response.content
        return
    async for data in response.aiter_raw():
        yield data


_PROXY_NAMES = ("http", "https", "all")
_PORTS = {"http": 80, "https": 443}
_contexts: dict[tuple[object, ...], ssl.SSLContext] = {}
_contexts_lock = threading.Lock()


def ssl_context() -> ssl.SSLContext:
    """Return the SSL context for the environment's CA settings, one for the life of the process.

    Parsing a CA bundle takes 45 ms of CPU. A file that has changed since is parsed again.

    Raises:
        OSError, ValueError: SSL_CERT_FILE or SSL_CERT_DIR cannot be used.

    """
    key = tuple(map(_fingerprint, (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))))
    with _contexts_lock:
        if key not in _contexts:
            _contexts[key] = httpx.create_ssl_context()
        return _contexts[key]


def _fingerprint(path: str | None) -> tuple[object, ...]:
    """Return the path with its file's size and time of change; the path alone for a pipe, which can be read once."""
    if not path:
        return ()
    found = os.stat(path)  # noqa: PTH116 - SSL_CERT_FILE is a plain string
    return (path,) if stat.S_ISFIFO(found.st_mode) else (path, found.st_mtime_ns, found.st_size)


@frozen
class Environment:
    """The certificate authorities and proxies that the environment names.

    Attributes:
        context: checks the certificates of servers.
        proxies: the proxy for each scheme that has one.
        exempt: what NO_PROXY names, entry by entry.

    """

    context: ssl.SSLContext
    proxies: Mapping[str, httpcore.Proxy]
    exempt: tuple[str, ...]

    @classmethod
    def read(cls) -> Environment:
        """Read the environment.

        Plain http is for this machine alone. Through a proxy elsewhere the credential would travel unencrypted, so
        plain http does not use one.

        Raises:
            ConfigurationError: certificates or proxies cannot be used.

        """
        try:
            context = ssl_context()
            named = getproxies()
            urls = {name: httpx.Proxy(_with_scheme(named[name])) for name in _PROXY_NAMES if named.get(name)}
            proxies = {name: _httpcore_proxy(proxy, context) for name, proxy in urls.items()}
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            problem = f"{type(error).__name__}: {error}"
        else:
            exempt = tuple(filter(None, (entry.strip().lower() for entry in named.get("no", "").split(","))))
            chosen = {scheme: scheme if scheme in proxies else "all" for scheme in ("http", "https")}
            if chosen["http"] in urls and not is_loopback(urls[chosen["http"]].url.host):
                del chosen["http"]
            found = {scheme: proxies[name] for scheme, name in chosen.items() if name in proxies}
            return cls(context, {} if "*" in exempt else found, exempt)
        raise ConfigurationError(
            f"Connections cannot be set up ({problem}). Check SSL_CERT_FILE and SSL_CERT_DIR, and the proxies in "
            "HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."
        )

    def proxy(self, url: httpx.URL) -> httpcore.Proxy | None:
        """Return the proxy for a request; None if it goes directly."""
        proxy = self.proxies.get(url.scheme)
        return None if proxy is None or any(_exempts(entry, url) for entry in self.exempt) else proxy


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"http://{url}"


def _httpcore_proxy(proxy: httpx.Proxy, context: ssl.SSLContext) -> httpcore.Proxy:
    url = proxy.url
    if url.scheme.startswith("socks"):
        import_module("socksio")  # httpcore would miss it at the first request
    return httpcore.Proxy(
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        auth=proxy.raw_auth,
        ssl_context=context if url.scheme == "https" else None,
    )


def _exempts(entry: str, url: httpx.URL) -> bool:
    """Return True if an entry of NO_PROXY names the URL's host: itself, a domain above it, or its network."""
    scheme, _, name = entry.rpartition("://")
    if scheme not in {"", "all", url.scheme}:
        return False
    try:
        return ip_address(url.host) in ip_network(name.strip("[]"), strict=False)
    except ValueError:  # one of them is a name
        host, _, port = name.removeprefix("*").partition(":")
    if port and port != str(url.port or _PORTS[url.scheme]):
        return False
    return url.host == host or url.host.endswith(f".{host.removeprefix('.')}")


class PooledTransport(httpx.HTTPTransport):
    """httpx's transport, over a pool of connections that keep deadlines.

    It is a subclass because recorders, such as vcrpy and pytest-httpx, replace `httpx.HTTPTransport.handle_request`.
    """

    def __init__(self, context: ssl.SSLContext, connections: int, proxy: httpcore.Proxy | None) -> None:
        self._pool = open_pool(context, connections, proxy)


class AsyncPooledTransport(httpx.AsyncHTTPTransport):
    """The asynchronous twin of `PooledTransport`."""

    def __init__(self, context: ssl.SSLContext, connections: int, proxy: httpcore.Proxy | None) -> None:
        self._pool = open_async_pool(context, connections, proxy)


class EnvironmentTransport(httpx.BaseTransport):
    """Sends each request directly, or through the proxy that the environment names for it."""

    def __init__(self, environment: Environment, connections: int) -> None:
        self._environment = environment
        self._transports = {
            proxy: PooledTransport(environment.context, connections, proxy)
            for proxy in (None, *environment.proxies.values())
        }

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request through the transport for its URL."""
        return self._transports[self._environment.proxy(request.url)].handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            transport.close()


class AsyncEnvironmentTransport(httpx.AsyncBaseTransport):
    """The asynchronous twin of `EnvironmentTransport`, for one event loop."""

    def __init__(self, environment: Environment, connections: int) -> None:
        self._environment = environment
        self._transports = {
            proxy: AsyncPooledTransport(environment.context, connections, proxy)
            for proxy in (None, *environment.proxies.values())
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request through the transport for its URL."""
        return await self._transports[self._environment.proxy(request.url)].handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            await transport.aclose()
