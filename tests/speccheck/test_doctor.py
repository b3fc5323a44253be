"""The doctor against a server that is as the spec says, and against one that is reached by wrong routes."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from metrics24_api.operation_table import OPERATIONS
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from spec.document import PATH, ROOT
from speccheck.conftest import HERE, KEY, Doctor

READS = {each.id for each in OPERATIONS.values() if each.effect == "read"}
WRITES = set(OPERATIONS) - READS


def moved(operation: str, **change: str) -> tuple[str, str]:
    """Options that send an operation elsewhere."""
    method, path = change.get("method", OPERATIONS[operation].method), OPERATIONS[operation].path
    return "--route", f"{operation}={method} {path.replace(change.get('old', ' '), change.get('new', ' '))}"


def test_a_server_as_the_spec_says_works_in_every_respect(doctor: Doctor, box: Sandbox) -> None:
    """Against a healthy server every check and every read operation works, and the code is 0."""
    ended = doctor(box, *HERE, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert set(ended.verdicts.values()) == {"works"}
    assert {each["name"] for each in ended.facts["operations"]} == READS


def test_a_doctor_writes_nothing_unasked(doctor: Doctor, box: Sandbox) -> None:
    """Without --include-writes no write operation is asked, and no method but GET is used."""
    doctor(box, *HERE)
    assert {name for name in WRITES if box.hits(name)} == set()
    assert {each.method for each in box.requests} == {"GET"}


def test_each_operation_is_asked_once(doctor: Doctor, box: Sandbox) -> None:
    """A healthy server gets one request per read operation, one more for the last day, and one for its root."""
    doctor(box, *HERE)
    assert {name: box.hits(name) for name in READS} == dict.fromkeys(READS, 1) | {"getClickReport": 2}
    assert len(box.requests) == len(READS) + 2


def test_a_token_does_as_well_as_a_key(doctor: Doctor, box: Sandbox) -> None:
    """With a token in its variable everything works, and the report says where it comes from."""
    ended = doctor(None, *HERE, METRICS24_TOKEN=box.token, METRICS24_BASE_URL=box.base_url)
    assert ended.code == 0
    assert "credential: the token in METRICS24_TOKEN" in ended.out
    assert box.token not in ended.out


def test_the_text_has_a_line_per_check_and_a_verdict(doctor: Doctor, box: Sandbox) -> None:
    """People get one line for each check and operation, the settings in force, and the verdict with its code."""
    lines = doctor(box, *HERE).out.splitlines()
    assert [line.split()[0] for line in lines[:14]] == ["works"] * 14
    assert "  credential: the key in METRICS24_API_KEY" in lines
    assert f"  base URL: {box.base_url} (from METRICS24_BASE_URL)" in lines
    assert lines[-1] == "Verdict: everything works (exit code 0)"


def test_neither_key_nor_rows_are_shown(doctor: Doctor, box: Sandbox) -> None:
    """No output, for people or programs, holds the key or a value of a row."""
    shown = doctor(box, *HERE).out + doctor(box, *HERE, "--json").out
    assert box.api_key not in shown
    values = ("Halcyon", "Subscription", "Mozilla", "acme-100", "Trusted", "198.1")
    assert [value for value in values if value in shown] == []


def test_quiet_leaves_the_verdict_to_the_code(doctor: Doctor, box: Sandbox) -> None:
    """With --quiet nothing is printed, and the code says it all."""
    ended = doctor(box, *HERE, "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_a_wrong_path_is_found_with_its_evidence_and_its_corrections(doctor: Doctor, box: Sandbox) -> None:
    """A path that the server does not know is wrong, with what to do now and what to do for good."""
    ended = doctor(box, *HERE, *moved("getClickReport", old="click-table", new="clicks"), "--json")
    found = ended.named("getClickReport")
    assert (ended.code, found["verdict"], found["status"]) == (12, "wrong path", 404)
    now, here, for_good = found["remedy"]
    assert now == 'now: Client(routes={"getClickReport": ("GET", "/the/right/path")})'
    assert here == "on the command line: --route 'getClickReport=GET /the/right/path'"
    guess = OPERATIONS["getClickReport"]
    assert f"getClickReport (GET {guess.path}, {guess.evidence})" in for_good
    assert for_good.endswith("make regenerate && make record")


def test_a_wrong_path_with_the_integration_in_it_is_found(doctor: Doctor, box: Sandbox) -> None:
    """A path is known to be wrong where the same integration works elsewhere, whatever was asked first."""
    ended = doctor(box, *HERE, *moved("listFilterGroups", old="filter-groups", new="groups"), "--json")
    assert ended.verdicts["listFilterGroups"] == "wrong path"
    assert ended.named("listFilterGroups")["remedy"][0].endswith('("GET", "/the/right/path/{integrationID}")})')
    assert ended.named("getFilterGroup")["summary"] == "not asked: no list gave the id of a filter group"


def test_a_wrong_method_is_found_and_the_right_one_named(doctor: Doctor, box: Sandbox) -> None:
    """Status 405 is a wrong method, and the server's Allow header gives the right one."""
    ended = doctor(box, *HERE, *moved("listExports", method="POST"), "--json")
    found = ended.named("listExports")
    assert (ended.code, found["verdict"], found["method"], found["status"]) == (12, "wrong method", "POST", 405)
    assert f'("GET", "{OPERATIONS["listExports"].path}")' in found["remedy"][0]


def test_the_suggested_correction_can_be_pasted(doctor: Doctor, box: Sandbox) -> None:
    """The option that is suggested for a wrong method is understood, and cures it."""
    ill = doctor(box, *HERE, *moved("listExports", method="POST"), "--json")
    option = ill.named("listExports")["remedy"][1].partition(": ")[2]
    assert doctor(box, *HERE, *shlex.split(option)).code == 0


def test_a_guess_of_the_spec_that_is_wrong_is_found_and_corrected(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Against a server with other paths than the spec's, corrections by --route end in code 0 and edits of the spec."""
    spec = PATH.read_text("utf-8").replace("/reports/v2/click-table:", "/reports/v2/clicks:")
    (tmp_path / "spec.yaml").write_text(spec.replace("/api/v2/download-center:", "/api/v2/exports:"), "utf-8")
    monkeypatch.setenv("METRICS24_SANDBOX_SPEC", str(tmp_path / "spec.yaml"))
    options = SandboxOptions(conversions_per_day=60, clicks_per_day=60, impressions_per_day=60)
    with Sandbox(options) as box:
        ill = doctor(box, *HERE, "--json")
        wrong = {name for name, verdict in ill.verdicts.items() if verdict == "wrong path"}
        clicks = moved("getClickReport", old="click-table", new="clicks")
        well = doctor(box, *HERE, *clicks, *moved("listExports", old="download-center", new="exports"), "--json")
    assert (ill.code, wrong) == (12, {"getClickReport", "listExports"})
    assert (well.code, set(well.verdicts.values())) == (0, {"works"})
    assert "to GET /api/v2/reports/v2/clicks; then make regenerate" in well.named("getClickReport")["remedy"][0]


def test_an_operation_that_needs_an_id_is_suspect_at_most(doctor: Doctor, box: Sandbox) -> None:
    """If an id could be at fault too, a 404 like that of a nonsense path is inconclusive, with the correction."""
    ended = doctor(box, *HERE, *moved("getExport", old="download-center", new="exports"), "--json")
    found = ended.named("getExport")
    assert (found["verdict"], len(found["remedy"])) == ("inconclusive", 3)
    assert "either the path is wrong, or an id or key" in found["summary"]
    assert ended.code == 13


def test_an_unknown_integration_is_not_taken_for_a_wrong_path(doctor: Doctor, box: Sandbox) -> None:
    """A 404 that differs from a nonsense path's says that the path exists and the integration does not."""
    ended = doctor(box, "--integration", "nosuchone1", "--json")
    assert ended.code == 13
    assert ended.verdicts["getClickReport"] == ended.verdicts["listFilterGroups"] == "inconclusive"
    assert "an id or key is not known there" in ended.named("getConversionReport")["summary"]
    assert ended.verdicts["listExports"] == "works"


def test_a_forbidden_integration_is_called_forbidden(doctor: Doctor, box: Sandbox) -> None:
    """Status 403 says nothing about method and path, and the rest is judged all the same."""
    ended = doctor(box, "--integration", box.forbidden_integration, "--json")
    assert ended.code == 13
    assert ended.verdicts["getClickReport"] == ended.verdicts["listFilterGroups"] == "forbidden"
    assert ended.verdicts["getExport"] == "works"


def test_without_an_integration_it_says_what_is_missing(doctor: Doctor, box: Sandbox) -> None:
    """Operations that need an integration are inconclusive without one, and the option is named."""
    ended = doctor(box, "--json")
    assert ended.code == 13
    assert ended.named("getClickReport")["summary"] == "not asked: it needs an integration: give --integration ID"
    assert {ended.verdicts[name] for name in ("listExports", "getExport", "getExportUrl")} == {"works"}


def test_days_without_rows_leave_the_look_ups_open(doctor: Doctor, box: Sandbox) -> None:
    """Tables that are empty in these days work, and the look-ups say that they need days with rows."""
    ended = doctor(box, *HERE, "--start", "2001-01-01", "--json")
    assert ended.named("getClickReport")["summary"].startswith("empty, so nothing could be compared")
    assert "days that have some" in ended.named("getClick")["summary"]
    assert ended.code == 13


def test_a_key_that_is_not_accepted_ends_the_visit(doctor: Doctor, box: Sandbox) -> None:
    """Status 401 at the first operation is code 3, and nothing else is asked."""
    ended = doctor(box, *HERE, "--json", METRICS24_API_KEY=KEY)
    assert ended.code == 3
    assert "key refused" in ended.verdicts.values()
    assert [each.operation for each in box.requests if each.operation] == ["listFilterGroups"]
    assert ended.named("getExport")["summary"] == "not asked: the server does not accept the key"


def test_a_key_file_is_named_and_outranks_the_variables(doctor: Doctor, box: Sandbox, tmp_path: Path) -> None:
    """The report says that the credential comes from the file, and the base URL from its option."""
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(box.api_key)
    by_file = doctor(box, *HERE, "--api-key-file", str(file), "--base-url", box.base_url, METRICS24_API_KEY="wrong")
    assert (by_file.code, f"the key in the file {file}" in by_file.out) == (0, True)
    assert f"{box.base_url} (from --base-url)" in by_file.out


@pytest.mark.parametrize("behaviour", [{"wrap": "data"}, {"empty": "null"}], ids=str)
def test_undocumented_variations_are_no_differences(doctor: Doctor, behaviour: dict[str, str]) -> None:
    """Wrapped objects, and null for an empty list, are what the spec allows."""
    options = SandboxOptions(conversions_per_day=60, clicks_per_day=60, impressions_per_day=60)
    with Sandbox(replace(options, behaviour=Behaviour(**behaviour))) as box:  # type: ignore[arg-type]
        assert doctor(box, *HERE).code == 0


def test_the_shape_of_the_json_is_the_documented_one(doctor: Doctor, box: Sandbox) -> None:
    """The object has the keys that docs/doctor.md lists, at each level."""
    facts = doctor(box, *HERE, "--json").facts
    document = (ROOT / "docs" / "doctor.md").read_text("utf-8")
    check = ["name", "verdict", "summary", "details", "remedy"]
    assert list(facts) == ["verdict", "exit_code", "base_url", "checks", "operations"]
    assert list(facts["checks"][0]) == check
    operation = [*check, "method", "path", "evidence", "status", "differences"]
    assert list(facts["operations"][0]) == operation
    assert [key for key in (*facts, *operation) if f"`{key}`" not in document] == []
    assert json.dumps(facts).isascii()
