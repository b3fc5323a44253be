"""Whatever is built, in Python or on the command line, is read by the sandbox's own parser as what was meant."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, reduce
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics24 import Filter, FilterError, export_filter, field
from metrics24.cli.options import parse_filters
from metrics24.models import EXPORT_FILTERS
from metrics24_api.operation_table import OPERATIONS
from metrics24_sandbox import conditions as sandbox
from metrics24_sandbox.options import Behaviour
from metrics24_sandbox.requests import Call, Reader
from metrics24_sandbox.spec import Spec

CONTROLS = "".join(map(chr, [*range(32), 127]))
NAME_PARTS = st.text(st.characters(codec="utf-8", exclude_characters="[]&=." + CONTROLS), min_size=1).filter(str.strip)
NAMES = st.lists(NAME_PARTS, min_size=1, max_size=4).map(".".join)
# The sandbox, like the sibling API, splits a value at its commas; the documentation says nothing of it.
VALUES = st.text(st.characters(codec="utf-8", exclude_characters=","))
OPERATORS = st.sampled_from(sandbox.OPERATORS)
MEANT = st.dictionaries(st.tuples(NAMES, OPERATORS), st.lists(VALUES, min_size=1, max_size=4), min_size=1, max_size=5)
TYPED_NAMES = NAMES.filter(lambda name: name == name.strip() and not set("<>!:") & set(name))
Meaning = dict[tuple[str, str], list[str]]


@cache
def reader(*, any_property: bool) -> Reader:
    """The sandbox's reader of requests for exports; `any_property` accepts those that exports have not."""
    operation = Spec.load().operations["listExports"]
    return Reader(replace(operation, response=None) if any_property else operation)


def read(filter_: Filter, *, any_property: bool = False) -> Call:
    """Send a filter through a URL to the sandbox's reader."""
    query = httpx.URL("https://a/", params=filter_.params()).query.decode()
    return reader(any_property=any_property).read({}, query, b"", Behaviour(), 0)


def understood(filter_: Filter) -> Meaning:
    """Read a filter as the sandbox does."""
    return {(one.field, one.operator): list(one.values) for one in read(filter_, any_property=True).conditions}


def condition(name: str, operator: str, values: list[str]) -> Filter:
    """Build a condition; only equality takes more than one value."""
    return field(name).any_of(*values) if operator == "eq" else field(name).op(operator, values[0])


def alone(meant: Meaning) -> Meaning:
    """The same meaning with one value where an operator takes one only."""
    return {(name, operator): values if operator == "eq" else values[:1] for (name, operator), values in meant.items()}


@given(MEANT)
def test_what_is_built_is_read_as_it_was_meant(meant: Meaning) -> None:
    """Nested names, every operator, repeated keys and values of any characters reach an independent reader."""
    built = reduce(Filter.__and__, [condition(name, operator, values) for (name, operator), values in meant.items()])
    assert understood(built) == alone(meant)


@given(NAMES, VALUES)
def test_each_way_of_building_has_its_operator(name: str, value: str) -> None:
    """The four named conditions are read as equality, one of several, at least and at most."""
    column = field(name)
    assert understood(column.eq(value)) == {(name, "eq"): [value]}
    assert understood(column.any_of(value, "x")) == {(name, "eq"): [value, "x"]}
    assert understood(column.gte(value) & column.lte(value)) == {(name, "gte"): [value], (name, "lte"): [value]}


@given(st.dictionaries(st.tuples(TYPED_NAMES, OPERATORS), st.lists(VALUES, min_size=1, unique=True), min_size=1))
def test_what_is_typed_is_read_as_it_was_meant(meant: Meaning) -> None:
    """Conditions written for the command line keep names, operators and values, signs and line breaks included."""
    signs = {"eq": "=", "gte": ">=", "lte": "<="}
    typed = [
        f"{name}{signs.get(operator, f':{operator}=')}{value}"
        for (name, operator), values in alone(meant).items()
        for value in values
    ]
    parsed = parse_filters(typed)
    assert parsed is not None
    assert understood(parsed) == alone(meant)


TEXTS = VALUES.filter(bool)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "array": TEXTS | st.lists(TEXTS, min_size=1, max_size=4).map(tuple),
    "integer": st.integers(-(10**30), 10**30),
    "string": TEXTS,
    "date": st.dates() | st.dates().map(str),
}
DOCUMENTED = st.fixed_dictionaries(
    {}, optional={name: FIELDS[known.format or known.type] for name, known in EXPORT_FILTERS.items()}
).filter(bool)


@given(DOCUMENTED)
def test_documented_filters_are_read_as_they_were_meant(meant: dict[str, Any]) -> None:
    """Any choice of the twelve is accepted for exports, each on its own property with its operator and values."""
    call = read(export_filter(**meant))
    known = [EXPORT_FILTERS[name] for name in meant]
    values = [list(value) if isinstance(value, tuple) else [str(value)] for value in meant.values()]
    wanted = [(each.field, each.operator or "eq", texts) for each, texts in zip(known, values, strict=True)]
    assert [(one.field, one.operator, list(one.values)) for one in call.conditions] == wanted


def test_the_documented_filters_are_twelve() -> None:
    """Each filter that the specification names has a name that can be typed, and none is forgotten."""
    examples: dict[str, Any] = {"array": ["x"], "integer": 1, "string": "x", "date": date(2025, 2, 1)}
    meant = {name: examples[known.format or known.type] for name, known in EXPORT_FILTERS.items()}
    sent = [name for name, _ in export_filter(**meant).params()]
    declared = [one.name for one in OPERATIONS["listExports"].parameters if one.name.startswith("filter[")]
    assert (sent, len(sent)) == (declared, 12)


REFUSED: dict[str, tuple[Callable[[], Filter], str]] = {
    "unknown": (lambda: export_filter(state="ERROR"), r"'state'; known are .*offer_ids.*status"),  # type: ignore[call-arg]
    "nothing": (export_filter, "at least one of .*offer_ids"),
    "none": (lambda: export_filter(status=None), "status must be text"),  # type: ignore[arg-type]
    "empty": (lambda: export_filter(type=""), "type must be text"),
    "no values": (lambda: export_filter(offer_ids=[]), "at least one value"),
    "number in a list": (lambda: export_filter(publishers=["p", 3]), "publishers must be text.*3"),  # type: ignore[list-item]
    "number for a list": (lambda: export_filter(publishers=3), "publishers must be text.*3"),  # type: ignore[arg-type]
    "text for a number": (lambda: export_filter(results_meta_total_gte="3"), "whole number"),  # type: ignore[arg-type]
    "truth": (lambda: export_filter(results_meta_total_lte=True), "whole number"),
    "fraction": (lambda: export_filter(results_meta_total_lte=Decimal(1)), "whole number"),  # type: ignore[arg-type]
    "no day": (lambda: export_filter(start_date="yesterday"), "start_date='yesterday' is not a day"),
    "moment for a day": (
        lambda: export_filter(end_date=datetime(2025, 2, 1, tzinfo=UTC)),
        "end_date must be a date",
    ),
    "number for a day": (lambda: export_filter(end_date=20250201), "end_date must be a date"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_what_no_documented_filter_takes_is_refused(mistake: str) -> None:
    """Unknown names are answered with the known ones, and values of a wrong type with what is wanted."""
    wrong, words = REFUSED[mistake]
    with pytest.raises(FilterError, match=words):
        wrong()


def test_documented_filters_are_filters_with_one_spelling_of_days() -> None:
    """The result of export_filter joins with others, and days, which the API compares as text, are sent in one way."""
    spelled = [export_filter(start_date=day) for day in (date(2025, 2, 1), "2025-02-01", "20250201", "2025-W05-6")]
    assert len(set(spelled)) == 1
    assert spelled[0].params()[0][1] == "2025-02-01"
    joined = export_filter(offer_ids=("o1", "o2")) & field("organization").eq("acme")
    offers = (EXPORT_FILTERS["offer_ids"].field, ("o1", "o2"))
    assert [(one.field, one.values) for one in read(joined).conditions] == [offers, ("organization", ("acme",))]
