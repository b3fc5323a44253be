"""The sandbox as a whole: starting, stopping, remembering."""

import dataclasses
import threading
import time
from pathlib import Path

import httpx
import pytest
import yaml

from metrics24_sandbox import Sandbox, SandboxOptions, Seen
from metrics24_sandbox.clock import Clock
from metrics24_sandbox.spec import ENVIRONMENT_VARIABLE, Spec, location
from sandbox.calls import DAY, MAIN, SPEC, Caller, Start

QUERY = {**DAY, "page[size]": 5}
READY = 2.0


def test_a_sandbox_is_ready_within_two_seconds_and_leaves_nothing() -> None:
    """Start and stop are quick, and no thread outlives the block."""
    others = set(threading.enumerate())
    began = time.monotonic()
    with Sandbox() as box:
        caller = Caller(box)
        assert caller("listExports").status_code == 200
        assert time.monotonic() - began < READY
        caller.close()
    assert set(threading.enumerate()) <= others
    box.close()


def test_stopping_does_not_wait_for_anyone() -> None:
    """Requests that hang are dropped when the sandbox closes."""
    with Sandbox() as box:
        hanging = threading.Thread(target=_swallow, args=(f"{box.base_url}/",))
        hanging.start()
        while hanging.is_alive() and not box.requests:
            hanging.join(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < READY
    hanging.join()


def _swallow(url: str) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(url, headers={"X-Sandbox-Fault": "stall"}, timeout=30)


def test_options_cannot_be_changed() -> None:
    """Options are frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        SandboxOptions().seed = 1  # type: ignore[misc]  # that is the point


def test_a_taken_port_is_an_error(start: Start) -> None:
    """A port that is in use is an OSError, and the other port is free again."""
    port = int(start().box.base_url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        Sandbox(SandboxOptions(storage_port=port)).start()


def test_requests_are_remembered_without_secrets(start: Start) -> None:
    """Operation, path and query of each request can be looked at, of headers the names only."""
    call = start()
    call("getClickReport", QUERY)
    (seen,) = call.box.requests
    assert isinstance(seen, Seen)
    assert (seen.operation, seen.method) == ("getClickReport", "GET")
    assert "integration_id=acmeshop01" in seen.query
    assert "api-key" in seen.headers
    assert call.box.api_key not in repr(seen)


def test_a_reset_begins_anew(start: Start, tmp_path: Path) -> None:
    """After a reset the same requests get the same responses as after the start, a database file notwithstanding."""
    call = start(database=str(tmp_path / "sandbox.sqlite"))
    lives = []
    for _ in range(2):
        body = {"name": "x", "integration": MAIN, "organization": "acmegroup1", "priority": 1}
        created = call("createFilterGroup", body=body)
        identity = call.export()
        call.box.advance(5)
        call.box.fail_next("listExports", "503")
        lives.append((created.content, created.headers["x-request-id"], identity, call.export_state(identity)))
        call.box.reset()
        assert call.box.requests == ()
        assert call("listExports").status_code == 200
        assert len(call.data("listFilterGroups")["data"]) == 3
        call.box.reset()
    assert lives[0] == lives[1]


def test_only_a_standing_clock_can_be_moved() -> None:
    """A clock with a start moves by `advance` and by its tick with each request; the real one cannot be moved."""
    clock = Clock("2025-02-01T00:00:00+01:00", tick=0.5)
    began = clock.now()
    assert began == 1_738_364_400_000
    clock.tick()
    clock.advance(2)
    assert clock.now() == began + 2_500
    with pytest.raises(ValueError, match="give the sandbox a `now`"):
        Clock().advance(1)


def test_ticks_let_exports_complete(start: Start) -> None:
    """With a tick each request takes time, so that polling ends, the same way each time."""
    states = []
    for _ in range(2):
        call = start(tick=1.0, preloaded=False)
        identity = call.export()
        states.append([call.export_state(identity)["status"] for _ in range(4)])
    assert states == [["IN_PROGRESS", "IN_PROGRESS", "COMPLETED", "COMPLETED"]] * 2


def test_a_database_file_outlives_the_sandbox(start: Start, tmp_path: Path) -> None:
    """Filter groups, exports and the quota are there after a restart, and files of exports are written again."""
    options = {"database": str(tmp_path / "sandbox.sqlite"), "exports_per_day": 1, "preloaded": False}
    first = start(**options)
    body = {"name": "kept", "integration": MAIN, "organization": "acmegroup1", "priority": 1}
    group = first.data("createFilterGroup", body=body)
    identity = first.export()
    first.box.advance(5)
    content = httpx.get(first.url(identity)).content
    first.box.close()
    second = start(**options)
    assert second.data("listFilterGroups")["data"] == [group]
    assert second("downloadClicks", {"fields": "real_tx_id", "extra_parameters": ""}).status_code == 402
    second.box.advance(5)
    assert httpx.get(second.url(identity)).content == content


def test_preloaded_things_are_not_loaded_twice(start: Start, tmp_path: Path) -> None:
    """A sandbox begins with filter groups and exports, and a restart adds none."""
    options = {"database": str(tmp_path / "sandbox.sqlite")}
    first = start(**options)
    counts = [len(first.data(name)["data"]) for name in ("listFilterGroups", "listExports")]
    first.box.close()
    second = start(**options)
    assert [len(second.data(name)["data"]) for name in ("listFilterGroups", "listExports")] == counts == [3, 2]


def test_a_corrected_spec_moves_the_sandbox(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another spec an operation has its new path, method and parameter name, and the old path is gone."""
    document = yaml.safe_load(location().read_text("utf-8"))
    old = SPEC.operations["getClickReport"].path
    document["paths"]["/elsewhere"] = {"post": document["paths"].pop(old)["get"]}
    document["components"]["parameters"]["ReportPageSize"]["name"] = "rows"
    corrected = tmp_path / "spec.yaml"
    corrected.write_text(yaml.safe_dump(document))
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(corrected))
    box, headers = start().box, {}
    headers["API-KEY"] = box.api_key
    response = httpx.post(f"{box.base_url}/elsewhere", params={**DAY, "rows": 3}, headers=headers)
    assert len(response.json()["data"]["data"]) == 3
    assert httpx.get(box.base_url + old, headers=headers).status_code == 404


def test_spec_and_handlers_must_agree(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spec with an operation that the sandbox does not know is refused at once, by name."""
    document = yaml.safe_load(location().read_text("utf-8"))
    document["paths"][SPEC.operations["getClickReport"].path]["get"]["operationId"] = "getClicks"
    changed = tmp_path / "spec.yaml"
    changed.write_text(yaml.safe_dump(document))
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(changed))
    with pytest.raises(LookupError, match="getClickReport, getClicks"):
        start()


def test_the_spec_beside_the_package_is_the_repository_s() -> None:
    """Without the environment variable the spec is found, with all nineteen operations."""
    assert len(Spec.load().operations) == 19
