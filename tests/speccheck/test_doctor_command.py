"""`metrics24 doctor` as a command: options that make no sense, help, a terminal, and ends that users bring about."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from pathlib import Path

import pytest

from cli.commands import Shell, interrupt
from metrics24_sandbox import Sandbox
from speccheck.conftest import KEY, Doctor, Serve
from speccheck.groups import SCRATCH, Groups
from speccheck.stage import healthy, operation_of, stage
from support.scripted import Received, ScriptedServer, Step
from support.steps import silence

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")


def shell_for(server: Sandbox | ScriptedServer, folder: Path) -> Shell:
    """A shell that is set up for a server."""
    kept = {name: value for name, value in os.environ.items() if name not in PROXIES and "METRICS24" not in name}
    key = server.api_key if isinstance(server, Sandbox) else KEY
    return Shell(folder, {**kept, "METRICS24_API_KEY": key, "METRICS24_BASE_URL": server.base_url})


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("--start", "2025-02-02", "--end", "2025-02-01"), 2, "lies after"),
        (("--start", "someday"), 2, "'someday' is not clearly one day"),
        (("--route", "getClick"), 2, "must look like 'getClick=GET /the/path'"),
        (("--route", "getClicks=GET /x"), 3, "there is no operation 'getClicks'"),
        (("--include-writes",), 2, "needs --scratch-integration and --organization"),
        (("--scratch-integration", "x"), 2, "need --include-writes"),
        (("--include-exports",), 2, "need --include-writes"),
        (("--integration", "a/b"), 2, "cannot be an id"),
    ],
    ids=str,
)
def test_options_that_make_no_sense_send_nothing(
    doctor: Doctor, box: Sandbox, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    """Options that contradict each other, cannot be read or name nothing end before anything is sent."""
    ended = doctor(box, *arguments)
    assert (ended.code, box.requests) == (code, ())
    assert complaint in ended.err + ended.out


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        (("--start", "2025-02-01"), "2025-02-01", "2025-02-01"),
        (("--end", "2025-02-03"), "2025-02-03", "2025-02-03"),
        (("--start", "2025-02-01", "--end", "2025-02-03"), "2025-02-01", "2025-02-03"),
    ],
)
def test_the_days_are_those_of_the_options(
    doctor: Doctor, serve: Serve, days: tuple[str, ...], first: str, last: str
) -> None:
    """One day alone is both the first and the last one."""
    server = serve(stage(healthy()))
    doctor(server, "--integration", "acmeshop01", *days)
    request = next(each for each in server.requests if operation_of(each) == "getClickReport")
    assert (request.parameter("start_date"), request.parameter("end_date")) == (first, last)


@pytest.mark.parametrize("command", ["doctor", "drift"])
def test_the_example_of_the_help_works(shared: Sandbox, tmp_path: Path, command: str) -> None:
    """The example in the help runs against a sandbox with code 0."""
    shell = shell_for(shared, tmp_path)
    helped = shell.run(command, "--help").out
    example = shlex.split(helped.partition("Example:")[2].partition("\n\n")[0].replace("\\\n", " "))
    ended = shell.run(*example[1:])
    assert (example[:2], ended.code, ended.err) == (["metrics24", command], 0, "")


def test_a_terminal_sees_the_current_operation(shared: Sandbox, tmp_path: Path) -> None:
    """On a terminal a line that is overwritten names each operation, and is cleared in the end."""
    ended = shell_for(shared, tmp_path).run_on_terminal("doctor", "--integration", "acmeshop01")
    assert ended.code == 0
    assert "\r\x1b[KgetClickReport ..." in ended.err
    assert ended.err.endswith("\r\x1b[K")
    quiet = shell_for(shared, tmp_path).run_on_terminal("doctor", "--integration", "acmeshop01", "--quiet")
    assert (quiet.code, quiet.err) == (0, "")


class Waiting(Groups):
    """A server that keeps filter groups and falls silent at one operation."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.reached = threading.Event()
        self._operation = operation

    def __call__(self, request: Received) -> Step:
        if operation_of(request) == self._operation:
            self.reached.set()
            return silence
        return super().__call__(request)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", [("doctor",), ("drift", "--live")], ids=lambda each: str(each[0]))
def test_ctrl_c_ends_a_command_at_once(
    serve: Serve, tmp_path: Path, command: tuple[str, ...], number: signal.Signals, code: int
) -> None:
    """Ctrl-C and SIGTERM end a command that waits for a response with one line and their codes."""
    server = Waiting("getConversionReport")
    with shell_for(serve(server), tmp_path).start(*command, "--integration", "acmeshop01") as process:
        assert server.reached.wait(30)
        ended = interrupt(process, number)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (code, "", 1)


def test_ctrl_c_does_not_leave_a_filter_group_behind(serve: Serve, tmp_path: Path) -> None:
    """A doctor that is interrupted between its writes deletes what it has created."""
    server = Waiting("updateFilterGroup")
    served = serve(server)
    with shell_for(served, tmp_path).start("doctor", *SCRATCH) as process:
        assert server.reached.wait(30)
        kept = len(server.kept)
        ended = interrupt(process)
    assert (ended.code, kept, server.kept) == (130, 2, {})
