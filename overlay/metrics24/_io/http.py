"""What httpx's errors mean, in our own. httpx's are dropped: their tracebacks hold the request's headers.

Collect the body of an answer within bounds, decompressing it on the way.

What both drivers share: URLs, headers and bodies of requests and answers.

Pools of connections: httpx clients that keep deadlines, follow no redirect and remember no cookie.
"""

from __future__ import annotations

import json
import os
import platform
import ssl
import stat
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx
from attrs import frozen

from metrics24 import __version__
from metrics24._core.effects import Call, Open, RawResponse, Request
from metrics24._core.requests import API_KEY_HEADER
from metrics24._io.network import keep_deadlines, meter
from metrics24._io.redaction import harmless, harmless_headers, remember, without_secrets
from metrics24.config import Credential, is_loopback
from metrics24.errors import (
    ConfigurationError,
    Metrics24Error,
    RequestTimeout,
    ResponseError,
    TransportError,
    UsageError,
)

HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@frozen
class Attempt:
    """What was being done when it failed: with which host, for what, and for how many seconds at most."""

    host: str
    purpose: str
    timeout: float

    def timed_out(self, *, sent: bool = True) -> RequestTimeout:
        """The error for an answer that did not arrive in time."""
        return RequestTimeout(
            f"{self.host} did not answer {self.purpose} whole within {self.timeout:g} s. Try again later, or "
            "give it more time with timeout=.",
            sent=sent,
        )

    def fault(self, error: Exception) -> Metrics24Error:
        """Our own error for one of httpx's."""
        sent = not isinstance(error, _NEVER_SENT)
        if isinstance(error, httpx.TimeoutException):
            return self.timed_out(sent=sent)
        what = f"{type(error).__name__}: {harmless(str(error))}"
        if isinstance(error, httpx.InvalidURL | UnicodeError):
            return TransportError(
                f"The URL of {self.purpose} cannot be sent ({what}). Check arguments, base URL and routes.",
                sent=False,
                permanent=True,
            )
        if is_untrusted(error):
            return TransportError(
                f"The certificate of {self.host} is not trusted ({what}). If that host is right, name its authority in "
                "SSL_CERT_FILE, or pass transport=httpx.HTTPTransport(verify=...).",
                sent=False,
                permanent=True,
            )
        return TransportError(
            f"{self.host} could not be reached, or broke off, during {self.purpose} ({what}). "
            "Check the base URL, the network and the proxy settings.",
            sent=sent,
        )


def is_untrusted(error: BaseException | None) -> bool:
    """Whether it was a certificate that is not trusted, however deep below."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


ACCEPTED_ENCODING = "gzip"
ANSWER_LIMIT = 32 * 1024 * 1024
ERROR_LIMIT = 64 * 1024
_STEP = 1024 * 1024
_GZIP_OR_ZLIB = 47  # zlib's window bits for "gzip or zlib, whichever the header says"


class BodyReader:
    """A body in the making. httpx would decompress without a bound; this never holds more than its limit.

    The body of an error is cut at its limit, and kept packed if nobody can unpack it: what the status says must not
    be hidden by what the body looks like. Any other body must arrive whole.
    """

    def __init__(self, operation: str, *, encoding: str, is_error: bool) -> None:
        coding = encoding.strip().lower()
        packed = coding in {"gzip", "x-gzip", "deflate"}
        if not packed and not is_error and coding not in {"", "identity"}:
            raise ResponseError(
                f"The answer to {operation} is packed in an encoding that was not asked for; only gzip was.",
                operation=operation,
            )
        self._operation = operation
        self._is_error = is_error
        self._limit = ERROR_LIMIT if is_error else ANSWER_LIMIT
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB) if packed else None
        self._parts: list[bytes] = []
        self._size = 0
        self.full = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes off the wire.

        Raises:
            ResponseError: the body is larger than the limit.
            TransportError: it cannot be decompressed.

        """
        if self._inflate is None:
            self._keep(data)
        elif not self._unpack(data):
            self.full = True
            if not self._is_error:
                raise TransportError(f"The compressed answer to {self._operation} arrived damaged.")

    def content(self) -> bytes:
        """The whole body.

        Raises:
            TransportError: the compressed stream ended too early.

        """
        if self._inflate is not None and self._parts and not self._inflate.eof and not self._is_error:
            raise TransportError(f"The compressed answer to {self._operation} ended too early.")
        return b"".join(self._parts)

    def _unpack(self, data: bytes) -> bool:
        """Decompress in small steps, so that a bomb is noticed early; False if the stream is damaged."""
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
                    f"The answer to {self._operation} is larger than {self._limit >> 20} MiB, so it was not read on. "
                    "No page of this API is that large: is the base URL right?",
                    operation=self._operation,
                )
            data, self.full = data[:room], True
        self._size += len(data)
        self._parts.append(data)


USER_AGENT = f"metrics24/{__version__} httpx/{httpx.__version__} Python/{platform.python_version()}"
_UNSENT_SHARE = 0.9  # of an attempt's time, so that a connection that never stood is told from a lost answer


@frozen
class Endpoint:
    """Where requests go, and as whom."""

    base_url: str
    credential: Credential

    def attempt(self, call: Call) -> Attempt:
        """What messages say of a call."""
        return Attempt(urlsplit(self.base_url).netloc, call.request.operation, call.timeout)

    def request(self, call: Call) -> httpx.Request:
        """Make the request ready to be sent. The credential is in its headers and in no variable of ours.

        It goes to the transport as it is. httpx's client would first merge it with settings of its own, and then look
        for cookies, redirects and users' passwords, none of which there are: half of what a request costs.
        """
        return httpx.Request(
            call.request.method,
            httpx.URL(self.base_url + call.request.path, params=call.request.params or None),
            content=_content(call.request),
            headers=self._headers(call.request),
            extensions={"timeout": _timeout(call.timeout).as_dict()},
        )

    def _headers(self, request: Request) -> dict[str, str]:
        secret = self.credential.secret
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED_ENCODING,
            "Connection": "keep-alive",
            "User-Agent": USER_AGENT,
        }
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if self.credential.scheme == "key":
            headers[API_KEY_HEADER] = secret.reveal()
        else:
            headers["Authorization"] = f"Bearer {secret.reveal()}"
        remember(secret)
        return headers

    def body(self, response: httpx.Response, call: Call) -> BodyReader:
        """What collects the answer's body; transports for tests may give answers that are read and unpacked already."""
        consumed = response.is_stream_consumed
        encoding = "" if consumed else response.headers.get("content-encoding", "")
        body = BodyReader(call.request.operation, encoding=encoding, is_error=response.status_code >= 300)
        if consumed:
            body.feed(response.content)
        return body

    def answer(self, response: httpx.Response, content: bytes) -> RawResponse:
        """Our own answer. Headers and errors that repeat the credential lose it here."""
        if response.status_code >= 400:
            content = without_secrets(content)
        return RawResponse(response.status_code, harmless_headers(response.headers), content)


def file_request(client: httpx.Client | httpx.AsyncClient, effect: Open) -> httpx.Request:
    """Make the request for a file ready to be sent. It carries no credential but its URL."""
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
    if effect.offset:
        headers["Range"] = f"bytes={effect.offset}-"
        headers["If-Range"] = effect.etag
    request = client.build_request("GET", effect.url.reveal(), headers=headers, timeout=_timeout(effect.timeout))
    for value in effect.url.values:
        value.reveal()
        remember(value)
    if effect.url.signature is not None:
        effect.url.signature.last = request.url.query.decode("ascii")  # httpx may write it otherwise, and logs that
        remember(effect.url.signature)
    return request


def _timeout(seconds: float) -> httpx.Timeout:
    unsent = seconds * _UNSENT_SHARE
    return httpx.Timeout(seconds, connect=unsent, pool=unsent)


def _content(request: Request) -> bytes | None:
    if request.body is None:
        return None
    try:
        return json.dumps(request.body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"The body for {request.operation} cannot be written as JSON: {error}.") from None


_contexts: dict[tuple[object, ...], ssl.SSLContext] = {}
_contexts_lock = threading.Lock()


def ssl_context() -> ssl.SSLContext:
    """Return the SSL context for the environment's CA settings, one for the life of the process.

    Parsing a bundle of authorities takes 45 ms of CPU. A file that has changed since is parsed again.

    Raises:
        OSError, ValueError: SSL_CERT_FILE or SSL_CERT_DIR cannot be used.

    """
    key = tuple(map(_fingerprint, (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))))
    with _contexts_lock:
        if key not in _contexts:
            _contexts[key] = httpx.create_ssl_context()
        return _contexts[key]


def _fingerprint(path: str | None) -> tuple[object, ...]:
    """The path with the size and age of what it names; a pipe can be read only once, so its path is enough."""
    if not path:
        return ()
    found = os.stat(path)  # noqa: PTH116 - SSL_CERT_FILE is a plain string
    return (path,) if stat.S_ISFIFO(found.st_mode) else (path, found.st_mtime_ns, found.st_size)


def open_pool(connections: int, transport: httpx.BaseTransport | None) -> httpx.Client:
    """A pool for the synchronous driver.

    Raises:
        ConfigurationError: the environment's certificates or proxies cannot be used.

    """
    with _environment():
        client = httpx.Client(
            verify=ssl_context(),
            limits=_limits(connections),
            transport=transport,
            cookies=_no_cookies(),
            mounts=_passed_by(),
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
            verify=ssl_context(),
            limits=_limits(connections),
            transport=transport,
            cookies=_no_cookies(),
            mounts=_passed_by(),
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
