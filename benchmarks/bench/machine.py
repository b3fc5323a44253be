"""The machine that was measured, as far as it matters."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PACKAGES = ("aiohttp", "attrs", "dlt", "httpcore", "httpx", "msgspec", "orjson", "pyarrow", "requests", "urllib3")
_VERSIONS = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"


def described(python: str) -> dict[str, Any]:
    """Processor, memory, system, Python, packages, and what else the machine is doing."""
    return {
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory": _line("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": [round(each, 2) for each in os.getloadavg()],
        "packages": _packages(python),
    }


def _line(path: str, name: str) -> str:
    """Return the value that a file of /proc has under a name."""
    lines = Path(path).read_text("utf-8").splitlines() if Path(path).exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _packages(python: str) -> dict[str, str]:
    done = subprocess.run([python, "-c", _VERSIONS], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return {name: found[name] for name in PACKAGES if name in found}
