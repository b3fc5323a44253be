"""`metrics24 filter-groups delete` and `bulk-delete`: nothing is deleted unasked, and nothing silently kept."""

import io
import json
from pathlib import Path

import pytest

from cli.commands import Shell
from cli.conftest import Metrics24, Serve
from cli.groups.conftest import FIRST, INTEGRATION, SECOND, THIRD, Groups, id_file, outcome, writes
from cli.groups.terminal import run_on_terminal
from metrics24_sandbox import Sandbox
from support.scripted import in_turn
from support.steps import respond_json


@pytest.mark.parametrize("arguments", [("delete", FIRST), ("bulk-delete", FIRST, SECOND)])
def test_without_a_terminal_nothing_is_deleted_unless_told(
    command: Metrics24, box: Sandbox, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """Without a terminal to ask on a deletion is refused with code 2 and the way to do it."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ended = command(*arguments)
    assert (ended.code, writes(box)) == (2, 0)
    assert "pass --yes" in ended.err


class Person(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.parametrize("name", ["delete", "bulk-delete"])
def test_a_person_is_asked(command: Metrics24, groups: Groups, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A person's answer is followed, and a refusal is JSON for a program."""
    monkeypatch.setattr("sys.stdin", Person("n\n"))
    refused = command(name, FIRST, "--json")
    assert (refused.code, refused.out) == (1, "")
    assert json.loads(refused.err.splitlines()[-1].rpartition("]: ")[2]) == {"note": "Nothing was deleted."}
    assert FIRST in groups()
    monkeypatch.setattr("sys.stdin", Person("y\n"))
    assert command(name, FIRST, "--quiet").out == f"deleted     {FIRST}\n"
    assert FIRST not in groups()


@pytest.mark.parametrize("arguments", [("delete", FIRST), ("bulk-delete", FIRST, SECOND)])
def test_on_a_terminal_the_answer_decides(shell: Shell, box: Sandbox, arguments: tuple[str, ...]) -> None:
    """No, or just Return, deletes nothing and is code 1; yes deletes."""
    for answer, code, left in (("n\n", 1, 3), ("\n", 1, 3), ("y\n", 0, 4 - len(arguments))):
        ended = run_on_terminal(shell, "filter-groups", *arguments, *INTEGRATION, typed=answer)
        assert ended.code == code, ended.shown
        assert "Delete " in ended.shown
        assert ("Nothing was deleted." in ended.shown) == (code == 1)
        listed = shell.run("filter-groups", "list", *INTEGRATION, "--json")
        assert len(json.loads(listed.out)) == left


def test_the_question_names_the_group(shell: Shell) -> None:
    """Before one group is deleted its name is shown with its id, before many their number and the first ids."""
    one = run_on_terminal(shell, "filter-groups", "delete", THIRD, *INTEGRATION, typed="n\n")
    assert f"Delete filter group {THIRD} (Watch only) of acmeshop01? [y/N]" in one.shown
    ids = [f"g{number}" for number in range(7)]
    many = run_on_terminal(shell, "filter-groups", "bulk-delete", *ids, *INTEGRATION, typed="n\n")
    assert "Delete 7 filter groups of acmeshop01 (g0, g1, g2, g3, g4, ...)? [y/N]" in many.shown


def test_yes_deletes_one(command: Metrics24, groups: Groups) -> None:
    """With --yes the group is gone, and deleting it again is code 4."""
    ended = command("delete", FIRST, "--yes")
    assert (ended.code, ended.out) == (0, f"deleted     {FIRST}\n")
    assert set(groups()) == {SECOND, THIRD}
    assert command("delete", FIRST, "--yes", "--json").code == 4


def test_a_dry_run_deletes_nothing(command: Metrics24, box: Sandbox) -> None:
    """The groups that would go are named, missing ones too, without a question and without a write."""
    one = command("delete", FIRST, "--dry-run")
    assert (one.code, one.out) == (0, f"would delete  {FIRST}  Trusted publishers\n")
    many = command("bulk-delete", FIRST, "nobody", "--dry-run", "--json")
    assert many.code == 11
    assert json.loads(many.out) == {
        "dry_run": True,
        "action": "delete",
        "groups": [{"id": FIRST, "name": "Trusted publishers"}],
        "missing": ["nobody"],
    }
    assert (writes(box), command("delete", "nobody", "--dry-run").code) == (0, 4)


def test_many_are_deleted_with_one_request(command: Metrics24, box: Sandbox, desk: Path, groups: Groups) -> None:
    """Ids from a file are deleted at once, and those that never existed are told as missing."""
    ended = command("bulk-delete", "--ids-from", id_file(desk, FIRST, "nobody", THIRD), "--yes", "--json")
    result = outcome(ended)
    assert (ended.code, result["ok"], result["missing"]) == (11, [FIRST, THIRD], ["nobody"])
    assert (set(groups()), box.hits("bulkDeleteFilterGroups")) == ({SECOND}, 1)


def test_ids_may_come_from_stdin(command: Metrics24, monkeypatch: pytest.MonkeyPatch, groups: Groups) -> None:
    """--ids-from - reads the ids that another program prints, hundreds of them."""
    ids = [FIRST, *(f"nobody{number}" for number in range(400))]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("\n".join(ids).encode())))
    ended = command("bulk-delete", "--ids-from", "-", "--yes")
    assert ended.err == "Of 401 filter groups: 1 deleted, 400 missing\n"
    assert FIRST not in groups()


def test_fault_51_a_stripped_body_is_no_success(command: Metrics24, serve: Serve) -> None:
    """If the list shows that groups survived their deletion they are unverified, and the code is 11."""
    listed = respond_json({"data": [{"id": "g1"}], "meta": {"total_count": 1, "total_page": 1}})
    server = serve(in_turn(listed, respond_json({}), listed))
    ended = command("bulk-delete", "g1", "--yes", "--json", "--base-url", server.base_url)
    assert (ended.code, outcome(ended)["unverified"], outcome(ended)["ok"]) == (11, ["g1"], [])
