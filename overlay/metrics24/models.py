"""The models of the API's responses, and their properties in the spec.

The classes are generated from the OpenAPI spec. An optional value that is absent or null is `UNSET`, which is falsy;
fields that the spec does not know are kept in `additional_properties`; an enum member equals its string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast

from attrs import fields_dict

import metrics24_api.models as _generated
from metrics24.errors import UnexpectedAnswerWarning, warn
from metrics24_api.export_filter import EXPORT_FILTERS as EXPORT_FILTERS
from metrics24_api.export_filter import ExportFilterFields as ExportFilterFields
from metrics24_api.operation_table import MODELS as MODELS
from metrics24_api.operation_table import OPERATIONS
from metrics24_api.operation_table import Property as Property
from metrics24_api.types import UNSET as UNSET
from metrics24_api.types import Unset as Unset
from metrics24_api.types import parse_enum, parse_model, parse_models

if TYPE_CHECKING:
    from metrics24_api.models import Artifact as Artifact
    from metrics24_api.models import ArtifactStatus as ArtifactStatus
    from metrics24_api.models import Click as Click
    from metrics24_api.models import Conversion as Conversion
    from metrics24_api.models import Export as Export
    from metrics24_api.models import FilterGroup as FilterGroup
    from metrics24_api.models import Impression as Impression
    from metrics24_api.models import ListMeta as ListMeta
else:

    def __getattr__(name: str) -> Any:  # each model loads when it is first used
        if name not in _generated.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(_generated, name)


class Notices:
    """Warnings that a client issues only once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def once(self, key: str, message: str) -> None:
        """Warn, unless `key` was warned of before."""
        if key not in self._given:
            self._given.add(key)
            warn(message, UnexpectedAnswerWarning)


def response_model(operation: str) -> str:
    """Return the name of the model of an operation's response."""
    return OPERATIONS[operation].response


@lru_cache(maxsize=8)
def row_model(operation: str) -> str:
    """Return the name of the model of a report table's rows."""
    return _item_model(_property(response_model(operation), "data").model)


def item_model(operation: str) -> str:
    """Return the name of the model of a list's items."""
    return _item_model(response_model(operation))


def _item_model(listing: str) -> str:
    """Return the name of the model of the objects in `data` of a model."""
    return _property(listing, "data").model


def properties(model: str) -> tuple[Property, ...]:
    """Return the properties that the spec declares for a model; none where it allows any."""
    return tuple(MODELS[model])


@lru_cache(maxsize=256)
def known_values(model: str, attribute: str) -> tuple[str, frozenset[str]]:
    """Return the name and the values of the enum that the spec declares for a model's attribute; empty if none."""
    annotation = str(fields_dict(getattr(_generated, model))[attribute].type)
    for name in annotation.split(" | "):
        kind = getattr(_generated, name, None)
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return name, frozenset(str(each.value) for each in kind)
    return "", frozenset()


def declared_in(model: str, name: str) -> str:
    """Return the schema of the spec that declares a model's property: the model's own, or one that it extends."""
    own = MODELS[model]
    bases = [
        base
        for base, table in MODELS.items()
        if 3 <= len(table) < len(own) and set(table) < set(own) and any(each.name == name for each in table)
    ]
    return min(bases, key=lambda base: len(MODELS[base]), default=model)


def factory(model: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return a function that makes a model of a JSON object; missing properties are `UNSET`, even required ones."""
    make = cast("Callable[[Mapping[str, Any]], Any]", getattr(_generated, model).from_dict)
    required = {each.name: UNSET for each in MODELS[model] if each.required}

    def make_incomplete(record: Mapping[str, Any]) -> Any:
        return make(record if required.keys() <= record.keys() else {**required, **record})

    return make_incomplete if required else make


def generated(model: str) -> Any:
    """Return the generated class of a model."""
    return getattr(_generated, model)


def nested_parsers(model: str) -> dict[str, Callable[[Any], Any]]:
    """Return the functions that turn values into models or enum members, by the names of the properties."""
    found = {each.name: _parser(model, each) for each in properties(model)}
    return {name: parse for name, parse in found.items() if parse is not None}


def _parser(model: str, prop: Property) -> Callable[[Any], Any] | None:
    kind, _ = known_values(model, prop.attribute)
    if kind:
        return partial(parse_enum, getattr(_generated, kind))
    if prop.model:
        parse = parse_models if prop.type == "array" else parse_model
        return partial(parse, getattr(_generated, prop.model))
    return None


def _property(model: str, name: str) -> Property:
    return next(each for each in MODELS[model] if each.name == name)
