"""The contents of exported files."""

import csv
import io

import httpx
import pytest

from sandbox.calls import Caller, Start


def table(call: Caller, identity: str, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of an export's file."""
    text = httpx.get(call.url(identity)).content.decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize(
    ("operation", "report", "type_"),
    [
        ("downloadClicks", "getClickReport", "click_logs"),
        ("downloadConversions", "getConversionReport", "conversion_logs"),
        ("downloadImpressions", "getImpressionReport", "impression_logs"),
    ],
)
def test_the_file_holds_the_rows_of_the_report(own: Caller, operation: str, report: str, type_: str) -> None:
    """Columns come in the order asked for, rows in the order of the report, and the type says which rows they are."""
    identity = own.finished_export(operation, fields="publisher,real_tx_id,status,city", extra_parameters="campaign,no")
    rows = own.rows(report)
    exported = table(own, identity)
    assert list(exported[0]) == ["publisher", "real_tx_id", "status", "city", "campaign", "no"]
    for row, line in zip(rows, exported, strict=True):
        campaign = {one["name"]: one["value"] for one in row["extra_parameters"]}.get("campaign", "")
        assert [*line.values()] == [row["publisher"], row["real_tx_id"], row["status"], row["city"] or "", campaign, ""]
    assert own.export_state(identity)["type"] == type_


def test_filters_and_delimiter_shape_the_file(own: Caller) -> None:
    """Only rows that meet the filters are exported, separated as asked, and the export says what it was asked."""
    query = {"filter[status]": "rejected", "filter[payout][gte]": "5", "delimiter": ";"}
    identity = own.finished_export(fields="real_tx_id,third_party_rejected_reason", **query)
    wanted = [row["real_tx_id"] for row in own.rows() if row["status"] == "rejected" and row["payout"] >= 5]
    assert [line["real_tx_id"] for line in table(own, identity, ";")] == wanted != []
    export = own.export_state(identity)
    assert export["format"] == {"delimiter": ";"}
    assert export["export_list_options"] == {
        "fields": ["real_tx_id", "third_party_rejected_reason"],
        "extra_parameters": [],
        "filters": {"status": {"eq": ["rejected"]}, "payout": {"gte": ["5"]}},
    }
    assert export["reports_query_option"] == {
        "start_date": "2025-02-03",
        "end_date": "2025-02-03",
        "filters": {"integration_id": {"equalvalues": ["acmeshop01"]}, "status": {"equalvalues": ["rejected"]}},
    }


def test_cells_are_text(start: Start) -> None:
    """Truth values are words, lists names and values, null is nothing, and free text keeps line breaks and quotes."""
    call = start(conversions_per_day=3_000, preloaded=False)
    identity = call.finished_export(fields="is_bot,extra_parameters,keyword,third_party_rejected_reason")
    bots, parameters, keywords, reasons = map(set, zip(*map(dict.values, table(call, identity)), strict=True))
    assert (bots, keywords) == ({"true", "false"}, {""})
    assert parameters >= {"campaign=spring;creative=a", ""}
    assert any("\n" in reason for reason in reasons)
    assert any('"' in reason for reason in reasons)


def test_an_export_holds_what_had_happened_when_it_was_asked_for(own: Caller) -> None:
    """Rows that arrive while the export is running are not in its file."""
    before = own.rows(start_date="2025-02-10", end_date="2025-02-10")
    identity = own.export(start_date="2025-02-10", end_date="2025-02-10")
    own.box.advance(7200)
    assert len(table(own, identity)) == len(before)
    assert len(own.rows(start_date="2025-02-10", end_date="2025-02-10")) > len(before)


def test_the_row_limit_cuts_the_file(start: Start) -> None:
    """An export beyond the row limit holds the newest rows up to the limit, and counts those."""
    call = start(export_rows=50, preloaded=False)
    identity = call.finished_export()
    assert [line["real_tx_id"] for line in table(call, identity)] == [row["real_tx_id"] for row in call.rows()[:50]]
    assert call.export_state(identity)["results_meta"]["total"] == 50
