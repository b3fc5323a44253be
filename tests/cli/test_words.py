"""Messages of commands name options and commands, never the arguments and methods of the library."""

import re

import click
import pytest

from cli.commands import WEEK
from cli.conftest import Metrics24, Serve
from metrics24.cli.output import in_words_of_the_command
from metrics24.errors import ConfigurationError, IntegrityError, Metrics24Error
from support.steps import respond_json, silence
from support.tables import newest_first, page

PULL = ("pull", "clicks", *WEEK)
# name=, name=True, name.method( and the like
PYTHON = re.compile(r"(?<![\w'-])[a-z_]+=|\b(exports|filter_groups|client)\.[a-z]|\w\(|\b(True|False|None)\b")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*PULL, "-o", "there.csv"), "there.csv exists already; pass --overwrite to replace it"),
        ((*PULL, "-o", "new.parquet", "--spreadsheet-safe"), "--spreadsheet-safe is for .csv files"),
        ((*PULL, "-o", "new.csv", "--page-size", "0"), "--page-size must be"),
        ((*PULL, "-o", "new.csv", "--timeout", "-1"), "--timeout must be"),
        ((*PULL, "-o", "new.csv", "--rate", "-1"), "--rate must be"),
        ((*PULL, "-o", "new.csv", "--integration", "a/b"), "--integration 'a/b' cannot be an id"),
        ((*PULL, "-o", "new.csv", "--route", "getClicks=GET /x"), "--route: there is no operation 'getClicks'"),
        (("doctor", "--integration", "a/b"), "--integration 'a/b' cannot be an id"),
        (("exports", "get", "a/b"), "ID 'a/b' cannot be an id"),
        (("exports", "list", "--sort", "a b"), "--sort='a b' does not name columns"),
        (("filter-groups", "update", "--integration", "acmeshop01", "ID"), "such as --inactive."),
    ],
    ids=lambda value: value if isinstance(value, str) else value[-1],
)
def test_wrong_options_are_named_as_they_were_typed(
    metrics24: Metrics24, arguments: tuple[str, ...], words: str, request: pytest.FixtureRequest
) -> None:
    """An option that the library refuses is named as an option, whatever argument it became."""
    request.getfixturevalue("desk").joinpath("there.csv").touch()
    ended = metrics24(*arguments)
    assert (ended.code in (2, 3), words in ended.err) == (True, True), ended.err
    assert not PYTHON.search(ended.err.replace("'('GET', '/path')'", "")), ended.err


def test_a_missing_key_names_the_file_of_the_key(metrics24: Metrics24, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a credential the command names its variables and its option."""
    monkeypatch.delenv("METRICS24_API_KEY")
    ended = metrics24(*PULL, "-o", "new.csv")
    assert (ended.code, "or pass --api-key-file." in ended.err, PYTHON.search(ended.err)) == (3, True, None)


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (404, [], "correct the path with --route."),
        (302, [("Location", "/elsewhere")], "or the operation's path with --route."),
        (402, [], "take an export that exists: --reuse=SECONDS. Or read --via pages, which needs no export."),
    ],
)
def test_refusals_of_the_server_advise_options(
    metrics24: Metrics24, serve: Serve, status: int, headers: list[tuple[str, str]], words: str
) -> None:
    """The advice for a status is a thing to type."""
    refusal = respond_json({"error": "no"}, status=status, headers=headers)
    rows = page(newest_first(3, 1))
    server = serve(lambda request: rows if status == 402 and "report" in request.path else refusal)
    ended = metrics24(*PULL, "-o", "new.csv", "--via", "export", "--base-url", server.base_url)
    assert (words in ended.err, PYTHON.search(ended.err)) == (True, None), ended.err


def test_a_time_limit_names_its_option(metrics24: Metrics24, serve: Serve) -> None:
    """A write that is not responded to in time says which option gives it more."""
    server = serve(lambda _: silence)
    ended = metrics24("exports", "delete", "exp_1", "--yes", "--timeout", "0.1", "--base-url", server.base_url)
    assert (ended.code != 0, PYTHON.search(ended.err)) == (True, None), ended.err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (IntegrityError("Cut off. Delete it, or accept it with verify=False."), "Cut off. Delete it."),
        (
            ConfigurationError("No key: set A or B, or pass api_key=. Keys are free."),
            "No key: set A or B. Keys are free.",
        ),
        (
            IntegrityError("Cut at 9 rows; exports.plan(...) splits it."),
            "Cut at 9 rows; metrics24 exports plan splits it.",
        ),
        (
            IntegrityError(
                "Go on with exports.resume('a').",
            ),
            "Go on with metrics24 exports resume a.",
        ),
        (
            IntegrityError("See exports.get(id) and exports.list()."),
            "See metrics24 exports get ID and metrics24 exports list.",
        ),
        (IntegrityError("Ask with a smaller parallel=9 then."), "Ask with a smaller --parallel=9 then."),
    ],
    ids=str,
)
def test_advice_that_a_command_lacks_is_left_out(error: Metrics24Error, words: str) -> None:
    """Without the option its clause is left out; methods of the client become commands."""
    command = click.Command("any", params=[click.Option(["--parallel"])])
    with click.Context(command):
        in_words_of_the_command(error.mentioning("verify", "api_key", "parallel"))
    assert str(error) == words
