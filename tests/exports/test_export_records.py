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


EXTRA, OFFERS = "export_list_options.extra_parameters", "export_list_options.filters"
REPEATED: list[tuple[dict[str, Any], str, list[object], list[object]]] = [
    ({"delimiter": ";"}, "format.delimiter", [";"], [","]),
    ({"delimiter": "\t"}, "format.delimiter", ["\t"], [","]),
    ({"delimiter": ","}, "format.delimiter", [","], [";"]),
    ({"extra_parameters": ("a", "b")}, EXTRA, [["a", "b"], "a,b"], [["b", "a"], None]),
    ({"filter": field("offer").any_of("1", "2")}, OFFERS, [{"offer": {"eq": ["1", "2"]}}], [{"offer": {"eq": "12"}}]),
    ({"start": None}, "reports_query_option.start_date", [], ["2025-02-01", None, ..., "None"]),
    ({"end": None}, "reports_query_option.end_date", [], ["2025-02-01", None, ..., "None"]),
]


@pytest.mark.parametrize(("changes", "place", "equal", "other"), REPEATED, ids=str)
def test_optional_arguments_must_be_repeated(
    changes: dict[str, Any], place: str, equal: list[object], other: list[object]
) -> None:
    """Delimiter, extra parameters and lists of values are equal in their order alone; days left out equal nothing."""
    for value in (*equal, *other):
        assert repeats(changed(export(), {place: value}), params(**changes)) is (value in equal)


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
