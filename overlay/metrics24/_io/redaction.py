"""Keep credentials, and signatures that are as good as credentials, out of responses, messages and logs."""

from __future__ import annotations

import json
import logging
import weakref
from urllib.parse import quote

from metrics24.config import Secret

_LONGEST_QUOTE = 300
_SHORTEST_SECRET = 4  # removing less would garble texts, and no real credential is that short
_live: weakref.WeakSet[Secret] = weakref.WeakSet()


def remember(secret: Secret) -> None:
    """Redact a credential from now on, for as long as it is in use."""
    _live.add(secret)


def without_secrets(data: bytes) -> bytes:
    """Return data without credentials, in all forms in which servers repeat them."""
    for secret in list(_live):
        value = secret.last
        if len(value) < _SHORTEST_SECRET:
            continue
        for form in {value, quote(value, safe=""), json.dumps(value)[1:-1]}:
            data = data.replace(form.encode(), b"[redacted]")
    return data


def harmless(text: str) -> str:
    """Return text that may quote the server without credentials, cut to a readable length."""
    clean = without_secrets(text.encode("utf-8", "replace")).decode()
    return clean if len(clean) <= _LONGEST_QUOTE else f"{clean[:_LONGEST_QUOTE]}..."


class _Redaction(logging.Filter):
    """Removes credentials that a server sends back from the logs of httpx and httpcore."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = without_secrets(message.encode("utf-8", "replace")).decode()
        if clean != message:
            record.msg, record.args = clean, None
        return True


def redact_logs() -> None:
    """Keep credentials out of our logger and those of httpx and httpcore. A second call changes nothing."""
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
