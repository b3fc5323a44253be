"""What a client makes when it is first needed, and what it does not wait for."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from metrics24 import AsyncClient, Client, ConfigurationError, UsageError
from metrics24.client import Late
from support.running import KEY
from support.scripted import ScriptedServer
from support.tables import Table, newest_first

HERE = "https://localhost:1"
VARIABLES = ("SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
RESOURCES = ("reports", "exports", "filter_groups")
GARBAGE = "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Clear the environment of all that speaks of connections."""
    for name in (*VARIABLES, *map(str.lower, VARIABLES)):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_what_is_late_is_made_once_for_all_threads() -> None:
    """Threads that ask at once get one and the same thing."""
    made: list[object] = []
    together = threading.Barrier(8)

    def make() -> object:
        time.sleep(0)  # lets the other threads come in between
        made.append(object())
        return made[-1]

    late = Late(make)

    def ask(_: int) -> object:
        together.wait()
        return late.get()

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, range(8)))
    assert len(made) == 1
    assert {*map(id, found)} == {id(made[0])}


def test_what_could_not_be_made_is_tried_again() -> None:
    """An error while making it goes to whoever asked, and the next one may have more luck."""
    outcomes = iter([ValueError("not yet"), None])

    def make() -> str:
        error = next(outcomes)
        if error is not None:
            raise error
        return "made"

    late = Late(make)
    with pytest.raises(ValueError, match="not yet"):
        late.get()
    assert (late.get(), late.end(), late.get()) == ("made", "made", "made")


@pytest.mark.parametrize("resource", RESOURCES)
def test_threads_that_first_meet_at_a_resource_share_the_connections(
    resource: str, environment: pytest.MonkeyPatch
) -> None:
    """Whoever touches a resource first, all of its users have one driver, and from then on it stays the same."""
    with Client(api_key="k", base_url=HERE) as client, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: getattr(client, resource), range(8)))
        assert len({id(each._driver) for each in found}) == 1
        assert getattr(client, resource) is getattr(client, resource)


def test_many_changes_of_options_share_one_budget(environment: pytest.MonkeyPatch) -> None:
    """Clients made from one another share the connections and what they know of the server, however many they are."""
    first = client = Client(api_key="k", base_url=HERE)
    for seconds in range(1, 3000):
        client = client.with_options(timeout=seconds)
    assert client._settings.policy.timeout == 2999
    assert client._settings.policy.budget is first._settings.policy.budget
    assert client._driver is first._driver
    first.close()


def test_a_client_that_was_never_used_closes_for_good(environment: pytest.MonkeyPatch) -> None:
    """After close() nothing is sent, also where nothing had been sent before, nor by clients that share its options."""
    with Client(api_key="k", base_url=HERE) as client:
        other = client.with_options(timeout=3)
        other.close()
    client.close()
    for closed in (client, other):
        with pytest.raises(UsageError, match="closed"):
            closed.request("listExports")
        with pytest.raises(UsageError, match="closed"):
            closed.reports.clicks("i", start="2025-02-01", end="2025-02-02").first()


async def test_an_async_client_that_was_never_used_closes_for_good(environment: pytest.MonkeyPatch) -> None:
    """The asynchronous client does the same."""
    async with AsyncClient(api_key="k", base_url=HERE) as client:
        pass
    await client.aclose()
    with pytest.raises(UsageError, match="closed"):
        await client.request("listExports")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/no/such/file"),
        ("SSL_CERT_FILE", pytest.__file__),
        ("SSL_CERT_FILE", str(Path(__file__).parent)),
        ("HTTPS_PROXY", "foo://proxy"),
        ("http_proxy", "http://proxy:bad"),
        ("ALL_PROXY", "foo://proxy"),
    ],
)
def test_an_environment_that_cannot_work_is_told_when_the_client_is_made(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Certificates that are not there, files of other things and proxies that are none need no request to be seen."""
    environment.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name.upper()):
        Client(api_key="k", base_url=HERE)


def test_a_damaged_file_of_certificates_is_told_at_the_first_call(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that looks right and cannot be read is the same ConfigurationError, before anything is sent."""
    bundle = tmp_path / "authorities.pem"
    bundle.write_text(GARBAGE, "utf-8")
    environment.setenv("SSL_CERT_FILE", str(bundle))
    with Client(api_key="k", base_url=HERE) as client:
        for _ in range(2):
            with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
                client.request("listExports")


def test_a_client_serves_many_threads_from_its_first_call_on(environment: pytest.MonkeyPatch) -> None:
    """Threads whose calls are the client's first get their rows, over one pool."""
    question: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-27"}
    with ScriptedServer(Table(newest_first(3, 1))) as server, Client(api_key=KEY, base_url=server.base_url) as client:
        with ThreadPoolExecutor(4) as threads:
            rows = list(threads.map(lambda _: list(client.reports.clicks("i", **question)), range(4)))
        assert [len(each) for each in rows] == [3, 3, 3, 3]
        assert server.connections <= 4
