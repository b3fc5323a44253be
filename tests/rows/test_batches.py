"""Rows as Arrow batches: one schema, few rows at a time, and the same values as the whole table."""

from typing import Any

import pyarrow as pa
import pytest

from metrics24 import ResponseError
from support.running import RANGE, Running, collect
from support.scripted import Serve, in_turn
from support.steps import respond_json
from support.tables import Row, Table, newest_first, page, row


def asked(run: Running, serve: Serve, rows: list[Row]) -> Any:
    """Ask a server that has these rows."""
    return run.client(serve(Table(rows))).reports.clicks("int1", **RANGE)


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, [0]), (1, [1]), (1000, [1000]), (2000, [1000, 1000]), (1201, [1000, 201])]
)
def test_batches_are_the_table_in_pieces(run: Running, serve: Serve, count: int, sizes: list[int]) -> None:
    """There is a batch for every 1,000 rows and one for the rest, a single empty one if there are no rows."""
    rows = asked(run, serve, newest_first(count, 1))
    batches = collect(run, rows.arrow_batches())
    assert [batch.num_rows for batch in batches] == sizes
    assert pa.Table.from_batches(batches).equals(run.result(rows.to_arrow()))


def test_the_first_thousand_rows_fix_the_schema(run: Running, serve: Serve) -> None:
    """A field that comes later stands in ``_extra``, so that all batches have one schema."""
    rows = [*newest_first(1200, 101), *(row(number, late=number) for number in range(100, 0, -1))]
    first, second = collect(run, asked(run, serve, rows).arrow_batches())
    assert first.schema.equals(second.schema)
    assert second["_extra"].to_pylist() == [None] * 100 + [f'{{"late":{number}}}' for number in range(100, 0, -1)]


def test_a_batch_is_given_before_all_rows_are_read(run: Running, serve: Serve) -> None:
    """Taking one batch of many fetches that batch's pages and at most one more."""
    server = serve(Table(newest_first(3000, 1)))
    batches = run.client(server).reports.clicks("int1", **RANGE).arrow_batches()
    (batch,) = run.take(batches, 1)
    assert batch.num_rows == 1000
    assert server.hits in (10, 11)


def test_an_error_ends_the_batches(run: Running, serve: Serve) -> None:
    """A page that cannot be read is raised after the batches before it, and no rows are made up."""
    pages = [page(newest_first(1100 - 100 * n, 1001 - 100 * n), more=True) for n in range(11)]
    batches = run.client(serve(in_turn(*pages, respond_json({})))).reports.clicks("int1", **RANGE).arrow_batches()
    seen: list[Any] = []
    with pytest.raises(ResponseError):
        run.visit(batches, seen.append)
    assert [batch.num_rows for batch in seen] == [1000]


@pytest.mark.parametrize("limit", [0, 3])
def test_lines_of_a_saved_file_are_the_bytes_sent(run: Running, serve: Serve, tmp_path: Any, limit: int) -> None:
    """A JSON Lines file has the very text of the rows asked for, and no others."""
    client = run.client(serve(in_turn(page([row(number, odd=1.50) for number in range(9, 0, -1)]))))
    saved = run.result(client.reports.clicks("int1", limit=limit, **RANGE).save(tmp_path / "rows.jsonl"))
    lines = saved.path.read_text("utf-8").splitlines()
    assert len(lines) == limit
    assert all(line.startswith('{"real_tx_id": "01J') and line.endswith('"odd": 1.5}') for line in lines)
