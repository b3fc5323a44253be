"""Responses compared with the spec: kinds of differences, types, formats and counts."""

from __future__ import annotations

import pytest

from metrics24.speccheck.comparison import RecordedResponse, text_format
from speccheck.small import SPEC, compared, differences, page, reported, response

ROW = {"id": "a", "kind": "k", "price": 1.5, "tags": ["x"], "state": "NEW"}


def test_responses_as_described_differ_in_nothing() -> None:
    """Rows that are as the spec says give no difference, and code 0."""
    report = reported(page(ROW, {"id": "b"}, {"id": "c", "price": 2, "tags": None, "state": None}))
    assert (report.left, report.exit_code) == ((), 0)


def test_an_unknown_field_is_counted() -> None:
    """An unknown field has its type, how often it was there, null, and out of how many objects, over all responses."""
    found = differences(page(ROW | {"speed": 3}, ROW), page(ROW | {"speed": None}, ROW | {"speed": 7}))
    speed = found["unknown field", "speed"]
    assert (speed.schema, speed.path, speed.operations) == ("Row", "$.data[].speed", ("listRows",))
    assert (speed.seen, speed.of, speed.nulls, speed.types) == (3, 4, 1, ("integer",))


@pytest.mark.parametrize(
    ("values", "types", "by_patch"),
    [
        ([1, 2.5], ("number",), True),
        (["a", None], ("string",), True),
        ([True], ("boolean",), True),
        ([{"a": 1}], ("object",), True),
        ([["a"], []], ("array",), True),
        (["a", 1], ("string", "integer"), False),
        ([None, None], (), False),
    ],
    ids=str,
)
def test_a_type_is_inferred_where_there_is_one(values: list[object], types: tuple[str, ...], by_patch: bool) -> None:
    """One type beside null can be added to the spec; several, or null alone, are left to people."""
    found = differences(page(*(ROW | {"extra": value} for value in values)))["unknown field", "extra"]
    assert (found.types, found.by_patch) == (types, by_patch)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2025-02-01", "date"),
        ("2025-02-01T10:00:00Z", "date-time"),
        ("2025-02-01 10:00:00", "date-time without zone"),
        ("2025-02-01 10:00:00.123", "date-time without zone"),
        ("2025-02-31 10:00:00", ""),
        ("01JK4HPNPMYNBP75AT7W1V2N4T", "ulid"),
        ("01JK4HPNPMYNBP75AT7W1V2N4U", ""),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "uuid"),
        ("198.51.100.7", "ipv4"),
        ("2001:db8::1", "ipv6"),
        ("https://a.example/b", "uri"),
        ("word", ""),
    ],
)
def test_texts_have_formats(text: str, name: str) -> None:
    """Dates, times with and without a zone, ids, addresses and URLs are told apart, and other texts have no format."""
    assert text_format(text) == name


def test_a_format_holds_for_all_texts_or_for_none() -> None:
    """A field has a format if all its texts have it, empty ones and nulls aside."""
    found = differences(
        page(ROW | {"day": "2025-02-01", "at": "2025-02-01"}, ROW | {"day": "", "at": "soon"}, ROW | {"day": None})
    )
    assert found["unknown field", "day"].format == "date"
    assert found["unknown field", "at"].format == ""


def test_a_required_field_that_is_missing_is_counted() -> None:
    """A required field that is absent or null is missing, and is left to people."""
    missing = differences(page(ROW, ROW | {"id": None}, {"price": 1}), spec=REQUIRED)["missing field", "id"]
    assert (missing.seen, missing.of, missing.evidence, missing.by_patch) == (2, 3, "documented", False)


REQUIRED = SPEC.replace("properties: {id: {", "required: [id]\n      properties: {id: {")


def test_another_type_is_a_conflict() -> None:
    """A value of another type, and a list with items of another type, conflict once for each object."""
    found = differences(
        page(ROW | {"price": "1"}, ROW | {"tags": [1, 2, "x"]}, ROW | {"tags": "x"}, ROW | {"id": None})
    )
    price, tags = found["type conflict", "price"], found["type conflict", "tags"]
    assert (price.seen, price.of, price.expected, price.evidence) == (1, 4, ("number",), "inferred")
    assert dict(price.found) == {"number": 3, "string": 1}
    assert (tags.seen, dict(tags.found)["array of integer"], dict(tags.found)["string"]) == (2, 1, 1)
    assert found["type conflict", "id"].found == (("string", 3), ("null", 1))
    assert not price.by_patch


def test_a_new_value_of_an_enum_is_counted() -> None:
    """A word that the spec does not list is named with its count, and a text that is no word is not named."""
    found = differences(page(*(ROW | {"state": state} for state in ("LOST", "NEW", "LOST", "of Mr 77"))))
    lost, hidden = found["unknown value", "LOST"], found["unknown value", "*"]
    assert (lost.schema, lost.seen, lost.of, lost.by_patch) == ("State", 2, 4, True)
    assert (hidden.seen, hidden.by_patch) == (1, False)


def test_a_text_that_looks_like_an_enum_is_none() -> None:
    """Texts of an unknown field are a string, however few different ones there are."""
    found = differences(page(*(ROW | {"mood": mood} for mood in ("GOOD", "BAD", "GOOD"))))
    assert set(found) == {("unknown field", "mood")}
    assert found["unknown field", "mood"].types == ("string",)


def test_fields_that_the_spec_describes_without_names_are_known() -> None:
    """If the spec says what any other field holds, such a field is none that it lacks, and its type must be that."""
    assert differences(page(ROW | {"counts": {"all": 2, "red": 1, "4711": 1}})) == {}
    conflict = differences(page(ROW | {"counts": {"all": 2, "red": "one"}}))["type conflict", "*"]
    assert (conflict.schema, conflict.path, conflict.by_patch) == ("Counts", "$.data[].counts.*", False)


def test_fields_that_are_named_like_ids_are_not_shown() -> None:
    """Objects that are keyed by ids are one difference, without the ids, and are left to people."""
    found = differences(page(ROW | {"4711-0815": 1, "65f0c2d4a1b2c3d4e5f60718": 2}))
    assert set(found) == {("unknown field", "*")}
    assert not found["unknown field", "*"].by_patch


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_single_object_may_be_wrapped(wrapped: bool) -> None:
    """A field too many of an object is found bare and wrapped alike."""
    row = ROW | {"speed": 3}
    found = differences(response({"data": row} if wrapped else row, operation="getRow"))
    assert found["unknown field", "speed"].schema == "Row"
    assert set(found) == {("unknown field", "speed")}


def test_a_response_of_another_type_is_a_conflict() -> None:
    """A response that is no object where one is described is a conflict of the whole."""
    conflict = differences(response([1, 2]))["type conflict", ""]
    assert (conflict.path, conflict.schema, conflict.found) == ("$", "Page", (("array", 1),))


@pytest.mark.parametrize(
    "odd",
    [RecordedResponse("listRows", 200, problem="no JSON"), RecordedResponse("listRows", 200)],
    ids=["no JSON", "empty"],
)
def test_a_response_that_is_not_json_is_counted(odd: RecordedResponse) -> None:
    """A response to a read that should be JSON, and is not or is empty, is counted."""
    found = differences(page(ROW), odd)["no JSON", ""]
    assert (found.schema, found.seen, found.of) == ("listRows", 1, 2)


def test_writes_may_have_an_empty_response() -> None:
    """A deletion may have an empty response, and a failure with anything."""
    assert differences(RecordedResponse("deleteRow", 200), RecordedResponse("listRows", 502, problem="no JSON")) == {}


@pytest.mark.parametrize(("status", "by_patch"), [(422, True), (202, True), (405, False), (302, False), (299, True)])
def test_statuses_that_are_not_described_are_counted(status: int, by_patch: bool) -> None:
    """A status that the spec does not list is a difference; redirects and 405 are not for the spec to list."""
    found = differences(page(ROW), response({"error": "x"}, status=status), response({}, status=503))
    odd = found["undocumented status", str(status)]
    assert (odd.schema, odd.seen, odd.of, odd.by_patch) == ("listRows", 1, 3, by_patch)


def test_a_success_that_is_not_listed_is_read_like_the_usual_one() -> None:
    """An undocumented 202 is held to the description of 200."""
    assert ("unknown field", "speed") in differences(response({"data": [ROW | {"speed": 1}]}, status=202))


def test_what_is_documented_and_never_there_is_no_difference() -> None:
    """An optional documented field that no object has is mentioned, and changes no code."""
    report = reported(page({"id": "a"}))
    assert [(each.schema, each.name, each.of) for each in report.compared.absent] == [("Row", "state", 1)]
    assert report.exit_code == 0


def test_what_is_seen_as_expected_is_confirmed() -> None:
    """Operations that succeed and fields with their type are confirmed; null, conflicts and the documented are not."""
    confirmed = compared(page(ROW | {"kind": None}, ROW | {"kind": None, "tags": 1})).confirmed
    assert [(each.name, each.evidence) for each in confirmed] == [("listRows", "inferred"), ("Row.price", "inferred")]


def test_a_failure_confirms_nothing() -> None:
    """An operation that was only refused stays a guess."""
    assert compared(response({}, status=400)).confirmed == ()
