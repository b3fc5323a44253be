"""All attacks, one after the other: python -m attack --minutes 30."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PINS = ROOT / "requirements" / "constraints.txt"
SHARES = {"mutation": 0.6, "fuzzing": 0.15, "killing": 0.15, "soak": 0.1}
"""How much of the time each attack gets. What comes on top: the tests run once before they meet mutants."""


def audit() -> tuple[bool, str]:
    """Look up every pinned package; return True if all were found and none has a known weakness, and a report.

    What could not be looked up does not pass.
    """
    command = [sys.executable, "-m", "pip_audit", "-r", str(PINS), "--no-deps", "--disable-pip", "-f", "json"]
    done = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return False, f"the advisories could not be reached, so nothing was audited: {done.stderr.strip()[-300:]}"
    missed = [each["name"] for each in found if "skip_reason" in each]
    weak = [f"{each['name']} {each['version']}: {one['id']}" for each in found for one in each.get("vulns", ())]
    if len(missed) == len(found):
        return False, f"the index knows none of the {len(found)} packages, so nothing was audited"
    lines = [f"{len(found) - len(missed)} of {len(found)} packages audited, {len(weak)} known weaknesses", *weak]
    return not weak and not missed, "\n".join(lines + [f"not audited: {name}" for name in missed])


def main() -> None:
    """Attack, and fail if any attack found something."""
    parser = argparse.ArgumentParser(description="Attack the client in every way there is.")
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    failed = []
    for name, share in SHARES.items():
        sys.stdout.write(f"\n== {name}\n")
        sys.stdout.flush()
        command = [sys.executable, "-W", "error", "-m", f"attack.{name}", "--minutes", f"{minutes * share}"]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    passed, said = audit()
    sys.stdout.write(f"\n== pip-audit\n{said}\n")
    failed += [] if passed else ["pip-audit"]
    sys.stdout.write(f"\n{'not passed: ' + ', '.join(failed) if failed else 'all passed'}\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
