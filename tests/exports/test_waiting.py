"""An export is waited for in growing intervals until it has a file, cannot have one, or time is up."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.fake_exports import Record, export
from metrics24._core.export_flows import StatusWatch, read_export
from metrics24.config import Waiting
from metrics24.errors import (
    ExportCanceled,
    ExportFailed,
    ExportTimeout,
    Forbidden,
    Metrics24Error,
    NotFound,
    ServerError,
    UnexpectedAnswerWarning,
)
from support.fake_driver import FakeDriver, Outcome, always, in_turn, policy, raw

FILED = {"status": "COMPLETED", "artifact_name": "f.csv"}


def state(status: str | None, **changes: Any) -> Outcome:
    """Respond with an export in a state."""
    return raw(body=export(status=status, **changes))


def waited(
    driver: FakeDriver, record: Record, waiting: Waiting | None = None
) -> tuple[Record, list[tuple[str, float]]]:
    """Wait to the end; return the export then, and the progress on the way."""
    watch, seen = StatusWatch(record, waiting or Waiting(), policy(attempts=1), {}), list[tuple[str, float]]()
    while not watch.done:
        progress = driver.run(watch.poll())
        assert progress.export_id == "e1"
        seen.append((progress.status, progress.seconds))
    return watch.export, seen


@pytest.mark.parametrize(("first", "looks"), [(FILED, 0), ({"status": "COMPLETED"}, 1)])
def test_a_complete_export_is_not_waited_for(first: dict[str, Any], looks: int) -> None:
    """An export that names its file needs no request, and one that does not yet is looked at at once."""
    driver = FakeDriver(in_turn(*[state(**FILED)] * looks))
    assert len(waited(driver, export(**first))[1]) == len(driver.calls) == looks
    assert driver.slept == []


@pytest.mark.parametrize("name", [{"artifact_name": "f.csv"}, {"artifact": {"name": "f.csv"}}])
def test_pauses_grow_up_to_the_longest(name: dict[str, Any]) -> None:
    """Each look comes after a longer pause, and each is reported with the seconds so far."""
    driver = FakeDriver(in_turn(*[state("PENDING")] * 2, *[state("IN_PROGRESS")] * 2, state("COMPLETED", **name)))
    record, seen = waited(driver, export(), Waiting(first=1, factor=3, max=10))
    assert driver.slept == [1, 3, 9, 10, 10]
    assert seen == [("PENDING", 1), ("PENDING", 4), ("IN_PROGRESS", 13), ("IN_PROGRESS", 23), ("COMPLETED", 33)]
    assert record["status"] == "COMPLETED"


@pytest.mark.parametrize("name", [{}, {"artifact_name": None}, {"artifact_name": ""}, {"artifact": {"name": None}}])
def test_fault_34_a_complete_export_without_a_file_is_given_up_after_a_minute(name: dict[str, Any]) -> None:
    """A minute of COMPLETED without a name is ExportFailed, which says how to look again."""
    driver = FakeDriver(always(lambda: state("COMPLETED", **name)))
    with pytest.raises(ExportFailed, match=r"resume\('e1'\)") as caught:
        waited(driver, export(status="COMPLETED"), Waiting(first=10, factor=1, max=10))
    assert (driver.slept, caught.value.export_id) == ([10] * 6, "e1")


def test_fault_34_the_minute_begins_when_the_export_is_complete() -> None:
    """A state that goes back to work begins the minute again, and a name that comes late is a file."""
    late = [state("COMPLETED")] * 5
    driver = FakeDriver(in_turn(*late, state("IN_PROGRESS"), *late, state(**FILED)))
    waited(driver, export(), Waiting(first=14, factor=1, max=14))
    assert len(driver.calls) == 12


@pytest.mark.parametrize(
    ("status", "timeout"),
    [*[(status, each) for status in ("PENDING", "IN_PROGRESS") for each in (0.5, 10, 3600)], ("COMPLETED", 5)],
)
def test_fault_31_a_stuck_export_is_a_timeout(status: str, timeout: float) -> None:
    """When time is up the error has the id and says how to go on; the last pause ends exactly then."""
    driver = FakeDriver(always(lambda: state(status)))
    with pytest.raises(ExportTimeout, match=rf"within {timeout:g} s .*{status}.*resume\('e1'\)") as caught:
        waited(driver, export(), Waiting(timeout=timeout))
    assert caught.value.export_id == "e1"
    assert sum(driver.slept) == pytest.approx(timeout)
    assert {call.request.operation for call in driver.calls} == {"getExport"}


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        ("ERROR", "too many rows", "e1: too many rows. Request"),
        ("ERROR", "a\x1b[2J\nb", r"e1: a\?\[2J\?b. Request"),
        ("ERROR", "x" * 500, "e1: x{200}\\.\\.\\.. Request"),
        ("ERROR", "", "e1. Request"),
        ("ERROR", None, "e1. Request"),
        ("ERROR", {"code": 7}, "e1. Request"),
        ("CANCELED", None, "e1 was canceled"),
    ],
)
def test_fault_32_a_failed_export_is_an_error_with_the_servers_words(status: str, said: object, expected: str) -> None:
    """ERROR and CANCELED are errors with the id and the reason, printable and short, if that is text."""
    driver = FakeDriver(in_turn(state("PENDING"), state(status, error=said)))
    kind = ExportFailed if status == "ERROR" else ExportCanceled
    with warnings.catch_warnings(action="ignore"), pytest.raises(kind, match=expected) as caught:
        waited(driver, export())
    assert caught.value.export_id == "e1"


def test_fault_33_an_unknown_status_is_waited_for_and_warned_of_once() -> None:
    """Each state that is unknown, or absent, is warned of once, printable, and the waiting goes on."""
    words = ["PAUSED", "PENDING", "PAUSED", "\x1bODD", "PAUSED", None, None]
    driver = FakeDriver(in_turn(*map(state, words), state(**FILED)))
    with pytest.warns(UnexpectedAnswerWarning) as caught:
        _, seen = waited(driver, export())
    for word, warning in zip(["'PAUSED'", "'?ODD'", "in an unknown state"], caught, strict=True):
        assert word in str(warning.message)
    assert [status for status, _ in seen][:5] == words[:5]


@pytest.mark.parametrize(
    ("answer", "error", "goes_on"), [(403, Forbidden, True), (503, ServerError, True), (404, NotFound, False)]
)
def test_a_look_that_fails_says_that_the_export_goes_on(
    answer: int, error: type[Metrics24Error], goes_on: bool
) -> None:
    """The error of a look has a note how to go on, except where the export is gone."""
    with pytest.raises(error) as caught:
        waited(FakeDriver(in_turn(raw(answer))), export())
    assert getattr(caught.value, "__notes__", []) == (
        ["The export e1 goes on all the same; exports.resume(id) takes it up again."] if goes_on else []
    )


def test_slow_responses_do_not_prolong_a_wait() -> None:
    """Time that responses take counts, so that slow ones end the waiting no later."""
    driver = FakeDriver(always(lambda: state("PENDING")), taking=20)
    with pytest.raises(ExportTimeout):
        waited(driver, export(), Waiting(timeout=100))
    assert driver.now - 1000 <= 120


@pytest.mark.parametrize(
    "body", [{"status": "PENDING"}, {"data": {"status": "PENDING"}}, {"id": "", "status": "PENDING"}]
)
def test_an_export_that_does_not_repeat_its_id_keeps_it(body: dict[str, Any]) -> None:
    """The id is that of the request."""
    assert FakeDriver(in_turn(raw(body=body))).run(read_export("e9", policy(), {})) == {"id": "e9", "status": "PENDING"}


STATES = st.sampled_from(["PENDING", "IN_PROGRESS", "COMPLETED", "ODD", "FILED", "ERROR", "CANCELED", None])


@given(
    states=st.lists(STATES, min_size=1, max_size=20),
    first=st.floats(2, 100),
    factor=st.floats(1, 10),
    longest=st.floats(2, 100),
    timeout=st.floats(0.1, 200),
)
def test_any_sequence_of_states_ends_in_time(
    states: list[str | None], first: float, factor: float, longest: float, timeout: float
) -> None:
    """Whatever states come, over and over: a file, or a documented error, no later than the timeout."""
    looks = iter(range(10**6))

    def script(_: object) -> Outcome:
        found = states[next(looks) % len(states)]
        return state(**FILED) if found == "FILED" else state(found)

    driver = FakeDriver(script)
    with warnings.catch_warnings(action="ignore"):
        try:
            record, _ = waited(driver, export(), Waiting(timeout=timeout, first=first, factor=factor, max=longest))
        except (ExportFailed, ExportCanceled, ExportTimeout):
            assert driver.calls
        else:
            assert (record["status"], record["artifact_name"]) == ("COMPLETED", "f.csv")
    assert driver.now - 1000 <= timeout + 0.001
