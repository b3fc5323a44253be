"""The specification is valid, complete, and says of each item why we believe it."""

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from spec.document import document, examples, nodes, operations, parameters, properties, resolve, schemas, types

IDS = {
    *("listFilterGroups", "createFilterGroup", "bulkUpdateFilterGroups", "bulkDeleteFilterGroups"),
    *("getFilterGroup", "updateFilterGroup", "deleteFilterGroup"),
    *("downloadClicks", "downloadConversions", "downloadImpressions", "getClick", "getConversion"),
    *("getClickReport", "getConversionReport", "getImpressionReport"),
    *("getExportUrl", "listExports", "getExport", "deleteExport"),
}
EVIDENCE = {"documented", "observed", "sibling", "inferred"}
BODIES = {"FilterGroupCreate", "FilterGroupUpdate", "BulkUpdateRequest", "BulkDeleteRequest"}
OBJECTS = sorted(name for name, schema in schemas().items() if types(schema) == {"object"})
RESPONSES = [name for name in OBJECTS if name not in BODIES]


def test_the_specification_is_valid_openapi() -> None:
    """The document obeys the OpenAPI 3.1 schema and describes exactly the 19 operations of the documentation."""
    assert document()["openapi"].startswith("3.1.")
    validate(document())
    assert set(operations()) == IDS


@pytest.mark.parametrize("operation", sorted(IDS))
def test_an_operation_says_what_it_does_and_why_we_believe_it(operation: str) -> None:
    """Each operation has an effect, evidence for method and path, a documentation section, a tag and own security."""
    _, _, node = operations()[operation]
    assert node["x-effect"] in {"read", "write"}
    assert node["x-evidence"] in EVIDENCE
    assert node["x-evidence"] == "documented" or node["x-evidence-note"]
    assert node["x-doc-section"]
    assert len(node["tags"]) == 1
    assert node["security"] == [{"ApiKeyAuth": []}, {"BearerAuth": []}]


@pytest.mark.parametrize("operation", sorted(IDS))
def test_an_operation_describes_success_and_every_documented_failure(operation: str) -> None:
    """Each operation has 200, 400, 401, 402, 403, 404, 429 and 5XX, the failures with a body of any shape."""
    responses = operations()[operation][2]["responses"]
    failures = {"400", "401", "402", "403", "404", "429", "5XX"}
    assert {"200", *failures} <= set(responses)
    for status in failures:
        for media in resolve(responses[status])["content"].values():
            assert types(media["schema"]) == set(), f"{status} is narrower than anything"


@pytest.mark.parametrize("operation", sorted(IDS))
def test_an_operation_has_an_example(operation: str) -> None:
    """Each operation shows a response, and a body where it takes one."""
    node = operations()[operation][2]
    assert "example" in resolve(node["responses"]["200"])["content"]["application/json"]
    assert "requestBody" not in node or "example" in node["requestBody"]["content"]["application/json"]


def test_every_example_obeys_its_schema() -> None:
    """No example of a parameter, a body or a response contradicts the schema beside it."""
    places = []
    for where, schema, value in examples():
        places.append(where)
        Draft202012Validator({**schema, "components": document()["components"]}).validate(value)
    assert len(places) > len(IDS)


def test_every_parameter_and_property_carries_evidence() -> None:
    """Each parameter, and each property at any depth, says if it is documented, a sibling's or inferred."""
    silent = [
        f"{where}/properties/{name}"
        for where, schema in nodes(schemas())
        if isinstance(schema.get("properties"), dict)
        for name, node in schema["properties"].items()
        if node.get("x-evidence") not in EVIDENCE
    ]
    for operation in IDS:
        for node in parameters(operation):
            silent += [] if node["x-evidence"] in EVIDENCE and node["description"] else [f"{operation}/{node['name']}"]
    assert silent == []


@pytest.mark.parametrize("model", OBJECTS)
def test_a_model_is_open_and_says_why_we_believe_it(model: str) -> None:
    """Undocumented properties have a note, times stay text, and properties that the specification lacks are allowed."""
    for name, (node, _) in properties(model).items():
        assert node["x-evidence"] not in {"sibling", "inferred"} or {**schemas()[model], **node}["x-evidence-note"], (
            name
        )
        assert "format" not in node, name
    assert [where for where, node in nodes(schemas()[model]) if node.get("additionalProperties") is False] == []


def test_filters_and_numbered_pages_are_described_once() -> None:
    """Filters stand on lists, tables and exports, sort and page number on the two lists only, each by reference."""
    holders: dict[str, set[str]] = {}
    for operation, (_, _, node) in operations().items():
        for parameter in node.get("parameters", ()):
            if "$ref" in parameter:
                holders.setdefault(parameter["$ref"].rsplit("/", 1)[-1], set()).add(operation)
    lists = {"listFilterGroups", "listExports"}
    tables = {"getClickReport", "getConversionReport", "getImpressionReport"}
    exports = {"downloadClicks", "downloadConversions", "downloadImpressions"}
    assert holders["Filter"] == lists | tables | exports
    assert holders["Sort"] == holders["PageNumber"] == lists


def test_enums_are_open() -> None:
    """Wherever an enumerated schema is used, any other text is valid too."""
    enums = {f"#/components/schemas/{name}" for name, schema in schemas().items() if "enum" in schema}
    inline = [where for where, node in nodes(document()) if "enum" in node and not where.startswith("/components")]
    uses = [node["anyOf"] for _, node in nodes(document()) if enums & {p.get("$ref") for p in node.get("anyOf", ())}]
    references = [where for where, node in nodes(document()) if node.get("$ref") in enums]
    assert inline == []
    assert len(references) == len(uses) > 0
    assert all({"type": "string"} in parts for parts in uses)


@pytest.mark.parametrize("model", RESPONSES)
def test_responses_tolerate_null_for_what_is_optional(model: str) -> None:
    """Each optional property of a response may be null, lists among them."""
    for name, (node, required) in properties(model).items():
        assert required or "null" in types(node), f"{model}.{name}"
