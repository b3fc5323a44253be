"""Operations become requests, routes= corrects guesses, and ids cannot bend a URL."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from metrics24._core.requests import build, build_raw, checked_routes
from metrics24.arguments import safe_id
from metrics24.errors import ConfigurationError, UsageError
from metrics24.filters import field
from metrics24_api.operation_table import OPERATIONS

RANGE: dict[str, Any] = {"start_date": date(2025, 2, 1), "end_date": date(2025, 2, 2), "pagesize": 7}


def raw(operation: str, **given: Any) -> Any:
    """Build a raw request without routes."""
    return build_raw(operation, {}, **{"path": None, "query": None, "body": None, **given})


def test_arguments_become_parameters() -> None:
    """Arguments are sent under the API's names, arrays as repeated parameters, and None is left out."""
    asked = field("status").any_of("a", "b") & field("payout").gte(1)
    request = build("getClickReport", {}, integration_id="i", pageafter=None, filter_=asked, **RANGE)
    assert (request.method, request.access) == ("GET", "read")
    names = {parameter.argument: parameter.name for parameter in OPERATIONS["getClickReport"].parameters}
    assert request.params == (
        (names["integration_id"], "i"),
        (names["start_date"], "2025-02-01"),
        (names["end_date"], "2025-02-02"),
        (names["pagesize"], "7"),
        ("filter[status]", "a"),
        ("filter[status]", "b"),
        ("filter[payout][gte]", "1"),
    )


def test_a_route_replaces_method_and_path() -> None:
    """A corrected route takes the same parameters, with path parameters quoted into their new places."""
    routes = checked_routes({"getClickReport": ("post", "/new"), "getExport": ("GET", "/e/{exportID}/x")})
    request = build("getClickReport", routes, integration_id="i", **RANGE)
    assert (request.method, request.path, dict(request.params)["page[size]"]) == ("POST", "/new", "7")
    assert build("getExport", routes, export_id="a:ü").path == "/e/a%3A%C3%BC/x"
    assert build_raw("getExport", routes, path={"exportID": "z"}, query=None, body=None).path == "/e/z/x"


@pytest.mark.parametrize(
    ("routes", "words"),
    [
        ({"nope": ("GET", "/x")}, "no operation 'nope'; known are .*getExport"),
        ({"getExport": ("BREW", "/x/{exportID}")}, "'BREW'.*is not an HTTP method"),
        ({"getExport": ("GET", "x/{exportID}")}, r"start with / and have \{exportID\}"),
        ({"getExport": ("GET", "/x")}, r"have \{exportID\}"),
        ({"getExport": ("GET", "/x/{id}")}, r"have \{exportID\}"),
        ({"getExport": ("GET", "/{exportID}?a=b")}, r"have \{exportID\}"),
        ({"getClick": ("GET", "/x/{y}")}, "have no placeholder"),
        ({"getClick": "/x"}, "must be a pair"),
        ({"getClick": ("GET", 1)}, "must be a pair"),
    ],
)
def test_a_route_that_cannot_work_is_refused(routes: Any, words: str) -> None:
    """Unknown operations, methods and placeholders are ConfigurationError that names what is possible."""
    with pytest.raises(ConfigurationError, match=words):
        checked_routes(routes)


def test_raw_requests_use_the_apis_own_names() -> None:
    """Path, query (a mapping or pairs, lists repeated, None left out) and body go out as given."""
    sent = raw("getExport", path={"exportID": "e"}, query={"a": [1, True, None], "b": None, "c": "x"}, body={"k": 1})
    assert (sent.params, sent.body) == ((("a", "1"), ("a", "true"), ("c", "x")), {"k": 1})
    assert sent.path == OPERATIONS["getExport"].path.replace("{exportID}", "e")
    assert raw("listExports", query=[("a", 1), ("a", 2)]).params == (("a", "1"), ("a", "2"))


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "operation": (lambda: raw("nope"), "no operation 'nope'; known are"),
    "no path": (lambda: raw("getExport"), "takes these path parameters: exportID; given: none"),
    "another path": (lambda: raw("listExports", path={"id": "x"}), "parameters: none; given: id"),
    "path": (lambda: raw("getExport", path=["e"]), "a mapping of names to ids, not list"),
    "query": (lambda: raw("listExports", query=["a"]), "a list of .name, value. pairs"),
    "type": (lambda: raw("listExports", query={"a": object()}), "not object"),
}


@pytest.mark.parametrize("case", WRONG)
def test_raw_requests_that_make_no_sense_are_refused(case: str) -> None:
    """An unknown operation, wrong path parameters and values without a text form are UsageError."""
    wrong, words = WRONG[case]
    with pytest.raises(UsageError, match=words):
        wrong()


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "a\\b", "%2e", "a?b", "a#b", "a b", "a\n", "\x7f", "\ud800", 3]
)
def test_ids_cannot_bend_a_url(value: object) -> None:
    """Dot segments, slashes, percent signs, blanks and what is not text are no ids."""
    with pytest.raises(UsageError, match="the_id"):
        safe_id(value, "the_id")


@pytest.mark.parametrize("value", ["acmeshop01", "a.b", "...", "ü", "a:b@c"])
def test_other_ids_are_left_alone(value: str) -> None:
    """Everything else is an id as it stands."""
    assert safe_id(value, "x") == value
