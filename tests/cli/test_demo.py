"""The demo that `make demo` runs."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pyarrow import parquet

from cli.commands import Shell
from metrics24_sandbox import Sandbox

pytestmark = pytest.mark.slow

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def test_the_demo_shows_a_week_and_how_to_get_it(shell: Shell, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo pulls over 20,000 rows, shows tables of 80 columns, stops its sandbox and ends with working code."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(DEMO)],
        cwd=shell.folder,
        env=dict(shell.environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    pulled = parquet.read_table(shell.folder / "demo-output" / "conversions.parquet")
    assert pulled.num_rows > 20_000
    assert f"{pulled.num_rows:,} conversions of acmeshop01" in done.stdout
    assert re.search(r"^50,000 rows into Parquet took [\d.]+ s: [\d,]+ rows/s$", done.stdout, re.MULTILINE)
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout
    with pytest.raises(httpx.ConnectError):
        httpx.get(done.stdout.partition("serves at ")[2].split()[0])
    monkeypatch.chdir(shell.folder)
    monkeypatch.setenv("METRICS24_BASE_URL", box.base_url)
    monkeypatch.setenv("METRICS24_API_KEY", box.api_key)
    exec("\n".join(done.stdout.splitlines()[-3:]), {})  # noqa: S102  to run what the demo tells to run is the point
    assert parquet.read_table("conversions.parquet").num_rows > 300
