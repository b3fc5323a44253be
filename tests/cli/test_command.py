"""The command as such: versions, helps, extras that are not installed, the sandbox."""

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import metrics24 as package
from cli.commands import WEEK, Shell, interrupt
from metrics24.cli.app import COMMANDS, commands

WITHOUT = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
hidden = set(sys.argv.pop(1).split(","))
PathFinder.find_spec = lambda name, *more: None if name.partition(".")[0] in hidden else find(name, *more)
from metrics24.cli import main
main()
"""
INTERRUPTED = """
import os, runpy, signal, sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def interrupted(name, *more):
    if name == wanted:
        os.kill(os.getpid(), signal.SIGINT)
    return find(name, *more)
wanted = sys.argv.pop(1)
PathFinder.find_spec = interrupted
runpy.run_module("metrics24", run_name="__main__", alter_sys=True)
"""
LOADED = "import sys; from metrics24.cli.app import run; run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"


def without(modules: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command where some modules cannot be found."""
    program = [sys.executable, "-c", WITHOUT, modules, *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)


def test_version_is_the_package_s(shell: Shell) -> None:
    """`metrics24 --version` tells the version of the package."""
    ended = shell.run("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"metrics24 {package.__version__}\n", "")


def test_the_installed_script_is_the_same_command() -> None:
    """The script that pip installs runs the command."""
    script = Path(sys.executable).with_name("metrics24")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == f"metrics24 {package.__version__}\n"


def test_without_arguments_there_is_help(shell: Shell) -> None:
    """`metrics24` alone shows what it can do."""
    ended = shell.run()
    assert ended.code == 2
    assert "pull" in ended.err
    assert "sandbox" in ended.err


@pytest.mark.parametrize("missing", ["click", "rich", "click,rich"])
def test_without_its_extra_the_command_says_how_to_install_it(missing: str) -> None:
    """If click or rich is missing the command names the extra and ends with code 2."""
    done = without(missing, "--version")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"The command line needs {missing.replace(',', ' and ')}: pip install 'metrics24[cli]'\n"


@pytest.mark.parametrize("module", ["metrics24.cli", "click", "metrics24.cli.app", "metrics24.cli.options"])
def test_an_interrupt_while_the_command_is_loaded_is_no_traceback(module: str) -> None:
    """Ctrl-C during the imports is one line and code 130, like later on."""
    program = [sys.executable, "-c", INTERRUPTED, module, "--version"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


def test_an_interrupt_while_the_command_is_loaded_is_an_object_for_programs() -> None:
    """With --json an interrupt during the imports is an object, like later on."""
    program = [sys.executable, "-c", INTERRUPTED, "metrics24.cli.pull", "pull", "--json"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    error = {"type": "Interrupted", "message": "Interrupted.", "exit_code": 130}
    assert (done.returncode, json.loads(done.stderr)) == (130, {"error": error})


def test_without_its_extra_the_sandbox_says_how_to_install_it() -> None:
    """If the sandbox's packages are missing its command names the extra and ends with code 2."""
    done = without("starlette,uvicorn,jsonschema", "sandbox")
    assert done.returncode == 2
    assert done.stderr.endswith("pip install 'metrics24[sandbox]'\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [(), ("pull",)], ids=["metrics24", "pull"])
def test_the_example_of_each_help_works(shell: Shell, command: tuple[str, ...]) -> None:
    """The example in a help is a whole command, which gets as far as asking for a key."""
    helped = shell.run(*command, "--help").out
    example = shlex.split(helped.partition("Example:")[2].partition("\n\n")[0].replace("\\\n", " "))
    assert example[:2] == ["metrics24", "pull"]
    ended = shell.run(*example[1:], METRICS24_API_KEY="", METRICS24_BASE_URL="https://api.invalid")
    assert ended.code == 3
    assert "METRICS24_API_KEY is empty" in ended.err


def test_help_is_quick_to_come() -> None:
    """Showing help loads neither the HTTP client nor the generated code, the sandbox, pyarrow or rich."""
    program = [sys.executable, "-c", LOADED, "pull", "--help"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded & {"httpx", "metrics24_api", "metrics24_sandbox", "pyarrow", "rich"} == set()


def test_the_sandbox_is_started_with_its_own_options(shell: Shell) -> None:
    """`metrics24 sandbox` passes its options on, serves a pull, and ends with Ctrl-C."""
    with shell.start("sandbox", "--json", "--conversions-per-day", "20", "--api-key", "abc") as process:
        assert process.stdout is not None
        served = json.loads(process.stdout.readline())
        arguments = ("pull", "conversions", *WEEK, "-o", "rows.csv", "--base-url", served["base_url"], "--json")
        pulled = shell.run(*arguments, METRICS24_API_KEY="abc")
        ended = interrupt(process, signal.SIGINT)
    assert 0 < json.loads(pulled.out)["rows"] < 7 * 40
    assert (ended.code, ended.err) == (0, "")


def test_the_sandbox_s_example_works(shell: Shell) -> None:
    """The example in the sandbox's help, which its own parser writes, starts a sandbox that serves until Ctrl-C."""
    example = shell.run("sandbox", "--help").out.partition("Example:")[2].split()
    assert example[:2] == ["metrics24", "sandbox"]
    with shell.start(*example[1:]) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["base_url"].startswith("http://127.0.0.1:")
        assert interrupt(process, signal.SIGINT).code == 0


def every_command(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give a command and all below it, each with its place."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from every_command(below, *path, name)


def test_the_list_of_commands_has_the_first_line_of_each_help() -> None:
    """The lines that `metrics24 --help` shows without loading the commands are those of the commands."""
    for name, (_, line) in COMMANDS.items():
        command = commands.get_command(click.Context(commands), name)
        assert command is not None
        assert (command.help or "").partition("\n\n")[0].replace("\n", " ") == line


def test_no_command_is_without_help_and_example() -> None:
    """Each command says what it does and shows an example; the sandbox leaves both to its own parser."""
    silent = [path for path, each in every_command(commands) if not each.help or "Example:" not in (each.epilog or "")]
    assert silent == [("sandbox",)]


def test_the_sandbox_s_help_and_errors_are_its_own(shell: Shell) -> None:
    """`metrics24 sandbox --help` lists the sandbox's options, and an unknown one is code 2."""
    helped, refused = shell.run("sandbox", "--help"), shell.run("sandbox", "--nonsense")
    assert (helped.code, refused.code) == (0, 2)
    assert "--seed" in helped.out
