"""Exports from the request to the deleted file; time passes only when a test says so."""

import time

import httpx
import pytest

from sandbox.calls import WANTED, Caller, Json, Start, error_code


def listed(call: Caller, **query: str) -> list[str]:
    """Ids of the exports that a list gives."""
    return [export["id"] for export in call.data("listExports", query)["data"]]


def test_an_export_ripens_with_time(own: Caller) -> None:
    """It is pending for a second, in progress for two, and completed with its file and its counts after that."""
    identity = own.export()
    seen = []
    for seconds in (0.5, 0.6, 1.5, 0.5):
        export = own.export_state(identity)
        seen.append(export["status"])
        assert (export["artifact"], export["artifact_name"], export["results_meta"]) == (None, None, None)
        own.box.advance(seconds)
    assert seen == ["PENDING", "PENDING", "IN_PROGRESS", "IN_PROGRESS"]
    export = own.export_state(identity)
    assert export["status"] == "COMPLETED"
    assert export["results_meta"] == {"total": len(own.rows()), "duration_seconds": 3}
    assert export["artifact"]["name"] == export["artifact_name"]
    assert export["artifact"]["size"] == len(httpx.get(own.url(identity)).content)


def test_a_file_that_takes_long_keeps_the_export_in_progress(start: Start) -> None:
    """Polling does not wait for a huge file, nor does closing the sandbox."""
    call = start(conversions_per_day=1_000_000, preloaded=False)
    identity = call.finished_export()
    assert call.export_state(identity)["status"] == "IN_PROGRESS"
    began = time.monotonic()
    call.box.close()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("sent", "first", "last"),
    [
        ({}, "2025-02-04", "2025-02-10"),
        ({"start_date": "2025-02-01"}, "2025-02-01", "2025-02-07"),
        ({"end_date": "2025-02-07"}, "2025-02-01", "2025-02-07"),
        ({"start_date": "9999-12-30"}, "9999-12-30", "9999-12-31"),
        ({"end_date": "0001-01-02"}, "0001-01-01", "0001-01-02"),
    ],
    ids=str,
)
def test_dates_may_be_left_out(own: Caller, sent: dict[str, str], first: str, last: str) -> None:
    """A missing date is six days from the other one, or from today, as far as the calendar goes."""
    option = own.data("downloadConversions", {**WANTED, **sent})["reports_query_option"]
    assert (option["start_date"], option["end_date"]) == (first, last)


@pytest.mark.parametrize(
    ("options", "refusal", "wait"),
    [({}, (402, "request_failed"), None), ({"quota_status": 429}, (429, "too_many_requests"), "43200")],
)
def test_deleted_exports_use_the_quota(start: Start, options: Json, refusal: tuple[int, str], wait: str | None) -> None:
    """The third of two exports a day is refused even if one was deleted; at midnight the count starts again."""
    call = start(exports_per_day=2, **options)
    call("deleteExport", path={"exportID": call.export()})
    call.export()
    response = call("downloadConversions", WANTED)
    assert error_code(response) == refusal
    assert response.headers.get("Retry-After") == wait
    call.box.advance(43_200)
    assert call.export()


@pytest.mark.parametrize(
    "change",
    [
        *({"fields": text} for text in ("", " , ", "real_tx_id,colour")),
        *({"delimiter": text} for text in (";;", '"', "\n")),
        *({"start_date": "2025-02-04", "end_date": "2025-02-03"}, {"filter[colour]": "red"}),
        {"filter[payout][lte]": "cheap"},
    ],
    ids=str,
)
def test_what_cannot_be_exported_is_refused(own: Caller, change: dict[str, str]) -> None:
    """Unknown columns, impossible delimiters, reversed dates and wrong filters are refused and cost no quota."""
    assert error_code(own("downloadConversions", {**WANTED, **change})) == (400, "bad_request")
    assert listed(own) == []


@pytest.mark.parametrize(
    ("fate", "status", "error"),
    [
        ("stuck", "PENDING", None),
        ("error", "ERROR", "the query was too expensive"),
        ("cancel", "CANCELED", None),
        ("unknown", "FINALIZING", None),
        ("no-artifact", "COMPLETED", None),
    ],
)
def test_exports_can_be_made_to_go_wrong(own: Caller, fate: str, status: str, error: str | None) -> None:
    """By header an export never ends, fails, is canceled, reports an unknown state, or has no file."""
    identity = own.export(headers={"X-Sandbox-Export-Fate": fate})
    own.box.advance(3600)
    export = own.export_state(identity)
    assert (export["status"], export["error"], export["artifact_name"]) == (status, error, None)


def test_a_deleted_export_is_gone_with_its_file(own: Caller) -> None:
    """After a delete the export, its URL and the file behind an older URL do not exist."""
    identity = own.finished_export()
    name, url, path = own.export_state(identity)["artifact_name"], own.url(identity), {"exportID": identity}
    assert own("deleteExport", path=path).is_success
    assert own("getExport", path=path).status_code == own("deleteExport", path=path).status_code == 404
    assert own("getExportUrl", {"artifact_name": name}).status_code == 404
    assert (httpx.get(url).status_code, listed(own)) == (404, [])


def test_exports_are_kept_for_ninety_days(own: Caller) -> None:
    """An export can be read on the ninetieth day and is gone after it."""
    identity = own.export()
    own.box.advance(90 * 86_400)
    assert listed(own) == [identity]
    own.box.advance(1)
    assert own("getExport", path={"exportID": identity}).status_code == 404


def test_the_twelve_documented_filters_find_exports(own: Caller) -> None:
    """Each filter that the documentation names picks the exports that it should."""
    big = own.finished_export(
        "downloadConversions", start_date="2025-02-02", **{"filter[offer_id]": ["acme-1001", "acme-1002"]}
    )
    small = own.finished_export("downloadClicks", **{"filter[publisher]": "200", "filter[advertiser]": "Kestrel Bank"})
    late = own.export("downloadImpressions", headers={"X-Sandbox-Running": "600"})
    own.box.advance(60)
    nested = "filter[reports_query_option.filters.{}.equalvalues]"
    total = own.export_state(big)["results_meta"]["total"]
    for name, value, found in [
        (nested.format("offer_id"), "acme-1002", [big]),
        (nested.format("publisher"), "200", [small]),
        (nested.format("advertiser"), "Kestrel Bank", [small]),
        (nested.format("integration_id"), "acmeshop01", [late, small, big]),
        (nested.format("integration_id"), "acmeapps02", []),
        ("filter[reports_query_option.start_date]", "2025-02-02", [big]),
        ("filter[reports_query_option.end_date]", "2025-02-03", [late, small, big]),
        ("filter[status]", "IN_PROGRESS", [late]),
        ("filter[status]", "COMPLETED", [small, big]),
        ("filter[type]", "click_logs", [small]),
        ("filter[results_meta.total][gte]", str(total), [big]),
        ("filter[results_meta.total][lte]", str(total - 1), [small]),
        ("filter[results_meta.duration_seconds][gte]", "3", [small, big]),
        ("filter[results_meta.duration_seconds][lte]", "2", []),
    ]:
        assert listed(own, **{name: value}) == found, name


def test_exports_can_be_sorted(start: Start) -> None:
    """A list of exports is newest first unless it is told otherwise."""
    call = start()
    assert listed(call, sort="created_at") == listed(call)[::-1]
    assert len(listed(call)) == 2
