"""The report tables and the look-ups, over HTTP."""

import pytest

from metrics24_sandbox.data import txid
from metrics24_sandbox.spec import find_property
from sandbox.calls import DAY, MAIN, SPEC, Caller, Json, Start, error_code

REPORTS = {
    "getClickReport": "request_time",
    "getConversionReport": "conversion_time",
    "getImpressionReport": "request_time",
}
UNKNOWN_CURSOR = txid.encode(1_738_540_800_000, 12345)


def ids(rows: list[Json]) -> list[str]:
    """The cursors of rows."""
    return [row["real_tx_id"] for row in rows]


@pytest.mark.parametrize(("operation", "time"), REPORTS.items())
def test_a_table_gives_its_days_newest_first(call: Caller, operation: str, time: str) -> None:
    """Every row of the range comes once, newest first, and none from outside of it."""
    rows = call.rows(operation, start_date="2025-02-02", end_date="2025-02-03", size=70)
    times = [row[time] for row in rows]
    assert times == sorted(times, reverse=True)
    assert {moment[:10] for moment in times} == {"2025-02-02", "2025-02-03"}
    assert len(set(ids(rows))) == len(rows) > 300


@pytest.mark.parametrize("operation", REPORTS)
def test_rows_have_columns_that_the_spec_knows(call: Caller, operation: str) -> None:
    """No row carries a column that the spec does not describe, and each fills the key columns."""
    item = SPEC.operations[operation].item
    for row in call.rows(operation):
        assert [name for name in row if find_property(item, name) is None] == []
        assert all(row[name] for name in ("real_tx_id", "offer", "publisher", "integration_id", "status"))


def test_the_page_size_does_not_matter(call: Caller) -> None:
    """Pages of one and pages of a hundred give the same rows in the same order."""
    window = {"filter[rejection]": "VPN"}
    assert call.rows(size=1, **window) == call.rows(size=100, **window) != []


def test_before_climbs_back_to_the_head(call: Caller) -> None:
    """Paging up with `before` meets the rows right above the cursor, newest first; an empty page ends the climb."""
    down = call.rows(size=30)
    up: list[Json] = []
    page, info = call.page(size=30, before=down[-1]["real_tx_id"])
    while page:
        assert info["hasNextPage"]
        assert (info["startCursor"], info["endCursor"]) == (page[0]["real_tx_id"], page[-1]["real_tx_id"])
        up = page + up
        page, info = call.page(size=30, before=info["startCursor"])
    assert up == down[:-1]
    assert info == {"startCursor": "", "endCursor": "", "hasPreviousPage": False, "hasNextPage": False}


def test_the_first_page_claims_a_previous_one(call: Caller) -> None:
    """As in the documented example, hasPreviousPage is true on the first page already."""
    assert call.page(size=5)[1]["hasPreviousPage"] is True


def test_a_cursor_outside_of_the_range_is_a_place_in_time(call: Caller) -> None:
    """An existing row that the dates leave out still says where to go on."""
    newer = call.rows(start_date="2025-02-05", end_date="2025-02-05")[0]["real_tx_id"]
    older = call.rows(start_date="2025-02-01", end_date="2025-02-01")[0]["real_tx_id"]
    assert call.page(after=newer, size=5)[0] == call.rows()[:5]
    assert call.page(after=older, size=5)[0] == []


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ({"page[after]": UNKNOWN_CURSOR}, (404, "not_found")),
        ({"page[before]": "nonsense"}, (404, "not_found")),
        ({"page[after]": "A", "page[before]": "B"}, (400, "bad_request")),
        *(({name: None}, (400, "bad_request")) for name in ("integration_id", "start_date", "end_date", "page[size]")),
        ({"page[size]": 0}, (400, "bad_request")),
        ({"page[size]": 101}, (400, "bad_request")),
        ({"page[size]": "ten"}, (400, "bad_request")),
        ({"page[size]": [5, 6]}, (400, "bad_request")),
        ({"start_date": "2025-02-04"}, (400, "bad_request")),
        ({"end_date": "2025-02-30"}, (400, "bad_request")),
        ({"end_date": "20250203"}, (400, "bad_request")),
        ({"integration_id": "nowhere001"}, (404, "not_found")),
        ({"integration_id": "forbidden1"}, (403, "forbidden")),
        ({"sort": "offer"}, (400, "bad_request")),
        ({"filter": "status"}, (400, "bad_request")),
        ({"filter[statu]": "rejected"}, (400, "bad_request")),
        ({"filter[status][near]": "rejected"}, (400, "bad_request")),
        ({"filter[payout][gte]": "much"}, (400, "bad_request")),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused(call: Caller, query: Json, refusal: tuple[int, str]) -> None:
    """Documented errors, and parameters that are missing or do not exist, get their status and a reason."""
    sent = {name: value for name, value in {**DAY, "page[size]": 10, **query}.items() if value is not None}
    response = call("getConversionReport", sent)
    assert error_code(response) == refusal
    assert sent.keys() >= query.keys() or min(query) in response.text


@pytest.mark.parametrize(("mode", "days"), [("inclusive", {"2025-02-02", "2025-02-03"}), ("exclusive", {"2025-02-02"})])
def test_the_end_date_is_inclusive_or_not(call: Caller, mode: str, days: set[str]) -> None:
    """A header decides whether the end date's own rows belong to the range."""
    query = {**DAY, "start_date": "2025-02-02", "page[size]": 100}
    data = call.data("getConversionReport", query, headers={"X-Sandbox-End-Date": mode})["data"]
    assert data["data"][0]["conversion_time"][:10] == max(days)


def test_days_to_come_are_empty(call: Caller) -> None:
    """Nothing has happened after the sandbox's clock, and today ends at the present moment."""
    assert call.rows(start_date="2025-02-11", end_date="2026-01-01") == []
    today = call.rows(start_date="2025-02-10", end_date="2025-02-10")
    assert "2025-02-10 11" < today[0]["conversion_time"] <= "2025-02-10 12:00:00"


def test_new_rows_appear_at_the_head(start: Start) -> None:
    """As time goes by rows are added above those already read, and the pages below do not change."""
    call = start()
    before = call.rows(start_date="2025-02-10", end_date="2025-02-10")
    call.box.advance(3600)
    after = call.rows(start_date="2025-02-10", end_date="2025-02-10")
    assert after[-len(before) :] == before
    assert len(after) > len(before)


def test_the_same_seed_gives_the_same_bytes(start: Start) -> None:
    """Two sandboxes with equal options answer byte for byte alike; another seed answers otherwise."""
    query = {**DAY, "page[size]": 50}
    one, same, other = (start(seed=seed)("getClickReport", query) for seed in (1, 1, 2))
    assert one.content == same.content != other.content
    assert dict(one.headers) == dict(same.headers)


def test_verdicts_settle_only_if_asked_to(start: Start) -> None:
    """With `settle_days` some fresh conversions turn from approved to rejected later; without, none ever does."""
    query = {"start_date": "2025-02-09", "end_date": "2025-02-09"}
    for settle_days in (0, 3):
        call = start(settle_days=settle_days, conversions_per_day=400)
        fresh = {row["real_tx_id"]: row["status"] for row in call.rows(**query)}
        call.box.advance(4 * 86_400)
        changed = {row["status"] for row in call.rows(**query) if fresh[row["real_tx_id"]] != row["status"]}
        assert changed == ({"rejected"} if settle_days else set())


def test_a_day_of_ten_million_rows_is_served_at_once(start: Start) -> None:
    """Volume costs nothing: pages of a huge day come from its head and from its middle."""
    call = start(conversions_per_day=10_000_000, preloaded=False)
    page, info = call.page(size=100)
    assert len(page) == 100
    assert call.page(size=100, after=info["endCursor"])[0][0]["conversion_time"] <= page[-1]["conversion_time"]


def test_a_conversion_follows_its_click(call: Caller) -> None:
    """Each conversion names a click that exists, with its publisher and offer, as long before as it says."""
    for row in call.page(size=40)[0]:
        keys = {"request_date": row["click_time"][:10], "tx_id": row["tx_id"]}
        keys |= {"integration_id": MAIN, "offer": row["offer"], "publisher": row["publisher"]}
        click = call.data("getClick", keys)
        assert (click["click_time"], click["click_ip"]) == (row["click_time"], row["click_ip"])
        assert row["session_time"] >= 0


def test_a_conversion_is_found_by_its_hash(call: Caller) -> None:
    """Five right keys find the row; any wrong one of them is a 404."""
    row = call.page(size=1)[0][0]
    keys = {"integration_id": MAIN, "request_date": DAY["end_date"]}
    keys |= {"offer": row["offer_id"], "publisher": row["publisher"]}
    assert call.data("getConversion", {**keys, "hash": row["hash"]}) == row
    day = {"request_date": "2025-02-02"}
    for wrong in ({"hash": "0" * 32}, {"hash": "xyz"}, day, {"offer": "?"}, {"publisher": "?"}):
        assert error_code(call("getConversion", {**keys, "hash": row["hash"], **wrong})) == (404, "not_found")


def test_rows_look_like_traffic(start: Start) -> None:
    """A week shows what an analyst looks for: a minority of rejections for several reasons, and noisy bursts."""
    rows = start(conversions_per_day=800).rows(start_date="2025-02-01", end_date="2025-02-05")
    rejected = [row for row in rows if row["status"] == "rejected"]
    assert 0.08 < len(rejected) / len(rows) < 0.4
    assert {"VPN", "DUPLICATE_IP", "BOT", "THIRD_PARTY"} <= {row["rejection"] for row in rejected}
    assert {row["rejection"] for row in rows if row["status"] != "rejected"} == {None}
    assert any(row["sub_id"] == "TOO_MANY_UNIQUE_SUB_ID" for row in rows)
    assert all(row["third_party_rejected_reason"] for row in rejected if row["rejection"] == "THIRD_PARTY")


def test_times_can_be_written_in_another_zone(start: Start) -> None:
    """With `utc_offset` the same rows carry local times, while days are still cut in UTC."""
    utc, local = start().rows(), start(utc_offset=120).rows()
    assert ids(utc) == ids(local)
    assert local[0]["conversion_time"][:10] == "2025-02-04"


@pytest.mark.parametrize("operation", REPORTS)
def test_unknown_columns_are_in_every_table(start: Start, operation: str) -> None:
    """With unknown columns each table has the same strange columns, of several types, beside the usual ones."""
    rows, _ = start(unknown_columns=True).page(operation)
    item = SPEC.operations[operation].item
    strange = [{name: row[name] for name in row if find_property(item, name) is None} for row in rows]
    assert {*strange[0], "trail"} == set().union(*strange)
    assert {type(value) for row in strange for value in row.values()} == {str, int, float, bool, list, dict, type(None)}
    assert all(row["offer"] for row in rows)


def test_unknown_columns_are_optional_and_change_no_other(start: Start) -> None:
    """One unknown column is absent from some rows, another null in some, and the usual columns stay as they are."""
    usual, rows = start().page()[0], start(unknown_columns=True).page()[0]
    assert 0 < sum("trail" in row for row in rows) < len(rows)
    assert 0 < sum(row["handset"] is None for row in rows) < len(rows)
    assert all(plain.items() <= row.items() for plain, row in zip(usual, rows, strict=True))
    assert "handset" not in usual[0]


def test_a_click_looked_up_has_its_unknown_columns(start: Start) -> None:
    """A click that is looked up has the very columns that its row has in the table."""
    call = start(unknown_columns=True)
    row = call.page("getClickReport")[0][0]
    keys = {name: row[name] for name in ("offer", "publisher", "tx_id")}
    query = {"integration_id": MAIN, "request_date": DAY["start_date"], **keys}
    assert call.data("getClick", query) == row
