"""Tables, look-ups and lists."""

from __future__ import annotations

from typing import Any

from contract.scenarios.scenario import scenarios
from contract.stage import Stage, UnsuitedError
from metrics24 import field


def clicks(stage: Stage) -> Any:
    """Three pages of clicks, older and older, as models."""
    rows = stage.connected().reports.clicks(stage.integration, page_size=3, limit=8, **stage.days)
    return [click.to_dict() for click in stage.all(rows)]


def conversions(stage: Stage) -> Any:
    """Two pages of conversions as models."""
    rows = stage.connected().reports.conversions(stage.integration, page_size=2, limit=3, **stage.days)
    return [conversion.to_dict() for conversion in stage.all(rows)]


def impressions(stage: Stage) -> Any:
    """A page of impressions as records, with every field that was sent."""
    rows = stage.connected().reports.impressions(stage.integration, page_size=2, limit=2, **stage.days)
    return stage.all(rows.records())


def both_ways(stage: Stage) -> Any:
    """Three pages of conversions, and back to the second by the cursor of its neighbour."""
    first = stage.first_page(stage.connected().reports.conversions(stage.integration, page_size=3, **stage.days))
    second = stage.result(first.next_page())
    if second is None:
        raise UnsuitedError("there is one page only: choose days with more conversions")
    third = stage.result(second.next_page())
    back = stage.result((third or second).previous_page())
    pages = [page for page in (first, second, third, back) if page is not None]
    return [[row["real_tx_id"] for row in page.records] for page in pages]


def newer_than(stage: Stage) -> Any:
    """All clicks newer than one of the second page, newest first."""
    client = stage.connected()
    page = stage.result(
        stage.first_page(client.reports.clicks(stage.integration, page_size=4, **stage.days)).next_page()
    )
    if page is None:
        raise UnsuitedError("there is one page only: choose days with more clicks")
    newer = client.reports.clicks(stage.integration, before=page.end_cursor, page_size=3, **stage.days)
    return [click.real_tx_id for click in stage.all(newer)]


def filtered_conversions(stage: Stage) -> Any:
    """Conversions of one verdict, with a bound on their payout."""
    wanted = field("status").eq("rejected") & field("payout").gte(5)
    rows = stage.connected().reports.conversions(stage.integration, filter=wanted, page_size=4, limit=4, **stage.days)
    return [[row.status, row.payout] for row in stage.all(rows)]


def look_ups(stage: Stage) -> Any:
    """The newest click and conversion, looked up by their five keys."""
    reports = stage.connected().reports
    click = stage.first_page(reports.clicks(stage.integration, page_size=1, **stage.days)).records[0]
    conversion = stage.first_page(reports.conversions(stage.integration, page_size=1, **stage.days)).records[0]
    found = stage.result(
        reports.get_click(
            stage.integration, request_date=click["request_time"][:10], tx_id=click["tx_id"], **_place(click)
        )
    )
    event = stage.result(
        reports.get_conversion(
            stage.integration,
            request_date=conversion["conversion_time"][:10],
            hash=conversion["hash"],
            **_place(conversion),
        )
    )
    return [found.to_dict(), event.to_dict()]


def _place(row: dict[str, Any]) -> dict[str, str]:
    return {"offer": row["offer"], "publisher": row["publisher"]}


def filter_groups_listed(stage: Stage) -> Any:
    """Filter groups in two numbered pages, sorted, and one of them by its id."""
    groups = stage.connected().filter_groups
    page = stage.first_page(groups.list(stage.integration, sort="-priority", page_size=2))
    pages = [page] if (second := stage.result(page.next_page())) is None else [page, second]
    one = stage.result(groups.get(stage.integration, page.items[0].id))
    return {"pages": [[group.to_dict() for group in each.items] for each in pages], "one": one.to_dict()}


def exports_listed(stage: Stage) -> Any:
    """Exports in pages of one, those of one status, one of them by its id, and the URL of its file."""
    exports = stage.connected().exports
    complete = field("status").eq("COMPLETED")
    one = stage.first_page(exports.list(filter=complete, sort="-created_at", page_size=1)).items[0]
    listed = [export.id for export in stage.all(exports.list(page_size=1, limit=3))]
    again = stage.result(exports.get(one.id))
    return {"listed": listed, "one": again.to_dict(), "url": stage.result(exports.url(again.artifact_name))}


SCENARIOS = scenarios(
    "reads",
    clicks,
    conversions,
    impressions,
    both_ways,
    newer_than,
    filtered_conversions,
    look_ups,
    filter_groups_listed,
    exports_listed,
)
