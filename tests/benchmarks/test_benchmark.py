"""The benchmark measures what it says: everyone gets the same rows, and mistakes are not taken for speed."""

import importlib
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.__main__ import BEGIN, DOCUMENT, END, fill
from bench.candidate import MODULES, ends
from bench.chart import Bar, Panel, chart
from bench.job import DAYS, Job, Outcome, Result
from bench.plan import CANDIDATES, table_job
from bench.runner import Case, environment, interleave, serving
from bench.targets import Figures, Target, targets
from repository.tree import ROOT

ROWS = 300
NEEDED = {"httpx_orjson": "orjson", "aiohttp": "aiohttp", "dlt": "dlt"}
PRESENT = [
    (work, candidate)
    for work, candidates in CANDIDATES.items()
    for candidate in candidates
    if find_spec(NEEDED.get(candidate, "httpx"))
]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """A server of the benchmark."""
    with serving() as url:
        yield url


def done(job: Job) -> Result:
    """Do a job in this process."""
    result: Result = importlib.import_module(f"bench.{MODULES[job.candidate]}").run(job)
    return result


def placed(folder: Path, candidate: str, work: str, rows: int, base_url: str) -> Job:
    """A job that writes to a folder."""
    job = table_job(candidate, work, rows, base_url)
    return Job(**{**job.__dict__, "folder": str(folder)})


@pytest.mark.parametrize(("work", "candidate"), PRESENT)
def test_every_candidate_gets_the_same_rows(work: str, candidate: str, base_url: str, tmp_path: Path) -> None:
    """Each candidate gives 300 rows, from the first id of the first page to the last id of the third."""
    result = done(placed(tmp_path, candidate, work, ROWS, base_url))
    first, last, _ = ends(result)
    assert result.rows == ROWS
    assert (first or "")[:10] == "0000000000"
    assert (last or "")[:10] == "0000000299"


@pytest.mark.parametrize("candidate", ["metrics24", "requests", "raw", "generated"])
def test_files_hold_the_rows_in_one_order(candidate: str, base_url: str, tmp_path: Path) -> None:
    """The digest of ids in order is the same for a Parquet file of any candidate as for metrics24's JSON Lines."""
    parquet = ends(done(placed(tmp_path, candidate, "parquet", ROWS, base_url)))
    assert parquet[2] != ""
    assert parquet == ends(done(placed(tmp_path, "metrics24", "jsonl", ROWS, base_url)))


def test_days_add_up_to_the_table(base_url: str, tmp_path: Path) -> None:
    """The days of a table, asked for one by one from the last to the first, hold its rows in its order."""
    job = placed(tmp_path, "requests", "parquet", 2 * DAYS * 100, base_url)
    found = []
    for day in range(DAYS, 0, -1):
        params = {**job.params, **dict.fromkeys(job.day_params, f"2025-02-{day:02d}")}
        result = done(Job(**{**job.__dict__, "params": params, "work": "count"}))
        found.append(((result.first or "")[:10], (result.last or "")[:10]))
    assert found == [(f"{2 * day:08d}00", f"{2 * day + 1:08d}99") for day in range(DAYS)]


def outcome(rows: int = ROWS, last: str = "z", order: str = "o", seconds: float = 1.0) -> Outcome:
    """A run as a process reports it."""
    return Outcome(seconds=seconds, cpu=1.0, peak_mb=9.0, rows=rows, first="a", last=last, order=order)


def cases(*candidates: str) -> list[Case]:
    """Cases of one work."""
    return [Case("wire", table_job(each, "parquet", ROWS, "http://127.0.0.1:9"), each, 3) for each in candidates]


@pytest.mark.parametrize(
    "odd", [outcome(rows=299), outcome(last="y"), outcome(order="p")], ids=["rows", "end", "order"]
)
def test_wrong_rows_are_no_result(odd: Outcome) -> None:
    """A candidate with other rows than the rest, or in another order, is reported as wrong and has no figures."""
    three = cases("metrics24", "requests", "httpx")
    interleave(three, 2, lambda job: odd if job.candidate == "httpx" else outcome(), lambda _: None)
    assert [case.not_measured.partition(":")[0] for case in three] == ["", "", "wrong"]
    assert [case.median() for case in three] == [1.0, 1.0, None]


def test_candidates_take_turns() -> None:
    """Each round runs every candidate once and begins with another one; who has a reason not to run is left out."""
    three, seen = cases("metrics24", "requests", "dlt"), []

    def run(job: Job) -> Outcome | str:
        seen.append(job.candidate)
        return "not installed" if job.candidate == "dlt" else outcome()

    interleave(three, 3, run, lambda _: None)
    assert seen == ["metrics24", "requests", "dlt", "requests", "metrics24", "metrics24", "requests"]
    assert three[2].not_measured == "not installed"


def test_figures_to_reach_are_judged() -> None:
    """A ratio below its bound is met, one above it is missed by so much, and one without figures is not measured."""
    three = cases("metrics24", "requests", "generated")
    for case, seconds in zip(three, (0.5, 1.0, 2.0), strict=True):
        case.outcomes.append(outcome(seconds=seconds))
    found = {target.claim: target for target in targets(Figures(three, {}, None))}
    verdicts = [target.verdict for claim, target in found.items() if claim.startswith("to Parquet")]
    assert verdicts == ["**missed** by 11%", "met", "not measured", "not measured"]
    assert Target(claim="speed", value=0.6, limit=0.8, least=True).verdict == "**missed** by 25%"


def test_the_chart_is_svg() -> None:
    """The chart is well-formed XML with a bar per figure, the longest for the largest, whatever the names hold."""
    bars = [Bar("a & b <c>", 2.0, own=True), Bar('"d"', 1.0, own=False)]
    root = ET.fromstring(chart("x < y", [Panel("p & q", "s", bars)]))  # noqa: S314 - we wrote it ourselves
    widths = [float(each.attrib["width"]) for each in root.iter(f"{SVG}rect")][1:]
    assert root.tag == f"{SVG}svg"
    assert widths[0] == pytest.approx(2 * widths[1], rel=0.01)
    assert "a & b <c>" in [each.text for each in root.iter(f"{SVG}text")]


@pytest.mark.slow
def test_a_small_run_writes_its_results(tmp_path: Path) -> None:
    """A run of three pages and an export of 1 MB ends well, prints its tables, and writes all its results."""
    command = [sys.executable, "-m", "bench", "--rows", str(ROWS), "--rounds", "1", "--export-mb", "1"]
    command += ["--only", "growth", "export", "--results", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    held = json.loads((tmp_path / "results.json").read_text("utf-8"))
    measured = [case["rounds"][0]["rows"] for case in held["cases"] if case["candidate"] == "metrics24"]
    assert measured[:2] == [ROWS, ROWS]
    assert measured[2] > ROWS
    assert (tmp_path / "results.md").read_text("utf-8").strip() == run.stdout.strip()
    assert ET.parse(tmp_path / "chart.svg").getroot().tag == f"{SVG}svg"  # noqa: S314 - we wrote it ourselves


def test_the_document_is_filled_between_its_marks(tmp_path: Path) -> None:
    """The figures in docs/performance.md are replaced, however often, and the text around them stays."""
    original = DOCUMENT.read_text("utf-8")
    copy = tmp_path / "performance.md"
    copy.write_text(original, "utf-8")
    fill(copy, "old figures")
    fill(copy, "new figures")
    filled = copy.read_text("utf-8")
    assert filled.split(BEGIN)[0] == original.split(BEGIN)[0]
    assert filled.split(END)[1] == original.split(END)[1]
    assert filled.split(BEGIN)[1].split(END)[0].split() == ["new", "figures"]


def test_peers_share_our_versions() -> None:
    """No package that both pin files name is pinned to two versions, so that peers and metrics24 run on the same."""
    ours, peers = (
        dict(
            line.split("==") for line in (ROOT / "requirements" / name).read_text("utf-8").splitlines() if "==" in line
        )
        for name in ("constraints.txt", "bench.txt")
    )
    assert {name: version for name, version in peers.items() if ours.get(name, version) != version} == {}
