"""Exports that end before their file is there: by Ctrl-C, SIGTERM, SIGKILL, time, the server or the network."""

import json
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from cli.commands import Shell, interrupt
from cli.conftest import Metrics24, Serve
from cli.exports.conftest import COLUMNS, EXPORT, SMALL
from cli.groups.conftest import Waiting
from files.round_trip import files_in
from support.account import IDENTITY, Stage, record
from support.scripted import Step
from support.steps import reset, respond_html, respond_json
from support.storage import LARGE, SIGNATURE, constant, cut, stall

HALF = 1536 * 1024
PENDING = respond_json(record(status="PENDING", artifact_name=None))
GO_ON = f"The export {IDENTITY} goes on at the server, and the part that was downloaded is kept. Go on with: "


@pytest.fixture
def large(serve: Serve, shell: Shell, monkeypatch: pytest.MonkeyPatch, metrics24: Metrics24) -> Stage:
    """An export of some 3 MiB."""
    stage = Stage(serve, LARGE)
    monkeypatch.setenv("METRICS24_BASE_URL", stage.api.base_url)
    return stage


def started(shell: Shell, stage: Stage, *arguments: str) -> subprocess.Popen[str]:
    """Start an export into rows.csv."""
    environment = {"METRICS24_BASE_URL": stage.api.base_url}
    return shell.start(*EXPORT, *COLUMNS, "-o", "rows.csv", *arguments, environment=environment)


def resume_of(message: str) -> list[str]:
    """Read the arguments of the command to go on with."""
    program, *arguments = shlex.split(message.rpartition("Go on with: ")[2])
    assert program == "metrics24"
    return arguments


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")]
)
def test_fault_64_an_interrupt_while_waiting_says_how_to_go_on(
    shell: Shell, large: Stage, number: signal.Signals, code: int, word: str
) -> None:
    """Ctrl-C and SIGTERM before the file is ready name the export and the command that fetches it."""
    large.account.say_next("downloadClicks", PENDING)
    with started(shell, large, "--wait-timeout", "900") as process:
        assert process.stderr is not None
        assert process.stderr.readline() == f"Export {IDENTITY}: PENDING\n"
        hits = large.api.hits
        ended = interrupt(process, number)
    command = f"metrics24 exports resume {IDENTITY} --output rows.csv --wait-timeout 900.0"
    assert (ended.code, ended.out, ended.err) == (code, "", f"{word} {GO_ON}{command}\n")
    assert (large.api.hits, shell.files()) == (hits, [])


def test_an_interrupted_download_goes_on_where_it_was(
    shell: Shell, large: Stage, metrics24: Metrics24, desk: Path
) -> None:
    """After Ctrl-C during the download the suggested command gives the undisturbed bytes, fetching only the rest."""
    large.storage.fail_next(cut(HALF), stall(0))  # it asks again when it has written what came
    with started(shell, large, "--json") as process:
        assert large.storage.reached.wait(30)
        ended = interrupt(process)
    error = json.loads(ended.err.splitlines()[-1])["error"]
    assert (ended.code, error["type"], error["export_id"]) == (130, "Interrupted", IDENTITY)
    assert shell.files() == ["rows.csv.part", "rows.csv.part.json"]
    have = (desk / "rows.csv.part").stat().st_size
    assert 0 < have <= HALF
    again = metrics24(*shlex.split(error["resume"])[1:])
    assert json.loads(again.out)["rows"] == LARGE.count(b"\n") - 1
    assert (desk / "rows.csv").read_bytes() == LARGE
    assert large.storage.asked == [0, have, have]
    assert files_in(desk) == ["rows.csv"]


def test_fault_48_a_killed_download_goes_on_where_it_was(
    shell: Shell, large: Stage, metrics24: Metrics24, desk: Path
) -> None:
    """After SIGKILL during the download exports resume gives the same bytes as an undisturbed run."""
    large.storage.fail_next(cut(HALF), stall(0))  # it asks again when it has written what came
    with started(shell, large) as process:
        assert large.storage.reached.wait(30)
        process.kill()
        said = process.communicate(timeout=20)[1]
    assert said == f"Export {IDENTITY}: COMPLETED\n"
    assert metrics24("exports", "resume", IDENTITY, "-o", "rows.csv").code == 0
    assert (desk / "rows.csv").read_bytes() == LARGE
    assert files_in(desk) == ["rows.csv"]


def test_an_interrupted_parquet_download_goes_on_where_it_was(
    shell: Shell, large: Stage, metrics24: Metrics24, desk: Path
) -> None:
    """A download for a Parquet file is taken up again, too, and the command keeps its options."""
    large.storage.fail_next(cut(HALF), stall(0))  # it asks again when it has written what came
    environment = {"METRICS24_BASE_URL": large.api.base_url}
    arguments = (*EXPORT, *COLUMNS, "-o", "a b.parquet", "--infer-types", "--overwrite", "--quiet", "--timeout", "60")
    with shell.start(*arguments, environment=environment) as process:
        assert large.storage.reached.wait(30)
        ended = interrupt(process)
    resume = resume_of(ended.err)
    flags = ["--overwrite", "--infer-types", "--timeout", "60.0", "--quiet"]
    assert resume == ["exports", "resume", IDENTITY, "--output", "a b.parquet", *flags]
    assert metrics24(*resume).code == 0
    assert large.storage.asked[2] == large.storage.asked[1] > 0
    assert files_in(desk) == ["a b.parquet"]


@pytest.mark.parametrize("outlet", ["--start-only", "--json"])
def test_an_interrupt_before_the_answer_leaves_the_fate_open(shell: Shell, serve: Serve, outlet: str) -> None:
    """Ctrl-C while the export is being asked for says that it may exist; for programs its id is null."""
    waiting = Waiting()
    environment = {"METRICS24_BASE_URL": serve(waiting).base_url}
    with shell.start(*EXPORT, *COLUMNS, "--start-only", outlet, environment=environment) as process:
        assert waiting.reached.wait(30)
        ended = interrupt(process)
    assert (ended.code, ended.out) == (130, "")
    if outlet == "--json":
        error = json.loads(ended.err)["error"]
        assert (error["type"], error["export_id"], error["resume"]) == ("Interrupted", None, None)
    else:
        assert ended.err.startswith("Interrupted. The export may or may not have been asked for: see metrics24 exports")


def test_fault_31_an_export_that_is_not_ready_in_time_can_be_resumed(
    metrics24: Metrics24, stage: Stage, desk: Path
) -> None:
    """At the end of --wait-timeout the code is 10, nothing is deleted, and the suggested command works later."""
    stage.account.say_next("downloadClicks", PENDING)
    stage.account.say_next("getExport", PENDING)
    ended = metrics24(*EXPORT, *COLUMNS, "-o", "rows.csv", "--wait-timeout", "0.01", "--json")
    error = json.loads(ended.err)["error"]
    assert (ended.code, error["type"], error["export_id"]) == (10, "ExportTimeout", IDENTITY)
    assert "deleteExport" not in stage.account.calls
    stage.account.say_next("getExport")
    assert metrics24(*shlex.split(error["resume"])[1:]).code == 0
    assert (desk / "rows.csv").read_bytes() == SMALL


@pytest.mark.parametrize(("status", "kind"), [("ERROR", "ExportFailed"), ("CANCELED", "ExportCanceled")])
def test_fault_32_an_export_that_failed_is_not_resumed(
    metrics24: Metrics24, stage: Stage, status: str, kind: str
) -> None:
    """An export that failed or was canceled is code 10, with its id and the server's reason, and no way to go on."""
    stage.account.export |= {"status": status, "error": "too many rows"}
    for_people = metrics24("exports", "resume", IDENTITY, "-o", "rows.csv")
    for_programs = metrics24("exports", "resume", IDENTITY, "-o", "rows.csv", "--json")
    error = json.loads(for_programs.err)["error"]
    assert (for_people.code, for_programs.code, error["type"]) == (10, 10, kind)
    assert (error["export_id"], error["resume"]) == (IDENTITY, None)
    assert for_people.err.endswith(f"The export is {IDENTITY}.\n")
    assert ("too many rows" in for_people.err) == (status == "ERROR")


@pytest.mark.parametrize(("status", "code"), [(402, 1), (429, 5)])
def test_a_quota_that_is_used_up_is_said(metrics24: Metrics24, stage: Stage, status: int, code: int) -> None:
    """If the day's exports are used up the message says so, and how to take one that exists."""
    refusal = respond_json({"error": "quota"}, status=status, headers=[("Retry-After", "99999")])
    stage.account.say_next("downloadClicks", refusal)
    ended = metrics24(*EXPORT, *COLUMNS, "-o", "rows.csv")
    assert (ended.code, stage.account.calls) == (code, ["downloadClicks"])
    assert "If the day's exports are used up, go on tomorrow" in ended.err
    assert "On the command line: --reuse SECONDS, and metrics24 exports list" in ended.err


@pytest.mark.parametrize("answer", [reset, respond_json({}, status=503)], ids=["reset", "503"])
def test_a_lost_answer_names_the_candidates(metrics24: Metrics24, stage: Stage, answer: Step) -> None:
    """If it is unknown whether the export was requested the code is 14, and it was asked for once."""
    stage.account.export["created_at"] = "2099-01-01T00:00:00Z"
    stage.account.say_next("downloadClicks", answer)
    ended = metrics24(*EXPORT, *COLUMNS, "-o", "rows.csv")
    assert (ended.code, stage.account.calls.count("downloadClicks")) == (14, 1)
    assert f"Candidates: {IDENTITY}." in ended.err


def test_a_download_that_fails_keeps_its_signature(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """A refused download says how to go on, writes no file, and shows no signature, also with --debug."""
    stage.storage.fail_next(*[constant(respond_html(404))] * 10)
    ended = metrics24(*EXPORT, *COLUMNS, "-o", "rows.csv", "--debug")
    assert ended.code == 4
    assert resume_of(ended.err)[:3] == ["exports", "resume", IDENTITY]
    assert SIGNATURE not in ended.err
    assert files_in(desk) == []
