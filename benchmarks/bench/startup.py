"""The time until metrics24 can be used: imports in fresh interpreters, and the command's help.

A client loads what it needs when it first needs it. So a first request is timed as well, from the import to its
response, and what is only put off cannot look like something saved.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.runner import environment

ROUNDS = 9
_TIMED = "import time; started = time.perf_counter(); {0}; print(time.perf_counter() - started)"
_CLIENT = "import metrics24; client = metrics24.Client(api_key='k', base_url='{url}')"
PROGRAMS = {
    "import metrics24": "import metrics24",
    "import metrics24, first Client()": _CLIENT,
    "import metrics24, first request": _CLIENT + "; client.request('listExports').json()",
    "import httpx": "import httpx",
    "import httpx, first Client()": "import httpx; httpx.Client()",
    "import httpx, first request": "import httpx; httpx.Client().get('{url}').json()",
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
    with _answering() as url:
        for number in range(rounds + 1):  # the first round only fills caches
            for name, program in PROGRAMS.items():
                seconds = float(_output(python, "-c", _TIMED.format(program.format(url=url))))
                taken[name] += [seconds] if number else []
            started = time.perf_counter()
            _output(python, "-m", "metrics24", "--help")
            taken[HELP] += [time.perf_counter() - started] if number else []
    return taken


class _EmptyPage(BaseHTTPRequestHandler):
    """An empty object for everybody."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def _answering() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def foreign_modules(python: str) -> list[str]:
    """The packages outside the standard library that `import metrics24` loads."""
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
