"""Recorded exchanges, held against the specification: requests, responses, and the shape of responses."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import vcr.serialize
from attrs import frozen
from jsonschema import Draft202012Validator
from vcr.serializers import yamlserializer

from contract.scrubbing import API_HOST
from metrics24_api.operation_table import API_KEY_HEADER
from spec.document import Node, document, operations, parameters, resolve

CREDENTIALS = (API_KEY_HEADER.lower(), "authorization")


@frozen
class Exchange:
    """A request and its response. `operation` is empty where the request did not go to the API."""

    operation: str
    path: dict[str, str]
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    status: int
    media_type: str
    response: bytes

    @property
    def parsed(self) -> Any:
        """The response's body, None if there is none."""
        return json.loads(self.response) if self.response else None


def exchanges(cassette: Path) -> list[Exchange]:
    """All that a cassette holds."""
    requests, responses, *_ = vcr.serialize.deserialize(cassette.read_text("utf-8"), yamlserializer)
    return [_exchange(request, response) for request, response in zip(requests, responses, strict=True)]


def _exchange(request: Any, response: dict[str, Any]) -> Exchange:
    parts = urlsplit(request.uri)
    operation, path = _operation(request.method, parts.path) if parts.netloc == API_HOST else ("", {})
    media_type = response["headers"].get("content-type", [""])[0]
    query = parse_qsl(parts.query, keep_blank_values=True)
    headers = {name.lower(): text for name, text in request.headers.items()}
    body, status = request.body or b"", response["status"]["code"]
    return Exchange(operation, path, query, headers, body, status, media_type, response["body"]["string"])


def _operation(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The operation that a path of the specification stands for; names of its own win over parameters."""
    for operation, (template, verb, _) in sorted(operations().items(), key=lambda item: item[1][0].count("{")):
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        found = re.fullmatch(pattern, path) if verb == method.lower() else None
        if found:
            return operation, {name: unquote(text) for name, text in found.groupdict().items()}
    return f"{method} {path}", {}


def violations(exchange: Exchange) -> list[str]:
    """List where a request to the API or its response is not as the specification says."""
    if exchange.operation not in operations():
        return [f"no operation has this method and path: {exchange.operation}"]
    node = operations()[exchange.operation][2]
    found = [*_of_parameters(exchange), *_of_body(exchange, node), *_of_response(exchange, node)]
    if sum(name in exchange.headers for name in CREDENTIALS) != 1:
        found.append("the request carries no credential, or two")
    return [f"{exchange.operation}: {each}" for each in found]


def _of_parameters(exchange: Exchange) -> list[str]:
    known = {parameter["name"]: parameter for parameter in parameters(exchange.operation)}
    sent: dict[str, list[str]] = {name: [text] for name, text in exchange.path.items()}
    conditions: dict[str, Any] = {}
    for name, text in exchange.query:
        if name not in known and "filter" in known and name.startswith("filter["):
            conditions[name] = text
        else:
            sent.setdefault(name, []).append(text)
    found = [f"{name} is not a parameter" for name in sent.keys() - known.keys()]
    found += [f"{name} is missing" for name, one in known.items() if one.get("required") and name not in sent]
    for name in sent.keys() & known.keys():
        found += _errors(known[name]["schema"], _typed(sent[name], known[name]["schema"]), name)
    return found + (_errors(known["filter"]["schema"], conditions, "filter") if conditions else [])


def _typed(texts: list[str], schema: Node) -> Any:
    """A value of a query in the type that its schema wants."""
    kind = resolve(schema).get("type")
    if kind == "array":
        return texts
    text = texts[0] if len(texts) == 1 else texts
    return int(text) if kind == "integer" and isinstance(text, str) and text.isdigit() else text


def _of_body(exchange: Exchange, node: Node) -> list[str]:
    if "requestBody" not in node:
        return ["the request has a body"] if exchange.body else []
    if exchange.headers.get("content-type") not in node["requestBody"]["content"]:
        return ["the request's media type is not documented"]
    schema = node["requestBody"]["content"][exchange.headers["content-type"]]["schema"]
    return _errors(schema, json.loads(exchange.body), "the request's body")


def _of_response(exchange: Exchange, node: Node) -> list[str]:
    known = node["responses"]
    response = known.get(str(exchange.status)) or known.get(f"{exchange.status // 100}XX")
    if response is None:
        return [f"status {exchange.status} is not documented"]
    content = resolve(response).get("content", {})
    if not content:
        return ["the response has a body"] if exchange.response else []
    found = content.get(exchange.media_type) or content.get("*/*")
    if found is None:
        return [f"media type {exchange.media_type!r} of the response is not documented"]
    if "json" not in exchange.media_type:
        return []
    return _errors(found["schema"], exchange.parsed, "the response")


def _errors(schema: Node, value: Any, what: str) -> list[str]:
    return [
        f"{what}, {error.json_path}: {error.message}" for error in _validator(json.dumps(schema)).iter_errors(value)
    ]


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"allOf": [json.loads(schema)], "components": document()["components"]})


def shape(value: Any) -> Any:
    """Keys and types of a JSON value; all items of a list together, and null fits everything."""
    match value:
        case dict():
            return {key: shape(each) for key, each in value.items()}
        case list():
            merged: Any = None
            for each in value:
                merged = blend(merged, shape(each))
            return [merged]
        case None:
            return None
        case int() | float() if not isinstance(value, bool):
            return "number"
        case _:
            return type(value).__name__


def blend(one: Any, other: Any) -> Any:
    """The shape that fits two shapes; types that contradict each other are both named."""
    if one is None or other is None or one == other:
        return other if one is None else one
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: blend(one.get(key), other.get(key)) for key in sorted(one.keys() | other.keys())}
    if isinstance(one, list) and isinstance(other, list):
        return [blend(one[0], other[0])]
    return f"{one} or {other}"


def shapes(cassette: Path) -> dict[tuple[str, int], Any]:
    """The shape of each operation's responses, by status."""
    found: dict[tuple[str, int], Any] = {}
    for each in exchanges(cassette):
        if each.operation and "json" in each.media_type:
            key = (each.operation, each.status)
            found[key] = blend(found.get(key), shape(each.parsed))
    return found
