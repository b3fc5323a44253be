"""Filters go on the wire as they were meant, and what cannot be expressed is refused."""

import enum
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics24.errors import FilterError
from metrics24.filters import Filter, field, join, render

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="[]&=", exclude_categories=["Cc"]), min_size=1).filter(
    str.strip
)
OPERATORS = st.sampled_from(["", "gte", "lte", "like", "not_in"])
VALUES = st.text() | st.integers() | st.booleans() | st.dates() | st.decimals(allow_nan=False, allow_infinity=False)
MEANT = st.dictionaries(st.tuples(NAMES, OPERATORS), VALUES, min_size=1, max_size=5)


def built(meant: dict[tuple[str, str], Any]) -> Filter:
    """Build a filter with the public methods."""
    parts = [
        field(name).op(operator, value) if operator else field(name).eq(value)
        for (name, operator), value in meant.items()
    ]
    joined = join(parts)
    assert joined is not None
    return joined


def decoded(query: str) -> dict[tuple[str, str], list[str]]:
    """Read a query string by the documentation's description alone."""
    found: dict[tuple[str, str], list[str]] = {}
    for key, value in parse_qsl(query, keep_blank_values=True, strict_parsing=True):
        match = re.fullmatch(r"filter\[([^\[\]]+)\](?:\[([^\[\]]+)\])?", key)
        assert match is not None
        found.setdefault((match[1], match[2] or ""), []).append(value)
    return found


def as_text(value: object) -> str:
    """Write a value as the API's examples do."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(MEANT)
def test_what_is_built_is_what_arrives(meant: dict[tuple[str, str], Any]) -> None:
    """Whatever is joined decodes, from the bytes of the URL, to the same columns, operators and values."""
    wanted = {key: [as_text(value)] for key, value in meant.items()}
    params = built(meant).params()
    assert decoded(urlencode(params)) == wanted
    assert decoded(httpx.URL("https://a/", params=params).query.decode()) == wanted


class Status(enum.StrEnum):
    GOOD = "approved"


RENDERED: list[tuple[Any, str]] = [
    (Status.GOOD, "approved"),
    (True, "true"),
    (False, "false"),
    (date(2025, 2, 1), "2025-02-01"),
    (datetime(2025, 2, 1, 3, tzinfo=UTC), "2025-02-01T03:00:00+00:00"),
    (0.5, "0.5"),
    (Decimal("1.50"), "1.50"),
    (10**20, "100000000000000000000"),
    ("", ""),
]


@pytest.mark.parametrize(("value", "text"), RENDERED)
def test_values_are_written_in_one_way(value: Any, text: str) -> None:
    """Enums by value, booleans in lower case, dates in ISO form, numbers exactly."""
    assert render(value) == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (datetime(2025, 2, 1), "no time zone"),
        (float("nan"), "nan is not a number"),
        (float("inf"), "inf is not a number"),
        (Decimal("-Infinity"), "Infinity is not a number"),
        ("\ud800", r"half a character \(a surrogate\)"),
        (None, "not NoneType"),
        ([1], "not list"),
        ({}, "not dict"),
        (b"x", "not bytes"),
    ],
)
def test_values_without_a_meaning_are_refused(value: Any, reason: str) -> None:
    """Naive datetimes, what is no number, half characters, and types without a text form are FilterError."""
    with pytest.raises(FilterError, match=reason):
        field("a").eq(value)


@pytest.mark.parametrize("name", ["", " ", "a[b", "a]", "a&b", "a=b", "a\n", "a\x7f", "\x00", None, 3])
def test_names_and_operators_cannot_bend_the_query(name: Any) -> None:
    """Empty names and those with [ ] & = or control characters are FilterError, as columns and as operators."""
    with pytest.raises(FilterError, match="column name"):
        field(name)
    with pytest.raises(FilterError, match=r"operator(?!~)"):
        field("a").op(name, 1)


A, B = field("a").eq(1), field("b").eq(2)
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "or": (lambda: A | B, "any_of"),
    "not": (lambda: ~A, "no `not`"),
    "truth": (lambda: bool(A), "neither true nor false"),
    "join": (lambda: A & "x", "not str"),
    "twice": (lambda: A & field("a").eq(2), r"share the parameter filter\[a\]"),
    "twice, spelled out": (lambda: A & field("a").op("eq", 2), "share the parameter"),
    "no values": (lambda: field("a").any_of(), "at least one value"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_the_api_cannot_express_is_refused(mistake: str) -> None:
    """Alternatives, negation, truth tests, repeated parameters and empty lists are FilterError with a way out."""
    wrong, words = MISTAKES[mistake]
    with pytest.raises(FilterError, match=words):
        wrong()


STATUS: Any = field("status")
SIGNS: list[tuple[Callable[[], object], str]] = [
    (lambda: STATUS == "rejected", 'write field("status").eq("rejected").'),
    (lambda: "rejected" == STATUS, 'write field("status").eq("rejected").'),  # noqa: SIM300  the order is what is tested
    (lambda: STATUS == 'a"b', """write field("status").eq('a"b')."""),
    (lambda: STATUS == None, 'write field("status").eq(...).'),  # noqa: E711  so is this comparison
    (lambda: STATUS >= 3, 'write field("status").gte(3).'),
    (lambda: STATUS <= 3, 'write field("status").lte(3).'),
    (lambda: STATUS > 3, 'write field("status").gte(3) for at least that; greater than is not documented.'),
    (lambda: STATUS < 3, 'write field("status").lte(3) for at most that; less than is not documented.'),
    (lambda: field("a") < STATUS, 'write field("a").lte(...) for at most that;'),
    (lambda: STATUS != "rejected", 'with field("status").any_of(...)'),
]


@pytest.mark.parametrize(("mistake", "words"), SIGNS)
def test_comparison_signs_say_what_to_write(mistake: Callable[[], object], words: str) -> None:
    """A column compared by a sign is FilterError, which spells the condition out."""
    with pytest.raises(FilterError, match=f"^Comparison signs build no filter.*{re.escape(words)}"):
        mistake()


def test_columns_and_filters_are_values() -> None:
    """Equal columns and filters are equal and hash alike, order shows in parameters, and joining none gives none."""
    assert field("a") == field("a") != field("b")
    assert {field("a"): 1, field("b"): 2}[field("b")] == 2
    assert field("a").eq("1") & field("b").eq("2") == A & B
    assert len({A, field("a").eq(1), B}) == 2
    assert (B & A).params() == [("filter[b]", "2"), ("filter[a]", "1")]
    assert (field("n").gte(1) & field("n").lte(2)).params() == [("filter[n][gte]", "1"), ("filter[n][lte]", "2")]
    assert join([]) is None


@pytest.mark.parametrize("value", [A, A.conditions[0], field("a")], ids=lambda value: type(value).__name__)
def test_filters_cannot_be_changed(value: Any) -> None:
    """No attribute of a filter, a condition or a column can be set, added or deleted."""
    name = next(iter(type(value).__annotations__))
    for attribute in (name, "other"):
        with pytest.raises(AttributeError):
            setattr(value, attribute, "x")
    with pytest.raises(AttributeError):
        delattr(value, name)


def test_joining_changes_nothing_that_was_there() -> None:
    """A filter that is joined with others, or whose parameters are edited, stays as it was."""
    base = field("a").any_of("1", "2")
    (base & field("b").eq(1)).params().clear()
    base.params().append(("x", "y"))
    assert base.params() == [("filter[a]", "1"), ("filter[a]", "2")]
    assert base == field("a").any_of("1", "2")
