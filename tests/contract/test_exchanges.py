"""The comparison with the specification finds what is not as it says."""

import json
from typing import Any

import attrs
import pytest

from contract import cassettes
from contract.exchanges import Exchange, blend, exchanges, shape, violations


def one(cassette: str, operation: str) -> Exchange:
    """The first recorded exchange of an operation."""
    found = exchanges(cassettes.FOLDER / f"{cassette}.yaml")
    return next(each for each in found if each.operation == operation)


def renamed(exchange: Exchange, name: str, new: str) -> list[tuple[str, str]]:
    """The query with another name for a parameter."""
    return [(new if key == name else key, text) for key, text in exchange.query]


TABLE = one("clicks", "getClickReport")
CREATED = one("filter_group", "createFilterGroup")
EXPORT = one("exports_listed", "getExport")
SPOILT: dict[str, tuple[Exchange, dict[str, Any], str]] = {
    "a parameter that does not exist": (
        TABLE,
        {"query": [*TABLE.query, ("colour", "red")]},
        "colour is not a parameter",
    ),
    "a parameter that is missing": (TABLE, {"query": renamed(TABLE, "end_date", "filter[x]")}, "end_date is missing"),
    "a parameter twice": (TABLE, {"query": [*TABLE.query, ("page[size]", "3")]}, "page[size]"),
    "a page too large": (
        TABLE,
        {"query": [*renamed(TABLE, "page[size]", "filter[x]"), ("page[size]", "101")]},
        "maximum",
    ),
    "a filter that is none": (TABLE, {"query": [*TABLE.query, ("filter[a][b][c]", "1")]}, "filter"),
    "no credential": (TABLE, {"headers": {}}, "no credential, or two"),
    "two credentials": (TABLE, {"headers": {"api-key": "a", "authorization": "b"}}, "no credential, or two"),
    "a body where none belongs": (TABLE, {"body": b"{}"}, "the request has a body"),
    "a body without a name": (CREATED, {"body": b'{"integration":"a","organization":"b","priority":1}'}, "'name'"),
    "a body of another kind": (CREATED, {"headers": {"api-key": "a", "content-type": "text/plain"}}, "media type"),
    "a status that is not documented": (TABLE, {"status": 418}, "status 418 is not documented"),
    "a response of another shape": (TABLE, {"response": b'{"data":{"data":{}}}'}, "the response"),
    "a response without its id": (EXPORT, {"response": b'{"status":"PENDING"}'}, "the response"),
    "a response that is a page": (TABLE, {"media_type": "text/html"}, "media type 'text/html'"),
    "an unknown path": (TABLE, {"operation": "GET /api/v3/clicks"}, "no operation has this method and path"),
    "a body with status 204": (CREATED, {"status": 204}, "the response has a body"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_comparison_finds(what: str) -> None:
    """A recorded exchange is as the specification says, and the same exchange with one thing spoilt is not."""
    exchange, changes, said = SPOILT[what]
    assert violations(exchange) == []
    assert any(said in each for each in violations(attrs.evolve(exchange, **changes)))


def test_shapes_are_told_apart() -> None:
    """Names and types make a shape, values do not, and null goes with anything."""
    assert shape({"a": 1, "b": [None, "x"]}) == shape({"a": 2.5, "b": ["y", None, "z"]})
    assert shape({"a": 1}) != shape({"a": "1"}) != shape({"b": "1"})
    assert shape({"a": True}) != shape({"a": 1})
    assert shape([{"a": None}, {"a": 1, "b": 2}]) == [{"a": "number", "b": "number"}]
    assert blend("number", "str") == "number or str"
    assert json.loads(json.dumps(shape([]))) == [None]
