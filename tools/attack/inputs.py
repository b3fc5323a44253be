"""Inputs that servers may send: anything at all, and what is almost right, which gets further."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import httpx
from hypothesis import strategies as st

from metrics24._core.effects import RawResponse
from metrics24.models import properties

Json = st.SearchStrategy[Any]

_WORDS = st.sampled_from(
    [
        "id",
        "data",
        "meta",
        "pageInfo",
        "endCursor",
        "hasNextPage",
        "url",
        "error",
        "message",
        "filters",
        "status",
        "2025-02-01",
    ]
)
TEXT = st.one_of(st.text(max_size=20), _WORDS)
NUMBERS = st.one_of(st.integers(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False))
ANY: Json = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)
_BY_TYPE: dict[str, Json] = {
    "string": TEXT,
    "integer": st.integers(-3, 2**40),
    "number": NUMBERS,
    "boolean": st.booleans(),
    "object": st.dictionaries(TEXT, ANY, max_size=3),
    "array": st.lists(ANY, max_size=3),
    "any": ANY,
}


@st.composite
def like(draw: st.DrawFn, model: str, depth: int = 4) -> Any:
    """Draw what resembles a model: most properties as they should be, some wrong, null or missing, some unknown."""
    value: dict[str, Any] = {}
    for each in properties(model):
        chance = draw(st.integers(0, 80))
        if chance == 0:
            value[each.name] = draw(ANY)
        elif chance == 1:
            value[each.name] = None
        elif each.required or chance < 40:
            value[each.name] = draw(_well(each, depth))
    return {**value, **draw(st.dictionaries(TEXT, ANY, max_size=2))} if draw(st.booleans()) else value


def _well(each: Any, depth: int) -> Json:
    if not each.model or not depth:
        return _BY_TYPE[each.type]
    nested: Json = like(each.model, depth - 1)
    return st.lists(nested, max_size=3) if each.type == "array" else nested


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Draw bytes, often whole, else cut, with a few of them changed, or with others before or after them."""
    data = draw(whole)
    match draw(st.integers(0, 7)):
        case 0:
            return data[: draw(st.integers(0, len(data)))]
        case 1 if data:
            place = draw(st.integers(0, len(data) - 1))
            return data[:place] + draw(st.binary(max_size=4)) + data[place + draw(st.integers(0, 3)) :]
        case 2:
            return draw(st.sampled_from([b"\xef\xbb\xbf", b"\xff\xfe", b" ", b"[" * 4000])) + data
        case 3:
            return data + draw(st.binary(max_size=8))
    return data


NOT_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, '{"a":1,"a":[]}', "[" * 100_000]


def bodies(value: Json) -> st.SearchStrategy[bytes]:
    """Draw bodies: a value as JSON, damaged or not, and what is no JSON at all."""
    written = value.map(lambda each: json.dumps(each).encode())
    strange = st.sampled_from(NOT_NUMBERS).map(lambda text: f'{{"data":{text}}}'.encode())
    return st.one_of(damaged(written), damaged(written), strange, st.binary(max_size=60))


_HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)
_NAMES = st.sampled_from(
    ["content-type", "content-length", "content-range", "content-encoding", "etag", "retry-after", "x-request-id"]
)
_VALUES = st.one_of(
    _HEADER_TEXT,
    st.integers(-5, 10**25).map(str),
    st.sampled_from(
        ["gzip", "br", "identity", "text/html", "text/csv", '"v1"', 'W/"v1"', "bytes 0-9/10", "bytes */10",
         "bytes 5-9/*",
         "Wed, 21 Oct 2015 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "nan", "inf", "1e400", "-1", "٣", "²"]
    ),
    st.from_regex(r"bytes (\d{1,20}-\d{1,20}|\*)/(\d{1,20}|\*)", fullmatch=True),
)  # fmt: skip
HEADERS = st.dictionaries(_NAMES, _VALUES, max_size=5).map(
    lambda given: httpx.Headers([(name.encode(), value.encode("latin-1", "replace")) for name, value in given.items()])
)
STATUSES = st.one_of(
    st.sampled_from([200, 204, 206, 301, 304, 400, 402, 404, 416, 429, 500, 503, 520]), st.integers(100, 999)
)

OK = st.just(200)


def responses(value: Json, status: st.SearchStrategy[int] = OK) -> st.SearchStrategy[RawResponse]:
    """Draw whole responses."""
    return st.builds(RawResponse, status, HEADERS, bodies(value))


PACKED = damaged(
    st.one_of(
        st.binary(max_size=200).map(gzip.compress),
        st.lists(st.binary(max_size=50).map(gzip.compress), max_size=3).map(b"".join),
        st.binary(max_size=200).map(zlib.compress),
        st.sampled_from([gzip.compress(b" " * (3 << 20)), gzip.compress(gzip.compress(b"x" * (1 << 20)))]),
    )
)

_CELLS = st.sampled_from([b"a", b'"', b"\n", b"\r\n", b",", b'""', b'"b\n"', b"\xc3\xa4", b"\xff", b"<", b"\0"])
CSV = st.one_of(st.lists(_CELLS, max_size=30).map(b"".join), st.binary(max_size=60))

URLS = st.one_of(
    ANY,
    st.text(max_size=60),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["https://", "http://", "HTTP://", "ftp://", "//", "https:", "javascript:"]),
        st.sampled_from(
            ["s3.example", "127.0.0.1:9", "[::1]", "[::1", "a@b", "127.0.0.1.evil.example", "", "x:99999", "ß.de"]
        ),
        st.sampled_from(["", "/", "/f.csv", "\\@evil", "/%00", "/ä", "/\r\nX: y"]),
        st.sampled_from(["", "?sig=s3cret", "?", "#x", "?a=b#c"]),
    ),
)
