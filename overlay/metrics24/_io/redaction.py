"""Keeping credentials, and what is as good as one, out of texts that others wrote."""

from __future__ import annotations

import json
import logging
import weakref
from urllib.parse import quote

import httpx

from metrics24.config import Secret

_LONGEST_QUOTE = 300
_live: weakref.WeakSet[Secret] = weakref.WeakSet()


def remember(secret: Secret) -> None:
    """Take a credential out of texts from now on, for as long as anyone holds it."""
    _live.add(secret)


def without_secrets(data: bytes) -> bytes:
    """The data without any credential, in any of the forms in which servers repeat them."""
    for secret in list(_live):
        value = secret.last
        for form in {value, quote(value, safe=""), json.dumps(value)[1:-1]} - {""}:
            data = data.replace(form.encode(), b"[redacted]")
    return data


def harmless_headers(headers: httpx.Headers) -> httpx.Headers:
    """Headers without any credential: the same ones, unless the server repeats one."""
    values = b"\n".join(value for _, value in headers.raw)
    if without_secrets(values) == values:
        return headers
    return httpx.Headers([(name, without_secrets(value)) for name, value in headers.raw])


def harmless(text: str) -> str:
    """Text of a library, which may quote the server, without credentials and at a readable length."""
    clean = without_secrets(text.encode("utf-8", "replace")).decode()
    return clean if len(clean) <= _LONGEST_QUOTE else f"{clean[:_LONGEST_QUOTE]}..."


class _Redaction(logging.Filter):
    """Takes credentials that a server sends back out of httpx's and httpcore's logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = without_secrets(message.encode("utf-8", "replace")).decode()
        if clean != message:
            record.msg, record.args = clean, None
        return True


def redact_logs() -> None:
    """Keep credentials out of our logger and those of the libraries that send for us. Doing it twice does nothing."""
    for name in (
        "metrics24",
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
