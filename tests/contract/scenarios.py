"""Conversations worth keeping: what a client does, and what it makes of the answers, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import metrics24
from metrics24 import Client, field

Scenario = Callable[[Client], Any]

INTEGRATION = "acmeshop01"
DAYS: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-02"}


def clicks(client: Client) -> Any:
    """Three pages of clicks, older and older."""
    rows = client.reports.clicks(INTEGRATION, page_size=3, limit=8, **DAYS)
    return [click.to_dict() for click in rows]


def impressions(client: Client) -> Any:
    """A page of impressions as records."""
    return list(client.reports.impressions(INTEGRATION, page_size=2, limit=2, **DAYS).records())


def conversions_both_ways(client: Client) -> Any:
    """Two pages of conversions, and back to the first."""
    first = next(client.reports.conversions(INTEGRATION, page_size=3, **DAYS).by_page())
    second = first.next_page()
    back = second and second.previous_page()
    return [[row["real_tx_id"] for row in page.records] for page in (first, second, back) if page is not None]


def filtered_conversions(client: Client) -> Any:
    """Conversions of one verdict, with a bound on their payout."""
    wanted = field("status").eq("rejected") & field("payout").gte(5)
    rows = client.reports.conversions(INTEGRATION, filter=wanted, page_size=4, limit=4, **DAYS)
    return [(row.status, row.payout) for row in rows]


def lookups(client: Client) -> Any:
    """The newest click and conversion, looked up by their five keys."""
    click = next(client.reports.clicks(INTEGRATION, limit=1, **DAYS).records())
    conversion = next(client.reports.conversions(INTEGRATION, limit=1, **DAYS).records())
    place = {"request_date": DAYS["end"], "offer": click["offer"], "publisher": click["publisher"]}
    found = client.reports.get_click(INTEGRATION, tx_id=click["tx_id"], **place)
    place = {"request_date": DAYS["end"], "offer": conversion["offer"], "publisher": conversion["publisher"]}
    event = client.reports.get_conversion(INTEGRATION, hash=conversion["hash"], **place)
    return [found.real_tx_id == click["real_tx_id"], event.real_tx_id == conversion["real_tx_id"]]


def exports(client: Client) -> Any:
    """The list of exports and one of them, raw."""
    listed = client.request("listExports").json()["data"]
    one = client.request("getExport", path={"exportID": listed[0]["id"]}).json()
    return [len(listed), one["status"]]


def _refused(ask: Callable[[], object]) -> Any:
    try:
        ask()
    except metrics24.Metrics24Error as error:
        return [type(error).__name__, getattr(error, "status_code", None)]
    return None


def refusals(client: Client) -> Any:
    """A malformed parameter, a foreign integration and an unknown one."""
    table = client.reports.clicks
    return [
        _refused(table(INTEGRATION, filter=field("no_such_column").eq(1), **DAYS).first),
        _refused(table("forbidden1", **DAYS).first),
        _refused(table("nosuchshop", **DAYS).first),
    ]


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (clicks, impressions, conversions_both_ways, filtered_conversions, lookups, exports, refusals)
}
