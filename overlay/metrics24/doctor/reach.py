"""Knock at the server's door once, without credential: the only request that does not go through the client."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from typing import Any

import httpx
from attrs import frozen

from metrics24.drivers.deadline import Exchange
from metrics24.drivers.faults import is_untrusted
from metrics24.drivers.pools import open_pool


@frozen(kw_only=True)
class Reached:
    """What a request without credential showed.

    Attributes:
        problem: why there was no answer, empty if there was one.
        untrusted: whether it was the certificate.
        seconds: how long the answer took.
        date: the answer's Date header.
        expires: when the server's certificate expires; None without TLS.

    """

    problem: str = ""
    untrusted: bool = False
    seconds: float = 0.0
    date: str = ""
    expires: datetime | None = None


def reach(base_url: str, timeout: float) -> Reached:
    """Ask the server for its root, which tells nothing and changes nothing; any status will do."""
    started = time.monotonic()
    try:
        with (
            open_pool(1, None) as client,
            Exchange().bounded(timeout),
            client.stream("GET", f"{base_url}/", timeout=timeout) as response,
        ):
            seconds = time.monotonic() - started
            return Reached(seconds=seconds, date=response.headers.get("date", ""), expires=_expiry(response))
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return Reached(problem=_problem(error, timeout), untrusted=is_untrusted(error))


def _expiry(response: httpx.Response) -> datetime | None:
    stream: Any = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream is not None else None
    shown = (connection.getpeercert() or {}).get("notAfter") if connection is not None else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(shown), UTC) if shown else None


def _problem(error: Exception, timeout: float) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {timeout:g} s"
    if is_untrusted(error):
        return f"the certificate is not trusted ({error})"
    return f"the server could not be reached ({type(error).__name__}: {error})"
