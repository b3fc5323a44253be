"""Corrections that the doctor suggests: lines of YAML for the spec, and the spec of the client that they are for."""

from __future__ import annotations

from typing import Any

import yaml

from metrics24.models import MODELS
from metrics24.speccheck.comparison import JsonBody, RecordedResponse, compare
from metrics24.speccheck.corrections import spec_lines
from metrics24.speccheck.gathering import nonsense_path
from metrics24.speccheck.judgement import same_body
from metrics24.speccheck.spec import Spec, client_spec
from metrics24_api.operation_table import OPERATIONS
from spec.document import PATH


def lines(body: Any, operation: str = "getClick") -> tuple[str, ...]:
    """The lines for the spec that a response leads to."""
    return spec_lines(compare(client_spec(), [RecordedResponse(operation, 200, JsonBody(body))]).differences)


def described(spec: Spec, model: str) -> dict[str, tuple[bool, str, set[str]]]:
    """Each property of a model: whether it is required, its evidence, its types and those that it refers to."""
    top = spec.resolve((), {"$ref": f"#/components/schemas/{model}"})
    found = {}
    for part in spec.parts(top):
        for name, node in part.node.get("properties", {}).items():
            place = (*part.place, "properties", name)
            kinds = [kind for each in spec.alternatives(spec.resolve(place, node)) for kind in spec.parts(each)]
            types = {name for kind in kinds for name in kind.types}
            found[name] = (name in part.node.get("required", ()), spec.evidence(place), types)
    return found


def test_the_spec_of_the_client_is_that_of_the_file() -> None:
    """The doctor, which needs no YAML, compares with the same properties, types and evidence as drift."""
    file, bodies = Spec.parse(PATH.read_text("utf-8")), {each.body for each in OPERATIONS.values()}
    for model in {*MODELS} - bodies:
        assert described(client_spec(), model) == described(file, model)


def test_a_nonsense_path_keeps_prefix_and_placeholders() -> None:
    """The last fixed piece of a path is replaced, wherever it is."""
    assert nonsense_path("/a/b").endswith("/metrics24-doctor-asks-for-nothing")
    assert nonsense_path("/a/{x}/b/{y}") == "/a/{x}/metrics24-doctor-asks-for-nothing/{y}"
    assert nonsense_path("/{x}").count("{x}") == 1


def test_bodies_are_compared_by_their_words() -> None:
    """Ids, numbers and what was sent are left out of the comparison, words and structure are not."""
    assert same_body(b'{"e": "no a-1", "n": 1}', b'{"e": "no b-2", "n": 2}', [])
    assert same_body(b"no offer red", b"no offer blue", ["red", "blue", ""])
    assert not same_body(b'{"e": "no row"}', b'{"e": "no path"}', [])
    assert not same_body(b'{"e": [null, true]}', b'{"e": [true, null]}', [])
    assert not same_body(b"<h1>x</h1>", b'{"e": "x"}', [])


def test_each_kind_of_unknown_field_has_its_line() -> None:
    """Formats, objects, lists, nulls, names that YAML would misread and names that may be ids have lines that parse."""
    odd: Any = {
        "day": "2025-02-01",
        "an_object": {"private": 1},
        "a_list": ["private"],
        "nothing": None,
        "no": True,
        "a-b": 1,
        "12345": 1,
        "$ref": 1,
    }
    assert lines(odd) == (
        "# openapi/spec.yaml: components.schemas.Click.properties",
        '  day: {type: [string, "null"], description: Looks like date., x-evidence: observed}',
        '  an_object: {type: [object, "null"], additionalProperties: true, x-evidence: observed}',
        '  a_list: {type: [array, "null"], items: {type: string}, x-evidence: observed}',
        "  # nothing was null only: describe it by hand",
        '  "no": {type: [boolean, "null"], x-evidence: observed}',
        '  "a-b": {type: [integer, "null"], x-evidence: observed}',
        "# openapi/spec.yaml: components.schemas.Click",
        "  # has fields whose names may be ids: describe them by hand",
    )


def test_the_lines_for_the_spec_are_yaml() -> None:
    """The lines below a comment can be pasted below `properties` or into an enum as they are."""
    odd: Any = {"an_object": {}, "a_list": [], "no": True, "a:b": "2025-02-01"}
    assert yaml.safe_load("\n".join(lines(odd))).keys() == odd.keys()
    assert yaml.safe_load("\n".join(lines({"id": "x", "status": "NEW"}, "getExport"))) == ["NEW"]


def test_other_differences_have_their_lines() -> None:
    """A value that may be data, a body of another type and a missing field come with what to do by hand."""
    by_hand = "  # has values that may be data: describe them by hand"
    assert lines({"id": "x", "status": "of Mr 7"}, "getExport")[1] == by_hand
    assert lines([1], "listExports")[1] == "  # describe [array] instead of object"
    table: Any = {"data": {"data": [], "pageInfo": {}}}
    assert lines(table, "getClickReport")[1].startswith("  # take out hasNextPage, and mark the property")


def test_a_property_of_a_shared_schema_is_corrected_there() -> None:
    """A wrong type of a column that all rows share is a change of the schema that they are built on."""
    assert lines({"offer": 7})[0] == "# openapi/spec.yaml: components.schemas.Row.properties"
