"""Randomness that can be asked for by address: the same key and place always give the same numbers."""

from __future__ import annotations

import random
import struct
from hashlib import blake2b

DRAWS = 16
"""The number of 32-bit numbers available to one row."""

_PLACE = struct.Struct("<iI")
_DRAWS = struct.Struct(f"<{DRAWS}I")

Draws = tuple[int, ...]


def key(*parts: object) -> bytes:
    """A 32-byte key that names one stream of randomness."""
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=32).digest()


def draws(stream: bytes, day: int, rank: int) -> Draws:
    """The sixteen 32-bit numbers that belong to one row; a single hash, so that a row costs microseconds."""
    return _DRAWS.unpack(blake2b(_PLACE.pack(day, rank), key=stream, digest_size=64).digest())


def dice(*parts: object) -> random.Random:
    """An ordinary generator, for what is drawn once and kept."""
    return random.Random(key(*parts))  # noqa: S311 - made-up data, not a secret
