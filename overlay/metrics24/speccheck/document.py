"""The spec as a document: what it says of each answer, and where in the text each thing stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, Final

from attrs import field, frozen

from metrics24.errors import UsageError

Place = tuple[str | int, ...]
"""The keys that lead to a node from the top of the document."""

SCHEMAS: Final[Place] = ("components", "schemas")
_METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
_PLACEHOLDER = re.compile(r"\\\{[^{}]*\\\}")


@frozen
class Schema:
    """A schema of the spec and its place, references followed."""

    place: Place
    node: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """The component that it is, or is a part of; the place of one that stands in no component."""
        return str(self.place[2]) if self.place[:2] == SCHEMAS else ".".join(map(str, self.place[-2:]))

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that it allows; none where it allows any."""
        stated = self.node.get("type", ())
        return frozenset([stated] if isinstance(stated, str) else stated)


@frozen
class Operation:
    """One operation of the spec."""

    id: str
    method: str
    path: str
    place: Place
    node: Mapping[str, Any] = field(repr=False)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the paths of its requests look like, below whatever prefix the server has."""
        return re.compile(".*" + _PLACEHOLDER.sub("[^/]+", re.escape(self.path)))

    def response(self, status: int) -> Any:
        """The description of an answer, or of its whole class of answers; None if there is none."""
        responses = self.node.get("responses", {})
        return responses.get(str(status)) or responses.get(f"{status // 100}XX") or responses.get("default")


class Spec:
    """The parsed document."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.data: Any = _parsed(text)
        if not isinstance(self.data, dict) or not {"paths", "components"} <= self.data.keys():
            raise UsageError("The spec is not an OpenAPI document: it has no paths or no components.")

    @cached_property
    def root(self) -> Any:
        """The document as ruamel.yaml's nodes, which know where in the text they stand."""
        try:
            return extra("ruamel.yaml").YAML().compose(self.text)
        except extra("ruamel.yaml.error").YAMLError as error:
            raise UsageError(f"The spec is not YAML that can be corrected: {error}") from error

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """All operations by id, those with fewer placeholders first."""
        found = [
            Operation(node["operationId"], method.upper(), path, ("paths", path, method), node)
            for path, item in self.data["paths"].items()
            for method, node in item.items()
            if method in _METHODS
        ]
        return {each.id: each for each in sorted(found, key=lambda each: each.path.count("{"))}

    def operation_of(self, method: str, path: str) -> Operation | None:
        """The operation that a request means."""
        every = (each for each in self.operations.values() if each.method == method.upper())
        return next((each for each in every if each.pattern.fullmatch(path)), None)

    def answer(self, operation: Operation, status: int) -> Schema | None:
        """The schema of an answer's JSON; a success that the spec does not list is like the usual one."""
        described = operation.response(status) or (operation.response(200) if 200 <= status < 300 else None)
        content = self._resolved(described or {}, operation.place)[1].get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            return None
        return self.schema(operation.place, schema)

    def schema(self, place: Place, node: Mapping[str, Any]) -> Schema:
        """A schema, after following its references."""
        return Schema(*self._resolved(node, place))

    def alternatives(self, schema: Schema) -> Iterator[Schema]:
        """The schemas of which a value may follow any."""
        branches = [key for key in ("anyOf", "oneOf") if key in schema.node]
        if not branches:
            yield schema
        for key in branches:
            for index, part in enumerate(schema.node[key]):
                yield from self.alternatives(self.schema((*schema.place, key, index), part))

    def parts(self, schema: Schema) -> Iterator[Schema]:
        """A schema and all that it is built on."""
        yield schema
        for index, part in enumerate(schema.node.get("allOf", ())):
            yield from self.parts(self.schema((*schema.place, "allOf", index), part))

    def model(self, schema: Schema) -> Schema:
        """The schema itself, or the one that it only refers to, to say more about it."""
        only = schema.node.get("allOf", ())
        if len(only) == 1 and "$ref" in only[0] and "properties" not in schema.node:
            return self.model(self.schema(schema.place, only[0]))
        return schema

    def _resolved(self, node: Mapping[str, Any], place: Place) -> tuple[Place, Mapping[str, Any]]:
        while "$ref" in node:
            place = tuple(node["$ref"].removeprefix("#/").split("/"))
            node = self.at(place)
        return place, node

    def at(self, place: Place) -> Any:
        """What stands at a place."""
        found = self.data
        for step in place:
            found = found[step]
        return found


def _parsed(text: str) -> Any:
    """The document as data, all of its scalars as text: names and references are all that is looked at."""
    yaml = extra("yaml")
    try:
        return yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except yaml.YAMLError as error:
        raise UsageError(f"The spec is not YAML that can be read: {error}") from error


def extra(module: str) -> Any:
    """A module of the extra that drift needs.

    Raises:
        UsageError: it is not installed.

    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(f"Drift needs {error.name}: pip install 'metrics24[drift]'") from error
