"""The command `metrics24`. Nothing here is imported by the rest of the package."""

from __future__ import annotations

import sys
from importlib.util import find_spec

_INTERRUPTED = 130


def main() -> None:
    """Run the command and exit with its code, also when it is interrupted before it is loaded."""
    try:
        code = _run()
    except KeyboardInterrupt:
        told = '{"error": {"type": "Interrupted", "message": "Interrupted.", "exit_code": 130}}'
        sys.stderr.write(f"{told if '--json' in sys.argv else 'Interrupted.'}\n")
        code = _INTERRUPTED
    sys.exit(code)


def _run() -> int:
    """Run the command; without click and rich, say how to install them."""
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        sys.stderr.write(f"The command line needs {' and '.join(missing)}: pip install 'metrics24[cli]'\n")
        return 2
    from metrics24.cli.app import run  # noqa: PLC0415  click is optional

    return run(sys.argv[1:])
