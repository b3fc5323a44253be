"""The command `metrics24`. Nothing here is imported by the rest of the package."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def main() -> None:
    """Run the command and exit with its code; without click and rich, say how to install them."""
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        sys.stderr.write(f"The command line needs {' and '.join(missing)}: pip install 'metrics24[cli]'\n")
        sys.exit(2)
    from metrics24.cli.app import run  # noqa: PLC0415  click is optional

    sys.exit(run(sys.argv[1:]))
