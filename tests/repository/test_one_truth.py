"""The API's paths, parameters and enums stand in openapi/spec.yaml, in what is generated from it, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics24_api.operation_table import OPERATIONS
from repository.tree import place, python_files, string_literals

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDERS = ("overlay", "sandbox", "examples", "scripts")


def path_pieces() -> frozenset[str]:
    """The fixed pieces of all paths that could not be anything else, such as the names of the report tables."""
    pieces = {piece for operation in OPERATIONS.values() for piece in operation.path.split("/")}
    return frozenset(piece for piece in pieces if "-" in piece)


def wire_names() -> frozenset[str]:
    """The parameter names that are no words of ours: those in brackets and those of path parameters."""
    parameters = [parameter for operation in OPERATIONS.values() for parameter in operation.parameters]
    return frozenset(p.name for p in parameters if "[" in p.name or p.location == "path")


def enum_values() -> frozenset[str]:
    """All values of all enumerated parameters."""
    return frozenset(
        value for operation in OPERATIONS.values() for parameter in operation.parameters for value in parameter.enum
    )


def literals(*folders: str) -> Iterator[tuple[str, str]]:
    """Place and value of every string in some folders, docstrings aside."""
    for path in python_files(*folders):
        for literal in string_literals(path):
            yield f"{place(path, literal.lineno)}: {literal.value!r}", str(literal.value)


def test_no_module_spells_out_a_path_or_a_parameter() -> None:
    """Hand-written code names no path of the API, no piece of one, and no parameter as it goes over the wire."""
    names = path_pieces() | wire_names()
    assert [where for where, text in literals(*FOLDERS) if "/api/" in text or text in names] == []


def test_the_client_spells_out_no_enumerated_value() -> None:
    """Hand-written client code takes enumerated values and the integration's parameter from the generated code."""
    values = enum_values() | {"integration_id"}
    assert [where for where, text in literals("overlay") if text in values] == []
