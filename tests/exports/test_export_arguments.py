"""The arguments of exports are checked before anything is sent, and an error names the argument that is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from exports.fake_exports import params
from metrics24 import AsyncClient, Client, Limits, UsageError, export_filter, field
from metrics24.arguments import artifact_name, seconds
from metrics24.export_job import check_target
from metrics24.exports import Exports
from metrics24.kinds import KINDS
from support.fake_driver import FakeDriver, policy


def test_what_makes_sense_is_kept() -> None:
    """Days become dates, names become tuples in their order, and the rest is kept as given."""
    condition = field("status").eq("x")
    found = params(
        fields=iter(["b", "a"]), extra_parameters=["p q"], start="2025-02-01", delimiter=";", filter=condition
    )
    assert (found.fields, found.extra_parameters) == (("b", "a"), ("p q",))
    assert (found.kind, found.start, found.end) == (KINDS["clicks"], date(2025, 2, 1), date(2025, 2, 27))
    assert (found.delimiter, found.filter) == (";", condition)


@pytest.mark.parametrize("days", [{"start": None}, {"end": None}, {"start": None, "end": None}])
def test_days_may_be_left_out(days: dict[str, None]) -> None:
    """A day that is not given is not sent."""
    found = params(**days)
    assert (found.start is None, found.end is None) == ("start" in days, "end" in days)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "\x01", "§", " "])
def test_any_one_character_may_delimit(delimiter: str) -> None:
    """Every character but those that CSV needs for itself is a delimiter."""
    assert params(delimiter=delimiter).delimiter == delimiter


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


@pytest.mark.parametrize("value", [0, 0.5, 86400, 1e9])
def test_seconds_are_numbers(value: float) -> None:
    """Whole seconds and parts are taken, from 0 to a billion."""
    assert seconds(value, "reuse") == value


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


@pytest.mark.parametrize("name", ["a.csv", "../../etc/passwd", "a b"])
def test_fault_59_a_files_name_is_text_and_no_path(name: str) -> None:
    """Any name that the server gives a file is sent as a parameter, and never used as a local path."""
    assert artifact_name(name, "artifact_name") == name


@pytest.mark.parametrize("name", ["", None, 5, b"a.csv"])
def test_a_file_without_a_name_is_a_usage_error(name: object) -> None:
    """The error says where names are found."""
    with pytest.raises(UsageError, match=r"artifact_name must be text .*\.artifact_name"):
        artifact_name(name, "artifact_name")


ORIGIN: dict[str, Any] = {"api_key": "k", "base_url": "http://127.0.0.1:9"}
START: dict[str, Any] = {"fields": ["status"], "reuse": -1}


async def test_both_clients_name_what_is_wrong() -> None:
    """Wrong arguments are named before anything is sent, by Client and by AsyncClient."""
    with Client(**ORIGIN) as client:
        for call in (client.exports.get, client.exports.delete, client.exports.resume):
            with pytest.raises(UsageError, match=r"\bexport_id(?![~\w])"):
                call("a/b")
        with pytest.raises(UsageError, match=r"\breuse(?![~\w])"):
            client.exports.start("clicks", "int1", **START)
        with pytest.raises(UsageError, match="artifact_name"):
            client.exports.url("")
    async with AsyncClient(**ORIGIN) as twin:
        for acall in (twin.exports.get, twin.exports.delete, twin.exports.resume):
            with pytest.raises(UsageError, match=r"\bexport_id(?![~\w])"):
                await acall("a/b")
        with pytest.raises(UsageError, match=r"\breuse(?![~\w])"):
            await twin.exports.start("clicks", "int1", **START)
        with pytest.raises(UsageError, match="artifact_name"):
            await twin.exports.url("")


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".json", ".gz", ".zip", ".xlsx", ".JSON"])
def test_a_download_that_promises_another_format_is_refused(suffix: str) -> None:
    """A path with the suffix of another format is a UsageError that says what to write."""
    with pytest.raises(UsageError, match=r"end in \.csv"):
        check_target(f"clicks{suffix}")


@pytest.mark.parametrize("name", ["clicks.csv", "clicks.tsv", "clicks", "json"])
def test_a_download_may_have_any_other_name(name: str) -> None:
    """A path that promises no other format is left as it was written."""
    assert check_target(name) == Path(name)
