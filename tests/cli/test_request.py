"""`metrics24 request`: any operation by its id."""

import json
from pathlib import Path

import pytest

from cli.conftest import Metrics24, Serve
from support.scripted import in_turn
from support.steps import respond_html, respond_json


def test_the_response_is_printed_as_json(metrics24: Metrics24, serve: Serve, desk: Path) -> None:
    """Parameters and body reach the server, and its response is an object, or escaped lines for people."""
    server = serve(in_turn(respond_json({"id": "g1", "name": "\x1b[2J"})))
    (desk / "body.json").write_text('{"active": false}')
    place = ("--path", "integrationID=i", "--path", "filterGroupID=g1", "--query", "a=1", "--query", "a=2")
    arguments = ("request", "updateFilterGroup", *place, "--body", "body.json", "--base-url", server.base_url)
    for_people, for_programs = metrics24(*arguments), metrics24(*arguments, "--json")
    assert (for_people.code, for_programs.code) == (0, 0), for_people.err
    assert json.loads(for_programs.out) == {"id": "g1", "name": "\x1b[2J"}
    assert all(line.isprintable() for line in for_people.out.splitlines())
    assert [value for name, value in server.requests[0].query if name == "a"] == ["1", "2"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("noSuchOperation",), "noSuchOperation"),
        (("listExports", "--query", "page"), "--query 'page' must look like NAME=VALUE"),
        (("listExports", "--body", "none.json"), "none.json cannot be read"),
    ],
)
def test_what_cannot_be_sent_is_code_2(metrics24: Metrics24, arguments: tuple[str, ...], complaint: str) -> None:
    """An unknown operation, a parameter without a value and a missing file are refused before anything is sent."""
    ended = metrics24("request", *arguments)
    assert ended.code == 2
    assert complaint in ended.err


def test_a_response_that_is_no_json_is_code_7(metrics24: Metrics24, serve: Serve) -> None:
    """A body that cannot be printed as JSON is an error of the response, not of the command."""
    server = serve(in_turn(respond_html(200)))
    assert metrics24("request", "listExports", "--base-url", server.base_url).code == 7
