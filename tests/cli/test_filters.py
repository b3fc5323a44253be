"""Filters as they are typed."""

import pytest

from metrics24.cli.filters import parse_filters
from metrics24.errors import FilterError


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (["status=rejected"], [("filter[status]", "rejected")]),
        (["payout>=1", "payout<=2.5"], [("filter[payout][gte]", "1"), ("filter[payout][lte]", "2.5")]),
        (["city:like=a%"], [("filter[city][like]", "a%")]),
        (["status=ERROR", "results_meta.total>=100", "x:like=a%"],
         [("filter[status]", "ERROR"), ("filter[results_meta.total][gte]", "100"), ("filter[x][like]", "a%")]),
        (["payout:gt=1"], [("filter[payout][gt]", "1")]),
        (["status:eq=rejected"], [("filter[status]", "rejected")]),
        (["a.b=1"], [("filter[a.b]", "1")]),
        (["sub_id="], [("filter[sub_id]", "")]),
        (["sub_id= a=b >= c:d "], [("filter[sub_id]", " a=b >= c:d ")]),
        (["sub_id=two\nlines"], [("filter[sub_id]", "two\nlines")]),
        (["status=a", "payout>=1", "status=b", "status=a"],
         [("filter[status]", "a"), ("filter[status]", "b"), ("filter[payout][gte]", "1")]),
    ],
    ids=str,
)  # fmt: skip
def test_a_typed_filter_becomes_its_parameters(typed: list[str], sent: list[tuple[str, str]]) -> None:
    """Each way of writing a condition gives the parameters of the API's syntax, the value untouched."""
    parsed = parse_filters(typed)
    assert parsed is not None
    assert parsed.params() == sent


def test_no_filter_is_none() -> None:
    """Without a condition nothing is asked for."""
    assert parse_filters([]) is None


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("status", "is not a filter; write NAME=VALUE.*in quotes, since shells"),
        ("", "is not a filter"),
        ("=rejected", "is not a filter"),
        ("status!=rejected", "is not a filter"),
        ("payout>1", "is not a filter"),
        ("payout>1", "NAME:OPERATOR=VALUE$"),
        ("status = rejected", "is not a filter"),
        ("city: like=a%", "is not a filter"),
        ("city::like=a%", "is not a filter"),
        ("status=\ud800", "half a character"),
        ("payout:like>=1", "names two operators"),
        ("a[b]=1", r"holds one of \[ \]"),
        ("a:x[y]=1", r"holds one of \[ \]"),
    ],
)
def test_what_is_no_filter_is_refused(typed: str, complaint: str) -> None:
    """A text that cannot be sent as a filter is a FilterError that quotes it or says what is wrong with it."""
    with pytest.raises(FilterError, match=complaint):
        parse_filters([typed])


def test_two_bounds_of_one_kind_contradict() -> None:
    """The same column with the same bound twice is refused, since the API would see one of them."""
    with pytest.raises(FilterError, match="share the parameter"):
        parse_filters(["payout>=1", "payout>=2"])
