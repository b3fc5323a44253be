"""`metrics24 lookup` against the sandbox: one row, or why there is none."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import time_machine

import metrics24 as package
from cli.conftest import Metrics24, Serve
from metrics24_sandbox import Sandbox
from support.scripted import in_turn
from support.steps import respond_json

DAY = "2025-02-01"
LAST_RESORT = "If no look-up ever works: metrics24 doctor.\n"
ANY_CLICK = ("lookup", "click", "--integration", "acmeshop01", "--date", "2025-02-01", "--offer", "o",
             "--publisher", "p", "--tx-id", "t")  # fmt: skip


@pytest.fixture(scope="session")
def full_box() -> Iterator[Sandbox]:
    """The sandbox that `metrics24 sandbox` starts, whose rows the examples name."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def a_click(box: Sandbox) -> dict[str, Any]:
    """A click of the sandbox."""
    with package.Client(api_key=box.api_key, base_url=box.base_url) as client:
        return next(client.reports.clicks("acmeshop01", start=DAY, end=DAY).records())


@pytest.fixture
def a_conversion(box: Sandbox) -> dict[str, Any]:
    """A conversion of the sandbox."""
    with package.Client(api_key=box.api_key, base_url=box.base_url) as client:
        return next(client.reports.conversions("acmeshop01", start=DAY, end=DAY).records())


def keys(row: dict[str, Any], **changes: str) -> list[str]:
    """The options that name a row."""
    own = {"hash": row["hash"]} if "hash" in row else {"tx-id": row["tx_id"]}
    named = {"integration": "acmeshop01", "date": "2025-02-01", "offer": row["offer"], "publisher": row["publisher"]}
    return [word for name, value in {**named, **own, **changes}.items() for word in (f"--{name}", value)]


def test_a_click_is_shown_a_field_per_line(metrics24: Metrics24, a_click: dict[str, Any]) -> None:
    """A click is two columns of text for people, every field of it and no other."""
    ended = metrics24("lookup", "click", *keys(a_click))
    shown = dict(line.split(maxsplit=1) for line in ended.out.splitlines())
    assert (ended.code, ended.err) == (0, "")
    assert shown.keys() == {name for name, value in a_click.items() if value is not None}
    assert shown["tx_id"] == a_click["tx_id"]
    assert shown["is_bot"] == ("yes" if a_click["is_bot"] else "no")
    starts = {line.index(value) for line, value in zip(ended.out.splitlines(), shown.values(), strict=True)}
    assert len(starts) == 1


def test_a_row_is_one_json_object_for_programs(
    metrics24: Metrics24, a_click: dict[str, Any], a_conversion: dict[str, Any]
) -> None:
    """With --json a click and a conversion are printed as the report has them, without what is null."""
    for kind, row in (("click", a_click), ("conversion", a_conversion)):
        ended = metrics24("lookup", kind, *keys(row), "--json")
        assert (ended.code, ended.err) == (0, "")
        assert json.loads(ended.out) == {name: value for name, value in row.items() if value is not None}


def test_the_day_may_be_typed_as_a_word(metrics24: Metrics24, a_click: dict[str, Any]) -> None:
    """The day of a row is understood like the days of a pull."""
    with time_machine.travel("2025-02-02T12:00:00Z"):
        assert metrics24("lookup", "click", *keys(a_click, date="yesterday")).code == 0
    assert metrics24("lookup", "click", *keys(a_click, date="1 Feb 2025")).code == 0


@pytest.mark.parametrize(
    "changes", [{"date": "2025-02-02"}, {"offer": "another"}, {"publisher": "another"}, {"hash": "0" * 32}], ids=str
)
def test_a_miss_says_what_to_check(metrics24: Metrics24, a_conversion: dict[str, Any], changes: dict[str, str]) -> None:
    """If one key is wrong the code is 4, and what to check comes first, the date before all, the path last."""
    ended = metrics24("lookup", "conversion", *keys(a_conversion, **changes))
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith(
        f"Error: No conversion of acmeshop01 on {changes.get('date', DAY)} has these keys. Check --date first (a day "
        "in the account's time zone), then --hash, --offer and --publisher exactly as in the report. The server "
    )
    assert ended.err.endswith("It says: 'a conversion with these keys does not exist'. " + LAST_RESORT)
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "first"),
    [("Unknown Integration", "Check --integration first, then --date (a day"), ("", "Check --date first (a day")],
)
def test_a_miss_heeds_the_servers_words(metrics24: Metrics24, serve: Serve, words: str, first: str) -> None:
    """If the server speaks of the integration that is checked first, and if it says nothing it is not quoted."""
    server = serve(in_turn(respond_json({"error": words}, status=404)))
    ended = metrics24(*ANY_CLICK, "--base-url", server.base_url)
    assert ended.code == 4
    assert ended.err.startswith(f"Error: No click of acmeshop01 on {DAY} has these keys. {first}")
    assert "then --tx-id, --offer and --publisher" in ended.err
    said = f" It says: {words!r}." if words else ""
    assert ended.err.endswith(f"The server responded to getClick with status 404.{said} {LAST_RESORT}")


def test_a_miss_is_json_for_programs(metrics24: Metrics24, a_click: dict[str, Any]) -> None:
    """With --json a miss is an error object with the same message."""
    ended = metrics24("lookup", "click", *keys(a_click, offer="another"), "--json")
    error = json.loads(ended.err)["error"]
    assert (error["type"], error["exit_code"], error["status"]) == ("NotFound", 4, 404)
    assert error["message"].startswith("No click of acmeshop01 on 2025-02-01 has these keys. Check --date first")


def test_fault_61_what_the_server_sent_cannot_move_the_cursor(metrics24: Metrics24, serve: Serve) -> None:
    """Control characters are escaped, in names and values, and fields that the spec does not know come last."""
    row = {"new\x1b[2J": ["a\r\n"], "real_tx_id": "t\u202e", "offer": "o\nstatus  approved", "isp": None, "void": None}
    server = serve(in_turn(respond_json(row)))
    ended = metrics24(*ANY_CLICK, "--base-url", server.base_url)
    assert ended.out.splitlines() == [
        "real_tx_id  t\\u202e",
        "offer       o\\nstatus  approved",
        r"new\x1b[2J  a\r\n",
    ]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (("--date", "01/02/2025"), "--date: '01/02/2025' is not clearly one day"),
        (("--tx-id", ""), "--tx-id must be text that is not empty"),
        (("--integration", ".."), "integration"),
    ],
    ids=str,
)
def test_keys_that_cannot_be_right_are_code_2(
    metrics24: Metrics24, serve: Serve, changes: tuple[str, ...], complaint: str
) -> None:
    """Keys that cannot name a row end with code 2 before anything is sent."""
    server = serve(in_turn(respond_json({})))
    ended = metrics24(*ANY_CLICK, *changes, "--base-url", server.base_url)
    assert (ended.code, server.hits) == (2, 0)
    assert complaint in ended.err


@pytest.mark.parametrize("kind", [(), ("click",), ("conversion",)], ids=["lookup", "click", "conversion"])
def test_the_example_of_each_help_finds_a_row(metrics24: Metrics24, full_box: Sandbox, kind: tuple[str, ...]) -> None:
    """The example in a help is a whole command, which finds a row of the sandbox as it is started by default."""
    helped = metrics24("lookup", *kind, "--help")
    example = shlex.split(helped.out.partition("Example:")[2].partition("\n\n")[0].replace("\\\n", " "))
    assert example[:2] == ["metrics24", "lookup"]
    ended = metrics24(*example[1:], "--base-url", full_box.base_url)
    assert ended.out.startswith("real_tx_id ")
    assert ended.code == 0


def test_the_documentation_shows_the_same_examples(metrics24: Metrics24) -> None:
    """The commands of docs/command-line.md are those of the helps, which are run."""
    document = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text("utf-8")
    for kind in ("click", "conversion"):
        example = metrics24("lookup", kind, "--help").out.partition("Example:\n")[2].partition("\n\n")[0]
        assert f"$ {dedent(example).strip()}\n" in document
