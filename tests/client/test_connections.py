"""Connections: one pool for all threads, options and copies of a client, and an environment that cannot work."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from metrics24 import AsyncClient, Client, ConfigurationError, UsageError
from support.running import KEY
from support.scripted import ScriptedServer
from support.tables import Table, newest_first

HERE = "https://localhost:1"
VARIABLES = ("SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
RESOURCES = ("reports", "exports", "filter_groups")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Clear the environment of all that speaks of connections."""
    for name in (*VARIABLES, *map(str.lower, VARIABLES)):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("resource", RESOURCES)
def test_threads_that_meet_at_a_resource_share_the_connections(resource: str, environment: pytest.MonkeyPatch) -> None:
    """All threads that use a resource have one driver, and from then on it stays the same."""
    with Client(api_key="k", base_url=HERE) as client, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: getattr(client, resource), range(8)))
        assert len({id(each._driver) for each in found}) == 1
        assert getattr(client, resource) is getattr(client, resource)


def test_many_changes_of_options_share_one_budget(environment: pytest.MonkeyPatch) -> None:
    """Clients made from one another share the connections and what they know of the server, however many they are."""
    first = client = Client(api_key="k", base_url=HERE)
    for seconds in range(1, 3000):
        client = client.with_options(timeout=seconds)
    assert client._options.policy.timeout == 2999
    assert client._options.policy.budget is first._options.policy.budget
    assert client._driver is first._driver
    first.close()


async def test_a_client_that_was_never_used_closes_for_good(environment: pytest.MonkeyPatch) -> None:
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
    async with AsyncClient(api_key="k", base_url=HERE) as twin:
        pass
    await twin.aclose()
    with pytest.raises(UsageError, match="closed"):
        await twin.request("listExports")


GARBAGE = "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/no/such/file"),
        ("SSL_CERT_FILE", pytest.__file__),
        ("SSL_CERT_FILE", str(Path(__file__).parent)),
        ("SSL_CERT_FILE", "damaged"),
        ("HTTPS_PROXY", "foo://proxy"),
        ("http_proxy", "http://proxy:bad"),
        ("ALL_PROXY", "foo://proxy"),
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_environment_that_cannot_work_is_refused_when_the_client_is_made(
    environment: pytest.MonkeyPatch, tmp_path: Path, kind: type[Any], *, name: str, value: str
) -> None:
    """Certificates that are missing or damaged, and proxies that are none, are refused for each client, unsent."""
    (tmp_path / "damaged").write_text(GARBAGE, "utf-8")
    environment.setenv(name, str(tmp_path / value) if value == "damaged" else value)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=name.upper()):
            kind(api_key="k", base_url=HERE)


def test_a_client_serves_many_threads_from_its_first_call_on(environment: pytest.MonkeyPatch) -> None:
    """Threads whose calls are the client's first get their rows, over one pool."""
    question: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-27"}
    with ScriptedServer(Table(newest_first(3, 1))) as server, Client(api_key=KEY, base_url=server.base_url) as client:
        with ThreadPoolExecutor(4) as threads:
            rows = list(threads.map(lambda _: list(client.reports.clicks("i", **question)), range(4)))
        assert [len(each) for each in rows] == [3, 3, 3, 3]
        assert server.connections <= 4
