"""Search for secrets in anything, in every form in which a server or a file format may write them."""

import base64
import binascii
import html
import re
import zlib
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

_LARGEST = 64 * 1024 * 1024
_ROUNDS = 4
_GZIP = b"\x1f\x8b\x08"
_PACKED_BASE64 = re.compile(rb"H4sI[A-Za-z0-9+/_-]+={0,2}")
_PACKED_HEX = re.compile(rb"1f8b08(?:[0-9a-f]{2})+", re.IGNORECASE)
_FOLD = re.compile(rb"\\?\s+\\?")
_JSON_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\([/\"'\\])")
_BASE64_SIGNS = bytes.maketrans(b"-_", b"+/")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class LeakError(AssertionError):
    """Something secret was about to be kept, or was found in what had been written. It is not kept."""


def refuse(where: str, data: bytes, secrets: Iterable[tuple[str, str]]) -> None:
    """Raise if any secret stands in the data; the message names its kind and never the secret.

    Raises:
        LeakError: one does.

    """
    wanted = [(what, secret, _needles(secret)) for what, secret in secrets if secret]
    for form, view in _views(data):
        searched = view.lower()
        for what, _, needles in wanted:
            for written, needle in needles:
                if needle in (searched if written.startswith("lower") else view):
                    how = [*form, written.removeprefix("lower ")]
                    raise LeakError(f"{where} holds {what} ({', '.join(how)}), so it was not kept.")


def holds(data: bytes, secret: str) -> bool:
    """True if a secret stands in the data, in any form."""
    try:
        refuse("it", data, [("it", secret)])
    except LeakError:
        return True
    return False


def _needles(secret: str) -> tuple[tuple[str, bytes], ...]:
    raw = secret.encode()
    needles = [("lower as it is", raw.lower()), ("lower hexadecimal", raw.hex().encode())]
    needles += [("base64", each) for each in _base64_forms(raw)]
    needles += [("UTF-16", secret.encode("utf-16-le"))]
    return tuple(needles)


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """The base64 forms of a text at each place in a longer one, without the characters that mix with others."""
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        start = (shift * 8 + 5) // 6
        whole = (shift + len(raw)) * 8 // 6
        yield from {encoded[start:whole], encoded[start:whole].translate(_URL_SAFE)}


def _views(data: bytes) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """The data, and what it becomes when it is read in other ways, one after another."""
    seen: set[bytes] = set()
    waiting: list[tuple[tuple[str, ...], bytes]] = [((), data)]
    while waiting:
        form, view = waiting.pop()
        if view in seen:
            continue
        seen.add(view)
        yield form, view
        if len(form) < _ROUNDS:
            waiting += [((*form, how), read) for how, read in _readings(view) if read not in seen]


def _readings(data: bytes) -> Iterator[tuple[str, bytes]]:
    if b"%" in data:
        yield "URL-encoded", unquote_to_bytes(data)
    if b"\\" in data:
        yield "JSON-escaped", _JSON_ESCAPE.sub(_unescaped, data)
    if b"&" in data:
        yield "HTML-escaped", html.unescape(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    yield "folded", _FOLD.sub(b"", data)
    yield from (("gzip", read) for read in _inflated(data))


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[3]:
        return found[3]
    return chr(int(found[1] or found[2], 16)).encode("utf-8", "surrogatepass")


def _inflated(data: bytes) -> Iterator[bytes]:
    places = [found.start() for found in re.finditer(re.escape(_GZIP), data)]
    packed = [data[place:] for place in places]
    for found in _PACKED_BASE64.finditer(_FOLD.sub(b"", data)):
        text = found[0].translate(_BASE64_SIGNS)
        packed.append(base64.b64decode(text[: len(text) // 4 * 4]))
    packed += [binascii.unhexlify(found[0]) for found in _PACKED_HEX.finditer(data)]
    for each in packed:
        try:
            yield zlib.decompressobj(wbits=31).decompress(each, _LARGEST)
        except zlib.error:
            continue
