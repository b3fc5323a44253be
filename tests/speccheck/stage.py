"""A scripted 24Metrics: one step per operation, on the paths of the spec, and nothing anywhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from metrics24_api.operation_table import OPERATIONS
from support.scripted import Received, Script, Step
from support.steps import respond, respond_json
from support.tables import Row, page, row

PRIVATE = {"offer": "Secret Offer 77", "publisher": "secret-publisher-55", "tx_id": "secret-tx-33", "hash": "5ec2e7"}
NOT_FOUND = respond_json({"error": {"message": "no such path"}}, status=404)
META = {"total_count": 1, "total_page": 1}

_OUT_OF_ORDER = sorted(OPERATIONS.values(), key=lambda each: each.path.count("{"))


def operation_of(request: Received) -> str:
    """The operation that a request means; empty if none has its path and method."""
    for operation in _OUT_OF_ORDER:
        pattern = re.sub(r"\\\{[^{}]*\\\}", "[^/]+", re.escape(operation.path))
        if operation.method == request.method and re.fullmatch(pattern, request.path):
            return operation.id
    return ""


def root(seconds: float = 0) -> Step:
    """Answer the knock at the door, with a clock that is so many seconds ahead."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    return respond(b"", status=404, headers=[("Date", date)])


def stage(answers: Mapping[str, Step]) -> Script:
    """Answer each operation with its step, the root with its own, everything else with a 404."""
    steps = {"/": root(), **answers}
    return lambda request: steps.get(operation_of(request) or request.path, NOT_FOUND)


def private_row(kind: str = "click", number: int = 1, **columns: object) -> Row:
    """A row of a kind whose values no report may show."""
    lacking = {"click": ("conversion_time", "hash"), "conversion": ("request_time",)}
    every = row(number, **{**PRIVATE, **columns})
    return {name: value for name, value in every.items() if name not in lacking.get(kind, lacking["click"])}


def healthy(**changes: Step) -> dict[str, Step]:
    """Steps for all read operations that are as the spec says, some of them replaced."""
    export = {"id": "export-1", "status": "COMPLETED", "artifact": {"name": "secret-file.csv"}}
    group = {"id": "group-1", "name": "Secret group"}
    return {
        "listFilterGroups": respond_json({"data": [group], "meta": META}),
        "getFilterGroup": respond_json(group),
        "getClick": respond_json({"data": private_row()}),
        "getConversion": respond_json(private_row("conversion")),
        "getClickReport": page([private_row()]),
        "getConversionReport": page([private_row("conversion")]),
        "getImpressionReport": page([private_row()]),
        "listExports": respond_json({"data": [export], "meta": META}),
        "getExport": respond_json({"data": export}),
        "getExportUrl": respond_json({"url": "https://storage.invalid/secret-file.csv?signature=5ec2e7"}),
        **changes,
    }
