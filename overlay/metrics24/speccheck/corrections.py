"""What to change where a guess of the spec is wrong: now, in a client's options, and for good, in the spec."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from metrics24._core.requests import Operation
from metrics24.speccheck.findings import ANY_NAME, Difference

SPEC = "openapi/spec.yaml"
REGENERATE = "make regenerate && make record"

_OBSERVED = "x-evidence: observed"
_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def of_path(operation: Operation, method: str, path: str) -> tuple[str, ...]:
    """How to correct an operation's path."""
    placeholders = "".join(re.findall(r"/\{[^{}]*\}", path))
    return (*_now(operation, method, f"/the/right/path{placeholders}"), for_good(operation, "its right path"))


def of_method(operation: Operation, method: str, path: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """How to correct an operation's method; `allowed` are those that the server names."""
    other = next(iter(allowed), "GET" if method == "POST" else "POST")
    return (*_now(operation, other, path), for_good(operation, f"the method {other}"))


def for_good(operation: Operation, new: str) -> str:
    """How to correct an operation's place in the spec."""
    now = f"{operation.method} {operation.path}, {operation.evidence}"
    return f"for good: in {SPEC}, move operationId {operation.id} ({now}) to {new}; then {REGENERATE}"


def _now(operation: Operation, method: str, path: str) -> tuple[str, ...]:
    return (
        f'now: Client(routes={{"{operation.id}": ("{method}", "{path}")}})',
        f"on the command line: --route '{operation.id}={method} {path}'",
    )


def of_answer(differences: Iterable[Difference]) -> tuple[str, ...]:
    """The lines of YAML that make the spec describe the answer, under the place where they belong."""
    places: dict[str, list[str]] = {}
    for difference in differences:
        for place, line in _lines(difference):
            lines = places.setdefault(place, [])
            if line not in lines:
                lines.append(line)
    return tuple(
        text
        for place, lines in places.items()
        for text in (f"# {SPEC}: components.schemas.{place}", *(f"  {each}" for each in lines))
    )


def _lines(difference: Difference) -> Iterator[tuple[str, str]]:
    name = yaml_key(difference.name)
    match difference.kind:
        case "absent field":
            return
        case "missing field":
            yield f"{difference.schema}.required", f"# take out {name}, and mark the property {_OBSERVED}"
        case "unknown value":
            yield f"{difference.schema}.enum", f"- {name}"
        case "unknown field" if difference.name == ANY_NAME:
            yield difference.schema, "# has fields whose names may be ids: describe them by hand"
        case _ if difference.path == "$":
            yield difference.schema, f"# describe {_list(difference.found)} instead of {difference.expected}"
        case _:
            types = _types(difference)
            line = f"# {name} was {' and '.join(types) or 'null only'}: describe it by hand"
            if len(types) == 1:  # which is what the spec, and all that is generated from it, can express
                line = f"{name}: {property_schema(types[0], difference.format)}"
            yield f"{difference.schema}.properties", line


def _types(difference: Difference) -> list[str]:
    types = [each for each in difference.found if each != "null"]
    return [each for each in types if each != "integer" or "number" not in types]


def property_schema(kind: str, shape: str, items: str = "{}") -> str:
    """A schema as the others in the spec: null is allowed, and times stay text, since their format may vary."""
    parts = [f"type: {_list([kind, 'null'])}"]
    if kind == "array":
        parts.append(f"items: {items}")
    if kind == "object":
        parts.append("additionalProperties: true")
    if shape:
        parts.append(f"description: Looks like {shape}.")
    return f"{{{', '.join([*parts, _OBSERVED])}}}"


def _list(types: Iterable[str]) -> str:
    return f"[{', '.join(json.dumps(each) if each == 'null' else each for each in types)}]"


def yaml_key(name: str) -> str:
    """A name or value as it is written in YAML, in quotes where it could be taken for something else."""
    plain = _PLAIN.fullmatch(name) and name.lower() not in _RESERVED
    return name if plain else json.dumps(name)
