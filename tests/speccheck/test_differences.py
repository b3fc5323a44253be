"""The doctor against servers whose answers have other fields, types and values than the spec says."""

from __future__ import annotations

from typing import Any

from metrics24.models import properties
from speccheck.conftest import HERE, KEY, Doctor, Serve
from speccheck.stage import META, PRIVATE, healthy, private_row, stage
from support.answers import json_answer
from support.tables import page


def test_unknown_fields_come_with_the_lines_for_the_spec(doctor: Doctor, serve: Serve) -> None:
    """A field that the spec lacks is listed with path, type and format, and as YAML."""
    rows = [private_row(seen_at="2025-02-01T10:00:00Z", score=1.5), private_row(number=2, seen_at=None, score=3)]
    ended = doctor(serve(stage(healthy(getClickReport=page(rows)))), *HERE, "--json")
    found = ended.named("getClickReport")
    assert (ended.code, found["verdict"]) == (12, "differs")
    assert found["details"] == [
        "unknown field $.data.data[].seen_at: string (date-time), 1 null",
        "unknown field $.data.data[].score: number",
    ]
    assert "# openapi/spec.yaml: components.schemas.Click.properties" in found["remedy"]
    assert (
        '  seen_at: {type: [string, "null"], description: Looks like date-time., x-evidence: observed}'
        in found["remedy"]
    )
    assert '  score: {type: [number, "null"], x-evidence: observed}' in found["remedy"]
    assert found["remedy"][-1] == "# then make regenerate && make record"


def test_a_missing_field_that_is_documented_as_required_is_a_difference(doctor: Doctor, serve: Serve) -> None:
    """An answer without a documented and required field says that the client refuses such answers."""
    rows = {"data": {"data": [private_row()], "pageInfo": {"startCursor": "a", "endCursor": "b"}}}
    ended = doctor(serve(stage(healthy(getImpressionReport=json_answer(rows)))), *HERE, "--json")
    found = ended.named("getImpressionReport")
    assert (ended.code, found["verdict"]) == (12, "differs")
    assert found["details"][0] == (
        "missing field $.data.pageInfo.hasNextPage: required boolean, documented, so the client refuses such responses"
    )
    expected = {"kind": "missing field", "schema": "PageInfo", "name": "hasNextPage", "evidence": "documented"}
    assert expected.items() <= found["differences"][0].items()


def test_a_field_of_another_type_is_a_difference(doctor: Doctor, serve: Serve) -> None:
    """A type that the spec does not expect is named beside the expected one, with its schema."""
    ended = doctor(
        serve(stage(healthy(getConversionReport=page([private_row("conversion", payout="1.50")])))), *HERE, "--json"
    )
    found = ended.named("getConversionReport")
    evidence = next(each.evidence for each in properties("Conversion") if each.name == "payout")
    said = f"type conflict $.data.data[].payout: string, where the spec says number, {evidence}"
    assert found["details"] == [said]
    assert '  payout: {type: [string, "null"], x-evidence: observed}' in found["remedy"]


def test_a_new_value_of_an_enum_is_named(doctor: Doctor, serve: Serve) -> None:
    """A status that the spec's enum lacks is printed, with the line to add to the enum."""
    listed = json_answer({"data": [{"id": "export-1", "status": "SLEEPING"}], "meta": META})
    ended = doctor(serve(stage(healthy(listExports=listed))), *HERE, "--json")
    found = ended.named("listExports")
    assert (ended.code, found["details"]) == (12, ["unknown value SLEEPING at $.data[].status"])
    assert found["remedy"][:2] == ["# openapi/spec.yaml: components.schemas.ArtifactStatus.enum", "  - SLEEPING"]


def test_values_of_rows_never_reach_the_report(doctor: Doctor, serve: Serve) -> None:
    """Whatever differs or fails, no value of a row or of an export and no key is printed."""
    keyed_by_data: Any = {"secret key 12": 1, "9f86d081884c7d65": 2}
    odd = private_row(secret_field="secret-77", advertiser={"name": "secret-1"}, **keyed_by_data)
    echo = json_answer({"error": f"no {PRIVATE['tx_id']} of {PRIVATE['offer']} with {KEY}"}, status=400)
    server = serve(stage(healthy(getClickReport=page([odd]), getClick=echo, getConversion=echo, getExportUrl=echo)))
    shown = doctor(server, *HERE).out + doctor(server, *HERE, "--json").out
    secrets = [*PRIVATE.values(), KEY, "secret-77", "secret-1", *keyed_by_data, "secret-file", "Secret group"]
    assert [secret for secret in secrets if secret in shown] == []
    assert "unknown field $.data.data[].secret_field: string" in shown
    assert "unknown field $.data.data[].*: integer" in shown


def test_documented_fields_that_are_absent_are_mentioned_only(doctor: Doctor, serve: Serve) -> None:
    """A documented and optional column that no row has is a detail, and the operation works."""
    rows = {"data": {"data": [{"real_tx_id": "1"}], "pageInfo": {"hasNextPage": False}}}
    ended = doctor(serve(stage(healthy(getImpressionReport=json_answer(rows)))), *HERE, "--json")
    found = ended.named("getImpressionReport")
    assert (ended.code, found["verdict"]) == (0, "works")
    assert "$.data.data[].request_time" in found["details"][0]
    assert {each["kind"] for each in found["differences"]} == {"absent field"}
