"""The doctor's checks before any operation: settings, key, certificate, clock; and the exit code of all findings."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from metrics24.cli.exit_codes import EXITS
from metrics24.speccheck.environment import (
    Contact,
    CredentialSource,
    check_clock,
    check_key,
    credential_source,
    without_secrets,
)
from metrics24.speccheck.judgement import SEVERITY, Finding, Verdict, exit_code
from metrics24_sandbox import Sandbox
from speccheck.conftest import KEY, Doctor, Serve
from speccheck.stage import healthy, stage
from support.steps import silence

SIGNED = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxIn0", "c2lnbmF0dXJl"))  # in pieces: nothing here is a token
NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "remark"),
    [
        ("abcdefghijklmnop ", "blanks or line breaks"),
        ('"abcdefghijklmnop"', "quotes around it"),
        ("Bearer abcdefghijklmnop", "begins with Bearer"),
        ("METRICS24_API_KEY=abcdefghijklmnop", "NAME=VALUE"),
        ("<your-key-goes-here>", "placeholder"),
        ("your-api-key-goes-here", "placeholder"),
        ("$METRICS24_API_KEY", "placeholder"),
        (SIGNED, "try it in METRICS24_TOKEN"),
        ("abc", "very short"),
        ("a" * 5000, "very long"),
        ("abcdefghijklmn\u00f6p", "outside ASCII"),
    ],
)
def test_an_odd_key_is_noted_and_not_shown(value: str, remark: str) -> None:
    """Each usual slip with a key is recognized by its looks alone, with the key's length and never the key."""
    finding = check_key(CredentialSource("METRICS24_API_KEY", "key", value))
    text = " ".join([finding.summary, *finding.details])
    assert finding.verdict is Verdict.NOTE
    assert text.startswith(f"{len(value)} characters; ")
    assert remark in text
    assert value not in text


def test_a_plain_key_is_nothing_unusual() -> None:
    """A key of letters and digits, and a token that looks like one, give no remark."""
    assert check_key(CredentialSource("METRICS24_API_KEY", "key", "0123456789abcdef")).verdict is Verdict.WORKS
    assert check_key(CredentialSource("METRICS24_API_KEY", "key", "0")).summary.startswith("1 character;")
    assert check_key(CredentialSource("METRICS24_TOKEN", "token", SIGNED)).verdict is Verdict.WORKS


def test_the_source_is_that_of_the_client() -> None:
    """A file outranks the variables, one variable is taken, none or both are none."""
    both = {"METRICS24_API_KEY": "a", "METRICS24_TOKEN": "b"}
    assert credential_source(both, "key.txt", "c") == CredentialSource("the file key.txt", "key", "c")
    assert credential_source({"METRICS24_TOKEN": "b"}, None, None) == CredentialSource("METRICS24_TOKEN", "token", "b")
    assert credential_source(both, None, None) is credential_source({}, None, None) is None
    assert "secret" not in repr(CredentialSource("x", "key", "secret"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:pass@proxy.invalid:3128", "http://proxy.invalid:3128"),
        ("user:pass@proxy.invalid:3128", "proxy.invalid:3128"),
        ("https://host.invalid/base?token=1#x", "https://host.invalid/base"),
        ("localhost,127.0.0.1", "localhost,127.0.0.1"),
    ],
)
def test_urls_lose_what_may_be_secret(url: str, shown: str) -> None:
    """User, password, query and fragment of a URL are not shown."""
    assert without_secrets(url) == shown


@pytest.mark.parametrize(
    ("environment", "code", "expected"),
    [
        ({"METRICS24_BASE_URL": "https://api.invalid"}, 3, {"environment": "broken: credential: none, or two"}),
        ({"METRICS24_API_KEY": KEY, "METRICS24_BASE_URL": "http://api.invalid"}, 9, {"environment": "broken"}),
        ({"METRICS24_API_KEY": KEY, "METRICS24_BASE_URL": "https://me:hidden@api.invalid"}, 3, {}),
        ({"METRICS24_API_KEY": KEY, "METRICS24_BASE_URL": "http://127.0.0.1:9"}, 6, {"reachability": "broken"}),
        (
            {"METRICS24_API_KEY": "Bearer abcdefghijklmnop", "METRICS24_BASE_URL": "https://api.invalid"},
            3,
            {"environment": "broken", "key shape": "note: begins with Bearer"},
        ),
    ],
    ids=["no credential", "plain http", "a password in the URL", "no server", "a key with a blank"],
)
def test_settings_that_cannot_work_end_the_visit(
    doctor: Doctor, environment: dict[str, str], code: int, expected: dict[str, str]
) -> None:
    """Missing, unsafe and odd settings have their codes and remedies before any operation, and no password is shown."""
    ended = doctor(None, "--json", **environment)
    ended.agrees(code, expected)
    assert (ended.facts["operations"], "hidden" in ended.out) == ([], False)


@pytest.mark.parametrize(
    ("date", "verdict"),
    [
        *[(date, Verdict.NOTE) for date in ("", "yesterday", "Sat, 01 Mar 2025 11:59:30")],
        ("Sat, 01 Mar 2025 11:59:30 GMT", Verdict.WORKS),
    ],
)
def test_a_clock_agrees_within_a_minute(date: str, verdict: Verdict) -> None:
    """Half a minute of difference is none; a missing Date header, or one that is no date, is a note."""
    assert check_clock(Contact(date=date), NOW).verdict is verdict


def test_proxies_and_authorities_are_listed(doctor: Doctor, box: Sandbox) -> None:
    """Variables that change how connections are made are shown, without the user and password of a proxy."""
    ended = doctor(box, "--json", HTTPS_PROXY="http://me:hidden@proxy.invalid:3128", NO_PROXY="127.0.0.1")
    details = ended.named("environment")["details"]
    assert "proxy: HTTPS_PROXY=http://proxy.invalid:3128" in details
    assert "proxy: NO_PROXY=127.0.0.1" in details
    assert "hidden" not in ended.out


def test_a_server_that_never_responds_is_code_6_in_time(doctor: Doctor, serve: Serve) -> None:
    """A server that accepts and stays silent is given up after --timeout seconds."""
    ended = doctor(serve(lambda _: silence), "--json", "--timeout", "0.3")
    assert (ended.code, ended.named("reachability")["summary"]) == (6, "no response within 0.3 s")


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for localhost, and the file with its private authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=5, hours=1)).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return context, tmp_path / "authority.pem"


def test_a_certificate_that_soon_expires_is_noted(
    doctor: Doctor, serve: Serve, authority: tuple[ssl.SSLContext, Path]
) -> None:
    """Over https the report says when the certificate expires, and notes it two weeks before."""
    server = serve(stage(healthy()), tls=authority[0])
    ended = doctor(server, "--integration", "acmeshop01", "--json", SSL_CERT_FILE=str(authority[1]))
    assert (ended.code, ended.verdicts["TLS"]) == (0, "note")
    assert "(5 days left)" in ended.named("TLS")["summary"]


def test_a_certificate_that_is_not_trusted_names_the_remedy(
    doctor: Doctor, serve: Serve, authority: tuple[ssl.SSLContext, Path]
) -> None:
    """An unknown authority is code 6, and the report names the variable for one."""
    ended = doctor(serve(stage(healthy()), tls=authority[0]), "--json")
    assert (ended.code, ended.verdicts["reachability"]) == (6, "broken")
    assert "the certificate is not trusted" in ended.named("reachability")["summary"]
    assert "SSL_CERT_FILE" in ended.named("reachability")["remedy"][0]


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((), 0),
        (("WORKS", "NOTE"), 0),
        (("WORKS", "INCONCLUSIVE"), 13),
        (("FORBIDDEN", "WORKS"), 13),
        (("INCONCLUSIVE", "BROKEN"), 6),
        (("BROKEN", "WRONG_PATH"), 12),
        (("DIFFERS", "INCONCLUSIVE"), 12),
        (("WRONG_METHOD", "REFUSED"), 3),
    ],
    ids=str,
)
def test_the_worst_finding_is_the_verdict(verdicts: tuple[str, ...], code: int) -> None:
    """A refused key outranks what can be corrected, that what is broken, that what is open; all codes exist."""
    found = [Finding(name="x", verdict=Verdict[each], summary="") for each in verdicts]
    assert exit_code(found) == code
    assert set(SEVERITY) < {each.code for each in EXITS}
