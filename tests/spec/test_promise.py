"""A guessed path or method is corrected by one edit of the specification and a regeneration."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from metrics24_api.operation_table import OPERATIONS
from spec.copies import copied, regenerate

pytestmark = pytest.mark.slow

GUESSED = OPERATIONS["getClickReport"]
CORRECTED = ("POST", "/api/v3/traffic/click-rows")

READ = """
import json, metrics24, metrics24_api, metrics24_sandbox
from metrics24_sandbox import Sandbox, SandboxOptions

with Sandbox(SandboxOptions(now="2025-03-01T12:00:00")) as box:
    with metrics24.Client(api_key=box.api_key, base_url=box.base_url) as client:
        rows = client.reports.clicks(box.integrations[0], start="2025-02-01", end="2025-02-02", page_size=10, limit=25)
        ids = [row.real_tx_id for row in rows]
origins = [module.__file__ for module in (metrics24, metrics24_api, metrics24_sandbox)]
print(json.dumps({"rows": len(ids), "distinct": len(set(ids)), "origins": origins}))
"""

ASK = """
import httpx, sys
from metrics24_sandbox import Sandbox, SandboxOptions

with Sandbox(SandboxOptions(now="2025-03-01T12:00:00")) as box:
    days = {"start_date": "2025-02-01", "end_date": "2025-02-02"}
    query = {"integration_id": box.integrations[0], "page[size]": 1, **days}
    for method, path in zip(sys.argv[1::2], sys.argv[2::2]):
        print(httpx.request(method, box.base_url + path, params=query, headers={"API-KEY": box.api_key}).status_code)
"""


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which method and path of one operation were edited, and nothing else."""
    copy = copied(tmp_path_factory.mktemp("copy") / "tree", "openapi", "scripts", "generated", "overlay", "sandbox")
    spec = copy / "openapi" / "spec.yaml"
    method, path = CORRECTED
    guess = f"  {GUESSED.path}:\n    {GUESSED.method.lower()}:\n      operationId: {GUESSED.id}\n"
    text = spec.read_text("utf-8")
    assert text.count(guess) == 1
    correction = f"  {path}:\n    {method.lower()}:\n      operationId: {GUESSED.id}\n"
    spec.write_text(text.replace(guess, correction), encoding="utf-8")
    outcome = regenerate(copy)
    assert outcome.returncode == 0, outcome.stderr
    return copy


def run(copy: Path, program: str, *arguments: str) -> str:
    """Run a program with the copy's packages instead of the installed ones, and return its output."""
    folders = [str(copy / folder) for folder in ("overlay", "generated", "sandbox")]
    outcome = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def test_the_sandbox_serves_the_corrected_route_alone(corrected: Path) -> None:
    """The copy's sandbox answers where the corrected specification says, and no longer where the guess was."""
    right, wrong = run(corrected, ASK, *CORRECTED, GUESSED.method, GUESSED.path).split()
    assert right == "200"
    assert wrong in {"404", "405"}


def test_client_and_sandbox_still_work_together(corrected: Path) -> None:
    """With no other edit, the copy's client reads pages of the copy's sandbox over the corrected route."""
    told = json.loads(run(corrected, READ))
    assert (told["rows"], told["distinct"]) == (25, 25)
    assert all(str(corrected) in origin for origin in told["origins"])
