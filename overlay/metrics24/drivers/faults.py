"""What httpx's errors mean, in our own. httpx's are dropped: their tracebacks hold the request's headers."""

from __future__ import annotations

import ssl

import httpx
from attrs import frozen

from metrics24.drivers.redaction import harmless
from metrics24.errors import Metrics24Error, RequestTimeout, TransportError

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
