"""The arguments of exports are checked before anything is sent, and an error names the argument that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from exports.fake_exports import params
from metrics24 import Limits, UsageError, export_filter, field
from metrics24.arguments import artifact_name, seconds
from metrics24.export_job import check_target
from metrics24.exports import Exports
from metrics24.kinds import KINDS
from support.fake_driver import FakeDriver, policy
from support.running import Running


def test_what_makes_sense_is_kept() -> None:
    """Days become dates, names become tuples in their order, and the rest is kept as given."""
    condition = field("status").eq("x")
    found = params(
        fields=iter(["b", "a"]), extra_parameters=["p q"], start="2025-02-01", delimiter=";", filter=condition
    )
    assert (found.fields, found.extra_parameters) == (("b", "a"), ("p q",))
    assert (found.kind, found.start, found.end) == (KINDS["clicks"], date(2025, 2, 1), date(2025, 2, 27))
    assert (found.delimiter, found.filter) == (";", condition)


def test_optional_arguments_are_kept() -> None:
    """Days may be left out, any character but those of CSV is a delimiter, and seconds are numbers up to a billion."""
    for days in ({"start": None}, {"end": None}, {"start": None, "end": None}):
        found = params(**days)
        assert (found.start is None, found.end is None) == ("start" in days, "end" in days)
    assert [params(delimiter=each).delimiter for each in ",;\t|\x01§ "] == [*",;\t|\x01§ "]
    assert [seconds(each, "reuse") for each in (0, 0.5, 86400, 1e9)] == [0, 0.5, 86400, 1e9]


NO_COLUMNS: list[Any] = ["a", b"x", None, 5, [1], [""], [" a"], ["a,b"], ["a\n"], ["\ud800"], ["a", "b", "a"], [None]]
WRONG: dict[str, list[Any]] = {
    "kind": ["", "click", "Clicks", None, 1, ["clicks"]],
    "integration": ["", "..", "a/b", "a b", "%2e", None, 7],
    "fields": [[], *NO_COLUMNS],
    "extra_parameters": [*NO_COLUMNS, {"a": 1}.values()],
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
    "reuse": [-1, float("nan"), float("inf"), 1e9 + 0.5, 10**400, "60", None, True],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_fault_28_what_makes_no_sense_is_a_usage_error(name: str, value: Any) -> None:
    """Every argument is checked, and the error names it as it is written in the call."""
    with pytest.raises(UsageError, match=rf"\b{name}(?![~\w])"):
        params(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "rows"),
        ("integration", ".."),
        ("start", None),
        ("end", None),
        ("start", "2025-02-30"),
        ("start", "2025-02-03"),
    ],
)
def test_fault_28_a_plan_that_makes_no_sense_is_a_usage_error(name: str, value: Any) -> None:
    """A plan needs a kind, an integration and both days, in order; the error names what is wrong."""
    driver = FakeDriver(lambda request: pytest.fail(f"{request.operation} was sent"))
    exports = Exports(policy(), {}, Limits(), driver)  # type: ignore[arg-type]
    given: Any = {"kind": "clicks", "integration": "int1", "start": "2025-02-01", "end": "2025-02-02", name: value}
    with pytest.raises(UsageError, match=rf"\b{name}(?![~\w])"):
        exports.plan(given.pop("kind"), given.pop("integration"), **given)


@pytest.mark.parametrize("name", ["a.csv", "../../etc/passwd", "a b", "", None, 5, b"a.csv"])
def test_fault_59_a_files_name_is_text_and_no_path(name: Any) -> None:
    """Any name that the server gives a file is a parameter, never a path; an error says where names are found."""
    if isinstance(name, str) and name:
        assert artifact_name(name, "artifact_name") == name
        return
    with pytest.raises(UsageError, match=r"artifact_name must be text .*\.artifact_name"):
        artifact_name(name, "artifact_name")


def test_both_clients_name_what_is_wrong(run: Running) -> None:
    """Wrong arguments are named before anything is sent, by Client and by AsyncClient."""
    exports = run.client("http://127.0.0.1:9").exports
    calls: dict[str, Callable[[], Any]] = {
        "get export_id": lambda: exports.get("a/b"),
        "delete export_id": lambda: exports.delete("a/b"),
        "resume export_id": lambda: exports.resume("a/b"),
        "start reuse": lambda: exports.start("clicks", "int1", fields=["status"], reuse=-1),
        "url artifact_name": lambda: exports.url(""),
    }
    for name, call in calls.items():
        with pytest.raises(UsageError, match=rf"\b{name.split()[1]}(?![~\w])"):
            run.result(call())


def test_a_download_that_promises_another_format_is_refused() -> None:
    """A path with the suffix of another format is a UsageError that says what to write; others are kept."""
    for suffix in (".jsonl", ".ndjson", ".json", ".gz", ".zip", ".xlsx", ".JSON"):
        with pytest.raises(UsageError, match=r"end in \.csv"):
            check_target(f"clicks{suffix}")
    for name in ("clicks.csv", "clicks.tsv", "clicks", "json"):
        assert check_target(name) == Path(name)
