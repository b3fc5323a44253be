"""The spec as a document: read from its YAML file, or built from the generated client, which needs no YAML package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from typing import Any, Final

from attrs import field, frozen

from metrics24._core.requests import OPERATIONS
from metrics24.errors import UsageError
from metrics24.models import MODELS, Property, declared_in, known_values

Place = tuple[str | int, ...]
"""The keys that lead to a node from the top of the document."""

_SCHEMAS: Final[Place] = ("components", "schemas")
_METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
_PLACEHOLDER = re.compile(r"\\\{[^{}]*\\\}")
_CREATED = "CreatedItem"


@frozen
class Schema:
    """A schema of the spec and its place."""

    place: Place
    node: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """The component that it is, or is a part of; the end of its place if it belongs to no component."""
        return str(self.place[2]) if self.place[:2] == _SCHEMAS else ".".join(map(str, self.place[-2:]))

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that it allows; empty if it allows any."""
        stated = self.node.get("type", ())
        return frozenset([stated] if isinstance(stated, str) else stated)


@frozen
class SpecOperation:
    """One operation of the spec."""

    id: str
    method: str
    path: str
    place: Place
    node: Mapping[str, Any] = field(repr=False)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A pattern that matches the paths of its requests, below any prefix of the server."""
        return re.compile(".*" + _PLACEHOLDER.sub("[^/]+", re.escape(self.path)))

    def response(self, status: int) -> Any:
        """Return the description of a response with this status, or with its class of statuses; None without one."""
        responses = self.node.get("responses", {})
        return responses.get(str(status)) or responses.get(f"{status // 100}XX") or responses.get("default")


class Spec:
    """An OpenAPI document; `text` is the file that it was read from, which corrections edit."""

    def __init__(self, data: Any, text: str = "") -> None:
        if not isinstance(data, dict) or not {"paths", "components"} <= data.keys():
            raise UsageError("The spec is not an OpenAPI document: it has no paths or no components.")
        self.data: Mapping[str, Any] = data
        self.text = text

    @classmethod
    def parse(cls, text: str) -> Spec:
        """Read a YAML document. All scalars stay text, since only names and references are looked at.

        Raises:
            UsageError: the text is no YAML, or no OpenAPI document.

        """
        yaml = import_extra("yaml")
        try:
            data = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        except yaml.YAMLError as error:
            raise UsageError(f"The spec is not YAML that can be read: {error}") from error
        return cls(data, text)

    @cached_property
    def nodes(self) -> Any:
        """The document as ruamel.yaml's nodes, which know their positions in the text."""
        try:
            return import_extra("ruamel.yaml").YAML().compose(self.text)
        except import_extra("ruamel.yaml.error").YAMLError as error:
            raise UsageError(f"The spec is not YAML that can be corrected: {error}") from error

    @cached_property
    def operations(self) -> Mapping[str, SpecOperation]:
        """All operations by id, those with fewer placeholders first."""
        found = [
            SpecOperation(node["operationId"], method.upper(), path, ("paths", path, method), node)
            for path, item in self.data["paths"].items()
            for method, node in item.items()
            if method in _METHODS
        ]
        return {each.id: each for each in sorted(found, key=lambda each: each.path.count("{"))}

    def operation_of(self, method: str, path: str) -> SpecOperation | None:
        """Return the operation that a request calls."""
        candidates = (each for each in self.operations.values() if each.method == method.upper())
        return next((each for each in candidates if each.pattern.fullmatch(path)), None)

    def response_schema(self, operation: SpecOperation, status: int) -> Schema | None:
        """Return the schema of a response's JSON; a success that the spec does not list has the schema of 200."""
        described = operation.response(status) or (operation.response(200) if 200 <= status < 300 else None)
        content = self.resolve(operation.place, described or {}).node.get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return None if schema is None else self.resolve(operation.place, schema)

    def resolve(self, place: Place, node: Mapping[str, Any]) -> Schema:
        """Follow the references of a schema."""
        while "$ref" in node:
            place = tuple(node["$ref"].removeprefix("#/").split("/"))
            node = self.at(place)
        return Schema(place, node)

    def alternatives(self, schema: Schema) -> Iterator[Schema]:
        """Yield the schemas of which a value may follow any."""
        branches = [key for key in ("anyOf", "oneOf") if key in schema.node]
        if not branches:
            yield schema
        for key in branches:
            for index, part in enumerate(schema.node[key]):
                yield from self.alternatives(self.resolve((*schema.place, key, index), part))

    def parts(self, schema: Schema) -> Iterator[Schema]:
        """Yield a schema and all that it is built on."""
        yield schema
        for index, part in enumerate(schema.node.get("allOf", ())):
            yield from self.parts(self.resolve((*schema.place, "allOf", index), part))

    def model(self, schema: Schema) -> Schema:
        """Return the schema itself, or the one that it only refers to, to say more about it."""
        only = schema.node.get("allOf", ())
        if len(only) == 1 and "$ref" in only[0] and "properties" not in schema.node:
            return self.model(self.resolve(schema.place, only[0]))
        return schema

    def at(self, place: Place) -> Any:
        """Return the node at a place."""
        found: Any = self.data
        for step in place:
            found = found[step]
        return found

    def evidence(self, place: Place) -> str:
        """Return the evidence that the spec has for the node at a place; empty if it has none."""
        return str(self.at(place).get("x-evidence", "")) if place else ""


def import_extra(module: str) -> Any:
    """Import a module of the extra `drift`.

    Raises:
        UsageError: it is not installed.

    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(f"Drift needs {error.name}: pip install 'metrics24[drift]'") from error


@cache
def client_spec() -> Spec:
    """Return the spec that the generated client was made from, as far as the client knows it: the successes."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS.values():
        paths.setdefault(operation.path, {})[operation.method.lower()] = {
            "operationId": operation.id,
            "x-effect": operation.effect,
            "x-evidence": operation.evidence,
            "responses": {
                "2XX": {"content": {"application/json": {"schema": _success(operation.response, operation.effect)}}}
            },
        }
    schemas = {name: _model(name) for name in MODELS}
    for model, table in MODELS.items():
        for name, values in (known_values(model, each.attribute) for each in table):
            if values:
                schemas[name] = {"type": "string", "enum": sorted(values)}
    return Spec({"paths": paths, "components": {"schemas": schemas}})


def _success(model: str, effect: str) -> dict[str, Any]:
    """Describe a success: the model, bare or in an envelope, and for writes also what was created."""
    names = [name for name, table in MODELS.items() if [(each.name, each.model) for each in table] == [("data", model)]]
    created = [_CREATED] if effect == "write" and MODELS[model] else []
    return {"anyOf": [_reference(name) for name in (model, *names, *created)]}


def _model(model: str) -> dict[str, Any]:
    """Describe a model: its own properties, and the schemas that it is built on."""
    homes = {each: declared_in(model, each.name) for each in MODELS[model]}
    own = [each for each, home in homes.items() if home == model]
    node = {
        "type": "object",
        "required": [each.name for each in own if each.required],
        "properties": {each.name: _property(model, each) for each in own},
    }
    bases = sorted({*homes.values()} - {model})
    return {"allOf": [*map(_reference, bases), node]} if bases else node


def _property(model: str, prop: Property) -> dict[str, Any]:
    described: dict[str, Any] = {"x-evidence": prop.evidence}
    null = [] if prop.required else ["null"]
    enum, _ = known_values(model, prop.attribute)
    if prop.type == "any":
        return described
    if enum or (prop.model and prop.type == "object"):
        known = [_reference(enum), {"type": "string"}] if enum else [_reference(prop.model)]
        return described | {"anyOf": [*known, *({"type": each} for each in null)]}
    items = {"items": _reference(prop.model)} if prop.model else {}
    return described | {"type": [prop.type, *null]} | items


def _reference(schema: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema}"}
