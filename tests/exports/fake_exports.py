"""Records of exports as a server describes them, for flows that a fake driver runs."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from metrics24._core.effects import RawResponse
from metrics24.arguments import ExportParams
from support.fake_driver import NOON, raw

Record = dict[str, Any]
BEGINNING = NOON + timedelta(seconds=1000)  # what the client's wall clock says when a flow begins


def params(**changes: Any) -> ExportParams:
    """Give the parameters of an export of February's clicks."""
    usual: dict[str, Any] = {
        "kind": "clicks",
        "integration": "int1",
        "fields": ("real_tx_id", "status"),
        "start": date(2025, 2, 1),
        "end": date(2025, 2, 27),
    }
    return ExportParams(**{**usual, **changes})


def moment(seconds: float) -> str:
    """A time so many seconds after the client's beginning."""
    return (BEGINNING + timedelta(seconds=seconds)).isoformat()


def export(identity: object = "e1", **changes: Any) -> Record:
    """Describe the export that `params` requests; a dot in a name leads into an object, and ... leaves out."""
    record: Record = {
        "id": identity,
        "type": "click_logs",
        "status": "PENDING",
        "integration": "int1",
        "organization": "org1",
        "created_at": moment(0),
        "export_list_options": {"fields": ["real_tx_id", "status"], "extra_parameters": [], "filters": {}},
        "format": {"delimiter": ","},
        "reports_query_option": {"start_date": "2025-02-01", "end_date": "2025-02-27"},
    }
    return changed(record, {name.replace("__", "."): value for name, value in changes.items()})


def changed(record: Mapping[str, Any], changes: Mapping[str, object]) -> Record:
    """Change some of a record; a dot in a name leads into an object, and ... leaves out."""
    result = copy.deepcopy(dict(record))
    for name, value in changes.items():
        *path, last = name.split(".")
        place = result
        for step in path:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return result


def listed(*exports: Record) -> RawResponse:
    """The list of exports, whole."""
    return raw(body={"data": [*exports], "meta": {"total_count": len(exports), "total_page": 1}})
