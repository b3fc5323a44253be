"""Exports, from the request to the bytes."""

from __future__ import annotations

from typing import Any

from contract.scenarios.scenario import scenarios
from contract.stage import Stage, UnsuitedError
from metrics24 import field


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


SCENARIOS = scenarios("writes", export_of_clicks, export_of_conversions, export_of_impressions)
