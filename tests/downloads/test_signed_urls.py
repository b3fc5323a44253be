"""A signed URL is a credential: checked before it is used, and never shown."""

from __future__ import annotations

import pickle

import pytest

from metrics24._core.effects import Open, SignedUrl
from metrics24.errors import SecurityError

SECRET = "X-Signature=s3cret&Expires=1"


@pytest.mark.parametrize(
    ("url", "host", "location"),
    [
        (f"https://storage.example/a/b.csv?{SECRET}", "storage.example", "https://storage.example/a/b.csv"),
        (f"HTTPS://Storage.example:8443?{SECRET}", "Storage.example:8443", "https://Storage.example:8443/"),
        (f"http://localhost:9000/f?{SECRET}", "localhost:9000", "http://localhost:9000/f"),
        (f"http://127.0.0.1/f?{SECRET}", "127.0.0.1", "http://127.0.0.1/f"),
        (f"http://[::1]:80/f?{SECRET}", "[::1]:80", "http://[::1]:80/f"),
        (f"https://s.example/f%20g?{SECRET}#part", "s.example", "https://s.example/f%20g"),
        (f"https://s.example/a@b?{SECRET}", "s.example", "https://s.example/a@b"),
    ],
)
def test_a_web_address_is_taken(url: str, host: str, location: str) -> None:
    """Https anywhere and http to this machine are fine, and the query comes back only where it is asked for."""
    found = SignedUrl.read(url)
    assert (found.host, found.location, found.reveal()) == (host, location, f"{location}?{SECRET}")


def test_an_address_without_a_query_is_whole() -> None:
    """A URL without a signature is opened as it is."""
    found = SignedUrl.read("https://s.example/f?")
    assert (found.signature, found.reveal()) == (None, "https://s.example/f")


@pytest.mark.parametrize(
    "url",
    [
        f"http://storage.example/f?{SECRET}",
        f"http://localhost.storage.example/f?{SECRET}",
        f"http://10.0.0.1/f?{SECRET}",
        f"https://user:pass@storage.example/f?{SECRET}",
        f"https://@storage.example/f?{SECRET}",
        f"https://good.example\\@evil.example/f?{SECRET}",
        f"ftp://storage.example/f?{SECRET}",
        f"file:///etc/passwd?{SECRET}",
        f"//storage.example/f?{SECRET}",
        f"/f?{SECRET}",
        f"https:///f?{SECRET}",
        f"https://storage.example:99999/f?{SECRET}",
        f"https://storage.example:x/f?{SECRET}",
        f"https://[::1/f?{SECRET}",
        f"https://storage.example/f?{SECRET}\r\nX: y",
        f"https://storage.example/f g?{SECRET}",
        f"https://störage.example/f?{SECRET}",
        "",
        None,
        5,
        [f"https://storage.example/f?{SECRET}"],
    ],
)
def test_fault_58_anything_else_is_a_security_error(url: object) -> None:
    """No URL, another scheme, user info or http off this machine is refused, and its query is not in the error."""
    with pytest.raises(SecurityError) as caught:
        SignedUrl.read(url)
    error = caught.value
    behind = [error.__cause__, None if error.__suppress_context__ else error.__context__]
    assert "was not used" in str(error)
    assert not any(word in str(each) for each in (error, *behind) for word in ("s3cret", "pass"))


def test_fault_58_the_query_is_never_shown() -> None:
    """Neither a URL nor an effect that holds one shows the signature, and it cannot be pickled."""
    found = SignedUrl.read(f"https://storage.example/f?{SECRET}")
    for text in (repr(found), str(found), repr(Open(found, 30.0)), f"{found.signature!r}"):
        assert "s3cret" not in text
    with pytest.raises(TypeError):
        pickle.dumps(found)
