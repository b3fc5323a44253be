"""The API's paths, parameters and enums stand in openapi/spec.yaml, in what is generated from it, and nowhere else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from metrics24_api.operation_table import OPERATIONS
from repository.tree import ROOT, place, python_files, string_literals

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ("overlay", "sandbox", "examples", "scripts")


@cache
def path_pieces() -> frozenset[str]:
    """The fixed pieces of all paths that could not be anything else, such as the names of the report tables."""
    pieces = {piece for operation in OPERATIONS.values() for piece in operation.path.split("/")}
    return frozenset(piece for piece in pieces if "-" in piece)


@cache
def wire_names() -> frozenset[str]:
    """The parameter names that are no words of ours: those in brackets and those of path parameters."""
    parameters = [parameter for operation in OPERATIONS.values() for parameter in operation.parameters]
    return frozenset(p.name for p in parameters if "[" in p.name or p.location == "path")


@cache
def enum_values() -> frozenset[str]:
    """All values of all enumerated parameters."""
    return frozenset(
        value for operation in OPERATIONS.values() for parameter in operation.parameters for value in parameter.enum
    )


@pytest.mark.parametrize("path", python_files(*FOLDERS), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_spells_out_a_path_or_a_parameter(path: Path) -> None:
    """Hand-written code names no path of the API, no piece of one, and no parameter as it goes over the wire."""
    found = [
        f"{place(path, literal.lineno)}: {literal.value}"
        for literal in string_literals(path)
        if isinstance(literal.value, str)
        and ("/api/" in literal.value or literal.value in path_pieces() or literal.value in wire_names())
    ]
    assert found == []


@pytest.mark.parametrize("path", python_files("overlay"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_client_spells_out_no_enumerated_value(path: Path) -> None:
    """Hand-written client code takes enumerated values and the integration's parameter from the generated code."""
    found = [
        f"{place(path, literal.lineno)}: {literal.value}"
        for literal in string_literals(path)
        if literal.value in enum_values() or literal.value == "integration_id"
    ]
    assert found == []
