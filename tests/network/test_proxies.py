"""Faults 1, 2, 5, 6 and 55 behind proxies and private authorities, set up as users of httpx expect."""

import logging
import os
import platform
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import httpx
import pytest
import trustme

import metrics24
from metrics24 import ConfigurationError, RequestTimeout, Retrying, TransportError
from metrics24._io.http import Environment, ssl_context
from support import steps
from support.clock import FakeClock
from support.proxy import Proxy
from support.running import KEY, RANGE, Running, collect
from support.scripted import ScriptedServer, Serve, in_turn
from support.tables import newest_first, page

ROWS = newest_first(3, 1)
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
SLACK = 1.0  # seconds for a busy machine
Through = Callable[..., Proxy]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing of proxies and certificates, to say something in."""
    for name in (*VARIABLES, *map(str.lower, VARIABLES), "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def authority() -> trustme.CA:
    """A certificate authority that no machine trusts."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, environment: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """The authority, trusted by the environment's SSL_CERT_FILE."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    environment.setenv("SSL_CERT_FILE", str(bundle))
    return authority


@pytest.fixture
def secure(serve: Serve, authority: trustme.CA) -> ScriptedServer:
    """A server behind TLS, with a certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return serve(in_turn(page(ROWS)), tls=context)


@pytest.fixture
def through() -> Iterator[Through]:
    """Start proxies that are closed after the test."""
    with ExitStack() as stack:
        yield lambda *login: stack.enter_context(Proxy(*login))


def read(run: Running, client: object) -> list[object]:
    """Read the rows of the server."""
    return collect(run, client.reports.clicks("int1", **RANGE).records())  # type: ignore[attr-defined]


@pytest.mark.usefixtures("trusted")
def test_fault_02_the_environment_can_name_an_authority(run: Running, secure: ScriptedServer) -> None:
    """SSL_CERT_FILE makes a private authority trusted, without a word in the program."""
    assert read(run, run.client(secure)) == ROWS


def test_clients_share_authorities(environment: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path) -> None:
    """Clients share one SSL context for each CA setting, until the file of authorities changes."""
    bundle = tmp_path / "authorities.pem"
    default = ssl_context()
    authority.cert_pem.write_to_path(str(bundle))
    environment.setenv("SSL_CERT_FILE", str(bundle))
    private = ssl_context()
    assert ssl_context() is private is not default
    trustme.CA().cert_pem.write_to_path(str(bundle), append=True)
    changed = ssl_context()
    assert changed is not private
    assert len(changed.get_ca_certs()) == 2
    environment.delenv("SSL_CERT_FILE")
    assert ssl_context() is default


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_authorities_may_come_by_a_pipe(environment: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path) -> None:
    """A pipe, which can be read only once, serves all clients of the process."""
    pipe = tmp_path / "authorities"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(authority.cert_pem.bytes(),))
    writer.start()
    environment.setenv("SSL_CERT_FILE", str(pipe))
    first = ssl_context()
    writer.join()
    assert ssl_context() is first
    assert len(first.get_ca_certs()) == 1


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_tunnelled_through(
    run: Running, secure: ScriptedServer, through: Through, environment: pytest.MonkeyPatch, variable: str
) -> None:
    """An https server is reached by a tunnel of the environment's proxy, which learns its name and nothing else."""
    proxy = through()
    environment.setenv(variable, proxy.url)
    assert read(run, run.client(secure)) == ROWS
    assert proxy.asked == [f"CONNECT localhost:{secure.port} HTTP/1.1"]
    assert KEY.encode() not in proxy.carried
    assert ROWS[0]["real_tx_id"].encode() not in proxy.carried  # type: ignore[attr-defined]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("exempt", ["localhost", "*", "example.com,localhost"])
def test_what_needs_no_proxy_goes_past_it(
    run: Running, secure: ScriptedServer, through: Through, environment: pytest.MonkeyPatch, exempt: str
) -> None:
    """Hosts that NO_PROXY names are reached directly."""
    proxy = through()
    environment.setenv("HTTPS_PROXY", proxy.url)
    environment.setenv("NO_PROXY", exempt)
    assert read(run, run.client(secure)) == ROWS
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("entry", "url", "directly"),
    [
        ("example.com", "https://example.com", True),
        ("example.com", "https://api.Example.com/x", True),
        ("example.com", "https://badexample.com", False),
        (".example.com", "https://api.example.com", True),
        ("*.example.com", "https://api.example.com", True),
        ("example.com:8443", "https://example.com:8443", True),
        ("example.com:443", "https://example.com", True),
        ("example.com:443", "https://example.com:8443", False),
        ("http://example.com", "https://example.com", False),
        ("https://example.com", "https://example.com", True),
        ("all://example.com", "https://example.com", True),
        ("10.0.0.1", "https://10.0.0.1", True),
        ("10.0.0.0/8", "https://10.1.2.3:8443", True),
        ("10.0.0.0/8", "https://11.1.2.3", False),
        ("::1", "https://[::1]:8443", True),
        ("[::1]", "https://[::1]", True),
        (" , other.example,, EXAMPLE.com ", "https://example.com", True),
        ("", "https://example.com", False),
    ],
)
def test_no_proxy_is_read_as_by_curl(environment: pytest.MonkeyPatch, entry: str, url: str, *, directly: bool) -> None:
    """NO_PROXY is read as curl and httpx read it: hosts with all below them, addresses, networks, ports, schemes."""
    environment.setenv("HTTPS_PROXY", "localhost:3128")
    environment.setenv("NO_PROXY", entry)
    proxy = Environment.read().proxy(httpx.URL(url))
    assert (proxy is None) is directly


def test_a_socks_proxy_needs_its_package(environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy is refused at once without the package that speaks it, and taken with it."""
    environment.setenv("ALL_PROXY", "socks5://user:secret@localhost:1080")
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ConfigurationError, match="socksio"):
        Environment.read()
    monkeypatch.setitem(sys.modules, "socksio", ModuleType("socksio"))
    proxy = Environment.read().proxy(httpx.URL("https://example.com"))
    assert proxy is not None
    assert (proxy.url.scheme, proxy.url.port, proxy.auth) == (b"socks5", 1080, (b"user", b"secret"))


@pytest.mark.usefixtures("trusted")
def test_a_proxy_is_spoken_to_by_tls_with_the_same_authorities(environment: pytest.MonkeyPatch) -> None:
    """An https proxy is checked against SSL_CERT_FILE as servers are."""
    environment.setenv("HTTPS_PROXY", "https://proxy.example")
    proxy = Environment.read().proxy(httpx.URL("https://example.com"))
    assert proxy is not None
    assert proxy.ssl_context is ssl_context()


@pytest.mark.usefixtures("environment")
def test_a_transport_has_its_own(run: Running, secure: ScriptedServer, through: Through, authority: trustme.CA) -> None:
    """The proxy and the certificates of httpx's own transport are used."""
    proxy, context = through(), ssl.create_default_context()
    authority.configure_trust(context)
    client = run.client(secure, transport=run.transport(verify=context, proxy=proxy.url))
    assert read(run, client) == ROWS
    assert len(proxy.asked) == 1


@pytest.mark.parametrize("proxied", [False, True])
def test_fault_02_an_untrusted_certificate_is_refused_at_once(
    run: Running, secure: ScriptedServer, through: Through, environment: pytest.MonkeyPatch, *, proxied: bool
) -> None:
    """An untrusted certificate ends the call after one connection, behind a proxy too, with the key unsent."""
    if proxied:
        environment.setenv("HTTPS_PROXY", through().url)
    with pytest.raises(TransportError, match=r"(?is)certificate.*SSL_CERT_FILE"):
        read(run, run.client(secure))
    assert (secure.connections, secure.hits) == (1, 0)


def test_plain_http_takes_a_local_proxy(
    run: Running, serve: Serve, through: Through, environment: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY is used for the sandbox's plain http where the proxy is on this machine as well."""
    proxy, server = through(), serve(in_turn(page(ROWS)))
    environment.setenv("HTTP_PROXY", proxy.url)
    assert read(run, run.client(server)) == ROWS
    assert [line.split("?")[0].startswith(f"GET {server.base_url}/") for line in proxy.asked] == [True]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("elsewhere", ["http://proxy.example:3128", "proxy.example:3128", "http://10.0.0.9:1"])
def test_fault_57_plain_http_never_goes_to_a_proxy_elsewhere(
    run: Running, serve: Serve, environment: pytest.MonkeyPatch, *, variable: str, elsewhere: str
) -> None:
    """A proxy on another machine is passed by for plain http, since it would be sent the key unencrypted."""
    server = serve(in_turn(page(ROWS)))
    environment.setenv(variable, elsewhere)
    assert read(run, run.client(server)) == ROWS


@pytest.mark.usefixtures("trusted")
def test_fault_55_a_proxys_password_shows_nowhere(
    run: Running,
    secure: ScriptedServer,
    through: Through,
    environment: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """User and password of the proxy's URL log in to it, and stand in no log, whether it takes them or not."""
    good, bad = through("smith", "hunter2"), through("smith", "other")
    with caplog.at_level(logging.DEBUG):
        environment.setenv("HTTPS_PROXY", good.url)
        assert read(run, run.client(secure)) == ROWS
        environment.setenv("HTTPS_PROXY", bad.url.replace("other", "hunter2"))
        with pytest.raises(TransportError, match=r"407.*proxy settings") as caught:
            read(run, run.client(secure, retrying=Retrying(attempts=1)))
    told = str(caught.value) + caplog.text + repr([vars(record) for record in caplog.records])
    assert not {text for text in ("hunter2", "c21pdGg6aHVudGVyMg", KEY) if text in told}


def test_fault_01_an_absent_proxy_is_retried(run: Running, clock: FakeClock, environment: pytest.MonkeyPatch) -> None:
    """A write through a proxy that cannot be reached surely did not happen, and is repeated."""
    environment.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    client = run.client("https://localhost:1", clock=clock, retrying=Retrying(attempts=3))
    with pytest.raises(TransportError, match="proxy settings") as caught:
        run.result(client.request("createFilterGroup", path={"integrationID": "int1"}, body={"name": "n"}))
    assert (caught.value.sent, len(clock.slept)) == (False, 2)


@pytest.mark.parametrize("stalling", [steps.silence, steps.drip_headers(0.05)], ids=["silence", "drip"])
def test_fault_05_06_a_proxy_cannot_hold_a_call_up(
    run: Running, serve: Serve, environment: pytest.MonkeyPatch, stalling: Callable[..., None]
) -> None:
    """A proxy that never opens its tunnel, or drips its answer, costs no more than the timeout."""
    environment.setenv("HTTPS_PROXY", serve(in_turn(stalling)).base_url)
    client = run.client("https://localhost:1", timeout=0.4, retrying=Retrying(attempts=1))
    started = time.monotonic()
    with pytest.raises(RequestTimeout):
        read(run, client)
    assert time.monotonic() - started < 0.4 + SLACK


@pytest.mark.usefixtures("environment")
def test_requests_say_who_sends_them(run: Running, serve: Serve) -> None:
    """The user agent names this client, httpx and Python with their versions."""
    server = serve(in_turn(page(ROWS)))
    read(run, run.client(server))
    versions = {"metrics24": metrics24.__version__, "httpx": httpx.__version__, "Python": platform.python_version()}
    assert server.requests[0].headers["user-agent"] == " ".join(map("/".join, versions.items()))
