"""Clicks, conversions and impressions."""

import pytest

from metrics24._core.requests import OPERATIONS
from metrics24._rows.schema import file_columns
from metrics24.kinds import KINDS, Kind, time_of
from metrics24.models import response_model, row_model


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_names_what_the_spec_has(kind: Kind) -> None:
    """The operations of a kind exist, and its model is that of the report's rows, with the time column in it."""
    assert kind.model == row_model(kind.report)
    assert kind.time_column in {column.name for column in file_columns(kind.model)}
    assert OPERATIONS[kind.export].effect == "write"
    assert not kind.look_up or response_model(kind.look_up) == kind.model


@pytest.mark.parametrize(
    ("row", "time"),
    [
        ({}, None),
        ({"request_time": None}, None),
        ({"conversion_time": ""}, None),
        ({"request_time": "", "click_time": "2025-02-01T00:00:00"}, "2025-02-01T00:00:00"),
        ({"conversion_time": 5}, "5"),
    ],
)
def test_the_time_of_a_row_is_the_first_that_it_has(row: dict[str, object], time: str | None) -> None:
    """An absent, null or empty value is no time; a number is written as text."""
    assert time_of(row) == time
