"""Turn an operation's id and arguments into a request, by way of the generated package.

This module and `metrics24.models` are the only ones that know the generated package. Methods, paths and parameter
names come from there; nobody else spells them out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal, cast
from urllib.parse import quote

from attrs import frozen

from metrics24._core.effects import Request
from metrics24.errors import ConfigurationError, UsageError
from metrics24.filters import Filter, Scalar, render
from metrics24_api.operation_table import API_KEY_HEADER as API_KEY_HEADER
from metrics24_api.operation_table import DEFAULT_BASE_URL as DEFAULT_BASE_URL
from metrics24_api.operation_table import OPERATIONS as OPERATIONS
from metrics24_api.operation_table import Operation as Operation
from metrics24_api.types import UNSET

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_UNSAFE_PATH = re.compile(r"[?#\\%]|[^!-~]|/\.\.?(/|$)")
_UNSAFE_ID = re.compile(r"[/\\%?#\s\x00-\x20\x7f\ud800-\udfff]")


@frozen
class Route:
    """A method and a path template that replace those of the spec."""

    method: str
    path: str


Routes = Mapping[str, Route]


def build(operation_id: str, routes: Routes, **arguments: object) -> Request:
    """Build the request of an operation from the arguments of its generated `build_request`.

    Arguments that are None are left out.
    """
    operation = _operation(operation_id)
    given = {name: value for name, value in arguments.items() if value is not None}
    kwargs = _builder(operation.module)(**given)
    request = _request(operation, kwargs["method"].upper(), kwargs["url"], kwargs.get("params", {}), kwargs.get("json"))
    route = routes.get(operation_id)
    if route is None:
        return request
    values = {p.name: str(given[p.argument]) for p in operation.parameters if p.location == "path"}
    return _moved(request, route, values)


def build_raw(
    operation_id: str,
    routes: Routes,
    *,
    path: Mapping[str, str] | None,
    query: Mapping[str, object] | Iterable[tuple[str, object]] | None,
    body: object,
) -> Request:
    """Build a request from what should go on the wire, with the API's own parameter names.

    Raises:
        UsageError: the operation is unknown, or a path parameter is missing, unknown or unsafe.

    """
    operation = _operation(operation_id)
    if path is not None and not isinstance(path, Mapping):
        raise UsageError(f"path must be a mapping of names to ids, not {type(path).__name__}.")
    values = {name: safe_id(value, name) for name, value in (path or {}).items()}
    expected = {parameter.name for parameter in operation.parameters if parameter.location == "path"}
    if values.keys() != expected:
        wanted = ", ".join(sorted(expected)) or "none"
        raise UsageError(f"{operation_id} takes these path parameters: {wanted}; given: {', '.join(values) or 'none'}.")
    request = _request(operation, operation.method, operation.path, _pairs(query), body)
    return _moved(request, routes.get(operation_id) or Route(operation.method, operation.path), values)


def _pairs(query: object) -> list[tuple[str, object]]:
    given = query.items() if isinstance(query, Mapping) else query or ()
    pairs: list[Any] = list(given) if isinstance(given, Iterable) else [given]
    if all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
        return pairs
    raise UsageError("query must be a mapping of names to values, or a list of (name, value) pairs.")


def conditions(filter_: Filter | None) -> Any:
    """The filter as the generated builders take it: one object, whose arrays become repeated parameters."""
    if filter_ is None:
        return None
    from metrics24_api.models import FilterConditions  # noqa: PLC0415 - models load when the first one is needed

    return FilterConditions.from_dict({condition.key: list(condition.values) for condition in filter_.conditions})


def checked_routes(routes: Mapping[str, tuple[str, str]] | None) -> Routes:
    """Check a user's corrections of methods and paths.

    Raises:
        ConfigurationError: an unknown operation or method, or a path that is relative or has unknown placeholders.

    """
    checked: dict[str, Route] = {}
    if routes is not None and not isinstance(routes, Mapping):
        raise ConfigurationError("routes must be a mapping like {'getClick': ('GET', '/path')}.")
    for operation_id, route in (routes or {}).items():
        if not isinstance(route, (tuple, list)) or [type(part) for part in route] != [str, str]:
            raise ConfigurationError(f"routes: {operation_id} must be a pair like ('GET', '/path'), not {route!r}.")
        method, path = route
        operation = OPERATIONS.get(operation_id)
        if operation is None:
            raise ConfigurationError(f"routes: there is no operation {operation_id!r}; known are {_known()}.")
        if method.upper() not in _METHODS:
            raise ConfigurationError(f"routes: {method!r} is not a method for {operation_id}.")
        expected = {parameter.name for parameter in operation.parameters if parameter.location == "path"}
        if not path.startswith("/") or _UNSAFE_PATH.search(path) or set(_PLACEHOLDER.findall(path)) != expected:
            needed = " and ".join(f"{{{name}}}" for name in sorted(expected)) or "no placeholder"
            raise ConfigurationError(
                f"routes: the path of {operation_id} must start with / and have {needed}, and no ? # .. or blank."
            )
        checked[operation_id] = Route(method.upper(), path)
    return checked


def safe_id(value: object, name: str) -> str:
    """Return an id that cannot bend a URL.

    Raises:
        UsageError: it is not text, empty, a dot segment, or holds a slash, blank, percent sign or control character.

    """
    if not isinstance(value, str):
        raise UsageError(f"{name} must be text, not {type(value).__name__}.")
    if not value or value in {".", ".."} or _UNSAFE_ID.search(value):
        raise UsageError(
            f"{name} {value!r} cannot be an id: it is empty, a dot segment, or holds / \\ % ? # or a blank."
        )
    return value


def _operation(operation_id: str) -> Operation:
    try:
        return OPERATIONS[operation_id]
    except KeyError:
        raise UsageError(f"There is no operation {operation_id!r}; known are {_known()}.") from None


def _known() -> str:
    return ", ".join(OPERATIONS)


@lru_cache(maxsize=64)
def _builder(module: str) -> Callable[..., dict[str, Any]]:
    return cast("Callable[..., dict[str, Any]]", import_module(f"metrics24_api.api.{module}").build_request)


def _request(
    operation: Operation,
    method: str,
    path: str,
    params: Mapping[str, object] | Iterable[tuple[str, object]],
    body: object,
) -> Request:
    pairs = params.items() if isinstance(params, Mapping) else params
    access = cast("Literal['read', 'write']", operation.effect)
    return Request(operation.id, method, path, tuple(_flattened(pairs)), body, access)


def _flattened(pairs: Iterable[tuple[str, object]]) -> Iterable[tuple[str, str]]:
    """Send arrays as repeated parameters. The only place that decides this."""
    for name, value in pairs:
        for each in value if isinstance(value, (list, tuple)) else (value,):
            if each is not None and each is not UNSET:
                yield name, render(cast("Scalar", each))


def _moved(request: Request, route: Route, values: Mapping[str, str]) -> Request:
    path = _PLACEHOLDER.sub(lambda match: quote(values[match[1]], safe=""), route.path)
    return Request(request.operation, route.method, path, request.params, request.body, request.access)
