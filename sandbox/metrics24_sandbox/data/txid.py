"""ULID-shaped identifiers: 48 bits of time and 80 bits of anything, as 26 Crockford base32 characters."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26

_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_TRIPLES = [pair + last for pair in _PAIRS for last in ALPHABET]
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_SHIFTS = tuple(range(105, -1, -15))


def encode(moment: int, tail: int) -> str:
    """Write a time in milliseconds since 1970 and an 80-bit tail as 26 characters."""
    number = moment << 80 | tail
    return _PAIRS[number >> 120] + "".join([_TRIPLES[number >> shift & 0x7FFF] for shift in _SHIFTS])


def decode(text: str) -> tuple[int, int] | None:
    """Read what `encode` wrote; None if the text has another shape."""
    if len(text) != LENGTH or text[0] > "7":
        return None
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number << 5 | value
    return number >> 80, number & (1 << 80) - 1
