"""Faults 48 and 65: processes that are killed while they download, and processes that want the same path."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest

from metrics24 import SaveError, TransportError
from support import programs, steps
from support.account import Fetching, Stage, leftovers
from support.scripted import Exchange, Serve, Step
from support.storage import LARGE, MIB, both, constant, cut, stall

pytestmark = pytest.mark.slow

HALF = len(LARGE) // 2
OTHER = LARGE.replace(b"x", b"y")
BUFFER = 16_384  # what a process may hold back of what it has written
POINTS = {"after_the_first_block": 1, "mid_file": HALF, "after_the_last_byte": len(LARGE)}


def killed(stage: Stage, target: Path, mode: str, *told: str) -> None:
    """Let a process download until it is killed."""
    with programs.start("downloading", mode, stage.api.base_url, str(target), *told) as program:
        said, complaints = program.communicate(timeout=60)
    assert (said, complaints, program.returncode) == ("", "", -signal.SIGKILL)


@pytest.mark.parametrize(
    ("mode", "point"), [("sync", "after_the_first_block"), ("async", "mid_file"), ("sync", "after_the_last_byte")]
)
def test_fault_48_a_killed_download_goes_on(serve: Serve, tmp_path: Path, mode: str, point: str) -> None:
    """Fault 48: after a SIGKILL saving again gives the undisturbed bytes, and only the rest of them is fetched."""
    stage, target = Stage(serve), tmp_path / "clicks.csv"
    killed(stage, target, mode, f"kill={POINTS[point]}")
    assert leftovers(tmp_path) == ["clicks.csv.part", "clicks.csv.part.json"]
    kept = target.with_name("clicks.csv.part").stat().st_size
    assert kept >= min(POINTS[point], MIB // 2) - BUFFER
    assert programs.output("downloading", mode, stage.api.base_url, str(target)) == [f"saved {len(LARGE)}"]
    assert (target.read_bytes(), leftovers(tmp_path)) == (LARGE, ["clicks.csv"])
    assert stage.storage.asked == [0, kept]
    assert stage.bucket.requests[-1].headers["range"] == f"bytes={kept}-"


def test_fault_48_killed_again_and_again(serve: Serve, tmp_path: Path) -> None:
    """Fault 48: a target that is to be replaced stays as it was through three kills, and then is whole."""
    stage, target = Stage(serve), tmp_path / "clicks.csv"
    target.write_text("old")
    for point in (1, HALF, len(LARGE)):
        killed(stage, target, "async", "overwrite", f"kill={point}")
        assert target.read_text() == "old"
    programs.output("downloading", "async", stage.api.base_url, str(target), "overwrite")
    assert (target.read_bytes(), leftovers(tmp_path)) == (LARGE, ["clicks.csv"])
    assert stage.storage.asked == sorted(stage.storage.asked)


def test_fault_48_a_file_that_a_kill_left_with_two_names_is_not_written_through(fetch: Fetching) -> None:
    """Fault 48: killed between the two halves of the final step, a later save does not reach the target by its part."""
    fetch.target.write_bytes(OTHER)
    fetch.part.hardlink_to(fetch.target)
    fetch.stage.storage.fail_next(cut(HALF), *[constant(steps.reset)] * 5)
    with pytest.raises(TransportError):
        fetch.run.result(fetch.job().save(fetch.target, overwrite=True))
    assert fetch.target.read_bytes() == OTHER
    assert fetch.saved(overwrite=True) == LARGE


def test_fault_48_65_a_part_in_use_is_left_alone(fetch: Fetching) -> None:
    """Faults 48 and 65: while one process downloads, another gets SaveError, and disturbs no byte of it."""
    stage = fetch.stage
    stage.storage.fail_next(stall(MIB + 1))
    with programs.start("downloading", "sync", stage.api.base_url, str(fetch.target)) as program:
        assert stage.storage.reached.wait(30)
        calls = len(stage.account.calls)
        with pytest.raises(SaveError, match="another process"):
            fetch.run.result(fetch.job().save(fetch.target))
        assert stage.account.calls[calls:] == ["getExport"]
        assert LARGE.startswith(fetch.part.read_bytes())
        said, complaints = program.communicate(timeout=60)
    assert (said, complaints, program.returncode) == (f"saved {len(LARGE)}\n", "", 0)
    assert (fetch.target.read_bytes(), leftovers(fetch.target.parent)) == (LARGE, ["clicks.csv"])
    assert len(stage.storage.asked) == 2


@pytest.mark.parametrize(("mode", "told"), [("sync", []), ("async", ["overwrite"])], ids=["new", "overwrite"])
def test_fault_65_of_processes_that_race_one_wins_whole(
    serve: Serve, tmp_path: Path, mode: str, told: list[str]
) -> None:
    """Fault 65: of three processes that save two exports to one path each file is whole, and the last one stays."""
    stages, target = [Stage(serve), Stage(serve, OTHER, etag='"v2"')], tmp_path / "clicks.csv"
    together = Barrier(3)
    for stage in stages:
        stage.account.say_next("getExport", both(meet(together), steps.respond_json(stage.account.export)))
    with ExitStack() as stack:
        racers = [
            stack.enter_context(programs.start("downloading", mode, stage.api.base_url, str(target), *told))
            for stage in [*stages, stages[0]]
        ]
        ends = [racer.communicate(timeout=60) for racer in racers]
    assert [complaints for _, complaints in ends] == [""] * 3
    outcomes = [said.partition(":")[0].strip() for said, _ in ends]
    assert f"saved {len(LARGE)}" in outcomes
    assert {*outcomes} <= {f"saved {len(LARGE)}", "SaveError", "UsageError"}
    assert target.read_bytes() in (LARGE, OTHER)
    assert leftovers(tmp_path) == ["clicks.csv"]


def meet(barrier: Barrier) -> Step:
    """Hold the request until the others have come."""

    def step(_: Exchange) -> None:
        barrier.wait(30)

    return step
