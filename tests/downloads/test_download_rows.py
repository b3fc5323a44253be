"""Faults 45 and 46: the rows of a file are held against what the server promised."""

from __future__ import annotations

from typing import Any

import pytest

from metrics24 import IntegrityError, ResponseError
from support.account import Fetching, Stage, leftovers, record
from support.scripted import Serve
from support.storage import LARGE, cut

ROWS = 40_000


def test_fault_45_another_number_of_rows_is_refused_and_kept(fetch: Fetching) -> None:
    """Fault 45: rows that differ from the promise are IntegrityError; verify=False takes them as they are."""
    fetch.stage.account.export = record(results_meta={"total": ROWS + 1})
    error = fetch.failed(IntegrityError)
    assert str(ROWS) in str(error)
    assert str(ROWS + 1) in str(error)
    assert leftovers(fetch.target.parent) == ["clicks.csv.part", "clicks.csv.part.json"]
    assert fetch.part.read_bytes() == LARGE
    fetch.failed(IntegrityError)
    assert fetch.saved(verify=False) == LARGE
    assert fetch.stage.storage.asked == [0, len(LARGE), len(LARGE)]


@pytest.mark.parametrize("total", [None, -(10**30)])
def test_fault_45_a_promise_that_is_none_is_not_held_against_the_file(fetch: Fetching, total: Any) -> None:
    """Fault 45: a total that cannot be a count says nothing of the rows, and does not keep the file from its place."""
    fetch.stage.account.export = record(results_meta={"total": total})
    assert fetch.saved() == LARGE


@pytest.mark.parametrize("total", [True, float(ROWS), "many"])
def test_fault_45_a_promise_of_another_type_is_off_the_contract(fetch: Fetching, total: Any) -> None:
    """Fault 45: a documented total of another type is ResponseError with its path, before anything is fetched."""
    fetch.stage.account.export = record(results_meta={"total": total})
    with pytest.raises(ResponseError) as caught:
        fetch.job()
    assert caught.value.path == "$.results_meta.total"


@pytest.mark.parametrize("cell", [b'"say ""hi""\r\n"', b'"a\nb\n\n"'])
def test_fault_46_line_ends_in_cells_are_no_rows(fetch: Fetching, serve: Serve, cell: bytes) -> None:
    """Fault 46: line ends within quotes do not count, wherever a block or an interruption cuts the file."""
    content = b"id,text\r\n" + b"".join(b"%d,%s\r\n" % (number, cell) for number in range(100))
    fetch.stage = Stage(serve, content, results_meta={"total": 100})
    fetch.stage.storage.fail_next(*[cut(7)] * 20)
    assert fetch.saved() == content
    assert fetch.stage.bucket.hits == 21
