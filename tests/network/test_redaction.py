"""Credentials are taken out of texts that others wrote."""

from __future__ import annotations

import pytest

from metrics24._io.redaction import remember, without_secrets
from metrics24.config import Secret


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("key-of-a-test", b"bad key-of-a-test", b"bad [redacted]"),
        ("a+b/c=d&e", b"q=a%2Bb%2Fc%3Dd%26e", b"q=[redacted]"),
        ('with"quote', b'{"sent": "with\\"quote"}', b'{"sent": "[redacted]"}'),
        ("k", b"getClickReport", b"getClickReport"),
    ],
)
def test_credentials_are_replaced(value: str, text: bytes, shown: bytes) -> None:
    """A credential in use is replaced plain, URL-encoded and JSON-escaped, unless it is too short to be one."""
    secret = Secret(value, "api_key")
    secret.reveal()
    remember(secret)
    assert without_secrets(text) == shown
