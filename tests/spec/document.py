"""The specification as its tests read it: parsed, with references followed."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PATH = ROOT / "openapi" / "spec.yaml"

Node = dict[str, Any]


@cache
def document() -> Node:
    """The whole specification."""
    parsed: Node = yaml.safe_load(PATH.read_text("utf-8"))
    return parsed


def resolve(node: Node) -> Node:
    """The node itself, or what it refers to."""
    if "$ref" not in node:
        return node
    found: Any = document()
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolve(found)


def schemas() -> dict[str, Node]:
    """The named schemas."""
    found: dict[str, Node] = document()["components"]["schemas"]
    return found


@cache
def operations() -> dict[str, tuple[str, str, Node]]:
    """Path, method and node of each operation, by its id."""
    return {
        node["operationId"]: (path, method, node)
        for path, item in document()["paths"].items()
        for method, node in item.items()
    }


def parameters(operation: str) -> list[Node]:
    """The parameters of an operation."""
    return [resolve(node) for node in operations()[operation][2].get("parameters", ())]


def properties(name: str) -> dict[str, tuple[Node, bool]]:
    """The properties of a named schema, each with its required flag; those of `allOf` parts included."""
    return dict(_properties(schemas()[name]))


def _properties(schema: Node) -> Iterator[tuple[str, tuple[Node, bool]]]:
    for part in schema.get("allOf", ()):
        yield from _properties(resolve(part))
    for name, node in schema.get("properties", {}).items():
        yield name, (node, name in schema.get("required", ()))


def nodes(root: Any, where: str = "") -> Iterator[tuple[str, Node]]:
    """Every mapping below a node, with its place."""
    if isinstance(root, dict):
        yield where, root
        for key, value in root.items():
            yield from nodes(value, f"{where}/{key}")
    elif isinstance(root, list):
        for index, value in enumerate(root):
            yield from nodes(value, f"{where}/{index}")


def types(schema: Node) -> set[str]:
    """The JSON types that a schema admits; empty where it admits any."""
    schema = resolve(schema)
    if parts := schema.get("anyOf"):
        return set[str]().union(*(types(part) for part in parts))
    if parts := schema.get("allOf"):
        return types(parts[0])
    stated = schema.get("type", [])
    return {stated} if isinstance(stated, str) else set(stated)


def examples() -> Iterator[tuple[str, Node, Any]]:
    """Place, schema and value of every example of the document."""
    for where, node in nodes(document()):
        if "example" in node and "schema" in node:
            yield where, node["schema"], node["example"]
