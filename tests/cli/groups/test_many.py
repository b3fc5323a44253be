"""`metrics24 filter-groups update` and `bulk-update` for many groups: of each id it is told what became of it."""

import json
import signal
from pathlib import Path

import pytest

from cli.commands import Shell, interrupt
from cli.conftest import Metrics24, Serve
from cli.groups.conftest import FIRST, SECOND, THIRD, Groups, Waiting, id_file, outcome, writes
from metrics24_sandbox import Sandbox
from support.steps import respond_json


def test_ids_come_from_arguments_and_a_file(command: Metrics24, desk: Path, groups: Groups) -> None:
    """Both are changed, each once, and blank lines, spaces and a byte order mark in the file do no harm."""
    (desk / "ids.txt").write_text(f"\ufeff{FIRST}\r\n\r\n  {SECOND} \n", encoding="utf-8")
    ended = command("update", FIRST, THIRD, "--ids-from", "ids.txt", "--inactive")
    assert ended.out.splitlines() == [f"changed     {each}" for each in (FIRST, THIRD, SECOND)]
    assert (ended.code, ended.err) == (0, "Of 3 filter groups: 3 changed\n")
    assert {group["active"] for group in groups().values()} == {False}


def test_one_id_in_a_file_is_told_as_many_are(command: Metrics24, desk: Path) -> None:
    """The output for a program depends on the options, not on how many ids the file had."""
    ended = command("update", "--ids-from", id_file(desk, FIRST), "--inactive", "--json")
    assert outcome(ended) == {"ok": [FIRST], "missing": [], "unverified": [], "untried": [], "errors": {}}


def test_missing_ids_are_code_11_and_do_not_stop_the_others(command: Metrics24) -> None:
    """An id that does not exist is told as missing, and the groups after it are changed."""
    ended = command("update", FIRST, "nobody", THIRD, "--inactive", "--json")
    result = outcome(ended)
    assert (ended.code, result["ok"], result["missing"]) == (11, [FIRST, THIRD], ["nobody"])
    assert result["errors"]["nobody"]["type"] == "NotFound"


def test_failed_ids_are_told_with_the_reason(command: Metrics24, box: Sandbox) -> None:
    """A change that the server refuses is unverified with its error, and the next one is made."""
    box.fail_next("updateFilterGroup", "402")
    ended = command("update", FIRST, SECOND, "--inactive")
    assert ended.code == 11
    assert ended.out.splitlines()[0] == f"changed     {SECOND}"
    assert ended.out.splitlines()[1].startswith(f"unverified  {FIRST}  RequestFailed: ")
    assert ended.err == "Of 2 filter groups: 1 changed, 1 unverified\n"


def test_what_befalls_all_ends_the_command(command: Metrics24, box: Sandbox) -> None:
    """A key that is not accepted is tried once, and the ids whose turn did not come are told."""
    box.fail_next("updateFilterGroup", "401x9")
    ended = command("update", FIRST, SECOND, THIRD, "--inactive")
    assert (ended.code, box.hits("updateFilterGroup")) == (3, 1)
    assert ended.out.splitlines()[1:] == [f"not tried   {each}" for each in (SECOND, THIRD)]
    assert "2 filter groups not tried" in ended.err


def test_a_bulk_update_is_one_request(command: Metrics24, box: Sandbox, desk: Path, groups: Groups) -> None:
    """The monitoring mode of all ids is switched at once, and missing ones are told."""
    arguments = ("bulk-update", "--ids-from", id_file(desk, FIRST, "nobody", SECOND), "--organization", "acmegroup1")
    ended = command(*arguments, "--monitoring-mode", "--json")
    result = outcome(ended)
    assert (ended.code, result["ok"], result["missing"]) == (11, [FIRST, SECOND], ["nobody"])
    assert {group["monitoring_mode"] for group in groups().values()} == {True}
    assert command("bulk-update", FIRST, "--no-monitoring-mode").code == 0
    assert (box.hits("bulkUpdateFilterGroups"), box.hits("updateFilterGroup")) == (2, 0)


def test_a_dry_run_of_a_bulk_update_shows_who_would_change(command: Metrics24, box: Sandbox) -> None:
    """Nothing is written; groups that have the mode already and ids that do not exist are told."""
    ended = command("bulk-update", FIRST, THIRD, "nobody", "--monitoring-mode", "--dry-run", "--quiet")
    assert ended.out.splitlines() == [
        f"would change  {FIRST}  Trusted publishers",
        "    monitoring_mode: false -> true",
        f"unchanged  {THIRD}  Watch only",
        "missing  nobody",
    ]
    assert (ended.code, ended.err, writes(box)) == (11, "", 0)


def test_progress_is_for_terminals(shell: Shell) -> None:
    """On a terminal stderr shows how many of the groups are done; elsewhere it has the summary alone."""
    arguments = ("filter-groups", "update", "--integration", "acmeshop01", FIRST, SECOND, THIRD, "--inactive")
    shown = shell.run_on_terminal(*arguments)
    assert (shown.code, "3/3" in shown.err) == (0, True)
    assert shell.run(*arguments).err == "Of 3 filter groups: 3 changed\n"
    assert "3/3" not in shell.run_on_terminal(*arguments, "--quiet").err


def test_fault_64_ctrl_c_tells_what_was_done_and_what_was_not(shell: Shell, serve: Serve, desk: Path) -> None:
    """An interrupted command names the changed groups, the one in doubt and those not tried, and ends with 130."""
    group = {"id": "g1", "active": False}
    waiting = Waiting(respond_json({}), respond_json(group))
    server = serve(waiting)
    arguments = ("filter-groups", "update", "--integration", "acmeshop01", "g1", "g2", "g3", "--inactive")
    with shell.start(*arguments, "--json", environment={"METRICS24_BASE_URL": server.base_url}) as process:
        assert waiting.reached.wait(30)
        ended = interrupt(process)
    result = json.loads(ended.out)
    assert (ended.code, result["ok"], result["unverified"], result["untried"]) == (130, ["g1"], ["g2"], ["g3"])
    note, error = map(json.loads, ended.err.splitlines())
    assert note == {"note": "1 filter group not tried; changing those again that were changed does no harm."}
    assert error["error"]["type"] == "Interrupted"


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")]
)
def test_fault_64_an_interrupted_write_says_what_is_in_doubt(
    shell: Shell, serve: Serve, number: signal.Signals, code: int, said: str
) -> None:
    """An interrupted create is told to be looked for before it is repeated, and ends with the code of its end."""
    waiting = Waiting()
    server = serve(waiting)
    arguments = ("filter-groups", "create", "--integration", "acmeshop01", "--organization", "o", "--name", "a b")
    with shell.start(*arguments, "--priority", "1", environment={"METRICS24_BASE_URL": server.base_url}) as process:
        assert waiting.reached.wait(30)
        ended = interrupt(process, number)
    doubt, word = ended.err.splitlines()
    assert (ended.code, ended.out, word) == (code, "", said)
    assert doubt.endswith("metrics24 filter-groups list --integration acmeshop01 --filter 'name=a b'")
