"""The patch that makes the spec say what was seen, and marks as observed what was seen just as it says."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from metrics24.doctor.corrections import property_schema, yaml_key
from metrics24.drift.comparison import Seen
from metrics24.drift.document import Operation, Spec
from metrics24.drift.edits import Edits
from metrics24.drift.findings import STATUS, UNKNOWN, VALUE, Difference, Findings

OBSERVED: Final = "observed"
_REFERENCES = frozenset({"$ref", "anyOf", "oneOf"})
_SIMPLE_ITEMS = frozenset({"string", "integer", "number", "boolean"})


def patched(spec: Spec, seen: Seen, found: Findings) -> str:
    """The spec's text with everything that the answers teach; what needs judgement is left as it is."""
    edits = Edits(spec)
    for each in found.confirmed:
        edits.replace((*each.place, "x-evidence"), OBSERVED)
    for difference in {(each.place, each.name): each for each in found.differences if each.by_patch}.values():
        match difference.kind:
            case kind if kind == UNKNOWN:
                edits.add_entry(difference.place, yaml_key(difference.name), _property(difference))
            case kind if kind == VALUE:
                edits.add_item(difference.place, yaml_key(difference.name))
            case kind if kind == STATUS:
                operation = spec.operations[difference.schema]
                has_body = (operation.id, int(difference.name)) in seen.with_body
                response = _response(spec, operation, int(difference.name), has_body=has_body)
                edits.add_entry_in_order(difference.place, difference.name, _lines(response), _flow(response))
    return edits.text()


def as_diff(old: str, new: str, name: str) -> str:
    """The change as `git apply` and `patch -p1` take it; empty if there is none."""
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
    return "".join(each if each.endswith("\n") else f"{each}\n\\ No newline at end of file\n" for each in lines)


def _property(difference: Difference) -> str:
    kind, items = difference.types[0], "{}"
    if len(difference.items) == 1 and difference.items[0] in _SIMPLE_ITEMS:
        items = f"{{type: {difference.items[0]}}}"
    return property_schema(kind, difference.format if kind == "string" else "", items)


def _response(spec: Spec, operation: Operation, status: int, *, has_body: bool) -> dict[str, Any]:
    """The description of an answer that the spec does not list: a success is like the usual one."""
    described = {"description": f"Not documented; its name in HTTP is {_phrase(status)}.", "x-evidence": OBSERVED}
    schema = _content(spec, operation, 200 if status < 300 else 400)
    return described | ({"content": {"application/json": {"schema": schema}}} if has_body and schema else {})


def _lines(response: Mapping[str, Any]) -> list[str]:
    """A response as lines of its own."""
    lines = [f"  {name}: {value}" for name, value in response.items() if name != "content"]
    for media, content in response.get("content", {}).items():
        lines += ["  content:", f"    {media}:", f"      schema: {_flow(content['schema'])}"]
    return lines


def _content(spec: Spec, operation: Operation, like: int) -> Any:
    """The schema of the JSON that another status is described with, if it is nothing but references to others."""
    resolved = spec.schema(operation.place, operation.response(like) or {}).node
    schema = resolved.get("content", {}).get("application/json", {}).get("schema", {})
    parts = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return schema if all(each.keys() <= _REFERENCES for each in parts) else {}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown"


def _flow(node: Any) -> str:
    """Texts and what holds them as YAML on one line, in the spec's style."""
    if isinstance(node, Mapping):
        return f"{{{', '.join(f'{_flow_key(key)}: {_flow(value)}' for key, value in node.items())}}}"
    return f"[{', '.join(map(_flow, node))}]" if isinstance(node, list) else yaml_key(node)


def _flow_key(key: str) -> str:
    return key if key.startswith("$") else yaml_key(key)
