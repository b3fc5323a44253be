"""`metrics24 exports list`, `get`, `url`, `delete` and `plan`, and the examples in all helps."""

import io
import json
import shlex
from pathlib import Path

import pytest

from cli.conftest import Metrics24
from metrics24.cli.export_commands import exports
from metrics24.models import EXPORT_FILTERS
from metrics24_sandbox import Sandbox
from support.account import IDENTITY, Stage, record
from support.steps import respond_json
from support.storage import SIGNATURE

NEWEST, OLDEST = "01JN66V0G014R3RV1YZ7AMAEDQ", "01JN3ME9G0XWZ5WE3GWCMKEB25"
SIGNED = f"https://files.example/clicks.csv?X-Signature={SIGNATURE}"
PENDING = record(status="PENDING", artifact_name=None)
ESCAPES = "\x1b[2J\u202e\r\nmine"


def test_the_list_is_a_table(metrics24: Metrics24, box: Sandbox) -> None:
    """Exports are listed one a line with id, type, status, rows, creation and days; their number is on stderr."""
    ended = metrics24("exports", "list", "--sort=created_at")
    header, first, _ = (line.split() for line in ended.out.splitlines())
    assert header == ["ID", "TYPE", "STATUS", "ROWS", "CREATED", "DAYS"]
    days = ["2025-02-26", "to", "2025-02-26"]
    assert first == [OLDEST, "conversion_logs", "COMPLETED", first[3], "2025-02-27T12:00:00Z", *days]
    assert (ended.code, ended.err) == (0, "2 exports\n")


def test_the_list_is_json_for_programs(metrics24: Metrics24, box: Sandbox) -> None:
    """With --json the list is one array of the exports as the server sent them."""
    ended = metrics24("exports", "list", "--json", "--limit", "1")
    (only,) = json.loads(ended.out)
    assert (ended.err, only["id"], only["format"]) == ("", NEWEST, {"delimiter": ","})


def test_documented_filters_are_options(metrics24: Metrics24, box: Sandbox) -> None:
    """Each documented filter is an option, joined with those that are typed as conditions."""
    helped = metrics24("exports", "list", "--help").out
    assert [name for name in EXPORT_FILTERS if f"--{name.replace('_', '-')} " not in helped] == []
    by_day = metrics24("exports", "list", "--start-date", "2025-02-26", "--status", "COMPLETED", "--json")
    assert [each["id"] for each in json.loads(by_day.out)] == [OLDEST]
    both = ("--integration-ids", "acmeshop01", "--integration-ids", "x", "--results-meta-total-gte", "1")
    found = metrics24("exports", "list", *both, "--filter", "type=conversion_logs", "--json")
    assert [each["id"] for each in json.loads(found.out)] == [NEWEST]
    none = metrics24("exports", "list", "--type", "click_logs")
    assert (none.out, none.err) == ("", "0 exports\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--start-date", "yesterday"), "is not a day"),
        (("--results-meta-total-gte", "many"), "--results-meta-total-gte"),
        (("--status", "a", "--filter", "status=b"), "status"),
    ],
    ids=str,
)
def test_filters_that_cannot_be_are_code_2(
    metrics24: Metrics24, stage: Stage, arguments: tuple[str, ...], complaint: str
) -> None:
    """A filter of the wrong type, or two on one column, are refused before anything is sent."""
    ended = metrics24("exports", "list", *arguments)
    assert (ended.code, stage.api.hits) == (2, 0)
    assert complaint in ended.err


def test_one_export_is_shown(metrics24: Metrics24, box: Sandbox) -> None:
    """An export is shown a field per line, and as one object for programs."""
    for_people, for_programs = metrics24("exports", "get", NEWEST), metrics24("exports", "get", NEWEST, "--json")
    assert for_people.out.startswith(f"id                    {NEWEST}\n")
    assert json.loads(for_programs.out)["results_meta"]["total"] > 0


@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("get", IDENTITY), ("get", IDENTITY, "--json")])
def test_signatures_are_not_shown(metrics24: Metrics24, stage: Stage, arguments: tuple[str, ...]) -> None:
    """A signed URL inside an export is shown without what signs it."""
    file = {"name": "clicks.csv", "download_link": SIGNED, "meta": [{"at": SIGNED}, 1, None]}
    stage.account.export["artifact"] = file
    ended = metrics24("exports", *arguments)
    assert ended.code == 0
    assert SIGNATURE not in ended.out + ended.err
    assert arguments == ("list",) or "https://files.example/clicks.csv?..." in ended.out


def test_fault_61_what_the_server_says_of_exports_is_escaped(metrics24: Metrics24, stage: Stage) -> None:
    """Control characters in exports cannot move the cursor or forge a line."""
    stage.account.export |= {"status": ESCAPES, "created_at": ESCAPES, "reports_query_option": {"start_date": ESCAPES}}
    for arguments in (("list",), ("get", IDENTITY), ("delete", IDENTITY, "--dry-run")):
        ended = metrics24("exports", *arguments)
        assert ended.code == 0
        assert all(line.isprintable() for line in ended.out.split("\n"))


def test_strange_shapes_are_listed(metrics24: Metrics24, stage: Stage) -> None:
    """An export whose parts are missing or of another kind is listed all the same."""
    stage.account.exports = [record(results_meta=[1], reports_query_option="x"), record(id="exp_2", type=None)]
    ended = metrics24("exports", "list")
    assert [line.split()[0] for line in ended.out.splitlines()] == ["ID", IDENTITY, "exp_2"]


@pytest.mark.parametrize("name", [IDENTITY, "clicks.csv", "folder/clicks.csv"])
def test_the_url_is_on_stdout_alone(metrics24: Metrics24, stage: Stage, name: str) -> None:
    """The signed URL of an export's file, named either way, is stdout, and the note about it is stderr."""
    if name != IDENTITY:
        stage.account.say_next("getExport", respond_json({}, status=404))
    ended = metrics24("exports", "url", name)
    assert ended.code == 0
    assert ended.out.startswith(f"{stage.bucket.base_url}/files/clicks.csv?")
    assert f"X-Signature={SIGNATURE}" in ended.out
    assert ended.err == "This URL gives the file to everybody who has it: keep it out of logs and messages.\n"


def test_the_url_is_json_for_programs(metrics24: Metrics24, stage: Stage) -> None:
    """With --json and --quiet the URL is one object and nothing is said beside it."""
    ended = metrics24("exports", "url", IDENTITY, "--json", "--quiet")
    assert (list(json.loads(ended.out)), ended.err) == (["url"], "")


@pytest.mark.parametrize("export", [PENDING, record(status="ERROR", artifact_name=None)], ids=["pending", "failed"])
def test_without_a_file_there_is_no_url(metrics24: Metrics24, stage: Stage, export: dict[str, object]) -> None:
    """An export that has no file is code 10, and no URL is asked for."""
    stage.account.export = export
    ended = metrics24("exports", "url", IDENTITY)
    assert (ended.code, ended.out, stage.urls()) == (10, "", 0)


def test_a_url_of_nothing_is_not_found(metrics24: Metrics24, box: Sandbox) -> None:
    """A name that is neither an export nor a file is code 4, and the message says that both were tried."""
    ended = metrics24("exports", "url", "nothing.csv")
    assert ended.code == 4
    assert "nothing.csv is neither an export with a file nor the name of a file." in ended.err


class Person(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_a_deletion_is_asked_for(metrics24: Metrics24, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's no deletes nothing and is code 1, a yes deletes; nobody to ask is code 2 and the way to do it."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    refused = metrics24("exports", "delete", IDENTITY)
    monkeypatch.setattr("sys.stdin", Person("n\n"))
    declined = metrics24("exports", "delete", IDENTITY)
    assert (refused.code, declined.code, "deleteExport" in stage.account.calls) == (2, 1, False)
    assert "pass --yes" in refused.err
    assert "Delete export exp_1 (click_logs, COMPLETED) and its file?" in declined.err
    monkeypatch.setattr("sys.stdin", Person("y\n"))
    assert metrics24("exports", "delete", IDENTITY).out == f"deleted  {IDENTITY}\n"
    assert stage.account.calls[-1] == "deleteExport"


def test_a_deletion_is_done_when_told(metrics24: Metrics24, box: Sandbox) -> None:
    """With --yes an export is gone at once, and a second deletion is not found."""
    assert json.loads(metrics24("exports", "delete", NEWEST, "--yes", "--json").out) == {"deleted": NEWEST}
    assert metrics24("exports", "delete", NEWEST, "--yes").code == 4
    assert [each["id"] for each in json.loads(metrics24("exports", "list", "--json").out)] == [OLDEST]


def test_a_dry_run_deletes_nothing(metrics24: Metrics24, box: Sandbox) -> None:
    """With --dry-run it is said what would be deleted, for programs as one object."""
    for_people = metrics24("exports", "delete", NEWEST, "--dry-run")
    for_programs = metrics24("exports", "delete", NEWEST, "--dry-run", "--json")
    assert for_people.out == f"would delete  {NEWEST}  conversion_logs  COMPLETED\n"
    assert for_people.err == "Dry run: nothing was changed.\n"
    facts = {"export_id": NEWEST, "type": "conversion_logs", "status": "COMPLETED"}
    assert json.loads(for_programs.out) == {"dry_run": True, "action": "delete", **facts}
    assert box.hits("deleteExport") == 0


RANGE = ("--integration", "acmeshop01", "--start", "2025-01-01", "--end", "2025-02-09")


def test_a_plan_is_commands_that_run(metrics24: Metrics24, box: Sandbox, desk: Path) -> None:
    """A plan asks for nothing; its commands cover the range, and each runs as it stands."""
    limits = ("--export-rows", "1500", "--exports-per-day", "1", "--field", "real_tx_id", "--timeout", "20")
    planned = metrics24("exports", "plan", "clicks", *RANGE, *limits, "--json")
    plan = json.loads(planned.out)
    starts_and_ends = [(part["start"], part["end"]) for part in plan["exports"]]
    assert (starts_and_ends[0][0], starts_and_ends[-1][1]) == ("2025-01-01", "2025-02-09")
    assert [part["wait_days"] for part in plan["exports"]] == list(range(len(plan["exports"])))
    assert (plan["left_today"], plan["end_included"], box.hits("downloadClicks")) == (1, True, 0)
    assert len(starts_and_ends) > 1
    program, *arguments = shlex.split(plan["exports"][0]["command"])
    assert (program, arguments[-2:]) == ("metrics24", ["--timeout", "20.0"])
    assert metrics24(*arguments).code == 0
    assert [path.name for path in desk.iterdir()] == [f"clicks-{starts_and_ends[0][0]}-{starts_and_ends[0][1]}.csv"]


def test_a_plan_for_people_is_a_script(metrics24: Metrics24, box: Sandbox) -> None:
    """Each command stands below a comment with days, rows and when; the estimate is on stderr."""
    ended = metrics24("exports", "plan", "clicks", *RANGE, "--export-rows", "10", "--exports-per-day", "3")
    lines = ended.out.splitlines()
    assert lines[0].startswith("# 2025-01-01 to 2025-01-01: ")
    assert lines[0].endswith(" rows or fewer, today; one day alone may be cut, so split it with --filter")
    assert lines[1].startswith(
        "metrics24 export clicks --output clicks-2025-01-01-2025-01-01.csv --integration acmeshop01 "
    )
    assert (", in 1 day;" in ended.out, ", in 2 days;" in ended.out) == (True, True)
    assert "3 exports are left today. The server counts the last day of a range in." in ended.err
    assert metrics24("exports", "plan", "clicks", *RANGE, "--quiet").err == ""


@pytest.mark.parametrize("command", ["", *sorted(exports.commands), "export"])
def test_every_help_has_an_example_that_works(metrics24: Metrics24, box: Sandbox, command: str) -> None:
    """The example of each help runs as it stands, against a sandbox that has these exports."""
    place = ("export",) if command == "export" else ("exports", command) if command else ("exports",)
    helped = metrics24(*place, "--help").out
    example = shlex.split(helped.partition("Example:")[2].partition("\n\n")[0].replace("\\\n", " "))
    assert example[: 1 + len(place)] == ["metrics24", *place]
    ended = metrics24(*example[1:])
    assert (ended.code, ended.out != "") == (0, True)
    assert all(len(line) <= 80 for line in helped.splitlines())
