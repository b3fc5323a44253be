"""Rows decoded straight into columns and models equal those that are made of dicts."""

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
from metrics24._rows.decoding import (
    DICTS,
    DecodedRow,
    RowDecoder,
    as_dicts,
    model_decoder,
    models_of,
    partial_decoder,
    values_of,
)
from metrics24._rows.schema import file_columns
from metrics24.errors import ResponseError, UnexpectedAnswerWarning
from metrics24.files.writers import plan
from metrics24.models import Notices

OPERATION = "getConversionReport"
MODEL = "Conversion"
COLUMNS = file_columns(MODEL)

hostile_text = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(["", "\ud800", '"', "=1+1"])
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.just(1e300)
scalars = st.none() | st.booleans() | numbers | hostile_text
nested = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_text, inner, max_size=3)
)
unknown_names = st.sampled_from(["new", "device.model", 'quo"te', "_extra", "a b"]) | hostile_text
names = st.sampled_from([column.name for column in COLUMNS]) | unknown_names
usual = st.fixed_dictionaries({"real_tx_id": st.text("0123", max_size=3), "payout": st.floats(0, 9)})
rows_of_any_kind = st.lists(st.builds(dict.__or__, usual, st.dictionaries(names, nested, max_size=4)), max_size=4)


def response(rows: Any, **info: Any) -> RawResponse:
    """Return a page of rows."""
    page_info = {"startCursor": "a", "endCursor": "b", "hasPreviousPage": True, "hasNextPage": False, **info}
    body = {"data": {"data": rows, "pageInfo": page_info}}
    return RawResponse(200, httpx.Headers(), json.dumps(body).encode())


def decoder_after(*pages: list[dict[str, Any]]) -> RowDecoder:
    """Return the decoder for models after these pages."""
    decoder = model_decoder(MODEL)
    for rows in pages:
        decoder = decoder.after(rows)
    return decoder


AFTER_ONE_PAGE = decoder_after([{"real_tx_id": "A"}])


def read(page: RawResponse, decoder: RowDecoder = DICTS) -> Table:
    """Read a page, by default as dicts."""
    with warnings.catch_warnings(action="ignore", category=UnexpectedAnswerWarning):
        return read_table(page, OPERATION, Notices(), decoder)


def outcome(page: RawResponse, decoder: RowDecoder = DICTS) -> Any:
    """Return the models of a page, or the place at which it contradicts the documentation."""
    try:
        return models_of(MODEL, read(page, decoder).rows)
    except ResponseError as error:
        return error.path


@given(first=rows_of_any_kind, second=rows_of_any_kind)
def test_models_are_the_same_by_either_way(first: list[Any], second: list[Any]) -> None:
    """A decoder that has seen a page gives the same models of the next one as dicts do, whatever its rows hold."""
    assert outcome(response(second), decoder_after(first)) == outcome(response(second))


@given(first=rows_of_any_kind, second=rows_of_any_kind)
def test_columns_are_the_same_by_either_way(first: list[Any], second: list[Any]) -> None:
    """The columns of a file get the same values from decoded rows as from dicts, misfits included."""
    layout = plan(COLUMNS, first, fixed=False)
    try:
        slow = read(response(second)).rows
    except ResponseError:
        return
    fast = read(response(second), RowDecoder(layout.row_schema)).rows
    one, other = layout.arrange(fast), layout.arrange(slow)
    assert ([list(values) for values in one.columns], one.misfits) == (
        [list(values) for values in other.columns],
        other.misfits,
    )
    assert values_of(fast, "real_tx_id") == [row.get("real_tx_id") for row in slow]
    assert all(same_row(left, right) for left, right in zip(fast, slow, strict=True))


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
def test_decoded_rows_are_compared_with_dicts(other: Any, *, same: bool) -> None:
    """A decoded row equals a dict with the same values; null and absent are the same."""
    [row] = read(response([{"real_tx_id": "A", "status": "x"}]), AFTER_ONE_PAGE).rows
    assert isinstance(row, DecodedRow)
    assert (same_row(row, other), same_row(other, row)) == (same, same)


def test_a_decoded_row_is_asked_like_a_dict() -> None:
    """A row of known columns, or others that were seen before, is decoded and gives its fields, a dict and a model."""
    rows = [{"real_tx_id": "A", "payout": 1, "extra_parameters": [{"name": "a", "value": "b"}], "new": {"b": [1]}}]
    table = read(response(rows, endCursor=""), decoder_after(rows))
    [row] = table.rows
    assert isinstance(row, DecodedRow)
    assert (row.get("payout"), row.get("status", "none"), row.get("nothing")) == (1, "none", None)
    assert as_dicts(table.rows) == rows
    assert (table.start_cursor, table.end_cursor, table.has_next) == ("a", None, False)
    [model] = models_of(MODEL, table.rows)
    assert (model.extra_parameters[0].name, model["new"]) == ("a", {"b": [1]})


@pytest.mark.parametrize(
    "row", [{"other": 1}, {"payout": "1"}, {"payout": 10**30}, {"real_tx_id": "\ud800"}, {"extra_parameters": [[]] * 2}]
)
def test_rows_that_do_not_fit_lose_nothing(row: dict[str, Any]) -> None:
    """A page with one row that does not fit keeps every value of all its rows."""
    rows = [{"real_tx_id": "B"}, row]
    assert as_dicts(read(response(rows), AFTER_ONE_PAGE).rows) == rows


def test_nested_values_of_decoded_rows_are_checked() -> None:
    """A nested value of another type than the spec declares is kept, with one warning."""
    notices = Notices()
    page = response([{"extra_parameters": [{"name": 5, "value": "v"}]}])
    with pytest.warns(UnexpectedAnswerWarning, match=r"extra_parameters\[0\].name"):
        table = read_table(page, OPERATION, notices, AFTER_ONE_PAGE)
    assert isinstance(table.rows[0], DecodedRow)
    read_table(page, OPERATION, notices, AFTER_ONE_PAGE)


def test_a_decoder_adds_columns_and_never_changes() -> None:
    """Fields that come later get a column in the next decoder; the one before reads such rows as dicts, as ever."""
    decoders = [decoder_after(*([{f"new_{number}": number}] for number in range(count))) for count in (1, 3)]
    page = response([{"new_0": 1, "new_2": 2}])
    assert [isinstance(read(page, decoder).rows[0], DecodedRow) for decoder in decoders] == [False, True]
    assert decoders[1].after(read(page, decoders[1]).rows) is decoders[1]


@pytest.mark.parametrize(("count", "decoded"), [(500, True), (501, False)])
def test_columns_are_added_up_to_a_bound(count: int, *, decoded: bool) -> None:
    """A decoder takes 500 unknown fields in; a page with more changes nothing, before and after the first schema."""
    many = [{f"new{number}": 1 for number in range(count)}]
    assert (decoder_after(many).schema is not None) == decoded
    assert (decoder_after([{}], many) == decoder_after([{}])) != decoded


def test_a_damaged_page_is_refused_wherever_the_damage_is() -> None:
    """Bytes that are no UTF-8 are an error also in a part of the page that is not decoded."""
    whole = response([{"real_tx_id": "B"}], note="x")
    damaged = RawResponse(200, httpx.Headers(), whole.content.replace(b'"x"', b'"\xff"'))
    assert isinstance(read(whole, AFTER_ONE_PAGE).rows[0], DecodedRow)
    with pytest.raises(ResponseError, match="UTF-8"):
        read(damaged, AFTER_ONE_PAGE)


FEW_FIELDS = partial_decoder(("real_tx_id", "request_time"))


def page_of(*rows: bytes) -> bytes:
    """Return the bytes of a page of these rows."""
    return b'{"data": {"data": [' + b",".join(rows) + b'], "pageInfo": {"hasNextPage": true, "endCursor": "e"}}}'


def test_a_partial_row_knows_a_few_fields_and_the_whole_row() -> None:
    """Only the fields that were named can be asked for; the dict has all fields."""
    page = FEW_FIELDS.decode(page_of(b'{"real_tx_id": "A", "payout": 1.5}'))
    assert page is not None
    [row] = page.rows
    assert (row.get("real_tx_id"), row.get("request_time", "none"), row.get("payout")) == ("A", "none", None)
    assert as_dicts([row]) == [{"real_tx_id": "A", "payout": 1.5}]
    assert page[1:] == (None, "e", True)


@pytest.mark.parametrize("text", ['"x"', "1e999", "1.5"])
def test_partial_rows_with_one_id_are_told_apart_by_all_fields(text: str) -> None:
    """Two rows of one id are the same only if all their fields are, even those that cannot be decoded."""
    one, same, other = (f'{{"real_tx_id": "A", "note": {each}}}'.encode() for each in (text, text, '"y"'))
    page = FEW_FIELDS.decode(page_of(one, same, other))
    assert page is not None
    assert same_row(page.rows[0], page.rows[1])
    assert not same_row(page.rows[0], page.rows[2])


@pytest.mark.parametrize("content", [b"[]", b"<html>", page_of(b"1"), page_of(b'{"real_tx_id": "\xff"}')])
def test_anything_but_a_page_of_rows_is_not_decoded(content: bytes) -> None:
    """A body that is no page of objects in UTF-8 is left to the slow decoder, which names the problem."""
    assert FEW_FIELDS.decode(content) is None
