"""How long it takes until metrics24 can be used: imports in fresh interpreters, and the command's help."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from bench.runner import environment

ROUNDS = 9
_TIMED = "import time; started = time.perf_counter(); {0}; print(time.perf_counter() - started)"
PROGRAMS = {
    "import metrics24": "import metrics24",
    "import metrics24, first Client()": "import metrics24; metrics24.Client(api_key='k', base_url='http://127.0.0.1:9')",
    "import httpx": "import httpx",
    "import httpx, first Client()": "import httpx; httpx.Client()",
}
HELP = "metrics24 --help"
_FOREIGN = """
import sys
before = {name.partition(".")[0] for name in sys.modules}
import metrics24
loaded = {name.partition(".")[0] for name in sys.modules} - before - sys.stdlib_module_names - {"metrics24"}
print(" ".join(sorted(loaded)))
"""


def startup(python: str, rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds per round; those of imports are without the start of the interpreter, the command's with all."""
    taken: dict[str, list[float]] = {name: [] for name in (*PROGRAMS, HELP)}
    for number in range(rounds + 1):  # the first round only fills caches
        for name, program in PROGRAMS.items():
            seconds = float(_output(python, "-c", _TIMED.format(program)))
            taken[name] += [seconds] if number else []
        started = time.perf_counter()
        _output(python, "-m", "metrics24", "--help")
        taken[HELP] += [time.perf_counter() - started] if number else []
    return taken


def foreign_modules(python: str) -> list[str]:
    """What `import metrics24` loads from elsewhere than the standard library."""
    return _output(python, "-c", _FOREIGN).split()


def _output(*command: str) -> str:
    done = subprocess.run(
        command,
        env=environment(),
        cwd=Path(command[0]).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
