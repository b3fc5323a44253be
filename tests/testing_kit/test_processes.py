"""The kit where something is missing, and the process that `sandbox_process` starts."""

import gc
import io
import json
import subprocess
import sys

import httpx
import pytest

from metrics24.errors import UsageError
from metrics24.testing import sandbox_process
from metrics24.testing.sandboxes import serve

NOW = "2025-02-10T12:00:00"

WITHOUT = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *more: None if name.partition(".")[0] == sys.argv[1] else find(name, *more)
from metrics24 import UsageError
"""
ABANDONED = """
import os
from metrics24.testing import sandbox_process
with sandbox_process() as box:
    print(box.base_url, flush=True)
    os._exit(1)
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program."""
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("package", "use", "words"),
    [
        *(
            ("uvicorn", f"import metrics24.testing as kit\n  with kit.{kind}(): pass", "The sandbox needs uvicorn: {}")
            for kind in ("sandbox", "sandbox_process")
        ),
        ("pytest", "import metrics24.testing.plugin", "The fixtures of metrics24 need pytest: {}"),
    ],
)
def test_what_is_missing_is_named_with_the_remedy(package: str, use: str, words: str) -> None:
    """Without the sandbox's packages, or pytest for the fixtures, there is a UsageError that says what to install."""
    remedy = "pip install 'metrics24[sandbox]'" if package == "uvicorn" else "pip install pytest"
    done = run(f"{WITHOUT}\ntry:\n  {use}\nexcept UsageError as error: print(error)", package)
    assert (done.stdout, done.stderr) == (f"{words.format(remedy)}\n", "")


def test_the_kit_is_loaded_by_those_who_ask_for_it() -> None:
    """The client does not load the testing kit, and the kit loads the sandbox only to start it."""
    done = run("import sys, metrics24; metrics24.Client; print(*sys.modules)")
    assert "metrics24.testing" not in done.stdout.split()
    done = run("import sys, metrics24.testing; print(*sys.modules)")
    assert not {"metrics24_sandbox", "pytest", "uvicorn"} & set(done.stdout.split())


def test_a_process_does_not_outlive_the_one_that_started_it() -> None:
    """If the program that started a sandbox dies, the sandbox ends too."""
    done = run(ABANDONED)
    url = done.stdout.strip()
    assert url.startswith("http://127.0.0.1:")
    for _ in range(200):
        try:
            httpx.get(url, timeout=1)
        except httpx.TransportError:
            return
    pytest.fail("it still answers")


def test_a_process_that_has_ended_is_told() -> None:
    """To ask a sandbox whose process was killed is UsageError."""
    with sandbox_process() as box:
        box._command._process.kill()  # type: ignore[attr-defined]
        box._command._process.wait()  # type: ignore[attr-defined]
        with pytest.raises(UsageError, match="process has ended"):
            box.hits("getClick")
        with pytest.raises(UsageError, match="process has ended"):
            box.reset()
    gc.collect()


def test_the_process_answers_line_by_line() -> None:
    """The program of the process answers each command with one line, errors too, and ends with its input."""
    commands = [{"now": NOW}, ["hits", "getClick"], ["fail_next", "getClick", "explode"], ["advance", 1], ["reset"]]
    answers = io.StringIO()
    serve(io.StringIO("".join(json.dumps(command) + "\n" for command in commands)), answers)
    first, *others = map(json.loads, answers.getvalue().splitlines())
    assert first["result"]["organization"] == "acmegroup1"
    assert others == [{"result": 0}, {"error": others[1]["error"]}, {"result": None}, {"result": None}]
    with pytest.raises(httpx.ConnectError):
        httpx.get(first["result"]["base_url"])


def test_the_process_explains_a_choice_it_cannot_start_with() -> None:
    """A wrong choice is answered with its reason, and the program ends."""
    responses = io.StringIO()
    serve(io.StringIO('{"rows": 1}\n["reset"]\n'), responses)
    assert list(json.loads(responses.getvalue())) == ["error"]
