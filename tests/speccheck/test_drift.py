"""`metrics24 drift` as a command: options, reports, files, and ends that servers bring about."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from metrics24.speccheck.comparison import WEAK_EVIDENCE
from metrics24_api.operation_table import OPERATIONS
from metrics24_sandbox import Sandbox
from spec.document import ROOT
from speccheck.cassettes import interaction, keep
from speccheck.conftest import HERE, KEY, Drift, Serve
from speccheck.stage import NOT_FOUND, PRIVATE, healthy, private_row, stage
from support.steps import respond_json
from support.tables import page

CASSETTES = str(ROOT / "tests" / "cassettes")
LIST = OPERATIONS["listExports"].path


def cassette(folder: Path, *exports: object, status: int = 200) -> str:
    """A folder with the recorded list of some exports, from a live API."""
    return str(keep(folder / "live" / "a.yaml", interaction(LIST, {"data": list(exports)}, status=status)))


def test_the_recordings_of_this_repository_differ_in_nothing(drift: Drift) -> None:
    """The kept cassettes, which `make drift` looks at, have responses of many operations, all as the spec says."""
    ended = drift("--cassettes", CASSETTES, "--json")
    assert (ended.code, ended.kinds, ended.facts["left"]) == (0, {}, 0)
    assert len(ended.facts["answers"]) > 5
    assert ended.facts["sandbox"] is True


def test_a_server_as_the_spec_says_is_code_0(drift: Drift, shared: Sandbox) -> None:
    """A healthy server has no difference in any of its ten read operations, which were asked for up to 100 rows."""
    ended = drift(*HERE, "--json", server=shared)
    assert (ended.code, ended.err) == (0, "")
    assert ended.facts["answers"] == {each.id: 1 for each in sorted(OPERATIONS.values()) if each.effect == "read"}
    assert {each.method for each in shared.requests} == {"GET"}
    guesses = {each.id for each in OPERATIONS.values() if each.effect == "read" and each.evidence in WEAK_EVIDENCE}
    assert {each["name"] for each in ended.facts["confirmed"] if "." not in each["name"]} == guesses


def test_unknown_columns_are_told_with_all_that_is_known(drift: Drift, unknown_columns: Sandbox) -> None:
    """Each unknown column is a line with type, format, nulls and counts for people, and an object for programs."""
    for_programs = drift(*HERE, "--json", server=unknown_columns)
    assert for_programs.code == 15
    handset = next(each for each in for_programs.facts["differences"] if each["name"] == "handset")
    assert handset["operations"] == ["getClick", "getClickReport"]
    assert 0 < handset["nulls"] < handset["seen"] == handset["of"]
    assert (handset["kind"], handset["schema"], handset["patch"]) == ("unknown field", "Click", True)
    for_people = drift(*HERE, server=unknown_columns)
    assert re.search(
        r"unknown field +Click\.scored_at_local +\d+ of \d+ +string \(date-time without zone\) +added", for_people.out
    )
    assert for_people.out.endswith("places (exit code 15)\n")


def test_no_value_of_a_row_is_shown(drift: Drift, serve: Serve) -> None:
    """Neither report nor patch holds a value of the rows, whatever their names and types."""
    odd = private_row(odd="Mr Secret 88", other={"secret-key-99": "secret"}, status=7) | {"4711-0815": "secret"}
    server = serve(stage(healthy(getClickReport=page([odd]))))
    for arguments in (("--json", "--patch", "--from-sandbox"), ("--patch", "--from-sandbox"), ()):
        ended = drift(*HERE, *arguments, server=server)
        shown = ended.out + ended.err
        assert ended.code == 15
        assert not re.search("secret|4711", shown, re.IGNORECASE)
        assert not any(value in shown for value in (*PRIVATE.values(), KEY))


def test_write_corrects_the_spec(drift: Drift, spec: Path, tmp_path: Path) -> None:
    """--write adds to the spec what a live API was recorded with, says what comes next, and leaves no other file."""
    folder = cassette(tmp_path, {"id": "a", "status": "ARCHIVED", "owner": "x"})
    ended = drift("--cassettes", folder, "--write")
    assert ended.code == 0
    assert "make regenerate" in ended.out
    text = spec.read_text("utf-8")
    assert "enum: [PENDING, IN_PROGRESS, ERROR, CANCELED, COMPLETED, ARCHIVED]" in text
    assert '        owner: {type: [string, "null"], x-evidence: observed}\n' in text
    assert [each.name for each in spec.parent.iterdir()] == ["spec.yaml"]
    assert drift("--cassettes", folder).code == 0


def test_write_is_code_15_where_something_is_left(drift: Drift, tmp_path: Path) -> None:
    """A difference that the patch cannot decide stays a difference after --write."""
    folder = cassette(tmp_path, {"id": "a", "created_at": 5, "owner": "x"})
    ended = drift("--cassettes", folder, "--write", "--json")
    assert (ended.code, ended.facts["left"], len(ended.facts["differences"])) == (15, 1, 2)


def test_a_patch_goes_to_stdout_or_a_file(drift: Drift, spec: Path, tmp_path: Path) -> None:
    """--patch alone prints the patch alone on stdout, with a name it writes a file, and the spec stays."""
    before, source = spec.read_bytes(), ("--cassettes", cassette(tmp_path, {"id": "a", "owner": "x"}))
    printed, written = drift(*source, "--patch"), drift(*source, "--patch", "it.patch")
    in_json, quiet = drift(*source, "--patch", "--json"), drift(*source, "--quiet")
    assert printed.out.startswith("--- a/openapi/spec.yaml\n+++ b/openapi/spec.yaml\n@@")
    assert printed.out == (tmp_path / "it.patch").read_text("utf-8") == in_json.facts["patch"]
    assert ("Verdict: " in printed.err, "Verdict: " in written.out, quiet.out, quiet.err) == (True, True, "", "")
    assert {each.code for each in (printed, written, in_json, quiet)} == {15}
    assert spec.read_bytes() == before


@pytest.mark.parametrize("option", ["--write", "--patch"])
def test_a_sandbox_corrects_nothing_unasked(drift: Drift, spec: Path, shared: Sandbox, option: str) -> None:
    """Responses of a sandbox, live or recorded, change the spec with --from-sandbox only."""
    before = spec.read_bytes()
    for ended in (drift(*HERE, option, server=shared), drift("--cassettes", CASSETTES, option)):
        assert ended.code == 2
        assert "--from-sandbox" in ended.err
    assert spec.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "either --cassettes DIR or --live"),
        (("--live", "--cassettes", CASSETTES), "either --cassettes DIR or --live"),
        (("--cassettes", CASSETTES, "--integration", "x"), "need --live"),
        (("--cassettes", "nowhere"), "does not exist"),
        (("--cassettes", "openapi"), "holds no cassette"),
        (("--cassettes", CASSETTES, "--spec", "nowhere.yaml"), "cannot be read"),
        (("--live", "--start", "2025-02-02", "--end", "2025-02-01"), "lies after"),
        (("--live", "--integration", "a/b"), "cannot be an id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_options_that_make_no_sense_are_code_2(drift: Drift, arguments: tuple[str, ...], complaint: str) -> None:
    """Options that contradict each other or name nothing end with code 2."""
    ended = drift(*arguments)
    assert ended.code == 2
    assert complaint in ended.err


@pytest.mark.parametrize(("status", "code"), [(401, 3), (503, 6), (404, 4)])
def test_a_server_that_answers_nothing_is_an_error(drift: Drift, serve: Serve, status: int, code: int) -> None:
    """If no operation succeeds, the command ends with the code of the reason and reports no difference."""
    ended = drift(*HERE, "--json", server=serve(lambda request: respond_json({}, status=status)))
    assert (ended.code, ended.out) == (code, "")
    assert json.loads(ended.err)["error"]["exit_code"] == code


@pytest.mark.parametrize(("status", "remark"), [(422, "added"), (405, "see doctor")])
def test_a_refusal_can_be_an_undocumented_status(drift: Drift, serve: Serve, status: int, remark: str) -> None:
    """A status that the spec does not list is a difference of its operation, and a 405 is a matter for the doctor."""
    server = serve(stage(healthy(getImpressionReport=respond_json({"error": "no"}, status=status))))
    ended = drift(*HERE, "--json", server=server)
    assert (ended.code, ended.kinds) == (15, {f"getImpressionReport.{status}": "undocumented status"})
    assert re.search(rf"undocumented status +getImpressionReport\.{status} .*{remark}", drift(*HERE, server=server).out)


def test_other_things_in_the_folder_are_noted(drift: Drift, tmp_path: Path) -> None:
    """YAML that is no cassette and requests that are not the API's stand in the notes."""
    folder = tmp_path / "some"
    keep(folder / "a.yaml", interaction(LIST, {"data": None}), interaction("/file.csv", "x"))
    (folder / "b.yaml").write_text("{}")
    ended = drift("--cassettes", str(folder))
    assert ended.code == 0
    assert "b.yaml is no cassette" in ended.out
    assert "such as downloads: 1" in ended.out


def test_the_spec_is_found_from_anywhere(drift: Drift, spec: Path, tmp_path: Path) -> None:
    """Without a spec in the folder that of the checkout is compared, and a named one wherever it lies."""
    folder = cassette(tmp_path, {"id": "a", "owner": "x"})
    moved = spec.rename(tmp_path / "mine.yaml")
    assert drift("--cassettes", folder).code == 15
    assert drift("--cassettes", folder, "--spec", str(moved), "--write").code == 0
    assert moved.read_text("utf-8") != (ROOT / "openapi" / "spec.yaml").read_text("utf-8")


def test_a_spec_that_cannot_be_written_is_code_8(drift: Drift, tmp_path: Path) -> None:
    """If a file cannot be written the code is 8, and no draft is left."""
    ended = drift("--cassettes", cassette(tmp_path, {"id": "a"}), "--patch", "none/it.patch")
    assert ended.code == 8
    assert "it.patch could not be written" in ended.err


def test_a_route_is_followed(drift: Drift, shared: Sandbox) -> None:
    """With --route an operation is requested elsewhere, here where the server has nothing."""
    ended = drift(*HERE, "--json", "--route", "getImpressionReport=GET /nowhere", server=shared)
    assert (ended.code, ended.facts["answers"]["getImpressionReport"]) == (13, 1)
    assert "/nowhere" in [each.path for each in shared.requests]


def test_operations_that_were_left_out_are_noted(drift: Drift, serve: Serve) -> None:
    """Code, verdict and notes name the operations that could not be compared, and why."""
    ended = drift(*HERE, "--json", server=serve(stage(healthy(getClickReport=NOT_FOUND))))
    notes = ended.facts["notes"]
    assert (ended.code, ended.facts["verdict"].partition("says")[2]) == (13, "; 2 operations could not be looked at")
    assert [each.partition(":")[0] for each in notes] == ["getClick", "getClickReport"]
    assert "as for a path that does not exist" in notes[1]
    ended = drift("--live", server=serve(stage(healthy())))
    assert ended.code == 13
    assert "Note: getClickReport: not asked: it needs an integration: give --integration ID." in ended.out
    assert "as the spec says; 7 operations could not be looked at (exit code 13)" in ended.out
