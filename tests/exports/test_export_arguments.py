"""What exports are asked for is checked before anything is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from metrics24 import export_filter, field
from metrics24._core.export_flows import ExportRequest
from metrics24.arguments import ReportParams
from metrics24.errors import UsageError
from metrics24.exports import Columns, artifact, planned, seconds, wanted
from metrics24.kinds import KINDS

FEBRUARY: dict[str, Any] = {"start": "2025-02-01", "end": date(2025, 2, 27)}


def asked(kind: Any = "clicks", integration: Any = "int1", **changes: Any) -> ExportRequest:
    """Want an export."""
    shape = {"fields": ["real_tx_id"], "extra_parameters": (), "delimiter": None}
    columns = Columns(**{name: changes.pop(name, usual) for name, usual in shape.items()})
    return wanted(kind, integration, columns, **{**FEBRUARY, "filter": None, **changes})


def test_what_makes_sense_is_kept() -> None:
    """Days become dates, names become tuples in their order, and the rest is kept as given."""
    condition = field("status").eq("x")
    found = asked(fields=iter(["b", "a"]), extra_parameters=["p q"], delimiter=";", filter=condition)
    assert found == ExportRequest(
        kind="clicks",
        integration="int1",
        fields=("b", "a"),
        extra_parameters=("p q",),
        start=date(2025, 2, 1),
        end=date(2025, 2, 27),
        delimiter=";",
        filter=condition,
    )


@pytest.mark.parametrize("days", [{"start": None}, {"end": None}, {"start": None, "end": None}])
def test_days_may_be_left_out(days: dict[str, None]) -> None:
    """What is not given is not sent."""
    found = asked(**days)
    assert (found.start is None, found.end is None) == ("start" in days, "end" in days)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "\x01", "§", " "])
def test_any_one_character_may_delimit(delimiter: str) -> None:
    """Only what CSV needs for itself may not."""
    assert asked(delimiter=delimiter).delimiter == delimiter


WRONG: dict[str, list[Any]] = {
    "kind": ["", "click", "Clicks", None, 1, ["clicks"]],
    "integration": ["", "..", "a/b", "a b", "%2e", None, 7],
    "fields": [
        [],
        "real_tx_id",
        b"x",
        None,
        5,
        [1],
        [""],
        [" a"],
        ["a,b"],
        ["a\n"],
        ["\ud800"],
        ["a", "b", "a"],
        [None],
    ],
    "extra_parameters": ["a", None, 5, [1], [""], ["a,b"], ["a", "a"], {"a": 1}.values()],
    "delimiter": ["", ",,", '"', "\r", "\n", "\ud800", 1, b","],
    "start": ["yesterday", "2025-02-30", 20250201, datetime(2025, 2, 1, tzinfo=UTC), "2025-03-01"],
    "end": ["2025-01-31", 1.5],
    "filter": [
        "status=x",
        {"status": "x"},
        1,
        export_filter(start_date="2025-02-01"),
        field("status").eq("x") & export_filter(results_meta_total_gte=1),
    ],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_fault_28_what_makes_no_sense_is_a_usage_error(name: str, value: Any) -> None:
    """Every argument is checked, and the error names it."""
    with pytest.raises(UsageError, match=name if name not in {"kind", "start"} else "exports of|start"):
        asked(**{name: value})


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_samples_the_table_of_its_kind(kind: str) -> None:
    """Each kind has its report table."""
    found = planned(kind, "int1", "2025-02-01", date(2025, 2, 27))
    assert found == ReportParams(KINDS[kind], "int1", date(2025, 2, 1), date(2025, 2, 27))


@pytest.mark.parametrize(
    ("kind", "integration", "start", "end"),
    [
        ("rows", "int1", "2025-02-01", "2025-02-02"),
        ("clicks", "..", "2025-02-01", "2025-02-02"),
        ("clicks", "int1", None, "2025-02-02"),
        ("clicks", "int1", "2025-02-01", None),
        ("clicks", "int1", "2025-02-03", "2025-02-02"),
    ],
)
def test_fault_28_a_plan_that_makes_no_sense_is_a_usage_error(
    kind: Any, integration: str, start: Any, end: Any
) -> None:
    """A plan needs both days, in order."""
    with pytest.raises(UsageError):
        planned(kind, integration, start, end)


@pytest.mark.parametrize("name", ["a.csv", "../../etc/passwd", "a b"])
def test_fault_59_a_files_name_is_text_and_no_path(name: str) -> None:
    """Whatever the server calls a file may be asked for: it is a parameter, and never a path of ours."""
    assert artifact(name) == name


@pytest.mark.parametrize("name", ["", None, 5, b"a.csv"])
def test_a_file_without_a_name_is_a_usage_error(name: object) -> None:
    """The error says where names are found."""
    with pytest.raises(UsageError, match="artifact_name"):
        artifact(name)


@pytest.mark.parametrize("value", [0, 0.5, 86400, 1e9])
def test_seconds_are_numbers(value: float) -> None:
    """Whole ones and parts, 0 included."""
    assert seconds("reuse", value) == value


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 1e9 + 0.5, 10**400, "60", None, True])
def test_other_seconds_are_a_usage_error(value: object) -> None:
    """What is no number of seconds, or cannot be meant, is refused by name."""
    with pytest.raises(UsageError, match="reuse must be a number of seconds"):
        seconds("reuse", value)
