"""Filters as they are typed."""

from pathlib import Path

import pytest

from cli.commands import WEEK
from cli.conftest import Metrics24
from metrics24.cli.options import comma_remarks, parse_filters
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
        (" =<1", "NAME:OPERATOR=VALUE$"),
        ("status!=rejected", "there is no !=; name the values that you want, as in status=VALUE"),
        ("status<>rejected", "there is no <>; name the values"),
        ("payout>5", "for > write payout:gt=5, which the API does not document, or 'payout>=5', which it does"),
        ("payout < 5", "for < write payout:lt=5,"),
        ("payout>", "for > write payout:gt=VALUE,"),
        ("payout >=5", "write NAME=VALUE, NAME>=VALUE"),
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


NOTES = [
    (["status=approved,rejected"],
     "The server may take status=approved,rejected for one value or for two; to be sure write "
     "--filter status=approved --filter status=rejected."),
    (["isp=A B, C,d"],
     "The server may take isp=A B, C,d for one value or for 3; to be sure write "
     "--filter 'isp=A B' --filter isp=C --filter isp=d."),
    (["isp=Some,"], ""),
    (["isp:like=a,b"], ""),
    (["payout>=1,5"], ""),
    (["status=approved", "status=rejected"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "said"), NOTES)
def test_a_comma_in_a_value_is_spoken_of_once(typed: list[str], said: str) -> None:
    """A value with a comma between two parts gets one remark on how to write two values for sure."""
    assert comma_remarks(typed * 2) == ([said] if said else [])


@pytest.mark.parametrize(
    "options", [("-o", "a.csv"), ("--by-day", "days"), ("-o", "a.csv", "--via", "export")], ids=str
)
def test_a_comma_is_spoken_of_before_the_pull(metrics24: Metrics24, desk: Path, options: tuple[str, ...]) -> None:
    """On each way of a pull the comma is the first line on stderr, said once."""
    ended = metrics24("pull", "conversions", *WEEK, "--filter", "status=approved,rejected", *options)
    said = [line.startswith("The server may take status=approved,rejected for one") for line in ended.err.splitlines()]
    assert said[:1] == [True]
    assert said.count(True) == 1
    assert [*desk.rglob("*.csv"), *desk.rglob("*.parquet")]


def test_a_comma_is_spoken_of_before_an_export(metrics24: Metrics24, desk: Path) -> None:
    """A command that asks for an export says it too."""
    ended = metrics24(
        "export", "conversions", *WEEK, "--field", "status", "--filter", "status=approved,rejected", "-o", "a.csv"
    )
    assert ended.err.startswith("The server may take status=approved,rejected for one value or for two;")
    assert (desk / "a.csv").is_file()
