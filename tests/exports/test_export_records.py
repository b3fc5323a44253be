"""An export repeats a request only if every parameter is there, and equal."""

from __future__ import annotations

from typing import Any

import pytest

from exports.fake_exports import changed, export, params
from metrics24 import field
from metrics24._core.export_flows import is_narrowed, is_of_kind, names_in, repeats

NARROWED = "reports_query_option.filters"
STATUS = field("status").eq("approved") & field("payout").gte(5)
STATUS_ECHO = {"status": {"eq": ["approved"]}, "payout": {"gte": ["5"]}}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"type": "CLICKS"},
        {"id": 17},
        {"export_list_options.fields": "real_tx_id,status"},
        {"export_list_options.extra_parameters": None},
        {"export_list_options.extra_parameters": ""},
        {"export_list_options.filters": None},
        {"export_list_options.filters": []},
        {"export_list_options.filters": {"offer": None, "status": {}}},
        {NARROWED: None},
        {NARROWED: {}},
        {
            NARROWED: {
                "integration_id": {"equalvalues": ["int1"]},
                "offer_id": {"equalvalues": None},
                "advertiser": None,
            }
        },
        {"unknown": {"x": 1}},
    ],
)
def test_what_says_the_same_is_equal(changes: dict[str, Any]) -> None:
    """Forms that mean the same, and what nobody asked about, do not matter."""
    assert repeats(changed(export(), changes), params())


PARTS: dict[str, list[object]] = {
    "id": [..., None, "", "..", "a/b", [], 1.5],
    "type": [..., None, "conversion_logs", "clickstream", "my_click_logs", ["click_logs"]],
    "integration": [..., None, "int2", ["int1"]],
    "export_list_options": [..., None, [], "x"],
    "export_list_options.fields": [
        ...,
        None,
        [],
        ["status", "real_tx_id"],
        ["real_tx_id"],
        "real_tx_id, status",
        5,
        {},
    ],
    "export_list_options.extra_parameters": [..., ["a"], [None], "a", 0, {}],
    "export_list_options.filters": [..., {"status": {"eq": ["x"]}}, ["x"], "x", {"status": "x"}],
    "reports_query_option": [..., None, []],
    "reports_query_option.start_date": [..., None, "2025-02-02", "2025-02-01T00:00:00Z", 20250201],
    "reports_query_option.end_date": [..., None, "2025-02-28"],
    "format": [..., None, ",", {}],
    "format.delimiter": [..., None, "", ";", [","]],
    NARROWED: [
        {"offer_id": {"equalvalues": ["o1"]}},
        {"integration_id": {"equalvalues": ["int1", "int2"]}},
        {"offer_id": {"likevalues": ["o"]}},
        {"offer_id": ["o1"]},
        ["o1"],
        "o1",
    ],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in PARTS.items() for value in values])
def test_what_lacks_or_contradicts_any_part_is_not_equal(name: str, value: object) -> None:
    """Each part in turn, absent, null or other than asked, makes an export another one."""
    assert not repeats(changed(export(), {name: value}), params())


@pytest.mark.parametrize("missing", ["start", "end"])
def test_days_that_were_left_out_equal_nothing(missing: str) -> None:
    """Not even an export that has none."""
    option = {"start": "start_date", "end": "end_date"}[missing]
    for value in ("2025-02-01", None, ..., "None"):
        assert not repeats(changed(export(), {f"reports_query_option.{option}": value}), params(**{missing: None}))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"export_list_options.filters": STATUS_ECHO}, True),
        ({"export_list_options.filters": STATUS_ECHO, NARROWED: {"status": {"equalvalues": ["approved"]}}}, True),
        ({"export_list_options.filters": STATUS_ECHO, NARROWED: {"status": {"equalvalues": ["rejected"]}}}, False),
        ({"export_list_options.filters": STATUS_ECHO, NARROWED: {"payout": {"equalvalues": ["5"]}}}, False),
        ({"export_list_options.filters": {"status": {"eq": ["approved"]}}}, False),
        ({"export_list_options.filters": {**STATUS_ECHO, "offer": {"eq": ["o"]}}}, False),
        ({"export_list_options.filters": {**STATUS_ECHO, "payout": {"lte": ["5"]}}}, False),
        ({"export_list_options.filters": {**STATUS_ECHO, "status": {"eq": "approved"}}}, False),
        ({"export_list_options.filters": {**STATUS_ECHO, "status": ["approved"]}}, False),
        ({"export_list_options.filters": {}}, False),
        ({}, False),
    ],
)
def test_filters_must_be_repeated_by_name_operator_and_values(changes: dict[str, Any], expected: bool) -> None:
    """A filter that is missing, additional, other or in another shape makes an export another one."""
    assert repeats(changed(export(), changes), params(filter=STATUS)) is expected


def test_a_text_is_no_list_of_its_letters() -> None:
    """Values that were asked for one by one do not equal one that is spelt alike."""
    echo = export(export_list_options__filters={"offer": {"eq": "12"}})
    assert not repeats(echo, params(filter=field("offer").any_of("1", "2")))


@pytest.mark.parametrize(("asked", "echoed"), [(";", ";"), ("\t", "\t")])
def test_another_delimiter_must_be_repeated(asked: str, echoed: str) -> None:
    """A delimiter is equal to itself alone, and none is a comma."""
    assert repeats(export(format__delimiter=echoed), params(delimiter=asked))
    assert not repeats(export(), params(delimiter=asked))
    assert repeats(export(), params(delimiter=","))


def test_extra_parameters_must_be_repeated_in_order() -> None:
    """They are columns of the file, as fields are."""
    asked = params(extra_parameters=("a", "b"))
    for echo, expected in ((["a", "b"], True), ("a,b", True), (["b", "a"], False), (None, False)):
        assert repeats(export(export_list_options__extra_parameters=echo), asked) is expected


@pytest.mark.parametrize(
    ("kind", "word", "expected"),
    [
        ("clicks", "click", True),
        ("conversions", "conversion_logs", True),
        ("impressions", "Impressions", True),
        ("impressions", "impression-logs", True),
        ("conversions", "conversionist", False),
        ("clicks", None, False),
    ],
)
def test_kinds_are_told_by_the_beginning_of_the_type(kind: str, word: object, expected: bool) -> None:
    """The documentation names types for two of three kinds only, so whole words at the beginning count."""
    assert is_of_kind({"type": word}, kind) is expected


@pytest.mark.parametrize(
    ("record", "names"),
    [
        ({"artifact_name": "a.csv", "artifact": {"name": "b.csv"}}, ["a.csv", "b.csv"]),
        ({"artifact_name": None, "artifact": {"name": "b.csv"}}, ["b.csv"]),
        ({"artifact_name": "", "artifact": {"name": ""}}, []),
        ({"artifact_name": ["x"], "artifact": "x"}, []),
        ({"artifact": None}, []),
        ({}, []),
    ],
)
def test_a_files_name_stands_in_either_place(record: dict[str, Any], names: list[str]) -> None:
    """The documentation does not say which property holds the name, so both are read, and only text is a name."""
    assert [*names_in(record)] == names


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"export_list_options.filters": {"status": {"eq": ["x"]}}}, True),
        ({NARROWED: {"offer_id": {"equalvalues": ["o1"]}}}, True),
        ({NARROWED: {"integration_id": {"equalvalues": ["int1"]}}}, False),
        ({"export_list_options": None, "reports_query_option": None}, False),
    ],
)
def test_an_export_that_was_filtered_is_told(changes: dict[str, Any], expected: bool) -> None:
    """A filter in either place makes an export one that may lack rows of its days."""
    assert is_narrowed(changed(export(), changes)) is expected
