"""Conversations worth keeping: what a client does, and what it makes of the responses, as JSON."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from attrs import frozen

from contract.stage import DESCRIPTION, GROUPS, NO_INTEGRATION, OFFERS, WRONG_KEY, Stage, UnsuitedError
from metrics24 import field

Needs = Literal["reads", "writes", "faults"]


@frozen
class Scenario:
    """A conversation, and what it needs: an account to read, one to write to, or faults that only a sandbox has."""

    name: str
    play: Callable[[Stage], Any]
    needs: Needs


def scenarios(needs: Needs, *plays: Callable[[Stage], Any]) -> tuple[Scenario, ...]:
    """Scenarios that are called as their functions are."""
    return tuple(Scenario(play.__name__, play, needs) for play in plays)


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
    found = reports.get_click(stage.integration, tx_id=click["tx_id"], **_keys(click, "request_time"))
    event = reports.get_conversion(stage.integration, hash=conversion["hash"], **_keys(conversion, "conversion_time"))
    return [stage.result(each).to_dict() for each in (found, event)]


def _keys(row: dict[str, Any], time: str) -> dict[str, str]:
    return {"request_date": row[time][:10], "offer": row["offer"], "publisher": row["publisher"]}


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


PRIORITY = 900_000


def _created(stage: Stage, groups: Any, number: int) -> Any:
    return stage.result(
        groups.create(
            stage.integration,
            name=GROUPS[number],
            organization=stage.origin.organization,
            priority=PRIORITY + number,
            description=DESCRIPTION,
            active=False,
            monitoring_mode=True,
        )
    )


def filter_group(stage: Stage) -> Any:
    """A group from its creation to its end: read, given offers, changed in three ways, deleted."""
    groups = stage.connected().filter_groups
    made = _created(stage, groups, 0)
    read = stage.result(groups.get(stage.integration, made.id))
    offered = stage.result(groups.add_offers(stage.integration, made.id, OFFERS))
    changed = stage.result(groups.update(stage.integration, made.id, description=None, offer_ids=[], priority=PRIORITY))
    stage.result(groups.delete(stage.integration, made.id))
    gone = stage.refused(lambda: stage.result(groups.get(stage.integration, made.id)))
    return {
        "made": made.to_dict(),
        "same": read == made,
        "offers": offered.offer_ids,
        "then": changed.to_dict(),
        "gone": gone,
    }


def filter_groups_at_once(stage: Stage) -> Any:
    """Two groups that are switched and deleted with one request each, one that does not exist among them."""
    groups = stage.connected().filter_groups
    ids = [_created(stage, groups, number).id for number in range(len(GROUPS))]
    organization = stage.origin.organization
    switched = stage.result(
        groups.bulk_update(stage.integration, ids, monitoring_mode=False, organization=organization)
    )
    one_by_one = stage.result(groups.update_many(stage.integration, ids, tags=["contract-offer-1"]))
    deleted = stage.result(groups.bulk_delete(stage.integration, ids, organization=organization))
    again = stage.result(groups.bulk_delete(stage.integration, ids[:1], organization=organization))
    return [[each.ok, each.missing, each.unverified] for each in (switched, one_by_one, deleted, again)]


def export_of_clicks(stage: Stage) -> Any:
    """An export of clicks: asked for, waited for and saved."""
    asked = {"fields": ["real_tx_id", "request_time", "click_ip", "user_agent", "offer", "status"], **_day(stage)}
    job = stage.exported(stage.result(stage.connected().exports.start("clicks", stage.integration, **asked)))
    saved = stage.result(job.save(stage.folder / "clicks.csv"))
    lines = saved.path.read_text("utf-8").splitlines()
    return {"status": job.status, "rows": saved.rows, "lines": len(lines), "first": lines[:3]}


def export_of_conversions(stage: Stage) -> Any:
    """An export of one offer's conversions with columns of the advertiser's own, another delimiter, read as bytes."""
    fields = ["real_tx_id", "conversion_time", "hash", "status", "payout"]
    asked: dict[str, Any] = {"fields": fields, "extra_parameters": ["campaign"], "delimiter": ";", **_day(stage)}
    client = stage.connected()
    newest = stage.first_page(client.reports.conversions(stage.integration, page_size=1, **_day(stage))).records[0]
    if not newest.get("offer_id"):
        raise UnsuitedError("conversions have no offer_id to choose some by")
    chosen, exports = field("offer_id").eq(newest["offer_id"]), client.exports
    job = stage.exported(stage.result(exports.start("conversions", stage.integration, filter=chosen, **asked)))
    text = b"".join(stage.all(job.iter_bytes())).decode()
    taken_up = stage.result(exports.resume(job.id))
    return {"rows": job.rows, "first": text.splitlines()[:3], "taken up": taken_up.export.to_dict()}


def export_of_impressions(stage: Stage) -> Any:
    """An export of impressions that is looked for in the list, taken again instead of asking twice, and deleted."""
    exports = stage.connected().exports
    asked = {"fields": ["real_tx_id", "impression_ip"], **_day(stage)}
    job = stage.exported(stage.result(exports.start("impressions", stage.integration, **asked)))
    again = stage.result(exports.start("impressions", stage.integration, reuse=600, **asked))
    stage.result(job.delete())
    gone = stage.refused(lambda: stage.result(job.refresh()))
    return {"rows": job.rows, "same": again.id == job.id, "gone": gone}


def _day(stage: Stage) -> dict[str, Any]:
    return {"start": stage.origin.start, "end": stage.origin.start}


STATUSES = (400, 401, 402, 403, 404, 429, 500, 502, 503, 504)
"""All that the API's documentation lists."""


def refusals(stage: Stage) -> Any:
    """A column that does not exist, an integration that does not, and a key that does not exist."""
    client = stage.impatient()
    unknown = client.reports.clicks(stage.integration, filter=field("no_such_column").eq(NO_INTEGRATION), **stage.days)
    nowhere = client.reports.clicks(NO_INTEGRATION, **stage.days)
    nobody = stage.impatient(api_key=WRONG_KEY).exports.list()
    return [stage.refused(partial(_first, stage, rows)) for rows in (unknown, nowhere, nobody)]


def _first(stage: Stage, rows: Any) -> Any:
    return stage.result(rows.first())


def credentials(stage: Stage) -> Any:
    """One question with the key, and with a token instead."""
    names = [stage.connected(), stage.connected(token=_token(stage))]
    return [len(stage.all(client.filter_groups.list(stage.integration))) for client in names]


def patience(stage: Stage) -> Any:
    """A read that succeeds in the end, and a file whose storage fails at first."""
    client = stage.connected()
    stage.fail("listExports", "503x1,429x1@2")
    one = stage.first_page(client.exports.list(filter=field("status").eq("COMPLETED"), page_size=1)).items[0]
    job = stage.result(client.exports.resume(one.id))
    stage.fail("storage", "503x1,403x1")
    text = b"".join(stage.all(job.iter_bytes()))
    slept = len(stage.clock.slept) if stage.clock else 0
    return {"rows": job.rows, "lines": text.count(b"\n"), "slept": slept}


def _refused_with(status: int, stage: Stage) -> Any:
    """The status from a table, from a change, from an export and its list, and from the storage of a file."""
    client = stage.impatient()
    group = stage.first_page(client.filter_groups.list(stage.integration, page_size=1)).items[0]
    one = stage.first_page(client.exports.list(filter=field("status").eq("COMPLETED"), page_size=1)).items[0]
    job = stage.result(client.exports.resume(one.id))
    value = "@7" if status == 429 else ""
    for operation in ("getClickReport", "updateFilterGroup", "downloadClicks", "getExportUrl"):
        stage.fail(operation, f"{status}x1{value}")
    asks = {
        "read": lambda: stage.result(client.reports.clicks(stage.integration, **stage.days).first()),
        "write": lambda: stage.result(client.filter_groups.update(stage.integration, group.id, active=False)),
        "export": lambda: stage.result(client.exports.start("clicks", stage.integration, fields=["offer"])),
        "url": lambda: stage.result(client.exports.url(one.artifact_name)),
    }
    told = {what: stage.refused(ask) for what, ask in asks.items()}
    stage.fail("storage", f"{status}x20{value}")
    return {**told, "file": stage.refused(lambda: stage.all(job.iter_bytes()))}


def _token(stage: Stage) -> str:
    return stage.box.token if stage.box is not None else "scrubbed-token"


SCENARIOS: dict[str, Scenario] = {
    each.name: each
    for each in (
        *scenarios(
            "reads",
            *(clicks, conversions, impressions, both_ways, newer_than, filtered_conversions, look_ups),
            *(filter_groups_listed, exports_listed),
        ),
        *scenarios("writes", filter_group, filter_groups_at_once),
        *scenarios("writes", export_of_clicks, export_of_conversions, export_of_impressions),
        *scenarios("reads", refusals),
        *scenarios("faults", credentials, patience),
        *(Scenario(f"status_{status}", partial(_refused_with, status), "faults") for status in STATUSES),
    )
}
LIVE = {name: scenario.needs != "faults" for name, scenario in SCENARIOS.items()}
"""Every scenario's name, and whether the live API can play it."""
