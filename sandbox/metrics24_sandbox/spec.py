"""The sandbox's view of openapi/spec.yaml: operations, their parameters, and the words of the API.

No path, method, parameter name or enum is written down in the sandbox. Handlers are bound by operationId and ask for a
parameter by the name of its component in the spec (`PageAfter`), or by its own name where it is written inline.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ENVIRONMENT_VARIABLE = "METRICS24_SANDBOX_SPEC"

Schema = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One parameter: the name handlers use, the name on the wire, its place and its schema."""

    name: str
    wire: str
    location: str
    required: bool
    schema: Schema


@dataclass(frozen=True)
class Operation:
    """One operation of the spec, references resolved."""

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Schema | None
    response: Schema | None

    @cached_property
    def item(self) -> Schema:
        """Schema of the objects that the answer lists; empty where it lists none."""
        return _list_item(self.response or {}) or {}


class Spec:
    """The parsed document."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        self.operations = {
            operation.id: operation
            for path, item in document["paths"].items()
            for method, definition in item.items()
            for operation in [self._operation(path, method, definition)]
        }

    @classmethod
    def load(cls, path: Path | None = None) -> Spec:
        """Read the spec from a file, by default the one that belongs to this package."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return cls(yaml.load((path or location()).read_bytes(), Loader=loader))  # noqa: S506 - safe in both variants

    def words(self, schema: str) -> tuple[str, ...]:
        """The known values of an enum, in the spec's order."""
        return tuple(self.document["components"]["schemas"][schema]["enum"])

    def properties(self, schema: str) -> tuple[str, ...]:
        """The properties of a component schema, in the spec's order."""
        return tuple(self.document["components"]["schemas"][schema]["properties"])

    def credential_headers(self) -> dict[str, str]:
        """Names of the request headers that carry credentials, in lower case, by the type of the security scheme."""
        schemes = self.document["components"]["securitySchemes"].values()
        return {scheme["type"]: scheme.get("name", "authorization").lower() for scheme in schemes}

    def resolve(self, node: Any) -> Any:
        """The node with every reference replaced by what it points at."""
        if isinstance(node, dict):
            if "$ref" in node:
                return self.resolve(self._target(node["$ref"]))
            return {key: self.resolve(value) for key, value in node.items()}
        return [self.resolve(value) for value in node] if isinstance(node, list) else node

    def _target(self, reference: str) -> Any:
        node: Any = self.document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def _operation(self, path: str, method: str, definition: Schema) -> Operation:
        body = self.resolve(definition.get("requestBody"))
        return Operation(
            id=definition["operationId"],
            method=method.upper(),
            path=path,
            parameters=tuple(self._parameter(one) for one in definition.get("parameters", ())),
            body=body and body["content"]["application/json"]["schema"],
            response=_json(self.resolve(definition["responses"].get("200", {}))),
        )

    def _parameter(self, definition: Schema) -> Parameter:
        component = definition.get("$ref", "").rpartition("/")[2]
        full = self.resolve(definition)
        wire = full["name"]
        return Parameter(component or wire, wire, full["in"], full.get("required", False), full["schema"])


def location() -> Path:
    """Return the path of the spec: from an environment variable, beside the installed package, or in the checkout."""
    override = os.environ.get(ENVIRONMENT_VARIABLE)
    if override:
        return Path(override)
    package = Path(__file__).parent
    installed = package / "spec.yaml"
    return installed if installed.exists() else package.parents[1] / "openapi" / "spec.yaml"


def find_property(schema: Schema, dotted: str) -> Schema | None:
    """The schema of a property that a schema declares; dots lead into nested objects and lists."""
    name, _, rest = dotted.partition(".")
    for part in _parts(schema):
        if name in part.get("properties", {}):
            found: Schema = part["properties"][name]
            return find_property(found, rest) if rest else found
    return None


def is_number(schema: Schema) -> bool:
    """Return True if all values are numbers or null."""
    kinds = {kind for part in _parts(schema) for kind in _types(part)} - {"null"}
    return bool(kinds) and kinds <= {"integer", "number"}


def _types(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _parts(schema: Schema) -> list[Schema]:
    """A schema and everything that it combines or lists."""
    branches = [*schema.get("allOf", ()), *schema.get("anyOf", ())]
    if "items" in schema:
        branches.append(schema["items"])
    return [schema, *(part for branch in branches for part in _parts(branch))]


def _list_item(schema: Schema) -> Schema | None:
    """The items of the list under `data`, however often `data` is nested."""
    for part in _parts(schema):
        if "items" in part:
            item: Schema = part["items"]
            return item
        if "data" in part.get("properties", {}):
            return _list_item(part["properties"]["data"])
    return None


def _json(response: Schema) -> Schema | None:
    schema: Schema | None = response.get("content", {}).get("application/json", {}).get("schema")
    return schema
