"""Stand-ins for texts that belong to somebody: the same text always gets the same one, and it cannot be read back."""

import hmac
import re
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from itertools import count
from urllib.parse import quote, unquote, urlsplit

_ULID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(rf"[0-7][{_ULID_LETTERS}]{{25}}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?=.*\d)(?:[0-9a-f]{16,}|[0-9A-F]{16,})")
_SHORT_ID = re.compile(r"(?=.*[a-z])(?=.*\d)[a-z0-9]{10}")
_DIGITS = re.compile(r"\d+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_AGENT = re.compile(r"(Mozilla|Dalvik|Opera|okhttp|curl|python-[a-z]+)/\d.*", re.DOTALL)
_FILE = re.compile(r".+\.csv")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyz"
_TELLING = 9  # characters; a shorter original can stand in a file by chance


class Pseudonyms:
    """Gives pseudonyms. What they follow from is the `salt`; with a secret one, guessed originals cannot be compared.

    Ids keep their shape, and ULIDs their time too, so that they still sort; dates and times stay. `harmless` texts are
    those of the scenarios themselves and stay as they are. `hosts` says what hosts are called.
    """

    def __init__(self, salt: bytes, *, harmless: frozenset[str] = frozenset(), hosts: dict[str, str] | None = None):
        self._salt, self._harmless = salt, harmless
        self.hosts = hosts if hosts is not None else {}
        self.originals: set[str] = set()
        """Ids and addresses that got a pseudonym, and must not be found anywhere."""

    def of(self, text: str) -> str:
        """The pseudonym of a text."""
        if not text or text in self._harmless or is_moment(text):
            return text
        for looks, make in self._shapes():
            if looks(text):
                self._remember(text)
                return make(text)
        return f"file-{self.hex(text, 10)}.csv" if _FILE.fullmatch(text) else f"text-{self.hex(text, 10)}"

    def number(self, value: int) -> int:
        """The pseudonym of a whole number: another with as many digits; nought stays."""
        if value == 0:
            return 0
        size = len(str(abs(value)))
        low: int = 10 ** (size - 1)
        return low + int(self.hex(str(value), 32), 16) % (9 * low)

    def url(self, text: str) -> str:
        """A URL with a pseudonym for each part; the whole query is one, since it may be what opens the door."""
        parts = urlsplit(text)
        path = "/".join(quote(self.of(unquote(piece)), safe="") for piece in parts.path.split("/"))
        if parts.query:
            self._remember(parts.query)
        query = f"?signature={self.hex(unquote(parts.query), 32)}" if parts.query else ""
        return f"https://{self.host(parts.netloc)}{path}{query}"

    def host(self, netloc: str) -> str:
        """The pseudonym of a host."""
        return self.hosts.get(netloc) or f"host-{self.hex(netloc, 8)}.invalid"

    def hex(self, text: str, size: int) -> str:
        """As many hexadecimal digits as wanted that follow from a text."""
        blocks = (hmac.new(self._salt, f"{n}:{text}".encode("utf-8", "surrogatepass"), sha256) for n in count())
        found = ""
        while len(found) < size:
            found += next(blocks).hexdigest()
        return found[:size]

    def _remember(self, text: str) -> None:
        if len(text) >= _TELLING and not text.isdigit():
            self.originals.add(text)

    def _shapes(self) -> tuple[tuple[Callable[[str], object], Callable[[str], str]], ...]:
        return (
            (lambda text: "://" in text and urlsplit(text).netloc, self.url),
            (_EMAIL.fullmatch, lambda text: f"user-{self.hex(text.lower(), 8)}@example.invalid"),
            (is_address, self._address),
            (_ULID.fullmatch, lambda text: text[:10] + self._drawn(text, _ULID_LETTERS, 16)),
            (_UUID.fullmatch, self._uuid),
            (_DIGITS.fullmatch, lambda text: f"9{self._drawn(text, _ALPHANUMERIC[:10], 8)}"),
            (_HEX.fullmatch, lambda text: self.hex(text, len(text))),
            (_SHORT_ID.fullmatch, lambda text: f"i{self._drawn(text, _ALPHANUMERIC, 8)}7"),
            (_AGENT.fullmatch, lambda text: f"Mozilla/5.0 (scrubbed {self.hex(text, 8)})"),
        )

    def _drawn(self, text: str, letters: str, size: int) -> str:
        number, drawn = int(self.hex(text, 64), 16), ""
        for _ in range(size):
            number, index = divmod(number, len(letters))
            drawn += letters[index]
        return drawn

    def _uuid(self, text: str) -> str:
        digits = self.hex(text.lower(), 32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _address(self, text: str) -> str:
        digits = self.hex(text, 24)
        if isinstance(ip_address(text), IPv6Address):
            return str(ip_address(f"2001:db8:{':'.join(digits[at : at + 4] for at in range(0, 24, 4))}"))
        return f"10.{int(digits[:2], 16)}.{int(digits[2:4], 16)}.{int(digits[4:6], 16)}"


def is_address(text: str) -> bool:
    """True if a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_moment(text: str) -> bool:
    """True if a text is a date or a time."""
    return _MOMENT.fullmatch(text) is not None
