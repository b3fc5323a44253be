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
    """Answer with an export in a state."""
    return raw(body=export(status=status, **changes))


def waited(
    driver: FakeDriver, record: Record, waiting: Waiting | None = None
) -> tuple[Record, list[tuple[str, float]]]:
    """Wait to the end; what the export is then, and what was told on the way."""
    watch, told = StatusWatch(record, waiting or Waiting(), policy(attempts=1), {}), list[tuple[str, float]]()
    while not watch.done:
        progress = driver.run(watch.poll())
        assert progress.export_id == "e1"
        told.append((progress.status, progress.seconds))
    return watch.export, told


def test_an_export_with_a_file_is_not_waited_for() -> None:
    """An export that is complete and names its file needs no request."""
    driver = FakeDriver(in_turn())
    assert waited(driver, export(**FILED))[1] == []
    assert (driver.calls, driver.slept) == ([], [])


@pytest.mark.parametrize("name", [{"artifact_name": "f.csv"}, {"artifact": {"name": "f.csv"}}])
def test_pauses_grow_up_to_the_longest(name: dict[str, Any]) -> None:
    """Each look comes after a longer pause, and each is reported with the seconds so far."""
    driver = FakeDriver(in_turn(*[state("PENDING")] * 2, *[state("IN_PROGRESS")] * 2, state("COMPLETED", **name)))
    record, told = waited(driver, export(), Waiting(first=1, factor=3, max=10))
    assert driver.slept == [1, 3, 9, 10, 10]
    assert told == [("PENDING", 1), ("PENDING", 4), ("IN_PROGRESS", 13), ("IN_PROGRESS", 23), ("COMPLETED", 33)]
    assert record["status"] == "COMPLETED"


def test_a_complete_export_without_a_name_is_looked_at_at_once() -> None:
    """The answer to the request may lack the name although the file is there."""
    driver = FakeDriver(in_turn(state(**FILED)))
    waited(driver, export(status="COMPLETED"))
    assert (driver.slept, len(driver.calls)) == ([], 1)


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


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS"])
@pytest.mark.parametrize("timeout", [0.5, 10, 3600])
def test_fault_31_a_stuck_export_is_a_timeout(status: str, timeout: float) -> None:
    """When time is up the error has the id and says how to go on; the last pause ends exactly then."""
    driver = FakeDriver(always(lambda: state(status)))
    with pytest.raises(ExportTimeout, match=rf"within {timeout:g} s .*{status}.*resume\('e1'\)") as caught:
        waited(driver, export(), Waiting(timeout=timeout))
    assert caught.value.export_id == "e1"
    assert sum(driver.slept) == pytest.approx(timeout)
    assert {call.request.operation for call in driver.calls} == {"getExport"}


def test_fault_31_a_complete_export_without_a_file_may_time_out_first() -> None:
    """The timeout holds also in the minute in which the name is due."""
    with pytest.raises(ExportTimeout):
        waited(FakeDriver(always(lambda: state("COMPLETED"))), export(), Waiting(timeout=5))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("too many rows", "e1: too many rows. Request"),
        ("a\x1b[2J\nb", r"e1: a\?\[2J\?b. Request"),
        ("x" * 500, "e1: x{200}\\.\\.\\.. Request"),
        ("", "e1. Request"),
        (None, "e1. Request"),
    ],
)
def test_fault_32_a_failed_export_is_an_error_with_the_servers_words(said: str | None, expected: str) -> None:
    """ERROR is ExportFailed with the id and the reason, printable and of a readable length."""
    driver = FakeDriver(in_turn(state("PENDING"), state("ERROR", error=said)))
    with pytest.raises(ExportFailed, match=expected) as caught:
        waited(driver, export())
    assert caught.value.export_id == "e1"


def test_fault_32_an_error_in_another_form_is_not_quoted() -> None:
    """A reason that is no text leaves the error without one."""
    with warnings.catch_warnings(action="ignore"), pytest.raises(ExportFailed, match=r"e1\. Request"):
        waited(FakeDriver(in_turn(state("ERROR", error={"code": 7}))), export())


def test_fault_32_a_canceled_export_is_an_error() -> None:
    """CANCELED is ExportCanceled with the id."""
    with pytest.raises(ExportCanceled, match="e1 was canceled") as caught:
        waited(FakeDriver(in_turn(state("CANCELED"))), export())
    assert caught.value.export_id == "e1"


def test_fault_33_an_unknown_status_is_waited_for_and_told_once() -> None:
    """Each state that is unknown is warned of once, printable, and the waiting goes on."""
    words = ["PAUSED", "PENDING", "PAUSED", "\x1bODD", "PAUSED"]
    driver = FakeDriver(in_turn(*map(state, words), state(**FILED)))
    with pytest.warns(UnexpectedAnswerWarning) as caught:
        _, told = waited(driver, export())
    assert [str(each.message).count("'PAUSED'") + str(each.message).count("'?ODD'") for each in caught] == [1, 1]
    assert [status for status, _ in told] == [*words, "COMPLETED"]


def test_fault_33_no_status_at_all_is_an_unknown_one() -> None:
    """An export that does not say its state is waited for."""
    driver = FakeDriver(in_turn(state(None), state(None), state(**FILED)))
    with pytest.warns(UnexpectedAnswerWarning, match="in an unknown state") as caught:
        waited(driver, export())
    assert len(caught) == 1


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


def test_a_wait_outlasts_slow_answers() -> None:
    """Time that answers take counts, so that slow ones end the waiting no later."""
    driver = FakeDriver(always(lambda: state("PENDING")), taking=20)
    with pytest.raises(ExportTimeout):
        waited(driver, export(), Waiting(timeout=100))
    assert driver.now - 1000 <= 120


@pytest.mark.parametrize(
    "body", [{"status": "PENDING"}, {"data": {"status": "PENDING"}}, {"id": "", "status": "PENDING"}]
)
def test_an_export_that_does_not_repeat_its_id_keeps_it(body: dict[str, Any]) -> None:
    """The id is the one that was asked for."""
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
