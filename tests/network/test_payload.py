"""Faults 14 to 20 and 52: answers that are new, incomplete, mistyped, monstrous or not the API's at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from metrics24 import ResponseError, TransportError, UnexpectedAnswerWarning, UsageError
from support.clock import FakeClock
from support.lanes import FILES, LANES, read_back
from support.running import RANGE, Running, collect
from support.scripted import Serve, in_turn
from support.steps import respond, respond_html, respond_json
from support.tables import Row, newest_first, page, row, table

KINDS = ("clicks", "conversions", "impressions")
HUGE = 2**70 + 1
DEEP: Row = {"score": 7, "because": [{"rule": "VPN", "weights": {"ip": 0.5}}]}


def raw_page(cell: bytes) -> bytes:
    """Give a page whose only row has `cell`, as it is, for its column `odd`."""
    return json.dumps(table([row(1, odd="@")])).encode().replace(b'"@"', cell)


MONSTERS = {
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "1e999": b"1e999",
    "5000_digits": b"7" * 5000,
    "100000_arrays": b"[" * 100_000 + b"]" * 100_000,
}
NOT_A_TABLE = {
    "html": respond_html(),
    "object": respond_json({}),
    "null": respond_json(None),
    "nothing": respond(b""),
    "text": respond_json("data"),
    "array": respond_json([]),
    "null_table": respond_json({"data": None}),
    "bad_utf8": respond(b'{"data": "\xff\xfe"}'),
    "rows_as_text": respond_json({"data": {"data": "rows", "pageInfo": {"hasNextPage": False}}}),
    "row_as_text": respond_json({"data": {"data": ["row"], "pageInfo": {"hasNextPage": False}}}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_fault_14_unknown_enum_values_are_kept(run: Running, serve: Serve, kind: str) -> None:
    """A status that the spec does not know equals its string and leaves the model as it came."""
    sent = row(1, status="quarantined", rejection="SOMETHING_NEW")
    client = run.client(serve(in_turn(page([sent]))))
    (model,) = collect(run, getattr(client.reports, kind)("int1", **RANGE))
    assert (model.status, model.rejection) == ("quarantined", "SOMETHING_NEW")
    assert model.to_dict() == sent


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("value", ["missing", "null"])
@pytest.mark.parametrize("path", ["$.data", "$.data.pageInfo", "$.data.pageInfo.hasNextPage"])
def test_fault_15_keys_are_required(
    run: Running, serve: Serve, tmp_path: Path, *, path: str, value: str, lane: str
) -> None:
    """Each documented required key that is missing or null is ResponseError naming its JSON path, in every lane."""
    body: Any = table(newest_first(3, 1))
    *parents, last = path.split(".")[1:]
    holder = body
    for parent in parents:
        holder = holder[parent]
    holder.update({last: None}) if value == "null" else holder.pop(last)
    client = run.client(serve(in_turn(respond_json(body))))
    with pytest.raises(ResponseError) as caught:
        LANES[lane](run, client.reports.clicks("int1", **RANGE), tmp_path)
    assert caught.value.path == path
    assert path.removeprefix("$.") in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_fault_15_optional_columns_may_be_null_or_missing(run: Running, serve: Serve, kind: str) -> None:
    """A null or missing column is absence: the model says None or unset, the record keeps what was sent."""
    rows = [row(2, country=None, payout=None, is_bot=None), {"real_tx_id": row(1)["real_tx_id"]}]
    client = run.client(serve(in_turn(page(rows))))
    table_of = getattr(client.reports, kind)
    models = collect(run, table_of("int1", **RANGE))
    assert not any(model.country for model in models)
    assert collect(run, table_of("int1", **RANGE).records()) == rows


@pytest.mark.parametrize(("kind", "column"), [(k, "real_tx_id") for k in KINDS] + [("clicks", "request_time")])
def test_fault_16_mistyped_documented_columns_are_refused(run: Running, serve: Serve, kind: str, column: str) -> None:
    """A documented column with the wrong type is ResponseError naming the row and the column."""
    client = run.client(serve(in_turn(page([row(2), {**row(1), column: 5}], endCursor="E"))))
    with pytest.raises(ResponseError) as caught:
        collect(run, getattr(client.reports, kind)("int1", **RANGE))
    assert caught.value.path == f"$.data.data[1].{column}"


def test_fault_16_mistyped_undocumented_columns_are_kept_and_warned_of_once(run: Running, serve: Serve) -> None:
    """A sibling column with the wrong type is kept as sent, over any number of rows, with one warning naming it."""
    rows = [row(number, payout="1,50", is_bot="maybe") for number in range(3, 0, -1)]
    client = run.client(serve(in_turn(page(rows))))
    with pytest.warns(UnexpectedAnswerWarning) as warned:
        models = collect(run, client.reports.conversions("int1", **RANGE))
    assert [(model.payout, model.is_bot) for model in models] == [("1,50", "maybe")] * 3
    assert sum("payout" in str(warning.message) for warning in warned) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_fault_17_new_fields_are_kept_in_models_and_records(run: Running, serve: Serve, kind: str) -> None:
    """Fields that the spec does not know survive at any depth, and a new key beside the rows disturbs nothing."""
    sent = row(1, verdict_v3=DEEP)
    body: Any = table([sent], newFlag=True)
    body["data"]["total"] = 1
    body["took_ms"] = 3
    client = run.client(serve(in_turn(respond_json(body))))
    table_of = getattr(client.reports, kind)
    assert [model.to_dict() for model in collect(run, table_of("int1", **RANGE))] == [sent]
    assert collect(run, table_of("int1", **RANGE).records()) == [sent]


@pytest.mark.parametrize("suffix", FILES)
def test_fault_17_new_fields_are_kept_in_files(run: Running, serve: Serve, tmp_path: Path, suffix: str) -> None:
    """New fields reach each saved file with their value, nested ones as they were."""
    client = run.client(serve(in_turn(page([row(1, brand_new="n3w", verdict_v3=DEEP)]))))
    saved = run.result(client.reports.clicks("int1", **RANGE).save(tmp_path / f"rows.{suffix}"))
    (record,) = read_back(saved.path)
    text = json.dumps(record, default=str)
    assert saved.rows == 1
    assert "n3w" in text
    assert "verdict_v3" in text
    assert "VPN" in text


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("monster", MONSTERS)
def test_fault_18_monsters_are_refused(run: Running, serve: Serve, tmp_path: Path, monster: str, lane: str) -> None:
    """NaN, overflow, endless digits and bottomless nesting are ResponseError, and no file is left behind."""
    client = run.client(serve(in_turn(respond(raw_page(MONSTERS[monster])))))
    with pytest.raises(ResponseError):
        LANES[lane](run, client.reports.clicks("int1", **RANGE), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("cell", "column", "value"),
    [(b'1, "country": "NL", "country": "DE"', "country", "DE"), (str(HUGE).encode(), "odd", HUGE)],
    ids=["duplicate keys", "beyond 64 bits"],
)
def test_fault_18_odd_json_is_exact(
    run: Running, serve: Serve, tmp_path: Path, *, cell: bytes, column: str, value: object
) -> None:
    """The last of duplicate keys wins and huge integers keep all digits, in models, records and every file."""
    rows = run.client(serve(in_turn(respond(raw_page(cell))))).reports.clicks("int1", **RANGE)
    assert [model.to_dict()[column] for model in collect(run, rows)] == [value]
    assert [record[column] for record in collect(run, rows.records())] == [value]
    for suffix in FILES:
        saved = run.result(rows.save(tmp_path / f"rows.{suffix}"))
        text = json.dumps(read_back(saved.path), default=str)
        assert (str(value) in text, "NL" in text) == (True, False)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("body", NOT_A_TABLE)
def test_fault_19_a_200_that_is_no_table_is_never_zero_rows(
    run: Running, serve: Serve, clock: FakeClock, tmp_path: Path, *, body: str, lane: str
) -> None:
    """A 200 with HTML, an empty object, null, nothing or other shapes is ResponseError in every lane."""
    client = run.client(serve(in_turn(NOT_A_TABLE[body])), clock=clock)
    with pytest.raises(ResponseError):
        LANES[lane](run, client.reports.clicks("int1", **RANGE), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrapped", [True, False])
def test_fault_20_a_single_object_may_be_wrapped_or_bare(run: Running, serve: Serve, wrapped: bool) -> None:
    """A click and a conversion looked up by key are the same whether the server wraps them in `data` or not."""
    sent = row(1, country="NL")
    reports = run.client(serve(in_turn(respond_json({"data": sent} if wrapped else sent)))).reports
    keys = {"request_date": "2025-02-01", "offer": "o1", "publisher": "p1"}
    assert run.result(reports.get_click("int1", **keys, tx_id="t1")).to_dict() == sent
    assert run.result(reports.get_conversion("int1", **keys, hash="h1")).to_dict() == sent


@pytest.mark.parametrize("identifier", ["", "..", ".", "a/b", "%2e%2e", "a\nb", "a\\b", " "])
def test_fault_52_unsafe_ids_are_refused_before_any_request(run: Running, serve: Serve, identifier: str) -> None:
    """An integration id or a path id that could bend a URL is UsageError, and nothing is sent."""
    server = serve(in_turn(page([])))
    client = run.client(server)
    with pytest.raises(UsageError):
        collect(run, client.reports.clicks(identifier, **RANGE))
    with pytest.raises(UsageError):
        run.result(client.request("getExport", path={"exportID": identifier}))
    assert server.hits == 0


@pytest.mark.parametrize("query", ["abc", [5], [("a",)], 5, {"\ud800": "x"}], ids=repr)
def test_a_query_of_another_shape_is_refused(run: Running, serve: Serve, query: object) -> None:
    """A query that is neither a mapping nor pairs, or cannot be encoded, is an error of ours without a request."""
    server = serve(in_turn(page([])))
    client = run.client(server)
    with pytest.raises((UsageError, TransportError)):
        run.result(client.request("listExports", query=query))
    assert server.hits == 0
