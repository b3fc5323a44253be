"""Rows as models, made from records without a dict in between."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec
from attrs import fields

from metrics24.models import UNSET, column_types, generated, nested_parsers
from metrics24.sinks import Cells, Column
from metrics24.sinks.cells import LearningLens

_as_tuple = msgspec.structs.astuple


def model_lens(model: str) -> LearningLens:
    """What decodes rows into records that have what the model has, and whatever else was seen in rows so far."""
    return LearningLens(_columns(model), UNSET)


@lru_cache(maxsize=8)
def _columns(model: str) -> tuple[Column, ...]:
    """The model's properties in the order of its attributes."""
    types = column_types(model)
    return tuple(types[attribute.name] for attribute in fields(generated(model)) if attribute.init)


@lru_cache(maxsize=64)
def maker(model: str, kind: type[Cells]) -> Callable[[Cells], Any]:
    """What makes a model of a record."""
    made, known = generated(model), len(_columns(model))
    others = list(kind.names)[known:]
    nested = [(index, parse) for index, parse in enumerate(nested_parsers(model, _columns(model))) if parse]

    def make(record: Cells) -> Any:
        values = [UNSET if value is None else value for value in _as_tuple(record)[:known]]
        for index, parse in nested:
            if values[index] is not UNSET:
                values[index] = parse(values[index])
        return made(*values)

    def make_with_others(record: Cells) -> Any:
        model = make(record)
        found = zip(others, _as_tuple(record)[known:], strict=True)
        model.additional_properties = {name: value for name, value in found if value is not UNSET}
        return model

    return make_with_others if others else make
