"""The check that an answer has the documented shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import field, frozen

from metrics24.errors import ResponseError
from metrics24.models import Notices, properties
from metrics24.sinks import Cells, values_of

_TYPES: Mapping[str, frozenset[type]] = {
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "object": frozenset({dict}),
    "array": frozenset({list}),
    "any": frozenset({str, int, float, bool, dict, list}),
}
_MANY = 20  # rows; for fewer the quick way is the slower one
_NAMES = {str: "text", int: "an integer", float: "a number", bool: "true or false", dict: "an object", list: "an array"}


@frozen
class _Rule:
    """What is checked of one property; `types` are those that decoded JSON can have there."""

    name: str
    required: bool
    documented: bool
    types: frozenset[type]
    model: str = field(default="")

    @property
    def must_be_there(self) -> bool:
        """Whether an answer without it is refused."""
        return self.required and self.documented


@frozen
class Answer:
    """Where an answer is being checked, for messages."""

    operation: str
    notices: Notices

    def check(self, model: str, value: object, path: str = "$") -> None:
        """Hold `value` against the spec's `model`, at any depth.

        Raises:
            ResponseError: a documented property is missing or of the wrong type. Others are warned of once.

        """
        if not isinstance(value, dict):
            raise self.broken(path, f"an object was expected, not {_kind(value)}")
        for rule in _rules(model):
            found = value.get(rule.name)
            if found is None:
                if rule.must_be_there:
                    raise self.broken(f"{path}.{rule.name}", "it is documented as required, and is missing or null")
            else:
                self._present(model, rule, found, f"{path}.{rule.name}")

    def check_cells(self, model: str, rows: Sequence[Cells]) -> None:
        """Hold what is nested in records against the spec; their own values have the right types already."""
        for rule in _rules(model):
            if rule.model:
                self._column(model, rule, values_of(rows, rule.name), "$.data.data")

    def _present(self, model: str, rule: _Rule, found: object, where: str) -> None:
        if type(found) not in rule.types:
            self._mistyped(model, rule, found, where)
        elif rule.model:
            self._nested(rule, found, where)

    def _nested(self, rule: _Rule, found: object, where: str) -> None:
        if not isinstance(found, list):
            self.check(rule.model, found, where)
        elif len(found) < _MANY or not self._alike(rule.model, found, where):
            for index, item in enumerate(found):
                if isinstance(item, dict) or rule.documented:
                    self.check(rule.model, item, f"{where}[{index}]")

    def _alike(self, model: str, rows: list[Any], where: str) -> bool:
        """Check rows column by column, which takes half the time; False where they must be checked one by one.

        That is where they have not all the same fields in one order, or where one of them is not as documented.
        """
        if set(map(type, rows)) != {dict} or len(set(map(tuple, rows))) != 1:
            return False
        columns = dict(zip(rows[0], zip(*map(dict.values, rows), strict=True), strict=True))
        for rule in _rules(model):
            types = set(map(type, columns.get(rule.name, (None,))))
            if not types <= {*rule.types, type(None)} or (rule.must_be_there and type(None) in types):
                return False
        for rule in _rules(model):
            if rule.model:
                self._column(model, rule, columns.get(rule.name, ()), where)
        return True

    def _column(self, model: str, rule: _Rule, values: Sequence[Any], where: str) -> None:
        """Check what is nested in one field of all rows: all that stands in lists at once, if it is of one kind."""
        if set(map(type, values)) <= {list, type(None)}:
            items = [item for found in values for item in found or ()]
            if not items or (_is_flat(rule.model) and self._alike(rule.model, items, where)):
                return
        for index, found in enumerate(values):
            if found is not None:
                self._present(model, rule, found, f"{where}[{index}].{rule.name}")

    def _mistyped(self, model: str, rule: _Rule, found: object, where: str) -> None:
        expected = " or ".join(sorted(_NAMES[each] for each in rule.types))
        if rule.documented:
            raise self.broken(where, f"{expected} was expected, not {_kind(found)}")
        self.notices.once(
            f"{model}.{rule.name}",
            f"{where} in the answer to {self.operation}: {expected} was expected, not {_kind(found)}. The value is "
            "kept as sent. This part of the spec is not documented by the API: it may need correcting.",
        )

    def broken(self, path: str, problem: str) -> ResponseError:
        """The error for an answer that is not as documented."""
        return ResponseError(
            f"The answer to {self.operation} is not as documented at {path}: {problem}. Either the server sent "
            "something else than the API's answer, or the API has changed and the spec must follow.",
            operation=self.operation,
            path=path,
        )


def _kind(value: object) -> str:
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)


@lru_cache(maxsize=128)
def _is_flat(model: str) -> bool:
    """Whether nothing is nested in it that would have to be named."""
    return not any(rule.model for rule in _rules(model))


@lru_cache(maxsize=128)
def _rules(model: str) -> tuple[_Rule, ...]:
    return tuple(
        _Rule(each.name, each.required, each.evidence == "documented", _TYPES[each.type], each.model)
        for each in properties(model)
    )
