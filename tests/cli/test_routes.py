"""`--route`: a wrong guess of the spec is corrected on the command line, with any command."""

import json
import shlex

import pytest

from cli.commands import WEEK
from cli.conftest import Metrics24, Serve
from support.scripted import Received, Step
from support.steps import respond_json
from support.tables import newest_first, page

PULL = ("pull", "clicks", *WEEK, "-o", "c.jsonl")
MOVED = ("--route", "getClickReport=GET /moved/clicks")


def moved(request: Received) -> Step:
    """A server whose clicks are elsewhere."""
    return page(newest_first(3, 1)) if request.path == "/moved/clicks" else respond_json({"error": "no"}, status=404)


def test_a_404_says_which_option_corrects_the_path(metrics24: Metrics24, serve: Serve) -> None:
    """A path that the server does not know ends with the operation and the option that corrects it."""
    ended = metrics24(*PULL, "--base-url", serve(moved).base_url)
    assert ended.code == 4
    assert "responded to getClickReport with status 404" in ended.err
    assert "on the command line --route" in ended.err


def test_a_route_corrects_the_path(metrics24: Metrics24, serve: Serve) -> None:
    """With --route the command finds its rows elsewhere, and the other operations where they were."""
    server = serve(moved)
    ended = metrics24(*PULL, "--json", "--base-url", server.base_url, *MOVED, "--route", "getClick=GET /moved/click")
    assert (ended.code, json.loads(ended.out)["rows"]) == (0, 3)
    assert {each.path for each in server.requests} == {"/moved/clicks"}


@pytest.mark.parametrize(
    ("route", "code", "complaint"),
    [
        ("getClickReport", 2, "--route 'getClickReport' must look like 'getClick=GET /the/path'"),
        ("getClicks=GET /x", 3, "there is no operation 'getClicks'"),
        ("getClickReport=GET x", 3, "must start with /"),
    ],
)
def test_a_route_that_cannot_be_one_is_refused(metrics24: Metrics24, route: str, code: int, complaint: str) -> None:
    """A route that cannot be read, has no operation or no path is told before anything is sent."""
    ended = metrics24(*PULL, "--route", route)
    assert (ended.code, complaint in ended.err) == (code, True)


def test_routes_stand_in_the_command_that_goes_on(metrics24: Metrics24, serve: Serve) -> None:
    """The command that an early end suggests has the routes of the one that was running."""
    rows = [page(newest_first(9, 7), more=True), respond_json({"error": "no"}, status=403)]
    ended = metrics24(*PULL, "--base-url", serve(lambda _: rows.pop(0)).base_url, *MOVED)
    assert ended.code == 3
    assert shlex.join(MOVED) in ended.err
