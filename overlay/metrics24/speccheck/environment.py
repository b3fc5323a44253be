"""Checks before any operation: settings, the form of the key, and one request without credential.

`contact` sends that request, the only one that does not go through the client; everything else is without I/O.
"""

from __future__ import annotations

import platform
import re
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from attrs import field, frozen

from metrics24 import __version__
from metrics24._core.requests import DEFAULT_BASE_URL
from metrics24._io.http import Environment, EnvironmentTransport, is_untrusted
from metrics24._io.network import Exchange
from metrics24.config import API_KEY_VARIABLE, BASE_URL_VARIABLE, TOKEN_VARIABLE
from metrics24.errors import Metrics24Error, SecurityError
from metrics24.speccheck.judgement import KEY_REFUSED, UNREACHABLE, UNSAFE, Finding, Verdict

_MOST_SKEW = 60.0  # seconds
_SOON = 14  # days that a certificate is still valid

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_PLACEHOLDER = re.compile(
    r"<.*>|\$\{?\w+\}?|x{3,}|\.{3}|(your|my|the)[-_ ]?(api[-_ ]?)?(key|token).*|changeme", re.IGNORECASE
)


@frozen(kw_only=True)
class Contact:
    """The result of a request without credential.

    Attributes:
        problem: the reason why there was no response, empty if there was one.
        untrusted: True if the certificate is the reason.
        seconds: the seconds until the response.
        date: the Date header of the response.
        expires: the time when the server's certificate expires; None without TLS.

    """

    problem: str = ""
    untrusted: bool = False
    seconds: float = 0.0
    date: str = ""
    expires: datetime | None = None


def contact(base_url: str, timeout: float) -> Contact:
    """Ask the server for its root, which changes nothing and needs no credential; any status will do."""
    started = time.monotonic()
    try:
        with (
            httpx.Client(transport=EnvironmentTransport(Environment.read(), 1)) as client,
            Exchange().bounded(timeout),
            client.stream("GET", f"{base_url}/", timeout=timeout) as response,
        ):
            seconds = time.monotonic() - started
            return Contact(seconds=seconds, date=response.headers.get("date", ""), expires=_expiry(response))
    except httpx.TimeoutException:
        return Contact(problem=f"no response within {timeout:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        if is_untrusted(error):
            return Contact(problem=f"the certificate is not trusted ({error})", untrusted=True)
        return Contact(problem=f"the server could not be reached ({type(error).__name__}: {error})")


def _expiry(response: httpx.Response) -> datetime | None:
    stream: Any = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream is not None else None
    shown = (connection.getpeercert() or {}).get("notAfter") if connection is not None else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(shown), UTC) if shown else None


@frozen
class CredentialSource:
    """The origin of the credential; `value` is looked at and never shown."""

    place: str
    scheme: str
    value: str = field(repr=False)


def base_url_in_force(option: str | None, environ: Mapping[str, str]) -> str:
    """Return the base URL in force, without the parts that may be secret."""
    return without_secrets(option or environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL).rstrip("/")


def credential_source(environ: Mapping[str, str], key_file: str | None, key: str | None) -> CredentialSource | None:
    """Return the credential that a client would take; None if there is none, or two."""
    if key_file is not None:
        return CredentialSource(f"the file {key_file}", "key", key or "")
    found = [name for name in (API_KEY_VARIABLE, TOKEN_VARIABLE) if name in environ]
    if len(found) != 1:
        return None
    return CredentialSource(found[0], "key" if found[0] == API_KEY_VARIABLE else "token", environ[found[0]])


def check_settings(
    environ: Mapping[str, str],
    url_option: str | None,
    url: str,
    credential: CredentialSource | None,
    problem: Metrics24Error | None,
) -> Finding:
    """List the settings in force and their origins; `problem` is the reason why no client can be made of them."""
    origin = "--base-url" if url_option else BASE_URL_VARIABLE if environ.get(BASE_URL_VARIABLE) else "the spec"
    details = [
        f"base URL: {url} (from {origin})",
        f"credential: the {credential.scheme} in {credential.place}" if credential else "credential: none, or two",
        *(f"proxy: {name}={without_secrets(value)}" for name, value in _set(environ, _PROXIES)),
        *(f"certificates: {name}={value}" for name, value in _set(environ, _AUTHORITIES)),
        f"metrics24 {__version__}, httpx {httpx.__version__}, Python {platform.python_version()}",
    ]
    if problem is None:
        return Finding("environment", Verdict.WORKS, "settings are complete", details=details)
    code = UNSAFE if isinstance(problem, SecurityError) else KEY_REFUSED
    return Finding("environment", Verdict.BROKEN, str(problem), details=details, code=code)


def check_key(credential: CredentialSource) -> Finding:
    """Say what looks wrong about the credential, without showing it; a guess, so it is a note at most."""
    value, scheme = credential.value, credential.scheme
    bare = value.strip().strip(_QUOTES)
    remarks = {
        "it has blanks or line breaks: copy it again, alone": re.search(r"\s", value),
        "it has quotes around it, which belong to the shell and not to the key": value.strip(_QUOTES) != value,
        "it begins with Bearer: give only what follows": bare.lower().startswith("bearer"),
        "it looks like NAME=VALUE: give only the value": re.match(r"[A-Z][A-Z0-9_]*=.", bare),
        "it looks like a placeholder of an example": _PLACEHOLDER.fullmatch(bare),
        f"it looks like a bearer token: try it in {TOKEN_VARIABLE}": scheme == "key" and _JWT.fullmatch(bare),
        f"it is very short for a {scheme}: is it complete?": len(bare) < 12,
        f"it is very long for a {scheme}: is it more than that?": len(bare) > 4096,
        "it has characters outside ASCII, which no header can hold": not value.isascii(),
    }
    length = "1 character" if len(value) == 1 else f"{len(value)} characters"
    first, *others = [remark for remark, applies in remarks.items() if applies] or [""]
    if not first:
        return Finding("key shape", Verdict.WORKS, f"{length}, nothing unusual")
    return Finding("key shape", Verdict.NOTE, f"{length}; {first}", details=others)


def check_reachability(contact: Contact) -> Finding:
    """Say if the server responds at all."""
    if not contact.problem:
        return Finding("reachability", Verdict.WORKS, f"the server responds, after {contact.seconds:.2f} s")
    remedy = "check the base URL, the network and the proxy settings"
    if contact.untrusted:
        remedy = "if the host is right, name its authority in SSL_CERT_FILE"
    return Finding("reachability", Verdict.BROKEN, contact.problem, remedy=(remedy,), code=UNREACHABLE)


def check_certificate(contact: Contact, now: datetime) -> Finding | None:
    """Say how long the server's certificate is still valid; None where there is none, or it could not be read."""
    if contact.expires is None:
        return None
    left = (contact.expires - now).days
    days = "1 day" if left == 1 else f"{left} days"
    summary = f"the certificate is trusted, and expires on {contact.expires:%Y-%m-%d} ({days} left)"
    return Finding("TLS", Verdict.NOTE if left < _SOON else Verdict.WORKS, summary)


def check_clock(contact: Contact, now: datetime) -> Finding:
    """Compare this machine's clock with the server's."""
    try:
        skew = (now - parsedate_to_datetime(contact.date)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return Finding("clock", Verdict.NOTE, "the server sends no date to compare with")
    if abs(skew) <= _MOST_SKEW:
        return Finding("clock", Verdict.WORKS, "this machine's clock agrees with the server's")
    direction = "ahead of" if skew > 0 else "behind"
    summary = f"this machine's clock is {abs(skew):,.0f} s {direction} the server's"
    remedy = "set the clock: deadlines, signed URLs and 'yesterday' depend on it"
    return Finding("clock", Verdict.NOTE, summary, remedy=(remedy,))


def _set(environ: Mapping[str, str], names: tuple[str, ...]) -> list[tuple[str, str]]:
    both = [spelled for name in names for spelled in (name, name.lower())]
    return [(name, environ[name]) for name in both if environ.get(name)]


def without_secrets(url: str) -> str:
    """Return a URL without user, password, query and fragment."""
    scheme, colon, rest = url.partition("://")
    rest = re.split(r"[?#]", rest if colon else scheme)[0].rpartition("@")[2]
    return f"{scheme}://{rest}" if colon else rest
