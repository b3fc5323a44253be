"""Text for people: what a server sent must not move their cursor or forge a line."""

from __future__ import annotations


def printable(text: str) -> str:
    """Escape everything that is not plainly visible: control characters, line breaks, changes of direction."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def number(count: int, word: str) -> str:
    """Write how many there are of what a word names: 1 day, 1,000 days."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def fitting_nowhere(misfits: int) -> str:
    """Say how many values stand where those stand that fit no column."""
    return f"{number(misfits, 'value')} fitted no column and stand{'s' if misfits == 1 else ''} in the column _extra"


def size(count: int) -> str:
    """Write a number of bytes with three digits or so."""
    amount, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
