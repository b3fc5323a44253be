"""Recording from the live API, which another sandbox plays: another address, another key, and a clock that runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import canary, cassettes, recording
from contract.exchanges import exchanges, violations
from contract.record import main
from contract.scenarios import SCENARIOS
from metrics24 import Client
from metrics24_api.operation_table import OPERATIONS
from metrics24_sandbox import Behaviour, Sandbox, SandboxOptions
from support.clock import FakeClock

LIVE_KEY = "l1ve/Key+of=a.customer"
OPTIONS = SandboxOptions(
    api_key=LIVE_KEY,
    seed=77,
    conversions_per_day=12,
    clicks_per_day=12,
    impressions_per_day=12,
    behaviour=Behaviour(pending=0, running=0, wrap="data", created="id", answer="204"),
)
READS = {name for name, scenario in SCENARIOS.items() if scenario.needs == "reads"}
WRITES = {name for name, scenario in SCENARIOS.items() if scenario.needs == "writes"}

FAILURES = {
    "filter_group": ("deleteFilterGroup", "403x1"),
    "filter_groups_at_once": ("bulkUpdateFilterGroups", "400x1"),
    "export_of_clicks": ("getExportUrl", "404x1"),
}


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The API that the environment leads to."""
    with Sandbox(OPTIONS) as box:
        monkeypatch.setenv("METRICS24_BASE_URL", box.base_url)
        monkeypatch.setenv("METRICS24_API_KEY", LIVE_KEY)
        yield box


def record(box: Sandbox, folder: Path, *options: str) -> int:
    """Record as `make record LIVE=1` does."""
    days = ["--start", "2025-02-01", "--end", "2025-02-02"]
    where = ["--integration", box.integrations[0], "--organization", box.organization, "--into", str(folder)]
    return main(["--live", *where, *days, *options], FakeClock())


def left_behind(box: Sandbox) -> tuple[set[str], set[str]]:
    """The filter groups and exports that there are."""
    with Client(api_key=LIVE_KEY, base_url=box.base_url) as client:
        groups = {str(group.name) for group in client.filter_groups.list(box.integrations[0])}
        return groups, {export.id for export in client.exports.list()}


def belongings(box: Sandbox) -> list[tuple[str, str]]:
    """Values that a customer would not want in a repository: keys, addresses and ids, as the API serves them."""
    found = {LIVE_KEY, box.token, box.organization, *box.integrations, box.base_url.partition("://")[2]}
    with Client(api_key=LIVE_KEY, base_url=box.base_url) as client:
        days: Any = {"start": "2025-02-01", "end": "2025-02-02"}
        telling = ("real_tx_id", "user_agent", "click_ip", "device_id", "fingerprint", "offer", "advertiser", "sub_id")
        for row in client.reports.clicks(box.integrations[0], **days).records():
            found |= {row[name] for name in telling if row[name]}
        found |= {row["hash"] for row in client.reports.conversions(box.integrations[0], **days).records()}
        found |= {str(export.requested_by) for export in client.exports.list()}
    return [("something of the customer's", text) for text in found]


def test_everything_is_recorded_and_scrubbed(live: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With WRITES all scenarios but those with faults are recorded and scrubbed, replay, and clean up."""
    before = left_behind(live)
    assert record(live, tmp_path, "--writes") == 0, capsys.readouterr().out
    assert {path.stem for path in tmp_path.glob("*.yaml")} == READS | WRITES
    assert left_behind(live) == before
    secrets = belongings(live)
    for path in sorted(tmp_path.iterdir()):
        canary.refuse(path.name, path.read_bytes(), secrets)
    for path in sorted(tmp_path.glob("*.yaml")):
        origin = cassettes.origin_of(path)
        assert (origin.kind, origin.spec, len(origin.recorded)) == ("live", cassettes.spec_hash(), len("2025-01-01"))
        assert [found for each in exchanges(path) if each.operation for found in violations(each)] == []
        replay = recording.replayed(SCENARIOS[path.stem], path, "async")
        assert cassettes.as_result(replay) == path.with_suffix(".json").read_text("utf-8")
    assert LIVE_KEY not in "".join(capsys.readouterr())


@pytest.mark.parametrize("name", sorted(WRITES))
def test_writes_need_the_option(name: str, live: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without WRITES a scenario that writes cannot be had, and no request is sent."""
    assert record(live, tmp_path, "--only", name) == 2
    assert "can be played live this way" in capsys.readouterr().err
    assert live.requests == ()
    assert list(tmp_path.iterdir()) == []


def test_reading_sends_nothing_that_writes(live: Sandbox, tmp_path: Path) -> None:
    """The scenarios that are recorded by default use no operation that the spec marks as a write."""
    writing = {operation.id for operation in OPERATIONS.values() if operation.effect == "write"}
    assert record(live, tmp_path, "--only", "exports_listed") == 0
    asked = {each.operation for name in READS for each in exchanges(cassettes.FOLDER / f"{name}.yaml")}
    assert (asked | {seen.operation for seen in live.requests}) & writing == set()


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_cleaned_up(name: str, live: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that a scenario made before it failed is gone, and its cassette is not written."""
    before = left_behind(live)
    live.fail_next(*FAILURES[name])
    assert record(live, tmp_path, "--writes", "--only", name) == 1
    assert f"{name}: failed: " in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert left_behind(live) == before


def test_what_cannot_be_cleaned_up_is_named(live: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The id of an export that cannot be deleted afterwards is shown, so that somebody can."""
    before = left_behind(live)[1]
    live.fail_next("deleteExport", "403x1")
    assert record(live, tmp_path, "--writes", "--only", "export_of_clicks") == 1
    [left] = left_behind(live)[1] - before
    assert f"failed: could not clean up, look for {left}: Forbidden" in capsys.readouterr().out


def test_what_the_account_lacks_is_skipped(live: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Days without rows give no cassettes of rows and no failure, but the reason."""
    where = ["--integration", live.integrations[0], "--into", str(tmp_path), "--only", "look_ups"]
    assert main(["--live", *where, "--start", "2023-01-01", "--end", "2023-01-02"]) == 0
    told = capsys.readouterr().out
    assert "look_ups: skipped: there is nothing to read: choose other days, or another integration" in told
    assert list(tmp_path.iterdir()) == []


def test_a_token_serves_as_well(live: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With METRICS24_TOKEN the cassettes hold a token's stand-in, and replay with one."""
    monkeypatch.delenv("METRICS24_API_KEY")
    monkeypatch.setenv("METRICS24_TOKEN", live.token)
    assert record(live, tmp_path, "--only", "impressions") == 0
    [path] = tmp_path.glob("*.yaml")
    assert {each.headers["authorization"] for each in exchanges(path)} == {"Bearer scrubbed-token"}
    assert cassettes.origin_of(path).credential == "token"


@pytest.mark.parametrize(
    ("variables", "options", "said"),
    [
        ("", "--integration x", "Set METRICS24_API_KEY or METRICS24_TOKEN, one of them."),
        ("API_KEY TOKEN", "--integration x", "one of them."),
        ("API_KEY", "", "Name a scratch integration: INTEGRATION=..."),
        ("API_KEY", "--writes --integration x", "with WRITES=1 also ORGANIZATION=..."),
    ],
    ids=["no credential", "two credentials", "no integration", "no organization"],
)
def test_a_wrong_call_is_refused_before_anything_is_sent(
    variables: str, options: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without one credential and a named integration nothing happens, and what is missing is said."""
    for name in variables.split():
        monkeypatch.setenv(f"METRICS24_{name}", "a")
    assert main(["--live", *options.split()]) == 2
    assert said in capsys.readouterr().err
