"""The operation table says what the specification says."""

import hashlib
import subprocess
import sys

import attrs
import pytest

import metrics24_api.models
from metrics24_api.operation_table import (
    API_KEY_HEADER,
    DEFAULT_BASE_URL,
    MODELS,
    OPERATIONS,
    SPEC_SHA256,
    Operation,
    Parameter,
)
from spec.document import PATH, Node, document, operations, parameters, properties, resolve, schemas, types


def enum_of(schema: Node) -> tuple[str, ...]:
    """The known values of an open enum."""
    return tuple(value for part in schema.get("anyOf", ()) for value in resolve(part).get("enum", ()))


def test_the_table_belongs_to_the_specification() -> None:
    """The table has the specification's hash, server, operations in their order under their ids, and objects."""
    assert hashlib.sha256(PATH.read_bytes()).hexdigest() == SPEC_SHA256
    assert document()["servers"][0]["url"] == DEFAULT_BASE_URL
    assert document()["components"]["securitySchemes"]["ApiKeyAuth"]["name"] == API_KEY_HEADER
    assert list(OPERATIONS) == [operation.id for operation in OPERATIONS.values()] == list(operations())
    assert set(MODELS) == {name for name, schema in schemas().items() if types(schema) == {"object"}}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
def test_an_operation_equals_its_description(operation: Operation) -> None:
    """Path, method, effect, evidence, tag, statuses and body are those of the specification."""
    path, method, node = operations()[operation.id]
    assert (operation.path, operation.method, operation.tag) == (path, method.upper(), node["tags"][0])
    assert (operation.effect, operation.evidence) == (node["x-effect"], node["x-evidence"])
    assert operation.statuses == tuple(int(status) for status in node["responses"] if status[0] == "2")
    assert bool(operation.body) == ("requestBody" in node)
    assert {operation.body or "Click", operation.response or "Click"} <= set(MODELS)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
def test_parameters_equal_their_description(operation: Operation) -> None:
    """Each parameter has the name, place, type, format, values, evidence and description of the specification."""
    assert operation.parameters == tuple(
        Parameter(
            name=node["name"],
            argument=operation.parameters[index].argument,
            location=node["in"],
            required=node.get("required", False),
            type=types(node["schema"]).pop(),
            format=node["schema"].get("format", ""),
            enum=enum_of(node["schema"]),
            evidence=node["x-evidence"],
            description=" ".join(node["description"].split()),
        )
        for index, node in enumerate(parameters(operation.id))
    )


@pytest.mark.parametrize("model", sorted(MODELS))
def test_properties_equal_their_description(model: str) -> None:
    """Each property has the name, type, required flag and evidence of the specification, its class the attribute."""
    described = {
        name: ((types(node) - {"null"}).pop(), required, node["x-evidence"])
        for name, (node, required) in properties(model).items()
    }
    assert {prop.name: (prop.type, prop.required, prop.evidence) for prop in MODELS[model]} == described
    attributes = [field.name for field in attrs.fields(getattr(metrics24_api.models, model))]
    assert set(attributes) - {"additional_properties"} == {prop.attribute for prop in MODELS[model]}


def test_nested_models_are_named() -> None:
    """A property that holds a model, or a list of one, names it."""
    nested = {(model, prop.name): prop.model for model, table in MODELS.items() for prop in table if prop.model}
    assert nested["ClickTable", "data"] == "ClickPage"
    assert nested["ClickPage", "data"] == "Click"
    assert nested["Export", "results_meta"] == "ReportsResultsMeta"
    assert set(nested.values()) <= set(MODELS)


def test_the_table_costs_no_import() -> None:
    """Importing the table loads nothing that is not Python's own or the generated package."""
    program = "import sys, metrics24_api.operation_table; print(*{name.partition('.')[0] for name in sys.modules})"
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert {"attr", "attrs", "httpx", "yaml", "dateutil"} & set(output.split()) == set()
