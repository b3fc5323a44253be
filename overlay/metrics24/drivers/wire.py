"""What both drivers share: URL, headers, the meaning of httpx's errors, and keeping the credential to ourselves."""

from __future__ import annotations

import json
import logging
import platform
import ssl
import weakref
from urllib.parse import quote, urlsplit

import httpx
from attrs import frozen

from metrics24 import __version__
from metrics24.drivers.body import ACCEPTED_ENCODING, Body
from metrics24.effects import Call, RawResponse, Request
from metrics24.errors import Metrics24Error, RequestTimeout, TransportError, UsageError
from metrics24.operations import API_KEY_HEADER
from metrics24.settings import Credential, Secret

USER_AGENT = f"metrics24/{__version__} httpx/{httpx.__version__} Python/{platform.python_version()}"
_LONGEST_QUOTE = 300
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_UNSENT_SHARE = 0.9  # of an attempt's time, so that a connection that never stood is told from a lost answer


@frozen
class Wire:
    """Where requests go, and as whom."""

    base_url: str
    credential: Credential

    @property
    def host(self) -> str:
        """The API's host and port, for messages."""
        return urlsplit(self.base_url).netloc

    def request(self, client: httpx.Client | httpx.AsyncClient, call: Call) -> httpx.Request:
        """Make the request ready to be sent. The credential is in its headers and in no variable of ours."""
        unsent = call.timeout * _UNSENT_SHARE
        return client.build_request(
            call.request.method,
            self.base_url + call.request.path,
            params=call.request.params or None,
            content=_content(call.request),
            headers=self._headers(call.request),
            timeout=httpx.Timeout(call.timeout, connect=unsent, pool=unsent),
        )

    def _headers(self, request: Request) -> dict[str, str]:
        secret = self.credential.secret
        headers = {"Accept": "application/json", "Accept-Encoding": ACCEPTED_ENCODING, "User-Agent": USER_AGENT}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if self.credential.scheme == "key":
            headers[API_KEY_HEADER] = secret.reveal()
        else:
            headers["Authorization"] = f"Bearer {secret.reveal()}"
        _live.add(secret)
        return headers

    def body(self, response: httpx.Response, call: Call) -> Body:
        """What collects the answer's body; transports for tests may give answers that are read and unpacked already."""
        consumed = response.is_stream_consumed
        encoding = "" if consumed else response.headers.get("content-encoding", "")
        body = Body(call.request.operation, encoding=encoding, is_error=response.status_code >= 300)
        if consumed:
            body.feed(response.content)
        return body

    def answer(self, response: httpx.Response, content: bytes) -> RawResponse:
        """Our own answer. Headers and errors that repeat the credential lose it here."""
        headers = httpx.Headers([(name, _without_secrets(value)) for name, value in response.headers.raw])
        if response.status_code >= 400:
            content = _without_secrets(content)
        return RawResponse(response.status_code, headers, content)

    def timed_out(self, call: Call) -> RequestTimeout:
        """The error for an answer that did not arrive in time."""
        return RequestTimeout(
            f"{self.host} did not answer {call.request.operation} whole within {call.timeout:g} s. Try again later, or "
            "give it more time with timeout=."
        )

    def fault(self, error: Exception, call: Call) -> Metrics24Error:
        """Our own error for one of httpx's. httpx's is dropped: its traceback holds the request's headers."""
        sent = not isinstance(error, _NEVER_SENT)
        if isinstance(error, httpx.TimeoutException):
            timeout = self.timed_out(call)
            timeout.sent = sent
            return timeout
        what = f"{type(error).__name__}: {_harmless(str(error))}"
        if isinstance(error, httpx.InvalidURL | UnicodeError):
            return TransportError(
                f"The URL of {call.request.operation} cannot be sent ({what}). Check arguments, base URL and routes.",
                sent=False,
                permanent=True,
            )
        if _is_untrusted(error):
            return TransportError(
                f"The certificate of {self.host} is not trusted ({what}). If that host is right, name its authority in "
                "SSL_CERT_FILE, or pass transport=httpx.HTTPTransport(verify=...).",
                sent=False,
                permanent=True,
            )
        return TransportError(
            f"{self.host} could not be reached, or broke off, during {call.request.operation} ({what}). "
            "Check the base URL, the network and the proxy settings.",
            sent=sent,
        )


def _content(request: Request) -> bytes | None:
    if request.body is None:
        return None
    try:
        return json.dumps(request.body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"The body for {request.operation} cannot be written as JSON: {error}.") from None


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


_live: weakref.WeakSet[Secret] = weakref.WeakSet()


def _without_secrets(data: bytes) -> bytes:
    for secret in list(_live):
        value = secret.last
        for form in {value, quote(value, safe=""), json.dumps(value)[1:-1]} - {""}:
            data = data.replace(form.encode(), b"[redacted]")
    return data


def _harmless(text: str) -> str:
    """Text of a library, which may quote the server, without credentials and at a readable length."""
    clean = _without_secrets(text.encode("utf-8", "replace")).decode()
    return clean if len(clean) <= _LONGEST_QUOTE else f"{clean[:_LONGEST_QUOTE]}..."


class _Redaction(logging.Filter):
    """Takes credentials that a server sends back out of httpx's and httpcore's logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = _without_secrets(message.encode("utf-8", "replace")).decode()
        if clean != message:
            record.msg, record.args = clean, None
        return True


def redact_logs() -> None:
    """Keep credentials out of the loggers of the libraries that send for us. Doing it twice does nothing."""
    for name in (
        "httpx",
        "httpcore.connection",
        "httpcore.http11",
        "httpcore.http2",
        "httpcore.proxy",
        "httpcore.socks",
    ):
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Redaction) for each in logger.filters):
            logger.addFilter(_Redaction())
