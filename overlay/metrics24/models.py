"""The models of the API's answers, and what the spec says of them.

The classes are generated from the OpenAPI spec. An optional value that is absent or null is `UNSET`, which is falsy;
fields that the spec does not know are kept in `additional_properties`; an enum member equals its string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast

from attrs import fields_dict

import metrics24_api.models as _generated
from metrics24._rows.schema import Column
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

    def __getattr__(name: str) -> Any:  # each model loads when it is first asked for
        if name not in _generated.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(_generated, name)


_COLUMN_TYPES = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}


class Notices:
    """Warnings that a client gives once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def once(self, key: str, message: str) -> None:
        """Warn, unless `key` was warned of before."""
        if key not in self._given:
            self._given.add(key)
            warn(message, UnexpectedAnswerWarning)


def answer_model(operation: str) -> str:
    """The name of the model that the operation answers with."""
    return OPERATIONS[operation].response


@lru_cache(maxsize=8)
def row_model(operation: str) -> str:
    """The name of the model of a report table's rows."""
    return _item_model(_property(answer_model(operation), "data").model)


def item_model(operation: str) -> str:
    """The name of the model of a list's items."""
    return _item_model(answer_model(operation))


def _item_model(listing: str) -> str:
    """The name of the model of what stands in `data` of a model."""
    return _property(listing, "data").model


def properties(model: str) -> tuple[Property, ...]:
    """The properties that the spec knows of a model; none where it allows any."""
    return tuple(MODELS[model])


@lru_cache(maxsize=256)
def known_values(model: str, attribute: str) -> tuple[str, frozenset[str]]:
    """The enum in the spec that a model's property takes its values from, and its values; empty if it has none."""
    annotation = str(fields_dict(getattr(_generated, model))[attribute].type)
    for name in annotation.split(" | "):
        kind = getattr(_generated, name, None)
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return name, frozenset(str(each.value) for each in kind)
    return "", frozenset()


def declared_in(model: str, name: str) -> str:
    """The schema of the spec in which a model's property stands: the model's own, or one that it is built on."""
    own = MODELS[model]
    bases = [
        base
        for base, table in MODELS.items()
        if 3 <= len(table) < len(own) and set(table) < set(own) and any(each.name == name for each in table)
    ]
    return min(bases, key=lambda base: len(MODELS[base]), default=model)


def factory(model: str) -> Callable[[Mapping[str, Any]], Any]:
    """What makes a model of a JSON object; what the object lacks is `UNSET`, also where the spec requires it."""
    make = cast("Callable[[Mapping[str, Any]], Any]", getattr(_generated, model).from_dict)
    required = {each.name: UNSET for each in MODELS[model] if each.required}

    def make_incomplete(record: Mapping[str, Any]) -> Any:
        return make(record if required.keys() <= record.keys() else {**required, **record})

    return make_incomplete if required else make


def generated(model: str) -> Any:
    """The generated class of a model."""
    return getattr(_generated, model)


def column_types(model: str) -> dict[str, Column]:
    """The model's properties as columns, by the attributes that carry them."""
    return {each.attribute: _column(each) for each in MODELS[model]}


def nested_parsers(model: str, columns: Sequence[Column]) -> list[Callable[[Any], Any] | None]:
    """What makes models or enum members of the values in these columns; None where they stay as they are."""
    found = {each.name: each for each in MODELS[model]}
    return [_parser(model, found[column.name]) for column in columns]


def _parser(model: str, prop: Property) -> Callable[[Any], Any] | None:
    kind, _ = known_values(model, prop.attribute)
    if kind:
        return partial(parse_enum, getattr(_generated, kind))
    if prop.model:
        parse = parse_models if prop.type == "array" else parse_model
        return partial(parse, getattr(_generated, prop.model))
    return None


def _column(prop: Property) -> Column:
    return Column(prop.name, cast("Any", _COLUMN_TYPES.get(prop.type, "json")))


def columns(model: str) -> list[Column]:
    """The model's properties as columns of a file; those that are merely inferred are left to the data."""
    return [_column(each) for each in MODELS[model] if each.evidence != "inferred"]


def _property(model: str, name: str) -> Property:
    return next(each for each in MODELS[model] if each.name == name)
