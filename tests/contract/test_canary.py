"""A secret is found in whatever form it was written."""

import base64
import gzip
import html
import json
from urllib.parse import quote

import pytest
import yaml

from contract import canary

SECRET = "k3y/That+no=cassette.may-hold"
FORMS = {
    "as it is": SECRET.encode(),
    "in capitals": SECRET.upper().encode(),
    "URL-encoded": quote(SECRET, safe="").encode(),
    "URL-encoded to the last letter": "".join(f"%{byte:02x}" for byte in SECRET.encode()).encode(),
    "URL-encoded twice": quote(quote(SECRET, safe=""), safe="").encode(),
    "JSON-escaped": json.dumps({"key": SECRET}).replace("/", "\\/").encode(),
    "split over JSON escapes": SECRET.replace("T", "\\u0054").replace("-", "\\u002d").encode(),
    "JSON in JSON": json.dumps(json.dumps("é" + SECRET)).replace("k3y", "\\\\u006b3y").encode(),
    "HTML-escaped": "".join(f"&#{ord(sign)};" for sign in SECRET).encode(),
    "HTML entities": html.escape(SECRET).replace("+", "&plus;").encode(),
    "hexadecimal": SECRET.encode().hex().encode(),
    "UTF-16": SECRET.encode("utf-16"),
    "gzip": b"before" + gzip.compress(b"x" * 500 + SECRET.encode()) + b"after",
    "gzip twice": gzip.compress(gzip.compress(SECRET.encode())),
    "gzip in base64": base64.b64encode(gzip.compress(SECRET.encode())),
    "gzip in hexadecimal": gzip.compress(SECRET.encode()).hex().encode(),
    "URL-encoded in gzip": gzip.compress(quote(SECRET, safe="").encode()),
    "YAML, folded": yaml.dump({"body": "é" * 70 + SECRET + " " + "é" * 70}, width=20).encode(),
    "YAML, binary": yaml.dump({"body": b"\xff\xfe" + gzip.compress(b"x" + SECRET.encode()) * 9}).encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in(form: str) -> None:
    """The secret is found among other things, and another secret is not."""
    assert canary.holds(b"a line before\n" + FORMS[form] + b"\na line after", SECRET)
    assert not canary.holds(FORMS[form], "an0ther.Key-of-somebody")


@pytest.mark.parametrize("user", ["", ":", "me:", "some.user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=["standard", "URL-safe"])
def test_a_secret_is_found_in_base64(encode: object, user: str) -> None:
    """Wherever in a longer text the secret stands, as in basic authentication, its base64 form is found."""
    assert callable(encode)
    assert canary.holds(b"Basic " + encode(f"{user}{SECRET}@host".encode()), SECRET)


def test_what_is_said_of_a_leak_does_not_repeat_it() -> None:
    """The error names the file, what was found and in which form, and not the secret."""
    with pytest.raises(canary.LeakError, match=r"clicks\.yaml holds the key \(gzip, as it is\)") as caught:
        canary.refuse("clicks.yaml", gzip.compress(SECRET.encode()), [("the key", SECRET)])
    assert SECRET not in str(caught.value)


def test_what_cannot_be_inflated_is_searched_as_it_is() -> None:
    """Bytes that only look like gzip hide nothing and break nothing."""
    assert not canary.holds(b"\x1f\x8b\x08 no gzip H4sIzzzzzzz 1f8b08ff", SECRET)
    assert canary.holds(b"\x1f\x8b\x08 no gzip " + SECRET.encode(), SECRET)
