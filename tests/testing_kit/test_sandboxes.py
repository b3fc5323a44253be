"""Sandboxes for users' tests, in this process and in another."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, get_type_hints

import httpx
import pytest

import metrics24
from metrics24.errors import ServerError, UsageError
from metrics24.testing import Choices, SandboxBox, sandbox, sandbox_process
from metrics24.testing.sandboxes import new_sandbox
from metrics24_sandbox import Behaviour, SandboxOptions

NOW = "2025-02-10T12:00:00"
DAY = "2025-02-09"
KINDS = [sandbox, sandbox_process]
Start = Callable[..., AbstractContextManager[SandboxBox]]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__, scope="module")
def box(request: pytest.FixtureRequest) -> Iterator[SandboxBox]:
    """A sandbox of each kind, whose clock stands still."""
    with request.param(now=NOW, clicks_per_day=30) as running:
        yield running


@pytest.fixture
def fresh(box: SandboxBox) -> SandboxBox:
    """The same, as if just started."""
    box.reset()
    return box


def one_page(box: SandboxBox, **options: Any) -> list[object]:
    """Ask for a few clicks."""
    with box.client(**options) as client:
        return list(client.reports.clicks(box.integrations[0], start=DAY, end=DAY, limit=5))


async def test_clients_of_the_sandbox_get_its_rows(fresh: SandboxBox) -> None:
    """The clients that a sandbox makes need no setting and read the same rows, and its token serves as well."""
    rows = one_page(fresh)
    assert (len(rows), fresh.hits("getClickReport")) == (5, 1)
    async with fresh.async_client() as client:
        assert [row async for row in client.reports.clicks(fresh.integrations[0], start=DAY, end=DAY, limit=5)] == rows
    assert one_page(fresh, token=fresh.token, timeout=5) == rows


def test_a_planned_failure_reaches_the_client(fresh: SandboxBox) -> None:
    """The next requests meet the faults of a plan, and none after a reset."""
    fresh.fail_next("getClickReport", "503x2")
    with pytest.raises(ServerError):
        one_page(fresh, retrying=metrics24.Retrying(attempts=1))
    fresh.reset()
    assert len(one_page(fresh, retrying=metrics24.Retrying(attempts=1))) == 5
    assert fresh.hits("getClickReport") == 1


def test_the_clock_moves_when_told(fresh: SandboxBox) -> None:
    """A clock that stands still moves on by seconds, and rows of the day to come appear."""
    with fresh.client() as client:
        tomorrow = client.reports.clicks(fresh.integrations[0], start="2025-02-11", end="2025-02-11")
        before = len(list(tomorrow))
        fresh.advance(2 * 86_400)
        after = len(list(tomorrow))
    assert before == 0
    assert after > 10


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (lambda box: box.hits("getClicks"), "There is no operation 'getClicks'; there are listFilterGroups"),
        (lambda box: box.fail_next("getClicks", "503"), "There is no operation 'getClicks'"),
        (lambda box: box.fail_next("getClick", "explode"), "no such fault: 'explode'; docs/testing.md lists"),
    ],
    ids=["hits", "operation", "fault"],
)
def test_unknown_names_are_refused(fresh: SandboxBox, wrong: Callable[[SandboxBox], object], complaint: str) -> None:
    """A misspelt operation or fault is UsageError, since a test would otherwise pass without it."""
    with pytest.raises(UsageError, match=complaint):
        wrong(fresh)
    assert fresh.hits("storage") == 0


def test_a_clock_that_runs_cannot_be_moved() -> None:
    """To move the clock of a sandbox without `now` is UsageError."""
    with sandbox() as box, pytest.raises(UsageError, match="give the sandbox a `now`"):
        box.advance(1)


def test_the_environment_leads_programs_to_the_sandbox(fresh: SandboxBox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client without arguments finds the sandbox by the variables."""
    monkeypatch.delenv("METRICS24_TOKEN", raising=False)
    for name, value in fresh.environment().items():
        monkeypatch.setenv(name, value)
    with metrics24.Client() as client:
        assert client.reports.clicks(fresh.integrations[0], start=DAY, end=DAY).first() is not None


def test_both_kinds_serve_the_same() -> None:
    """With equal choices the sandbox in a process has the same facts and rows, and secrets are in no repr."""
    with sandbox(now=NOW, seed=7) as near, sandbox_process(now=NOW, seed=7) as far:
        assert one_page(near) == one_page(far)
        assert (near.api_key, near.token, near.organization) == (far.api_key, far.token, far.organization)
        assert (near.integrations, near.forbidden_integration) == (far.integrations, far.forbidden_integration)
        assert near.api_key not in repr(near)


@pytest.mark.parametrize("kind", KINDS)
def test_the_sandbox_ends_with_its_block(kind: Start) -> None:
    """After the block nothing listens, even if it ended with an error."""
    with pytest.raises(ZeroDivisionError), kind() as box:  # noqa: PT012  the error ends the block
        url = box.base_url
        raise ZeroDivisionError
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("choices", "complaint"),
    [
        ({"rows_per_day": 5}, "A sandbox has no rows_per_day; `metrics24 sandbox --help` lists"),
        ({"behaviour": Behaviour}, "A sandbox has no behaviour"),
        ({"export_fate": "explode"}, "export_fate is one of complete, error, .*, not 'explode'"),
        ({"quota_status": 500}, "quota_status is one of 402, 429, not 500"),
        ({"now": "noon"}, "Invalid isoformat string: 'noon'"),
        ({"host": "192.0.2.1"}, "The sandbox cannot be started: .* assign requested address"),
    ],
    ids=["unknown", "behaviour", "word", "number", "time", "address"],
)
def test_choices_that_make_no_sense_are_refused(kind: Start, choices: dict[str, Any], complaint: str) -> None:
    """A choice that does not exist, or that no sandbox can start with, is UsageError."""
    with pytest.raises(UsageError, match=complaint), kind(**choices):
        pytest.fail("it started")


def test_the_choices_are_the_sandbox_s_options() -> None:
    """Everything that a sandbox can be told can be chosen, with the sandbox's own names."""
    told = {*get_type_hints(SandboxOptions), *get_type_hints(Behaviour)} - {"behaviour"}
    assert set(Choices.__annotations__) == told


def test_days_are_small_and_exports_ready_unless_chosen_otherwise() -> None:
    """Tests get few rows and no waiting by default, and what they choose counts."""
    default = new_sandbox({}).options
    chosen = new_sandbox({"clicks_per_day": 7, "pending": 3.0, "wrap": "data"}).options
    assert (default.clicks_per_day, default.behaviour.pending, default.behaviour.running) == (100, 0.0, 0.0)
    assert (chosen.clicks_per_day, chosen.behaviour.pending, chosen.behaviour.wrap) == (7, 3.0, "data")


def test_the_documentation_lists_every_choice_and_fault() -> None:
    """docs/testing.md names what can be chosen, and the kinds of faults."""
    from metrics24_sandbox.faults import KINDS as FAULTS

    document = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
    assert [name for name in (*Choices.__annotations__, *FAULTS) if f"`{name}`" not in document] == []
