"""Looking up one row."""

from datetime import date
from typing import Any

import pytest

from metrics24.errors import NotFound, ResponseError
from metrics24.kinds import CLICKS
from metrics24.reports import look_up
from support.fake_driver import FakeDriver, in_turn, policy, raw

KEYS: dict[str, Any] = {
    "integration_id": "int1",
    "request_date": date(2025, 2, 1),
    "offer": "o",
    "publisher": "p",
    "tx_id": "t",
}


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_row_comes_bare_or_wrapped(wrapped: bool) -> None:
    """The row is the same whether the server wraps it in `data` or not, and all five keys are sent."""
    row = {"real_tx_id": "t", "new": [1]}
    driver = FakeDriver(in_turn(raw(body={"data": row} if wrapped else row)))
    found = driver.run(look_up(CLICKS, policy(), {}, **KEYS))
    assert (found.real_tx_id, found["new"]) == ("t", [1])
    assert {"2025-02-01", "int1", "o", "p", "t"} <= {value for _, value in driver.calls[0].request.params}


def test_not_found_says_what_to_check_first() -> None:
    """A 404 keeps its type and gains the order in which to check the keys."""
    with pytest.raises(NotFound, match="Check the date first"):
        FakeDriver(in_turn(raw(404))).run(look_up(CLICKS, policy(), {}, **KEYS))


@pytest.mark.parametrize("body", [{}, [], None, {"data": None}, {"data": []}])
def test_nothing_is_not_a_row(body: object) -> None:
    """An answer without anything in it is ResponseError, never an empty row."""
    with pytest.raises(ResponseError):
        FakeDriver(in_turn(raw(body=body))).run(look_up(CLICKS, policy(), {}, **KEYS))
