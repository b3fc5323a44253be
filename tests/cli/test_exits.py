"""Exit codes and messages: what a script, a program and a person learn of a failure."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import metrics24 as package
from cli.commands import COMMAND, WEEK, Shell
from cli.conftest import Metrics24, Serve
from metrics24 import errors
from metrics24.cli.exit_codes import EXITS, HELP, Terminated, exit_code
from metrics24.cli.output import Output
from support.scripted import Step, in_turn
from support.steps import respond_html, respond_json
from support.tables import newest_first, page, table

PULL = ("pull", "clicks", *WEEK, "-o", "x.csv")
LATER = [("Retry-After", "99999")]


def refusal(status: int, message: str = "no") -> Step:
    """Answer with an error that no retry can mend in time."""
    return respond_json({"error": message}, status=status, headers=LATER)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), 2),
        (errors.FilterError("x"), 2),
        (errors.ConfigurationError("x"), 3),
        (errors.SecurityError("x"), 9),
        (errors.Unauthorized("x"), 3),
        (errors.Forbidden("x"), 3),
        (errors.BadRequest("x"), 1),
        (errors.RequestFailed("x"), 1),
        (errors.NotFound("x"), 4),
        (errors.RateLimited("x"), 5),
        (errors.TransportError("x"), 6),
        (errors.RequestTimeout("x"), 6),
        (errors.ServerError("x"), 6),
        (errors.ResponseError("x"), 7),
        (errors.PaginationError("x"), 7),
        (errors.IntegrityError("x"), 7),
        (errors.SaveError("x"), 8),
        (errors.ExportFailed("x"), 10),
        (errors.ExportCanceled("x"), 10),
        (errors.ExportTimeout("x"), 10),
        (errors.AmbiguousWrite("x"), 14),
        (KeyboardInterrupt(), 130),
        (Terminated(), 143),
        (RuntimeError("x"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_each_kind_of_error_has_its_exit_code(error: BaseException, code: int) -> None:
    """Errors with different remedies end with different codes."""
    assert exit_code(error) == code


def test_help_and_documentation_list_the_exit_codes(metrics24: Metrics24) -> None:
    """Both helps and docs/command-line.md tell every exit code with the same words."""
    document = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text("utf-8")
    documented = re.findall(r"^\| (\d+) \| (.+?) \|$", document, re.MULTILINE)
    assert sorted(documented) == sorted((str(each.code), each.meaning) for each in EXITS)
    for arguments in (("--help",), ("pull", "--help")):
        shown = metrics24(*arguments)
        assert shown.code == 0
        assert all(f"{each.code}  {each.meaning}" in shown.out for each in EXITS)
    assert max(map(len, HELP.splitlines())) + 2 <= 80


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (refusal(400), 1),
        (refusal(401), 3),
        (refusal(402), 1),
        (refusal(403), 3),
        (refusal(404), 4),
        (refusal(429), 5),
        (refusal(503), 6),
        (respond_html(), 7),
        (page(newest_first(100, 1), more=True, endCursor=None), 7),
    ],
    ids=["400", "401", "402", "403", "404", "429", "503", "html", "no-cursor"],
)
def test_a_failure_is_one_line_and_a_code(
    metrics24: Metrics24, serve: Serve, desk: Path, step: Step, code: int
) -> None:
    """An error of the API is one line on stderr, its exit code, no traceback, no output and no file."""
    server = serve(in_turn(step))
    ended = metrics24(*PULL, "--base-url", server.base_url)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("Error: ")
    assert len(ended.err.splitlines()) == 1
    assert list(desk.iterdir()) == []


def test_errors_are_json_for_programs(metrics24: Metrics24, serve: Serve) -> None:
    """With --json an error is one object on stderr with type, message, status and exit code."""
    server = serve(in_turn(refusal(404, "no such integration")))
    ended = metrics24(*PULL, "--json", "--base-url", server.base_url)
    error = json.loads(ended.err)["error"]
    assert (ended.out, error["type"], error["status"], error["exit_code"]) == ("", "NotFound", 404, 4)
    assert "no such integration" in error["message"]


@pytest.mark.parametrize("arguments", [("pull",), ("pull", "rows"), ("pull", "clicks", "--nonsense"), ("no-command",)])
def test_a_wrong_command_line_is_code_2(metrics24: Metrics24, arguments: tuple[str, ...]) -> None:
    """A wrong command line is a usage message for people, and an object for programs, both with code 2."""
    for_people, for_programs = metrics24(*arguments), metrics24(*arguments, "--json")
    assert for_people.err.startswith("Usage: metrics24")
    assert json.loads(for_programs.err)["error"]["exit_code"] == 2
    assert (for_people.code, for_programs.code) == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--start", "01/02/2025"), "'01/02/2025' is not clearly one day; write it like 2025-02-01"),
        (("--start", "2025-03-01"), "lies after --end"),
        (("--page-size", "101"), "--page-size must be a whole number, 1 to 100"),
        (("--after", "A", "--before", "B"), "--after and --before exclude each other"),
        (("--filter", "status"), "is not a filter"),
        (("-o", "x.xlsx"), ".csv, .jsonl, .ndjson, .parquet"),
        (("-o", "none/x.csv"), "does not exist"),
        (("--limit", "-1"), "--limit"),
        (("--integration", ".."), "integration"),
        (("--spreadsheet-safe", "-o", "x.jsonl"), "spreadsheet_safe"),
    ],
    ids=str,
)
def test_wrong_arguments_are_code_2_before_anything_is_sent(
    metrics24: Metrics24, serve: Serve, arguments: tuple[str, ...], complaint: str
) -> None:
    """Arguments that cannot work end with code 2 and the reason, and the server hears nothing."""
    server = serve(in_turn(page([])))
    ended = metrics24(*PULL, *arguments, "--base-url", server.base_url)
    assert (ended.code, server.hits) == (2, 0)
    assert complaint in ended.err


def test_fault_61_control_characters_in_messages_are_escaped(metrics24: Metrics24, serve: Serve) -> None:
    """The text of a server in an error cannot move the cursor, forge a line or turn the text around."""
    server = serve(in_turn(refusal(400, "\x1b[2J\x1b]0;mine\x07\r\nError: all is well\u202e\x9b31m")))
    ended = metrics24(*PULL, "--base-url", server.base_url)
    assert ended.err.rstrip("\n").isprintable()


def test_a_warning_is_one_line(metrics24: Metrics24, serve: Serve) -> None:
    """A server that ignores a filter gives one warning on stderr, as an object for programs, and the file is kept."""
    server = serve(in_turn(page(newest_first(10, 1))))
    arguments = (*PULL, "--filter", "status=rejected", "--overwrite", "--base-url", server.base_url)
    for_people, for_programs = metrics24(*arguments), metrics24(*arguments, "--json")
    assert for_people.err.startswith("Warning: The server seems to ignore the filter: 10 of 10 rows")
    assert len(for_people.err.splitlines()) == 1
    assert json.loads(for_programs.err)["warning"]["type"] == "FilterIgnoredWarning"
    assert (for_people.code, for_programs.code) == (0, 0)


def test_debug_shows_the_traceback(metrics24: Metrics24, serve: Serve) -> None:
    """With --debug the traceback comes before the message, and never holds the key."""
    server = serve(in_turn(respond_json(table([]) | {"data": 1})))
    ended = metrics24(*PULL, "--debug", "--base-url", server.base_url)
    assert ended.err.startswith("Traceback")
    assert ended.err.splitlines()[-1].startswith("Error: The response to")
    assert "sandbox-key" not in ended.err
    assert ended.code == 7


def test_a_fault_of_ours_is_called_one(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception that is no error of the client says that metrics24 is at fault, and is code 1."""
    assert Output().error(ZeroDivisionError("division by zero")) == 1
    assert capsys.readouterr().err == (
        "Error: ZeroDivisionError: division by zero. This is a fault of metrics24 itself; --debug shows where.\n"
    )


def test_every_error_of_the_client_has_a_documented_code() -> None:
    """Of the exported errors only the general ones, 400 and 402 end with the code for all others."""
    others = {"Metrics24Error", "StatusError", "BadRequest", "RequestFailed"}
    exported = [getattr(package, name) for name in package.__all__ if name not in others]
    kinds = [each for each in exported if isinstance(each, type) and issubclass(each, errors.Metrics24Error)]
    assert [kind.__name__ for kind in kinds if exit_code(kind("x")) == 1] == []


def test_output_survives_closed_streams_and_narrow_encodings(shell: Shell) -> None:
    """A reader that goes away, a closed stdout and an encoding without a character cost no traceback and no code."""
    command = shlex.join([*COMMAND, "--help"])
    for line in (f"{command} | head -1 > /dev/null; exit ${{PIPESTATUS[0]}}", f"{command} >&-"):
        done = subprocess.run(
            ["/bin/bash", "-c", line], env=shell.environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    ended = shell.run("pull", "clicks", "--integration", "i", "--last", "1d", "-o", "ü.xlsx", PYTHONIOENCODING="ascii")
    assert ended.code == 2
    assert "?.xlsx" in ended.err
