"""Build requests from an operation's id and arguments, with the generated package.

This module and `metrics24.models` are the only ones that import the generated package. Methods, paths and parameter
names come from there and are written nowhere else.
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
from metrics24.arguments import safe_id
from metrics24.errors import ConfigurationError, UsageError
from metrics24.filters import Scalar, render
from metrics24_api.operation_table import API_KEY_HEADER as API_KEY_HEADER
from metrics24_api.operation_table import DEFAULT_BASE_URL as DEFAULT_BASE_URL
from metrics24_api.operation_table import OPERATIONS as OPERATIONS
from metrics24_api.operation_table import Operation as Operation
from metrics24_api.types import UNSET

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_UNSAFE_PATH = re.compile(r"[?#\\%]|[^!-~]|/\.\.?(/|$)")


@frozen
class Route:
    """A method and a path template that replace those of the spec."""

    method: str
    path: str

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the path with its parameters filled in."""
        return _PLACEHOLDER.sub(lambda match: quote(values[match[1]], safe=""), self.path)


Routes = Mapping[str, Route]


def build(operation_id: str, routes: Routes, **arguments: object) -> Request:
    """Build the request of an operation from the arguments of its generated `build_request`.

    Arguments that are None are left out. A `Filter` is passed as it is: it has the method that the builder calls.
    """
    operation = _operation(operation_id)
    present = {name: value for name, value in arguments.items() if value is not None}
    kwargs = _builder(operation.module)(**present)
    method, path = kwargs["method"].upper(), kwargs["url"]
    route = routes.get(operation_id)
    if route is not None:
        values = {p.name: str(present[p.argument]) for p in operation.parameters if p.location == "path"}
        method, path = route.method, route.filled(values)
    return _request(operation, method, path, kwargs.get("params", {}).items(), kwargs.get("json"))


def build_raw(
    operation_id: str,
    routes: Routes,
    *,
    path: Mapping[str, str] | None,
    query: Mapping[str, object] | Iterable[tuple[str, object]] | None,
    body: object,
) -> Request:
    """Build a request from the API's own parameter names and a JSON body.

    Raises:
        UsageError: the operation is unknown, or a path parameter is missing, unknown or unsafe.

    """
    operation = _operation(operation_id)
    if path is not None and not isinstance(path, Mapping):
        raise UsageError(f"path must be a mapping of names to ids, not {type(path).__name__}.")
    values = {name: safe_id(value, name) for name, value in (path or {}).items()}
    expected = {parameter.name for parameter in operation.parameters if parameter.location == "path"}
    if values.keys() != expected:
        names = ", ".join(sorted(expected)) or "none"
        raise UsageError(f"{operation_id} takes these path parameters: {names}; given: {', '.join(values) or 'none'}.")
    route = routes.get(operation_id) or Route(operation.method, operation.path)
    return _request(operation, route.method, route.filled(values), _pairs(query), body)


def _pairs(query: object) -> list[tuple[str, object]]:
    items = query.items() if isinstance(query, Mapping) else query or ()
    pairs: list[Any] = list(items) if isinstance(items, Iterable) else [items]
    if all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
        return pairs
    raise UsageError("query must be a mapping of names to values, or a list of (name, value) pairs.")


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
            raise ConfigurationError(f"routes: {method!r}, the method of {operation_id}, is not an HTTP method.")
        expected = {parameter.name for parameter in operation.parameters if parameter.location == "path"}
        if not path.startswith("/") or _UNSAFE_PATH.search(path) or set(_PLACEHOLDER.findall(path)) != expected:
            needed = " and ".join(f"{{{name}}}" for name in sorted(expected)) or "no placeholder"
            raise ConfigurationError(
                f"routes: the path of {operation_id} must start with / and have {needed}, and no ? # .. or blank."
            )
        checked[operation_id] = Route(method.upper(), path)
    return checked


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
    operation: Operation, method: str, path: str, params: Iterable[tuple[str, object]], body: object
) -> Request:
    """Make the request. Lists become repeated parameters; only this function decides so."""
    pairs: list[tuple[str, str]] = []
    for name, value in params:
        for each in value if isinstance(value, list | tuple) else (value,):
            if type(each) is str and each.isascii():  # what `render` would return, at a tenth of the cost
                pairs.append((name, each))
            elif each is not None and each is not UNSET:
                pairs.append((name, render(cast("Scalar", each))))
    access = cast("Literal['read', 'write']", operation.effect)
    return Request(operation.id, method, path, tuple(pairs), body, access)
