"""Deleting an export, with responses lost and found."""

from __future__ import annotations

from typing import Any

import pytest

from metrics24._core.export_flows import delete_export
from metrics24._core.retry import RetryBudget
from metrics24.errors import (
    AmbiguousWrite,
    BadRequest,
    Forbidden,
    NotFound,
    RequestTimeout,
    ResponseError,
    ServerError,
    TransportError,
)
from support.fake_driver import FakeDriver, Outcome, in_turn, policy, raw

LOST: dict[str, Any] = {
    "reset": lambda: TransportError("reset"),
    "timeout": lambda: RequestTimeout("late"),
    "unreadable": lambda: ResponseError("too large"),
    "408": lambda: raw(408),
    "503": lambda: raw(503),
}
THERE = raw(body={"id": "e1"})


def deleted(*outcomes: Outcome, **changes: Any) -> FakeDriver:
    """Delete an export with these outcomes in turn, and give what was done."""
    driver = FakeDriver(in_turn(*outcomes))
    driver.run(delete_export("e1", policy(**changes), {}))
    return driver


def operations(driver: FakeDriver) -> list[str]:
    """Name the operations that were sent, in order."""
    return [call.request.operation for call in driver.calls]


@pytest.mark.parametrize("answer", [raw(200, {"id": "e1"}), raw(204), raw(202, "later")])
def test_a_deletion_is_one_request(answer: Outcome) -> None:
    """Any success is believed, whatever its body."""
    assert operations(deleted(answer)) == ["deleteExport"]


@pytest.mark.parametrize("fault", LOST)
def test_fault_50_a_lost_deletion_of_what_is_gone_is_a_success(fault: str) -> None:
    """When the export is not there after a lost response, it was deleted."""
    assert operations(deleted(LOST[fault](), raw(404))) == ["deleteExport", "getExport"]


@pytest.mark.parametrize("fault", LOST)
def test_fault_50_a_lost_deletion_of_what_is_still_there_is_sent_again(fault: str) -> None:
    """To delete is idempotent, so that an export that survived is deleted once more, after a pause."""
    driver = deleted(LOST[fault](), THERE, LOST[fault](), THERE, raw(204))
    assert operations(driver) == ["deleteExport", "getExport"] * 2 + ["deleteExport"]
    assert driver.slept == [0.5, 1.0]


def test_fault_50_a_deletion_that_took_effect_late_is_a_success() -> None:
    """404 on the second try means that the first one worked after all."""
    assert len(deleted(raw(503), THERE, raw(404)).calls) == 3


def test_fault_50_a_first_404_is_not_found() -> None:
    """404 on the first try is NotFound, also after attempts that surely did not happen."""
    for outcomes in ([raw(404)], [TransportError("refused", sent=False), raw(429), raw(404)]):
        with pytest.raises(NotFound):
            deleted(*outcomes)


@pytest.mark.parametrize(
    ("changes", "hits"), [({"attempts": 3}, 3), ({"deadline": 0.5}, 1), ({"budget": RetryBudget(1)}, 2)]
)
def test_a_deletion_is_given_up_at_last(changes: dict[str, Any], hits: int) -> None:
    """When responses are lost until attempts, deadline or budget are used up, it is AmbiguousWrite."""
    driver = FakeDriver(in_turn(*[raw(503), THERE] * 10))
    with pytest.raises(AmbiguousWrite, match=f"'e1' was lost {hits} times") as caught:
        driver.run(delete_export("e1", policy(**changes), {}))
    assert isinstance(caught.value.__cause__, ServerError)
    assert operations(driver) == ["deleteExport", "getExport"] * hits


@pytest.mark.parametrize("answer", [raw(403), raw(body=None)])
def test_a_lost_deletion_is_ambiguous_where_the_export_cannot_be_read(answer: Outcome) -> None:
    """When the read-back fails, it is unknown if the export is gone."""
    with pytest.raises(AmbiguousWrite, match="failed too"):
        deleted(raw(503), answer)


@pytest.mark.parametrize("outcomes", [[raw(400)], [raw(503), THERE, raw(403)]])
def test_a_refused_deletion_is_an_error(outcomes: list[Outcome]) -> None:
    """A refusal is its own error, on whichever attempt it comes."""
    with pytest.raises((BadRequest, Forbidden)):
        deleted(*outcomes)


def test_pauses_between_deletions_may_be_short() -> None:
    """The pause before a second deletion is drawn from zero up to half a second."""
    bounds: list[tuple[float, float]] = []

    def uniform(least: float, most: float) -> float:
        bounds.append((least, most))
        return least

    assert deleted(TransportError("reset"), THERE, raw(204), uniform=uniform).slept == [0.0]
    assert bounds == [(0.0, 0.5)]
