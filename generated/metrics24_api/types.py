"""Helpers shared by the generated models and requests."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal, Protocol, Self, TypeVar


class Unset:
    """Type of `UNSET`: the property was absent, or is not to be sent."""

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Unset = Unset()


class Model(Protocol):
    """Base class of the generated models."""

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self: ...

    def to_dict(self) -> dict[str, Any]: ...


OpenEnum = TypeVar("OpenEnum", bound=StrEnum)


@lru_cache(maxsize=1024)
def unknown_member(enum: type[OpenEnum], value: str) -> OpenEnum:
    """A member for a value that the specification does not list; the same one for the same value while remembered."""
    member = str.__new__(enum, value)
    member._name_ = member._value_ = value
    return member


def parse_enum(enum: type[StrEnum], value: Any) -> Any:
    """A text as a member of `enum`; anything else as it is."""
    return enum(value) if isinstance(value, str) else value


def parse_model(model: type[Model], value: Any) -> Any:
    """An object as `model`; anything else as it is."""
    return model.from_dict(value) if isinstance(value, dict) else value


def parse_models(model: type[Model], value: Any) -> Any:
    """A list with its objects as `model`; anything else as it is."""
    return [parse_model(model, item) for item in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """Return the JSON form of a model, an enum member, a list of them, or a value kept as received."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return value.to_dict() if hasattr(value, "to_dict") else value


__all__ = ["UNSET", "Model", "Unset", "parse_enum", "parse_model", "parse_models", "plain", "unknown_member"]
