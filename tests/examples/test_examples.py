"""The scripts of examples/, run as their readers run them."""

import csv
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyarrow import parquet

from metrics24.testing import SandboxBox, sandbox

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
WEEK = ("acmeshop01", "2025-02-01", "2025-02-07")
LINES = 60

Ended = subprocess.CompletedProcess[str]
Process = subprocess.Popen[str]
Run = Callable[..., Ended]
Start = Callable[..., Process]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxBox]:
    """One sandbox for all scripts."""
    with sandbox() as box:
        yield box


@pytest.fixture
def box(server: SandboxBox) -> SandboxBox:
    """The sandbox, as if just started."""
    server.reset()
    return server


@pytest.fixture
def start(box: SandboxBox, tmp_path: Path) -> Start:
    """Start a script in an empty folder, with the sandbox in its environment."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("METRICS24_")}

    def start(name: str, *arguments: str) -> Process:
        command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
        environment = {**others, **box.environment()}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, stdout=pipe, stderr=pipe)

    return start


@pytest.fixture
def run(start: Start) -> Run:
    """Run a script to its end."""

    def run(name: str, *arguments: str) -> Ended:
        with start(name, *arguments) as process:
            try:
                out, err = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run


def test_examples_are_short() -> None:
    """There are five scripts beside the demo, each of fewer than sixty lines."""
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in EXAMPLES.glob("*.py")}
    assert lengths.pop("demo.py") > 0
    assert len(lengths) == 5
    assert max(lengths.values()) < LINES


def days_in(folder: Path) -> list[Path]:
    """Give the files of days that were copied to a folder, without what it keeps hidden."""
    return sorted(path for path in (folder / "clicks").iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_the_daily_copy_fills_what_is_missing(run: Run, tmp_path: Path, suffix: str) -> None:
    """A file appears for each day up to yesterday, and the next run reads what is missing, or was not over."""
    arguments = ("daily_copy.py", "acmeshop01", "--days", "3", "--refresh", "0", "--format", suffix)
    first = run(*arguments)
    files = days_in(tmp_path)
    assert (first.stderr, first.returncode) == ("", 0)
    assert date.fromisoformat(files[-1].stem[7:]) in {date.today() - timedelta(days=1), date.today()}
    assert [path.suffix for path in files] == [f".{suffix}"] * 3
    oldest = files[0].stat().st_mtime_ns
    files[1].unlink()
    second = run(*arguments)
    read = {line.partition(":")[0] for line in second.stdout.splitlines()}
    assert {f"clicks/{files[1].name}"} <= read <= {f"clicks/{path.name}" for path in files[1:]}
    assert days_in(tmp_path) == files
    assert files[0].stat().st_mtime_ns == oldest


def test_the_daily_copy_holds_the_day_s_clicks(run: Run, box: SandboxBox, tmp_path: Path) -> None:
    """The file of a day has all clicks of that day and no other."""
    run("daily_copy.py", "acmeshop01", "--days", "1")
    (path,) = days_in(tmp_path)
    day = path.stem.removeprefix("clicks-")
    times = parquet.read_table(path)["request_time"].to_pylist()
    with box.client() as client:
        clicks = list(client.reports.clicks("acmeshop01", start=day, end=day))
    assert times == [click.request_time for click in clicks]
    assert {time[:10] for time in times} == {day}


def test_a_daily_copy_that_fails_says_why(run: Run, tmp_path: Path) -> None:
    """A night that fails names the error, has an exit code for the scheduler, and leaves no file of half a day."""
    failed = run("daily_copy.py", "no-such-one")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith(("Forbidden: ", "NotFound: "))
    assert list((tmp_path / "clicks").iterdir()) == []


def test_the_fraud_share_counts_each_publisher(run: Run, box: SandboxBox) -> None:
    """Each publisher is shown with its conversions and the share that is rejected, the largest first."""
    done = run("fraud_share.py", *WEEK)
    assert (done.stderr, done.returncode) == ("", 0)
    with box.client() as client:
        rows = list(client.reports.conversions(WEEK[0], start=WEEK[1], end=WEEK[2]))
    conversions = Counter(row.publisher for row in rows)
    rejected = Counter(row.publisher for row in rows if row.status == "rejected")
    _, *lines = done.stdout.splitlines()
    shown = {publisher: (count, share) for publisher, count, share, _ in map(str.split, lines)}
    assert shown == {name: (f"{n:,}", f"{rejected[name] / n:.1%}") for name, n in conversions.items()}
    shares = [float(line.split()[2].rstrip("%")) for line in lines]
    assert shares == sorted(shares, reverse=True)


def test_a_disputed_click_is_explained(run: Run, box: SandboxBox) -> None:
    """The click is shown with its status and why, and a click that does not exist ends with what to check."""
    with box.client() as client:
        clicks = client.reports.clicks("acmeshop01", start="2025-02-01", end="2025-02-01")
        click = next(row for row in clicks if row.status == "rejected")
    keys = [str(click.offer), str(click.publisher)]
    found = run("disputed_click.py", "acmeshop01", "2025-02-01", *keys, str(click.tx_id))
    assert (found.stderr, found.returncode) == ("", 0)
    assert f"{'rejection_reason':<18}{click.rejection_reason!r}" in found.stdout.splitlines()
    missed = run("disputed_click.py", "acmeshop01", "2025-02-02", *keys, str(click.tx_id))
    assert (missed.stdout, missed.returncode) == ("", 1)
    assert "Check the date first" in missed.stderr
    assert "Traceback" not in missed.stderr


def test_offers_are_paused_and_put_back(run: Run, box: SandboxBox) -> None:
    """Offers leave the groups that hold them with --yes only, come back where told, and other offers stay."""
    with box.client() as client:
        groups = client.filter_groups.list("acmeshop01")
        first, second, third = before = [tuple(group.offer_ids or ()) for group in groups]
        pause = ("pause_offers.py", "acmeshop01", first[0], second[1], "no-such-offer")
        shown = run(*pause)
        assert [tuple(group.offer_ids or ()) for group in groups] == before
        assert box.hits("updateFilterGroup") == 0
        done = run(*pause, "--yes")
        assert [tuple(group.offer_ids or ()) for group in groups] == [first[1:], (second[0], *second[2:]), third]
        back = run("pause_offers.py", "acmeshop01", first[0], "--back-into", next(iter(groups)).id, "--yes")
        assert set(next(iter(groups)).offer_ids or ()) == set(first)
    assert (shown.stderr, done.stderr, back.stderr) == ("", "", "")
    assert shown.stdout.splitlines()[-1] == "Groups to change: 2; add --yes to do it"
    assert done.stdout.splitlines()[-1] == "Groups changed: 2"
    assert f"): add {first[0]}" in back.stdout


def test_an_export_becomes_a_file(run: Run, box: SandboxBox, tmp_path: Path) -> None:
    """The file holds all clicks of the days, and an equal export is not asked for twice."""
    done = run("export_to_csv.py", *WEEK, "-o", "clicks.csv")
    assert done.returncode == 0
    with (tmp_path / "clicks.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    with box.client() as client:
        clicks = {row.real_tx_id for row in client.reports.clicks(WEEK[0], start=WEEK[1], end=WEEK[2])}
    assert {row[header.index("real_tx_id")] for row in rows} == clicks
    assert done.stdout.startswith(f"clicks.csv: {len(clicks):,} clicks, ")
    assert run("export_to_csv.py", *WEEK, "-o", "again.csv").returncode == 0
    assert box.hits("downloadClicks") == 1


def test_an_export_is_taken_up_again(run: Run, start: Start, box: SandboxBox, tmp_path: Path) -> None:
    """A script that is interrupted ends with the command that goes on, and that one finishes the file."""
    box.fail_next("getExport", "stall")
    with start("export_to_csv.py", *WEEK, "-o", "clicks.csv") as process:
        while not box.hits("getExport"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    python, script, *arguments = said.rpartition("Interrupted. Go on with: ")[2].split()
    assert (process.returncode, python, Path(script).name) == (1, "python", "export_to_csv.py")
    assert "Traceback" not in said
    resumed = run("export_to_csv.py", *arguments)
    assert resumed.returncode == 0
    assert resumed.stdout.startswith("clicks.csv: ")
    assert box.hits("downloadClicks") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["clicks.csv"]


def test_an_export_needs_days_or_an_id(run: Run, box: SandboxBox) -> None:
    """Without days, or with days and an id, the script explains its use and asks for nothing."""
    for arguments in ((), ("acmeshop01", "2025-02-01"), (*WEEK, "--resume", "E")):
        refused = run("export_to_csv.py", *arguments, "-o", "clicks.csv")
        assert refused.returncode == 2
        assert "give an integration and two days, or --resume" in refused.stderr
    assert box.hits("downloadClicks") == 0
