"""Write `export_filter.py`: the documented filters of the list of exports, as types that editors complete.

It reads the operation table that was generated just before, so FOLDER is where the generated package lies:
`PYTHONPATH=FOLDER python scripts/export_filter.py OUTPUT.py`.
"""

import re
import sys
from pathlib import Path

from metrics24_api.operation_table import OPERATIONS, Parameter

OPERATION = "listExports"
HEADER = f'''
"""The documented filters of {OPERATION}, generated from openapi/spec.yaml; never edited by hand."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple, TypedDict

class ExportFilter(NamedTuple):
    """A documented filter: the property it looks at, its operator ("" for equality), and the type of its values."""
    field: str
    operator: str
    type: str
    format: str

class ExportFilterFields(TypedDict, total=False):
    """The documented filters of {OPERATION}, by names that can be typed; enumerated values are not the only ones."""
'''

_WIRE = re.compile(r"filter\[([^\[\]]+)\](?:\[([^\[\]]+)\])?")
_NESTING = frozenset({"reports_query_option", "filters"})  # objects that group what was asked for: they tell nothing
_LISTED = "equalvalues"  # the list of values of the property around it


def key(field: str, operator: str) -> str:
    """The name of a filter as a Python argument: lists in the plural, the operator at the end."""
    steps = [step for step in field.split(".") if step not in _NESTING]
    name = "_".join(steps[:-1]) + "s" if steps[-1] == _LISTED else "_".join(steps)
    name = f"{name}_{operator}" if operator else name
    if not name.isidentifier():
        raise SystemExit(f"{field} gives no name for an argument: {name!r}")
    return name


def annotation(parameter: Parameter) -> str:
    """The type of a filter's values in Python."""
    if parameter.enum:
        return f"Literal[{', '.join(map(repr, parameter.enum))}] | str"
    if parameter.format == "date":
        return "date | str"
    return {"array": "str | Iterable[str]", "integer": "int", "string": "str"}[parameter.type]


def module() -> str:
    """The module, unformatted."""
    lines: list[str] = []
    table: dict[str, str] = {}
    for parameter in OPERATIONS[OPERATION].parameters:
        wire = _WIRE.fullmatch(parameter.name)
        if wire is None:
            continue
        field, operator = wire[1], wire[2] or ""
        name = key(field, operator)
        if name in table:
            raise SystemExit(f"two filters would be called {name}")
        values = (field, operator, parameter.type, parameter.format)
        table[name] = f"ExportFilter({', '.join(map(repr, values))})"
        lines += [f"    {name}: {annotation(parameter)}", f'    """{parameter.description}"""']
    entries = [f"    {name!r}: {entry}," for name, entry in table.items()]
    return "\n".join(
        [HEADER.lstrip() + "\n".join(lines), "EXPORT_FILTERS: Mapping[str, ExportFilter] = {", *entries, "}", ""]
    )


def main(output: str) -> None:
    """Write the file."""
    Path(output).write_text(module(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
