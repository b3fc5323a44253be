"""The doctor against a server that is as the spec says, and against one that is reached by wrong routes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from metrics24_api.operation_table import OPERATIONS
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from metrics24_sandbox.world import FORBIDDEN
from spec.document import PATH, ROOT
from speccheck.conftest import HERE, KEY, ROWS, Doctor

READS = {each.id for each in OPERATIONS.values() if each.effect == "read"}


def moved(operation: str, old: str = " ", new: str = " ", *, method: str = "") -> tuple[str, str]:
    """Options that send an operation elsewhere."""
    known = OPERATIONS[operation]
    return "--route", f"{operation}={method or known.method} {known.path.replace(old, new)}"


NO_ID = "an id or key is not known there"
JUDGED: dict[str, tuple[tuple[str, ...], int, dict[str, str]]] = {
    "a path with the integration in it": (
        (*HERE, *moved("listFilterGroups", "filter-groups", "groups")),
        12,
        {
            "listFilterGroups": 'wrong path: ("GET", "/the/right/path/{integrationID}")})',
            "getFilterGroup": "inconclusive: not asked: no list gave the id of a filter group",
        },
    ),
    "a path with an id in it": (
        (*HERE, *moved("getExport", "download-center", "exports")),
        13,
        {"getExport": "inconclusive: either the path is wrong, or an id or key"},
    ),
    "an integration that does not exist": (
        ("--integration", "nosuchone1"),
        13,
        {
            "getClickReport": "inconclusive",
            "listFilterGroups": "inconclusive",
            "getConversionReport": f"inconclusive: {NO_ID}",
            "listExports": "works",
        },
    ),
    "a forbidden integration": (
        ("--integration", FORBIDDEN),
        13,
        {"getClickReport": "forbidden", "listFilterGroups": "forbidden", "getExport": "works"},
    ),
    "no integration": (
        (),
        13,
        {
            "getClickReport": "inconclusive: not asked: it needs an integration: give --integration ID",
            "last day": "inconclusive: not asked: it needs an integration: give --integration ID",
            "listExports": "works",
            "getExport": "works",
            "getExportUrl": "works",
        },
    ),
    "days without rows": (
        (*HERE, "--start", "2001-01-01"),
        13,
        {
            "getClickReport": "works: empty, so nothing could be compared",
            "getClick": "inconclusive: days that have some",
            "last day": "inconclusive: cannot be judged: no rows",
        },
    ),
}


def test_a_server_as_the_spec_says_works_in_every_respect(doctor: Doctor, box: Sandbox) -> None:
    """Against a healthy server every check and every read operation works, and the code is 0."""
    ended = doctor(box, *HERE, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert set(ended.verdicts.values()) == {"works"}
    assert {each["name"] for each in ended.facts["operations"]} == READS


def test_a_visit_is_one_read_of_each_operation(doctor: Doctor, box: Sandbox) -> None:
    """Each read operation and the root is requested once, the last day once more, no write; --quiet prints nothing."""
    ended = doctor(box, *HERE, "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert {name: box.hits(name) for name in OPERATIONS if box.hits(name)} == dict.fromkeys(READS, 1) | {
        "getClickReport": 2
    }
    assert len(box.requests) == len(READS) + 2
    assert {each.method for each in box.requests} == {"GET"}


def test_the_report_names_the_source_of_the_credential(doctor: Doctor, box: Sandbox, tmp_path: Path) -> None:
    """A token does as well as a key; a file of one outranks the variables; the base URL may come from its option."""
    by_token = doctor(None, *HERE, METRICS24_TOKEN=box.token, METRICS24_BASE_URL=box.base_url)
    assert (by_token.code, box.token in by_token.out) == (0, False)
    assert "credential: the token in METRICS24_TOKEN" in by_token.out
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(box.api_key)
    by_file = doctor(box, *HERE, "--api-key-file", str(file), "--base-url", box.base_url, METRICS24_API_KEY="wrong")
    assert (by_file.code, f"the key in the file {file}" in by_file.out) == (0, True)
    assert f"{box.base_url} (from --base-url)" in by_file.out


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


def test_a_wrong_path_is_found_with_its_evidence_and_its_corrections(doctor: Doctor, box: Sandbox) -> None:
    """A path that the server does not know is wrong, with what to do now and what to do for good."""
    ended = doctor(box, *HERE, *moved("getClickReport", "click-table", "clicks"), "--json")
    found = ended.named("getClickReport")
    assert (ended.code, found["verdict"], found["status"]) == (12, "wrong path", 404)
    now, here, for_good = found["remedy"]
    assert now == 'now: Client(routes={"getClickReport": ("GET", "/the/right/path")})'
    assert here == "on the command line: --route 'getClickReport=GET /the/right/path'"
    guess = OPERATIONS["getClickReport"]
    assert f"getClickReport (GET {guess.path}, {guess.evidence})" in for_good
    assert for_good.endswith("make regenerate && make record")


@pytest.mark.parametrize("case", JUDGED)
def test_each_operation_has_its_verdict(doctor: Doctor, box: Sandbox, case: str) -> None:
    """A 404 like that of a nonsense path is a wrong path only if no id can be at fault; what is missing is named."""
    arguments, code, expected = JUDGED[case]
    doctor(box, *arguments, "--json").agrees(code, expected)
    assert box.hits("getClickReport") == 1 or "2001-01-01" not in arguments


def test_a_wrong_method_is_found_and_its_correction_can_be_pasted(doctor: Doctor, box: Sandbox) -> None:
    """Status 405 is a wrong method, the server's Allow header gives the right one, and the suggested option works."""
    ill = doctor(box, *HERE, *moved("listExports", method="POST"), "--json")
    found = ill.named("listExports")
    assert (ill.code, found["verdict"], found["method"], found["status"]) == (12, "wrong method", "POST", 405)
    assert f'("GET", "{OPERATIONS["listExports"].path}")' in found["remedy"][0]
    assert doctor(box, *HERE, *shlex.split(found["remedy"][1].partition(": ")[2])).code == 0


def test_a_guess_of_the_spec_that_is_wrong_is_found_and_corrected(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Against a server with other paths than the spec's, corrections by --route end in code 0 and edits of the spec."""
    spec = PATH.read_text("utf-8").replace("/reports/v2/click-table:", "/reports/v2/clicks:")
    (tmp_path / "spec.yaml").write_text(spec.replace("/api/v2/download-center:", "/api/v2/exports:"), "utf-8")
    monkeypatch.setenv("METRICS24_SANDBOX_SPEC", str(tmp_path / "spec.yaml"))
    with Sandbox(SandboxOptions(**ROWS)) as box:
        ill = doctor(box, *HERE, "--json")
        wrong = {name for name, verdict in ill.verdicts.items() if verdict == "wrong path"}
        clicks = moved("getClickReport", "click-table", "clicks")
        well = doctor(box, *HERE, *clicks, *moved("listExports", "download-center", "exports"), "--json")
    assert (ill.code, wrong) == (12, {"getClickReport", "listExports"})
    assert (well.code, set(well.verdicts.values())) == (0, {"works"})
    assert "to GET /api/v2/reports/v2/clicks; then make regenerate" in well.named("getClickReport")["remedy"][0]


def test_a_key_that_is_not_accepted_ends_the_visit(doctor: Doctor, box: Sandbox) -> None:
    """Status 401 at the first operation is code 3, and nothing else is asked."""
    ended = doctor(box, *HERE, "--json", METRICS24_API_KEY=KEY)
    assert ended.code == 3
    assert "key refused" in ended.verdicts.values()
    assert [each.operation for each in box.requests if each.operation] == ["listFilterGroups"]
    assert ended.named("getExport")["summary"] == "not asked: the server does not accept the key"


@pytest.mark.parametrize("behaviour", [{"wrap": "data"}, {"empty": "null"}], ids=str)
def test_undocumented_variations_are_no_differences(doctor: Doctor, behaviour: dict[str, Any]) -> None:
    """Wrapped objects, and null for an empty list, are what the spec allows."""
    with Sandbox(SandboxOptions(**ROWS, behaviour=Behaviour(**behaviour))) as box:
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
