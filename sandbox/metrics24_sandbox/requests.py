"""From a raw HTTP request to a checked call: the one place where requests are validated against the spec."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator, FormatChecker

from . import conditions
from .problems import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .conditions import Condition
    from .options import Behaviour
    from .spec import Operation, Parameter, Schema

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that the spec allows, decoded."""

    operation: Operation
    arguments: Mapping[str, Any]
    conditions: tuple[Condition, ...]
    body: Any
    behaviour: Behaviour
    now: int

    def get(self, name: str) -> Any:
        """An argument by its parameter's name in the spec; None if it was not sent."""
        return self.arguments.get(name)

    def text(self, name: str) -> str:
        """A required argument."""
        return str(self.arguments[name])

    def day(self, name: str) -> date | None:
        """An argument that is a date."""
        sent = self.get(name)
        return None if sent is None else date.fromisoformat(sent)

    def wire(self, name: str) -> str:
        """The parameter's name on the wire."""
        return next(one.wire for one in self.operation.parameters if one.name == name)


class Reader:
    """Checks and decodes the requests of one operation."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._declared = {one.wire: one for one in operation.parameters if one.location == "query"}
        self._path = {one.wire: one for one in operation.parameters if one.location == "path"}
        self._free = next((one for one in self._declared.values() if _is_free(one)), None)
        names = self._free.schema["propertyNames"]["pattern"] if self._free else r"(?!)"
        self._condition = re.compile(names)
        self._query_validator = _validator(_query_schema(self._declared, self._free))
        self._body_validator = _validator(operation.body) if operation.body is not None else None

    def read(self, path: Mapping[str, str], query: str, body: bytes, behaviour: Behaviour, now: int) -> Call:
        """The decoded request; 400 if the spec does not allow it."""
        sent = _grouped(query)
        decoded = {name: _decoded(self._declared.get(name), name, texts) for name, texts in sent.items()}
        _check(self._query_validator, decoded, "the query")
        arguments: dict[str, Any] = {self._path[wire].name: value for wire, value in path.items()}
        arguments |= {self._declared[name].name: value for name, value in decoded.items() if name in self._declared}
        return Call(
            operation=self._operation,
            arguments=arguments,
            conditions=tuple(self._read(name, texts) for name, texts in sent.items() if self._condition.match(name)),
            body=self._read_body(body),
            behaviour=behaviour,
            now=now,
        )

    def _read(self, key: str, texts: list[str]) -> Condition:
        condition = conditions.read(key, texts)
        if self._operation.item:
            condition.check(self._operation.item)
        return condition

    def _read_body(self, body: bytes) -> Any:
        if self._body_validator is None:
            return None
        if not body:
            raise bad_request("a JSON body is required")
        try:
            value = json.loads(body, parse_constant=_refuse_constant)
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise bad_request("the body is not JSON in UTF-8") from error
        _check(self._body_validator, value, "the body")
        return value


def _is_free(parameter: Parameter) -> bool:
    """Return True if the parameter covers all query parameters whose names follow a pattern."""
    return parameter.schema.get("type") == "object" and "propertyNames" in parameter.schema


def _query_schema(declared: Mapping[str, Parameter], free: Parameter | None) -> Schema:
    named = {wire: one for wire, one in declared.items() if one is not free}
    schema: Schema = {
        "type": "object",
        "properties": {wire: one.schema for wire, one in named.items()},
        "required": [wire for wire, one in named.items() if one.required],
        "additionalProperties": False,
    }
    if free is not None:
        schema["patternProperties"] = {free.schema["propertyNames"]["pattern"]: {}}
    return schema


def _grouped(query: str) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        grouped.setdefault(name, []).append(text)
    return grouped


def _decoded(parameter: Parameter | None, name: str, texts: list[str]) -> object:
    kind = parameter.schema.get("type") if parameter else "array"
    if kind == "array":
        return texts
    if len(texts) > 1:
        raise bad_request(f"{name} was sent {len(texts)} times")
    return int(texts[0]) if kind == "integer" and _INTEGER.fullmatch(texts[0]) else texts[0]


def _validator(schema: Schema) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=FormatChecker())


def _check(validator: Draft202012Validator, value: object, what: str) -> None:
    error = next(validator.iter_errors(value), None)
    if error is not None:
        where = ".".join(map(str, error.absolute_path))
        raise bad_request(f"{what} is wrong{where and f' at {where}'}: {error.message[:300]}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
