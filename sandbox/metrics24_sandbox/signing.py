"""Signed URLs: good for one file, for a while, for anyone who holds them."""

from __future__ import annotations

import hmac
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from .data import noise

if TYPE_CHECKING:
    from collections.abc import Mapping

BUCKET = "exports"
_EXPIRES = "X-Amz-Expires-At"
_SIGNATURE = "X-Amz-Signature"


class Signer:
    """Makes and checks signed URLs below one origin."""

    def __init__(self, origin: str, seed: int) -> None:
        self._origin, self._key = origin, noise.key(seed, "storage")

    def url(self, name: str, now: int, lifetime: float) -> str:
        """A URL that is valid for `lifetime` seconds."""
        expires = str(now + round(lifetime * 1000))
        query = urlencode({_EXPIRES: expires, _SIGNATURE: self._signature(name, expires)})
        return f"{self._origin}/{BUCKET}/{quote(name, safe='')}?{query}"

    def is_genuine(self, name: str, query: Mapping[str, str]) -> bool:
        """Return True if the signature belongs to this file and time."""
        expected = self._signature(name, query.get(_EXPIRES, ""))
        return hmac.compare_digest(expected.encode(), query.get(_SIGNATURE, "").encode())

    def is_expired(self, query: Mapping[str, str], now: int) -> bool:
        """Return True if a genuine URL has expired."""
        return now >= int(query[_EXPIRES])

    def _signature(self, name: str, expires: str) -> str:
        return blake2b(f"{name}\n{expires}".encode(), key=self._key, digest_size=32).hexdigest()
