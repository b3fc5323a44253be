"""Rows decoded straight into columns and models are those that a careful reader makes of them."""

from __future__ import annotations

import json
import warnings
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics24._core.effects import RawResponse
from metrics24._core.pagination import same_row
from metrics24._core.responses import Table, read_table
from metrics24._rows.decoding import DecodedRow, RowDecoder, as_rows, maker, model_lens, values_of
from metrics24.errors import ResponseError, UnexpectedAnswerWarning
from metrics24.files.layout import plan
from metrics24.models import Notices, columns, factory

OPERATION = "getConversionReport"
MODEL = "Conversion"
KNOWN = [column.name for column in columns(MODEL)]

hostile_text = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(["", "\ud800", '"', "=1+1"])
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.just(1e300)
scalars = st.none() | st.booleans() | numbers | hostile_text
nested = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_text, inner, max_size=3)
)
names = st.sampled_from(KNOWN) | st.sampled_from(["new", "device.model", 'quo"te', "_extra", "a b"]) | hostile_text
usual = st.fixed_dictionaries({"real_tx_id": st.text("0123", max_size=3), "payout": st.floats(0, 9)})
rows_of_any_kind = st.lists(st.builds(dict.__or__, usual, st.dictionaries(names, nested, max_size=4)), max_size=4)


def answer(rows: Any, **info: Any) -> RawResponse:
    """A page of rows."""
    page_info = {"startCursor": "a", "endCursor": "b", "hasPreviousPage": True, "hasNextPage": False, **info}
    body = {"data": {"data": rows, "pageInfo": page_info}}
    return RawResponse(200, httpx.Headers(), json.dumps(body).encode())


def read(page: RawResponse, lens: RowDecoder | None = None) -> Table:
    """Read a page, with a lens or with care."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnexpectedAnswerWarning)
        return read_table(page, OPERATION, Notices(), lens)


def outcome(page: RawResponse, lens: RowDecoder | None = None) -> Any:
    """The models that a page gives, or the place at which it breaks the documentation."""
    try:
        rows = read(page, lens).rows
    except ResponseError as error:
        return error.path
    return [maker(MODEL, type(row))(row) if isinstance(row, DecodedRow) else factory(MODEL)(row) for row in rows]


@given(first=rows_of_any_kind, second=rows_of_any_kind)
def test_models_are_the_same_by_either_way(first: list[Any], second: list[Any]) -> None:
    """Whatever rows hold, a lens that has seen one page gives the models of the next as a careful reader does."""
    lens = model_lens(MODEL)
    lens.see(first)
    assert outcome(answer(second), lens) == outcome(answer(second))


@given(first=rows_of_any_kind, second=rows_of_any_kind)
def test_columns_are_the_same_by_either_way(first: list[Any], second: list[Any]) -> None:
    """Whatever rows hold, the cells of a file are those that dicts give, misfits included."""
    layout, lens = plan(columns(MODEL), first, fixed=False), RowDecoder()
    lens.shape = layout.row_schema
    try:
        careful = read(answer(second)).rows
    except ResponseError:
        return
    swift = read(answer(second), lens).rows
    one, other = layout.arrange(swift), layout.arrange(careful)
    assert ([list(cells) for cells in one.columns], one.misfits) == (
        [list(cells) for cells in other.columns],
        other.misfits,
    )
    assert values_of(swift, "real_tx_id") == [row.get("real_tx_id") for row in careful]
    assert all(same_row(left, right) for left, right in zip(swift, careful, strict=True))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"real_tx_id": "A", "status": "x"}, True),
        ({"real_tx_id": "A", "status": "x", "payout": None}, True),
        ({"real_tx_id": "A", "status": "y"}, False),
        ({"real_tx_id": "A"}, False),
        (None, False),
    ],
)
def test_rows_are_compared_in_whichever_form_they_are(other: Any, *, same: bool) -> None:
    """A row that was decoded swiftly equals one that was read with care, if both have the same values."""
    rows = [{"real_tx_id": "A", "status": "x"}]
    lens = model_lens(MODEL)
    lens.see(rows)
    [cells] = read(answer(rows), lens).rows
    assert isinstance(cells, DecodedRow)
    assert (same_row(cells, other), same_row(other, cells)) == (same, same)


@pytest.mark.parametrize(("count", "swift"), [(500, True), (501, False)])
def test_fields_that_nobody_knows_are_taken_in_up_to_a_bound(count: int, *, swift: bool) -> None:
    """Rows with up to 500 unknown fields are decoded swiftly; with more they are read with care."""
    lens = model_lens(MODEL)
    lens.see([{f"new{number}": 1 for number in range(count)}])
    assert (lens.shape is not None) == swift


def test_rows_that_fit_become_cells() -> None:
    """The swift way is taken: rows with known columns, or with others that were seen before, are no dicts."""
    rows = [{"real_tx_id": "A", "payout": 1, "extra_parameters": [{"name": "a", "value": "b"}], "new": {"b": [1]}}]
    lens = model_lens(MODEL)
    lens.see(rows)
    table = read(answer(rows, endCursor=""), lens)
    [cells] = table.rows
    assert isinstance(cells, DecodedRow)
    assert (cells.get("payout"), cells.get("status", "none"), cells.get("nothing")) == (1, "none", None)
    assert as_rows(table.rows) == rows
    assert (table.start_cursor, table.end_cursor, table.has_next) == ("a", None, False)
    made = maker(MODEL, type(cells))(cells)
    assert (made.extra_parameters[0].name, made["new"]) == ("a", {"b": [1]})


@pytest.mark.parametrize(
    "row", [{"other": 1}, {"payout": "1"}, {"payout": 10**30}, {"real_tx_id": "\ud800"}, {"extra_parameters": [[]] * 2}]
)
def test_rows_that_do_not_fit_lose_nothing(row: dict[str, Any]) -> None:
    """A page with one row that fits no column is read with care, all of it."""
    lens = model_lens(MODEL)
    lens.see([{"real_tx_id": "A"}])
    assert as_rows(read(answer([{"real_tx_id": "B"}, row]), lens).rows) == [{"real_tx_id": "B"}, row]


def test_odd_nested_values_are_warned_of_on_the_swift_way_too() -> None:
    """A nested value of another type than the spec expects is kept, and warned of once."""
    lens, notices = model_lens(MODEL), Notices()
    lens.see([{"real_tx_id": "A"}])
    page = answer([{"extra_parameters": [{"name": 5, "value": "v"}]}])
    with pytest.warns(UnexpectedAnswerWarning, match=r"extra_parameters\[0\].name"):
        table = read_table(page, OPERATION, notices, lens)
    assert isinstance(table.rows[0], DecodedRow)
    read_table(page, OPERATION, notices, lens)


def test_a_lens_learns_new_names_and_stops_at_too_many() -> None:
    """Names that come later are taken up; a server that invents hundreds of them is read with care instead."""
    lens = model_lens(MODEL)
    for number in range(3):
        lens.see([{f"new_{number}": number}])
    assert isinstance(read(answer([{"new_0": 1, "new_2": 2}]), lens).rows[0], DecodedRow)
    lens.see([{f"many_{number}": number for number in range(600)}])
    assert not isinstance(read(answer([{"many_1": 1}]), lens).rows[0], DecodedRow)


def test_a_damaged_page_is_refused_wherever_the_damage_is() -> None:
    """Bytes that are no UTF-8 are an error by either way, also in a part of the page that nobody asks for."""
    lens = model_lens(MODEL)
    lens.see([{"real_tx_id": "A"}])
    whole = answer([{"real_tx_id": "B"}], note="x")
    damaged = RawResponse(200, httpx.Headers(), whole.content.replace(b'"x"', b'"\xff"'))
    assert isinstance(read(whole, lens).rows[0], DecodedRow)
    with pytest.raises(ResponseError, match="UTF-8"):
        read(damaged, lens)
