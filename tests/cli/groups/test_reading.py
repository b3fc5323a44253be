"""`metrics24 filter-groups list` and `get`, and the helps of all commands."""

import json
import shlex
from pathlib import Path

import pytest

from cli.commands import Shell
from cli.conftest import Metrics24, Serve
from cli.groups.conftest import FIRST, SECOND, THIRD, id_file
from cli.groups.terminal import run_on_terminal
from metrics24.cli.group_commands import filter_groups
from metrics24_sandbox import Sandbox
from support.scripted import in_turn
from support.steps import respond_json


def test_the_list_is_a_table_for_people(command: Metrics24) -> None:
    """The table has whole ids and the columns that tell groups apart, and its count is on stderr."""
    ended = command("list")
    header, *lines = ended.out.splitlines()
    assert header.split() == ["ID", "PRIO", "NAME", "ACTIVE", "MONITOR", "OFFERS", "TAGS"]
    assert [line.split()[0] for line in lines] == [FIRST, SECOND, THIRD]
    assert lines[2].split()[1:7] == ["300", "Watch", "only", "yes", "yes", "3"]
    assert (ended.code, ended.err) == (0, "3 filter groups\n")
    assert command("list", "--quiet").err == ""


def test_the_list_is_an_array_for_programs(command: Metrics24) -> None:
    """With --json the groups are one array as the server sent them, nulls and filters included."""
    [first, *_] = json.loads(command("list", "--json", "--limit", "1").out)
    assert (first["id"], first["description"]) == (FIRST, None)
    assert first["filters"] == [{"type": "proxy", "settings": {"threshold": 50}, "enabled": True}]
    assert json.loads(command("list", "--json", "--limit", "0").out) == []


def test_the_list_is_filtered_sorted_and_cut(command: Metrics24) -> None:
    """--filter, --sort and --limit choose what is listed; nothing found is an empty table and says so."""
    listed = command("list", "--sort=-priority", "--limit", "2").out.splitlines()[1:]
    assert [line.split()[0] for line in listed] == [THIRD, SECOND]
    assert command("list", "--filter", "monitoring_mode=true").out.splitlines()[1].split()[0] == THIRD
    nothing = command("list", "--filter", "name=nobody")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "0 filter groups\n")


def test_a_table_fits_the_terminal_and_keeps_the_ids(shell: Shell) -> None:
    """On a terminal of 80 columns no line is longer, and no id is cut."""
    shown = run_on_terminal(shell, "filter-groups", "list", "--integration", "acmeshop01").shown
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(any(line.startswith(each) for line in lines) for each in (FIRST, SECOND, THIRD))
    assert "…" in shown


def test_fault_61_names_cannot_move_the_cursor(command: Metrics24, serve: Serve) -> None:
    """Control characters in what the server sends are escaped, in tables and in fields."""
    group = {"id": "g1", "name": "\x1b[2J\r\nforged\u202e", "priority": 1, "tags": ["\x07"], "new\x1b": {"a": "\x9b"}}
    listed = respond_json({"data": [group], "meta": {"total_count": 1, "total_page": 1}})
    server = serve(in_turn(listed, respond_json(group)))
    for arguments in (("list",), ("get", "g1")):
        lines = command(*arguments, "--base-url", server.base_url).out.splitlines()
        assert "forged" in "".join(lines)
        assert not [line for line in lines if not line.isprintable() or line.startswith("forged")]


def test_one_group_is_a_field_per_line_or_an_object(command: Metrics24) -> None:
    """`get` shows what the server has: yes and no for people, an object for programs."""
    lines = dict(line.split(maxsplit=1) for line in command("get", FIRST).out.splitlines())
    assert (lines["name"], lines["monitoring_mode"]) == ("Trusted publishers", "no")
    assert lines["offer_ids"] == "acme-1000, acme-1001, acme-1002"
    assert json.loads(command("get", FIRST, "--json").out)["filters"][0]["settings"] == {"threshold": 50}


def test_a_group_that_is_not_there_is_code_4(command: Metrics24) -> None:
    """An id that nobody has is not found, and one that cannot be an id is a wrong command."""
    ended = command("get", "nobody")
    assert (ended.code, ended.out) == (4, "")
    assert command("get", "..").code == 2


@pytest.mark.parametrize("name", sorted(filter_groups.commands))
def test_every_help_has_an_example_that_works(metrics24: Metrics24, box: Sandbox, desk: Path, name: str) -> None:
    """The example of each help runs as it stands, against a sandbox and a file of ids."""
    id_file(desk, FIRST, SECOND)
    helped = metrics24("filter-groups", name, "--help")
    example = shlex.split(helped.out.partition("Example:")[2].partition("\n\n")[0].replace("\\\n", " "))
    assert example[:3] == ["metrics24", "filter-groups", name]
    ended = metrics24(*example[1:])
    assert ended.code == 0, ended.err
    assert len(box.requests) > 0


def test_the_group_of_commands_has_an_example_that_works(metrics24: Metrics24) -> None:
    """`metrics24 filter-groups --help` names every command, and its example runs."""
    helped = metrics24("filter-groups", "--help").out
    example = shlex.split(helped.partition("Example:")[2].partition("\n\n")[0])
    assert metrics24(*example[1:]).code == 0
    assert all(f"\n  {name} " in helped for name in filter_groups.commands)
