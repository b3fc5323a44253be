"""Rows of which only some fields are looked at can still be told apart by all of them."""

from __future__ import annotations

import pytest

from metrics24._core.pagination import same_row
from metrics24._rows.decoding import as_rows, read_outlines

NAMES = ("real_tx_id", "request_time")


def page(*rows: bytes) -> bytes:
    """A page of these rows."""
    return b'{"data": {"data": [' + b",".join(rows) + b'], "pageInfo": {"hasNextPage": true, "endCursor": "e"}}}'


def test_an_outline_knows_its_fields_and_the_whole_row() -> None:
    """Fields that were named are known at once, others only when rows are compared."""
    found = read_outlines(page(b'{"real_tx_id": "A", "payout": 1.5}'), NAMES)
    assert found is not None
    ([row], *place) = found
    assert (row.get("real_tx_id"), row.get("request_time", "none"), row.get("payout")) == ("A", "none", None)
    assert as_rows([row]) == [{"real_tx_id": "A", "payout": 1.5}]
    assert place == [None, "e", True]


@pytest.mark.parametrize("text", ['"x"', "1e999", "1.5"])
def test_rows_with_one_id_are_told_apart_by_the_rest(text: str) -> None:
    """Two rows of one id are the same only if all their fields are, even those that no quick reader understands."""
    one, same, other = (f'{{"real_tx_id": "A", "note": {each}}}'.encode() for each in (text, text, '"y"'))
    found = read_outlines(page(one, same, other), NAMES)
    assert found is not None
    rows = found[0]
    assert same_row(rows[0], rows[1])
    assert not same_row(rows[0], rows[2])


@pytest.mark.parametrize("content", [b"[]", b"<html>", page(b"1"), page(b'{"real_tx_id": "\xff"}')])
def test_what_is_no_page_of_rows_is_read_with_care(content: bytes) -> None:
    """Anything else than a page of objects is left to the careful reader."""
    assert read_outlines(content, NAMES) is None
