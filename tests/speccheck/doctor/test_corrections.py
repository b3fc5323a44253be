"""What the doctor tells apart and suggests: bodies of errors, formats, and the lines for the spec."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from metrics24.speccheck.corrections import of_answer
from metrics24.speccheck.judgement import compare, same_answer
from metrics24.speccheck.probing import nonsense_path
from speccheck.doctor.conftest import Doctor, Serve
from speccheck.doctor.stage import healthy, stage
from support.answers import json_answer


def test_a_nonsense_path_keeps_prefix_and_placeholders() -> None:
    """The last fixed piece of a path is replaced, wherever it stands."""
    assert nonsense_path("/a/b").endswith("/metrics24-doctor-asks-for-nothing")
    assert nonsense_path("/a/{x}/b/{y}") == "/a/{x}/metrics24-doctor-asks-for-nothing/{y}"
    assert nonsense_path("/{x}").count("{x}") == 1


def test_bodies_are_compared_by_what_they_say() -> None:
    """Ids, numbers and what was sent are left out of the comparison, words and structure are not."""
    assert same_answer(b'{"e": "no a-1", "n": 1}', b'{"e": "no b-2", "n": 2}', [])
    assert same_answer(b"no offer red", b"no offer blue", ["red", "blue", ""])
    assert not same_answer(b'{"e": "no row"}', b'{"e": "no path"}', [])
    assert not same_answer(b'{"e": [null, true]}', b'{"e": [true, null]}', [])
    assert not same_answer(b"<h1>x</h1>", b'{"e": "x"}', [])


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("2025-02-01", ", description: Looks like date."),
        ("2025-13-01", ""),
        ("2025-02-01T10:00:00+01:00", ", description: Looks like date-time."),
        ("2025-02-01 10:00:00", ""),
        ("https://x.invalid/a", ", description: Looks like uri."),
        ("123e4567-e89b-12d3-a456-426614174000", ", description: Looks like uuid."),
        ("198.51.100.7", ", description: Looks like ipv4."),
        ("2001:db8::1", ", description: Looks like ipv6."),
        ("words", ""),
    ],
)
def test_formats_are_told_where_they_are_sure(text: str, shape: str) -> None:
    """The lines for the spec tell the format that all texts seen have, if JSON Schema knows it."""
    lines = of_answer(compare("Click", {"new": text}))
    assert lines[1] == f'  new: {{type: [string, "null"]{shape}, x-evidence: observed}}'


def test_other_kinds_of_unknown_fields_have_their_lines() -> None:
    """Objects, lists, nulls, names that YAML would misread and names that may be ids have lines that parse."""
    odd: Any = {
        "an_object": {"private": 1},
        "a_list": ["private"],
        "nothing": None,
        "no": True,
        "a-b": 1,
        "12345": 1,
        "$ref": 1,
    }
    assert of_answer(each for each in compare("Click", odd) if each.kind != "absent field") == (
        "# openapi/spec.yaml: components.schemas.Click.properties",
        '  an_object: {type: [object, "null"], additionalProperties: true, x-evidence: observed}',
        '  a_list: {type: [array, "null"], items: {}, x-evidence: observed}',
        "  # nothing was null only: describe it by hand",
        '  "no": {type: [boolean, "null"], x-evidence: observed}',
        '  "a-b": {type: [integer, "null"], x-evidence: observed}',
        "# openapi/spec.yaml: components.schemas.Click",
        "  # has fields whose names may be ids: describe them by hand",
    )


def test_the_lines_for_the_spec_are_yaml() -> None:
    """What stands under a comment can be pasted below `properties` or into an enum as it is."""
    odd: Any = {"an_object": {}, "a_list": [], "no": True, "a:b": "2025-02-01"}
    lines = of_answer(each for each in compare("Click", odd) if each.kind == "unknown field")
    assert yaml.safe_load("\n".join(lines)).keys() == odd.keys()
    assert yaml.safe_load("\n".join(of_answer(compare("Export", {"id": "x", "status": "NEW"})))) == ["NEW"]


def test_a_property_of_a_shared_schema_is_corrected_there() -> None:
    """A wrong type of a column that all rows share is a change of the schema that they are built on."""
    assert of_answer(compare("Click", {"offer": 7}))[0] == "# openapi/spec.yaml: components.schemas.Row.properties"


def test_documented_fields_that_are_absent_are_mentioned_only(doctor: Doctor, serve: Serve) -> None:
    """A documented and optional column that no row has is a detail, and the operation works."""
    rows = {"data": {"data": [{"real_tx_id": "1"}], "pageInfo": {"hasNextPage": False}}}
    server = serve(stage(healthy(getImpressionReport=json_answer(rows))))
    visit = doctor(server, "--integration", "acmeshop01", "--json")
    found = visit.named("getImpressionReport")
    assert (visit.code, found["verdict"]) == (0, "works")
    assert "$.data.data[].request_time" in found["details"][0]
    assert {each["kind"] for each in found["differences"]} == {"absent field"}
