"""Errors: those that anybody meets, and each documented status for a read, a write and a download."""

from __future__ import annotations

from functools import partial
from typing import Any

from contract.scenarios.scenario import Scenario, scenarios
from contract.stage import NO_INTEGRATION, WRONG_KEY, Stage
from metrics24 import field

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


SCENARIOS = (
    *scenarios("reads", refusals),
    *scenarios("faults", credentials, patience),
    *(Scenario(f"status_{status}", partial(_refused_with, status), "faults") for status in STATUSES),
)
