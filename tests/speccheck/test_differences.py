"""The doctor's report on responses that differ from the spec: details, suggested lines, and no value of a row."""

from __future__ import annotations

from typing import Any

import pytest

from metrics24.models import properties
from speccheck.conftest import HERE, KEY, Doctor, Serve
from speccheck.stage import META, PRIVATE, healthy, private_row, stage
from support.scripted import Step
from support.steps import respond_json
from support.tables import page

EVIDENCE = next(each.evidence for each in properties("Conversion") if each.name == "payout")
NO_HAS_NEXT = {"data": {"data": [private_row()], "pageInfo": {"startCursor": "a", "endCursor": "b"}}}


@pytest.mark.parametrize(
    ("changed", "detail", "remedy"),
    [
        (
            {
                "getClickReport": page(
                    [private_row(seen_at="2025-02-01T10:00:00Z"), private_row(number=2, seen_at=None)]
                )
            },
            "unknown field $.data.data[].seen_at: string (date-time), 1 null",
            '  seen_at: {type: [string, "null"], description: Looks like date-time., x-evidence: observed}',
        ),
        (
            {"getClickReport": page([private_row(score=1.5), private_row(number=2, score=3)])},
            "unknown field $.data.data[].score: number",
            '  score: {type: [number, "null"], x-evidence: observed}',
        ),
        (
            {"getImpressionReport": respond_json(NO_HAS_NEXT)},
            "missing field $.data.pageInfo.hasNextPage: required boolean, documented"
            ", so the client refuses such responses",
            "  # take out hasNextPage, and mark the property x-evidence: observed",
        ),
        (
            {"getConversionReport": page([private_row("conversion", payout="1.50")])},
            f"type conflict $.data.data[].payout: string, where the spec says number, {EVIDENCE}",
            '  payout: {type: [string, "null"], x-evidence: observed}',
        ),
        (
            {"listExports": respond_json({"data": [{"id": "export-1", "status": "SLEEPING"}], "meta": META})},
            "unknown value SLEEPING at $.data[].status",
            "  - SLEEPING",
        ),
    ],
    ids=["unknown field", "two types of number", "missing field", "type conflict", "unknown value"],
)
def test_a_difference_comes_with_the_line_for_the_spec(
    doctor: Doctor, serve: Serve, changed: dict[str, Step], detail: str, remedy: str
) -> None:
    """Each kind of difference is one detail with path, types and evidence, and a line of YAML below its place."""
    ended = doctor(serve(stage(healthy(**changed))), *HERE, "--json")
    found = ended.named(*changed)
    assert (ended.code, found["verdict"], found["details"][0]) == (12, "differs", detail)
    place, line, then = found["remedy"]
    difference = found["differences"][0]
    assert place.startswith(f"# openapi/spec.yaml: components.schemas.{difference['schema']}.")
    assert (line, then) == (remedy, "# then make regenerate && make record")
    assert detail.startswith(difference["kind"])


def test_values_of_rows_never_reach_the_report(doctor: Doctor, serve: Serve) -> None:
    """No value of a row or of an export and no key is printed, whichever way responses differ or fail."""
    keyed_by_data: Any = {"secret key 12": 1, "9f86d081884c7d65": 2}
    odd = private_row(secret_field="secret-77", advertiser={"name": "secret-1"}, **keyed_by_data)
    echo = respond_json({"error": f"no {PRIVATE['tx_id']} of {PRIVATE['offer']} with {KEY}"}, status=400)
    server = serve(stage(healthy(getClickReport=page([odd]), getClick=echo, getConversion=echo, getExportUrl=echo)))
    shown = doctor(server, *HERE).out + doctor(server, *HERE, "--json").out
    secrets = [*PRIVATE.values(), KEY, "secret-77", "secret-1", *keyed_by_data, "secret-file", "Secret group"]
    assert [secret for secret in secrets if secret in shown] == []
    assert "unknown field $.data.data[].secret_field: string" in shown
    assert "unknown field $.data.data[].*: integer" in shown
