"""Credentials, base URLs and policies."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from metrics24.config import Limits, Retrying, Secret, Waiting, is_loopback, resolve_base_url, resolve_credential
from metrics24.errors import ConfigurationError, SecurityError

KEY, TOKEN = "METRICS24_API_KEY", "METRICS24_TOKEN"
CHOICES: list[tuple[str | None, str | None, dict[str, str], tuple[str, str]]] = [
    ("a", None, {}, ("key", "a")),
    (None, "b", {}, ("token", "b")),
    (None, None, {KEY: "c"}, ("key", "c")),
    (None, None, {TOKEN: "d"}, ("token", "d")),
    ("a", None, {KEY: "c", TOKEN: "d"}, ("key", "a")),
    (None, "b", {KEY: "c"}, ("token", "b")),
]


@pytest.mark.parametrize(("api_key", "token", "environ", "chosen"), CHOICES)
def test_an_argument_silences_the_environment(
    api_key: str | None, token: str | None, environ: dict[str, str], chosen: tuple[str, str]
) -> None:
    """The credential is the argument's, else the environment's, and says whether it is a key or a token."""
    found = resolve_credential(api_key, token, environ)
    assert (found.scheme, found.secret.reveal()) == chosen


@pytest.mark.parametrize(
    ("api_key", "token", "environ", "words"),
    [
        ("a", "b", {}, "Both api_key and token"),
        (None, None, {KEY: "c", TOKEN: "d"}, f"Both {KEY} and {TOKEN}"),
        (None, None, {}, f"set {KEY} or {TOKEN}"),
        (None, None, {KEY: ""}, f"{KEY} is empty"),
        ("", None, {KEY: "c"}, "api_key is empty"),
    ],
)
def test_one_credential_is_needed(api_key: str | None, token: str | None, environ: dict[str, str], words: str) -> None:
    """No credential, an empty one, or two from one source is ConfigurationError naming the source."""
    with pytest.raises(ConfigurationError, match=words):
        resolve_credential(api_key, token, environ)


@pytest.mark.parametrize("value", ["hush\r\nX: y", "hush\n", " hush", "hush hush", "hüsh", "hush\x00", "hush\u200b"])
@pytest.mark.parametrize("source", [lambda value: value, lambda value: lambda: value], ids=["text", "callable"])
def test_a_key_that_no_header_can_hold_is_refused_unprinted(source: Callable[[str], Any], value: str) -> None:
    """Blanks, line breaks and other than ASCII are ConfigurationError that does not repeat the key."""
    with pytest.raises(ConfigurationError) as caught:
        Secret(source(value), "api_key").reveal()
    assert "hush" not in str(caught.value)


def test_a_callable_must_give_text() -> None:
    """A callable that returns something else, or a coroutine, is ConfigurationError, and is called each time."""
    values = iter(["one", "two", None])
    secret = Secret(lambda: next(values), "token")  # type: ignore[arg-type, return-value]  # the mistake under test
    assert (secret.reveal(), secret.reveal(), secret.last) == ("one", "two", "two")
    with pytest.raises(ConfigurationError, match="token must be text, not NoneType"):
        secret.reveal()

    async def key() -> str:
        return "k"

    with pytest.raises(ConfigurationError, match="coroutine"):
        Secret(key, "api_key")  # type: ignore[arg-type]  # the mistake under test


def test_a_secret_neither_prints_nor_pickles() -> None:
    """No repr, no str, no pickle and no copy of a credential shows it."""
    found = resolve_credential("hush", None, {})
    found.secret.reveal()
    assert "hush" not in f"{found!r} {found} {found.secret!r} {found.secret}"
    for duplicate in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never pickled"):
            duplicate(found.secret)


URLS = {
    "https://api.example.com/": "https://api.example.com",
    "https://api.example.com:8443/v//": "https://api.example.com:8443/v",
    "http://127.0.0.1:80": "http://127.0.0.1:80",
    "http://localhost:1/x": "http://localhost:1/x",
    "http://[::1]:1": "http://[::1]:1",
}


@pytest.mark.parametrize("url", URLS)
def test_a_base_url_loses_its_last_slash(url: str) -> None:
    """The base URL is the argument, the environment's or the default, without a slash at its end."""
    assert resolve_base_url(url, "https://d", {"METRICS24_BASE_URL": "https://e"}) == URLS[url]
    assert resolve_base_url(None, "https://d", {"METRICS24_BASE_URL": url}) == URLS[url]
    assert resolve_base_url(None, url, {"METRICS24_BASE_URL": ""}) == URLS[url]


def test_an_empty_variable_is_no_base_url() -> None:
    """METRICS24_BASE_URL set to nothing is as good as unset; blanks are a mistake, and so is an empty argument."""
    assert resolve_base_url(None, "https://d", {"METRICS24_BASE_URL": ""}) == "https://d"
    for given, variable in ((None, " "), ("", "https://e")):
        with pytest.raises(ConfigurationError):
            resolve_base_url(given, "https://d", {"METRICS24_BASE_URL": variable})


REFUSED: dict[str, type[Exception]] = {
    "": ConfigurationError,
    "api.example.com": ConfigurationError,
    "ftp://api.example.com": ConfigurationError,
    "https://": ConfigurationError,
    "https://[::1": ConfigurationError,
    "https://a:99999": ConfigurationError,
    "https://me:hush@a": ConfigurationError,
    "https://hush@a": ConfigurationError,
    "https://a/?key=hush": ConfigurationError,
    "https://a/#hush": ConfigurationError,
    **{f"https://a{end}": ConfigurationError for end in ("?", "#", "\n", " ", "/a b")},
    "http://api.example.com": SecurityError,
    "http://127.0.0.1.example.com": SecurityError,
    "http://0.0.0.0": SecurityError,
}


@pytest.mark.parametrize("url", REFUSED)
def test_a_base_url_that_could_leak_or_cannot_work_is_refused(url: str) -> None:
    """A text that is no http(s) URL, has more than an address, or is unencrypted, is refused without its secrets."""
    with pytest.raises(REFUSED[url]) as caught:
        resolve_base_url(url, "https://d", {})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "own"), [("localhost", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False)]
)
def test_loopback_is_this_machine_only(host: str, own: bool) -> None:
    """Only localhost and the loopback networks count as this machine."""
    assert is_loopback(host) == own


@pytest.mark.parametrize(
    ("policy", "option", "values"),
    [
        (Retrying, "attempts", [0, 1.5, True, "5", None]),
        (Retrying, "deadline", [0, -1, float("nan"), float("inf"), 10**400, "1", None]),
        (Waiting, "timeout", [0]),
        (Waiting, "first", [0]),
        (Waiting, "max", [0]),
        (Waiting, "factor", [0.9, float("nan")]),
        (Limits, "exports_per_day", [0]),
        (Limits, "export_rows", [0]),
    ],
)
def test_policies_refuse_what_makes_no_sense(policy: type[Any], option: str, values: list[object]) -> None:
    """A policy's option out of range or of the wrong type is ConfigurationError that names it."""
    for value in values:
        with pytest.raises(ConfigurationError, match=f"{option} must be a"):
            policy(**{option: value})
    with pytest.raises(AttributeError):
        setattr(policy(), option, 1)
