"""Write `operation_table.py`: what the specification says of operations and models, as Python that needs no parser.

The generator's templates see neither `x-*` fields nor the descriptions of parameters; this script adds them. It runs in
the generator's environment: `python scripts/operation_table.py openapi/spec.yaml OUTPUT.py`.
"""

import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HEADER = '''
"""The operations and models of the specification, generated from openapi/spec.yaml; never edited by hand."""

from collections.abc import Mapping
from typing import NamedTuple

class Parameter(NamedTuple):
    """A parameter: its name on the wire and the argument of `build_request` that carries it."""
    name: str
    argument: str
    location: str
    required: bool
    type: str
    format: str
    enum: tuple[str, ...]
    evidence: str
    description: str

class Property(NamedTuple):
    """A property: its name on the wire and the attribute that carries it; `model` names what is nested in it."""
    name: str
    attribute: str
    required: bool
    type: str
    format: str
    model: str
    evidence: str

class Operation(NamedTuple):
    """An operation; `module` is its place below `metrics24_api.api`, `statuses` are the documented successes."""
    id: str
    module: str
    method: str
    path: str
    effect: str
    evidence: str
    tag: str
    parameters: tuple[Parameter, ...]
    body: str
    response: str
    statuses: tuple[int, ...]
'''

Node = dict[str, Any]

strings: Any = importlib.import_module("openapi_python_client.strings")


class Code(str):
    """Python source that stands for itself inside a larger repr."""

    __slots__ = ()
    __repr__ = str.__str__


def call(name: str, /, **fields: object) -> Code:
    """Source of a call with keyword arguments."""
    return Code(f"{name}({', '.join(f'{key}={value!r}' for key, value in fields.items())})")


def identifier(name: str) -> str:
    """The Python name that the generator gives something on the wire."""
    return str(strings.PythonIdentifier(name, "field_"))


class Spec:
    """The specification, with its references followed."""

    def __init__(self, document: Node) -> None:
        self.document = document
        self.schemas: Node = document["components"]["schemas"]

    def resolve(self, node: Node) -> Node:
        """The node itself, or what it refers to."""
        if "$ref" not in node:
            return node
        found: Any = self.document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return self.resolve(found)

    def variants(self, schema: Node) -> Iterator[tuple[str, Node]]:
        """The schemas that a value may follow, null left aside, each with its name if it has one."""
        for part in schema.get("anyOf") or schema.get("allOf") or [schema]:
            name = part["$ref"].rsplit("/", 1)[-1] if "$ref" in part else ""
            if part.get("type") != "null":
                yield name, self.resolve(part)

    def kind(self, schema: Node) -> str:
        """The one JSON type, null left aside, of a value; `any` where there are several or none."""
        found: set[str] = set()
        for _, variant in self.variants(schema):
            stated = variant.get("type", "any" if "allOf" not in variant else "object")
            found.update([stated] if isinstance(stated, str) else stated)
        found.discard("null")
        return found.pop() if len(found) == 1 else "any"

    def enum(self, schema: Node) -> tuple[str, ...]:
        """The known values of an open enum."""
        return tuple(value for _, variant in self.variants(schema) for value in variant.get("enum", ()))

    def model(self, schema: Node) -> str:
        """The name of the model that stands in a value or in each item of it."""
        for name, variant in self.variants(schema):
            if "items" in variant:
                return self.model(variant["items"])
            if name and self.kind(variant) == "object":
                return name
        return ""

    def properties(self, schema: Node) -> Iterator[tuple[str, bool, Node]]:
        """Name, required flag and schema of each property, those of `allOf` parts included."""
        for part in schema.get("allOf", ()):
            yield from self.properties(self.resolve(part))
        for name, node in schema.get("properties", {}).items():
            yield name, name in schema.get("required", ()), node

    def operations(self) -> Iterator[tuple[str, str, Node]]:
        """Path, method and node of each operation."""
        for path, item in self.document["paths"].items():
            for method, node in item.items():
                yield path, method, node


def parameter(spec: Spec, node: Node) -> Code:
    """Source of one parameter."""
    schema = spec.resolve(node["schema"])
    return call(
        "Parameter",
        name=node["name"],
        argument=identifier(node["name"]),
        location=node["in"],
        required=node.get("required", False),
        type=spec.kind(schema),
        format=schema.get("format", ""),
        enum=spec.enum(schema),
        evidence=node["x-evidence"],
        description=" ".join(node["description"].split()),
    )


def operation(spec: Spec, path: str, method: str, node: Node) -> Code:
    """Source of one operation."""
    successes = {int(status): spec.resolve(answer) for status, answer in node["responses"].items() if status[0] == "2"}
    return call(
        "Operation",
        id=node["operationId"],
        module=f"{identifier(node['tags'][0])}.{identifier(node['operationId'])}",
        method=method.upper(),
        path=path,
        effect=node["x-effect"],
        evidence=node["x-evidence"],
        tag=node["tags"][0],
        parameters=tuple(parameter(spec, spec.resolve(part)) for part in node.get("parameters", ())),
        body=spec.model(json_schema(node.get("requestBody", {}))),
        response=spec.model(json_schema(successes[200])),
        statuses=tuple(sorted(successes)),
    )


def json_schema(node: Node) -> Node:
    """The schema of a JSON body or answer; an empty one where there is none."""
    schema: Node = node.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def properties(spec: Spec, schema: Node) -> tuple[Code, ...]:
    """Source of the properties of one model."""
    return tuple(
        call(
            "Property",
            name=name,
            attribute=identifier(name),
            required=required,
            type=spec.kind(node),
            format=node.get("format", ""),
            model=spec.model(node),
            evidence=node["x-evidence"],
        )
        for name, required, node in spec.properties(schema)
    )


def table(source: bytes) -> str:
    """The module for a specification, unformatted."""
    spec = Spec(YAML(typ="safe").load(source))
    operations = {node["operationId"]: operation(spec, path, method, node) for path, method, node in spec.operations()}
    models = {
        name: properties(spec, schema)
        for name, schema in sorted(spec.schemas.items())
        if spec.kind({"$ref": f"#/components/schemas/{name}"}) == "object"
    }
    return "\n".join(
        [
            HEADER.lstrip(),
            f"SPEC_SHA256: str = {hashlib.sha256(source).hexdigest()!r}",
            f"DEFAULT_BASE_URL: str = {spec.document['servers'][0]['url']!r}",
            f"API_KEY_HEADER: str = {spec.document['components']['securitySchemes']['ApiKeyAuth']['name']!r}",
            f"OPERATIONS: Mapping[str, Operation] = {operations!r}",
            f"MODELS: Mapping[str, tuple[Property, ...]] = {models!r}",
            "",
        ]
    )


def main(spec: str, output: str) -> None:
    """Read one file, write the other."""
    Path(output).write_text(table(Path(spec).read_bytes()), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
