"""The types of the exports' filters say what the specification says."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from metrics24_api.export_filter import EXPORT_FILTERS, ExportFilterFields
from metrics24_api.operation_table import OPERATIONS, Parameter
from spec.document import ROOT

PARAMETERS = [one for one in OPERATIONS["listExports"].parameters if one.name.startswith("filter[")]


def spelled(name: str) -> str:
    """The wire name that a filter stands for."""
    known = EXPORT_FILTERS[name]
    return f"filter[{known.field}]" + (f"[{known.operator}]" if known.operator else "")


def test_every_documented_filter_has_a_name() -> None:
    """The twelve documented filters are in the table and in the type, in the specification's order."""
    assert [spelled(name) for name in EXPORT_FILTERS] == [one.name for one in PARAMETERS]
    assert list(EXPORT_FILTERS) == list(get_type_hints(ExportFilterFields))
    assert ExportFilterFields.__required_keys__ == frozenset()


def test_names_tell_the_property_and_the_operator() -> None:
    """Lists are in the plural, what only groups is left out, and the operator ends the name."""
    by_property = {(one.field, one.operator): name for name, one in EXPORT_FILTERS.items()}
    assert by_property["reports_query_option.filters.offer_id.equalvalues", ""] == "offer_ids"
    assert by_property["reports_query_option.start_date", ""] == "start_date"
    assert by_property["results_meta.total", "gte"] == "results_meta_total_gte"
    assert by_property["status", ""] == "status"


def test_types_are_those_of_the_specification() -> None:
    """Documented values are completed and others allowed, lists take one value too, days are dates or text."""
    hints = dict(zip((one.name for one in PARAMETERS), get_type_hints(ExportFilterFields).values(), strict=True))
    for parameter in PARAMETERS:
        types = get_args(hints[parameter.name]) or (hints[parameter.name],)
        literals = [value for each in types if get_origin(each) is Literal for value in get_args(each)]
        assert tuple(literals) == parameter.enum
        assert {each for each in types if isinstance(each, type)} - {list} >= plain(parameter)


def plain(parameter: Parameter) -> set[type]:
    """The types that a parameter's values have at least."""
    if parameter.format == "date":
        return {date, str}
    return {int} if parameter.type == "integer" else {str}


def test_two_filters_of_one_name_are_refused(tmp_path: Path) -> None:
    """If a change of the specification would make two names equal, generating fails and says so."""
    package = tmp_path / "metrics24_api"
    package.mkdir()
    (package / "__init__.py").touch()
    table = (ROOT / "generated/metrics24_api/operation_table.py").read_text("utf-8")
    (package / "operation_table.py").write_text(table.replace("filter[type]", "filter[filters.status]"), "utf-8")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/export_filter.py", tmp_path / "out.py"],
        env={"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "two filters would be called status" in done.stderr
    assert not (tmp_path / "out.py").exists()
