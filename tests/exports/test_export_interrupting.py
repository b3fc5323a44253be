"""Fault 64: an interrupt ends the wait for an export, or its download, within 200 ms; what has arrived is kept."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import metrics24
from support import programs, steps
from support.account import IDENTITY, Stage, leftovers, record
from support.running import make_client
from support.scripted import Exchange, Serve
from support.storage import LARGE, MIB, constant, stall

pytestmark = pytest.mark.slow

PROMPT = 0.2  # seconds
SOON = metrics24.Waiting(first=0.1, factor=600, max=60)
"""A first look at once, and the next one in a minute."""
KEPT = ["clicks.csv.part", "clicks.csv.part.json"]


def between_looks(stage: Stage) -> None:
    """Let the export be pending, and say so once the first look has come."""

    def look(exchange: Exchange) -> None:
        stage.storage.reached.set()
        steps.respond_json(record(status="PENDING"))(exchange)

    stage.account.say_next("getExport", steps.respond_json(record(status="PENDING")), look)
    stage.storage.gone.set()  # no connection is in use then


def while_looking(stage: Stage) -> None:
    """Never answer how the export is."""
    stage.account.say_next("getExport", steps.respond_json(record(status="PENDING")), stage.storage.hold)


def while_minting(stage: Stage) -> None:
    """Never answer where the file is."""
    stage.account.say_next("getExportUrl", stage.storage.hold)


def before_the_file(stage: Stage) -> None:
    """Let storage say nothing."""
    stage.storage.fail_next(constant(stage.storage.hold))


def mid_file(stage: Stage) -> None:
    """Let storage fall silent in the middle of the file."""
    stage.storage.fail_next(stall(2 * MIB + 7))


SITUATIONS = [between_looks, while_looking, while_minting, before_the_file, mid_file]
Situation = Callable[[Stage], None]


@pytest.mark.parametrize(
    ("mode", "situation"),
    [
        ("sync", between_looks),
        ("sync", while_looking),
        ("sync", mid_file),
        ("async", while_minting),
        ("async", before_the_file),
        ("async", mid_file),
    ],
)
def test_fault_64_ctrl_c_ends_a_save(serve: Serve, tmp_path: Path, mode: str, situation: Situation) -> None:
    """Fault 64: SIGINT ends a save within 200 ms: nothing more is asked, lock and connection are released."""
    stage, target = Stage(serve), tmp_path / "clicks.csv"
    situation(stage)
    interrupt(stage, mode, str(target), blocks=situation is mid_file)
    if situation is not mid_file:
        assert leftovers(tmp_path) == []
        return
    kept = target.with_name("clicks.csv.part").read_bytes()
    assert (leftovers(tmp_path), LARGE[: len(kept)], len(kept) >= MIB // 2) == (KEPT, kept, True)
    assert programs.output("downloading", mode, stage.api.base_url, str(target)) == [f"saved {len(LARGE)}"]
    assert (target.read_bytes(), stage.storage.asked) == (LARGE, [0, len(kept)])


@pytest.mark.parametrize(("mode", "situation"), [("sync", mid_file), ("async", before_the_file)])
def test_fault_64_ctrl_c_ends_reading(serve: Serve, mode: str, situation: Situation) -> None:
    """Fault 64: SIGINT ends iter_bytes as promptly, and releases the connection."""
    stage = Stage(serve)
    situation(stage)
    interrupt(stage, mode, "-", blocks=situation is mid_file)


def interrupt(stage: Stage, mode: str, target: str, *, blocks: bool = False) -> None:
    """Interrupt a process once the stage is reached, and see that it lets go of all it had while it lives on."""
    with programs.start("downloading_until_interrupted", mode, stage.api.base_url, target) as program:
        assert program.stdout is not None
        assert stage.storage.reached.wait(30)
        if blocks:
            assert program.stdout.readline() == "block\n"
        hits, interrupted = stage.api.hits + stage.bucket.hits, time.monotonic()
        program.send_signal(signal.SIGINT)
        through = next(line for line in program.stdout if line != "block\n")
        let_go = stage.storage.gone.wait(20)
        alive = program.poll() is None
        program.kill()
        _, complaints = program.communicate(timeout=20)
    assert complaints == ""
    assert float(through) - interrupted < PROMPT
    assert (let_go, alive, stage.api.hits + stage.bucket.hits) == (True, True, hits)


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_fault_64_cancellation_ends_a_save(serve: Serve, tmp_path: Path, situation: Situation) -> None:
    """Fault 64: a cancelled save ends within 200 ms; the same client goes on where it was."""
    stage, target = Stage(serve), tmp_path / "clicks.csv"
    situation(stage)
    async with make_client(metrics24.AsyncClient, stage.api, None, {"timeout": 60}) as client:
        job = await client.exports.resume(IDENTITY)
        written = asyncio.Event()
        task = asyncio.create_task(job.save(target, waiting=SOON, on_progress=lambda _: written.set()))
        if situation is mid_file:
            await written.wait()
        await cancelled(stage, task)
        assert leftovers(tmp_path) == (KEPT if situation is mid_file else [])
        kept = (tmp_path / KEPT[0]).stat().st_size if situation is mid_file else 0
        stage.account.say_next("getExport", steps.respond_json(record()))
        stage.account.say_next("getExportUrl")
        await (await job.refresh()).save(target)
    assert (target.read_bytes(), leftovers(tmp_path)) == (LARGE, ["clicks.csv"])
    assert stage.storage.asked[-1] == kept


@pytest.mark.parametrize("situation", [before_the_file, mid_file])
async def test_fault_64_cancellation_ends_reading(serve: Serve, situation: Situation) -> None:
    """Fault 64: a cancelled reader is out as promptly, and its connection is closed although the client is not."""
    stage = Stage(serve)
    situation(stage)
    async with make_client(metrics24.AsyncClient, stage.api, None, {"timeout": 60}) as client:
        job = await client.exports.resume(IDENTITY)

        async def read() -> None:
            async for _ in job.iter_bytes():
                continue

        await cancelled(stage, asyncio.create_task(read()))


async def cancelled(stage: Stage, task: asyncio.Task[Any]) -> None:
    """Cancel a task once the stage is reached; it must let go at once, and ask for nothing more."""
    assert await asyncio.to_thread(stage.storage.reached.wait, 30)
    hits, told = stage.api.hits + stage.bucket.hits, time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - told < PROMPT
    assert await asyncio.to_thread(stage.storage.gone.wait, 5)
    assert stage.api.hits + stage.bucket.hits == hits
    # What is abandoned in the middle of a generator, asyncio closes in a task of its own.
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others or (await asyncio.wait(others, timeout=5))[1] == set()


async def test_fault_64_a_save_can_be_cancelled_at_any_moment(serve: Serve, tmp_path: Path) -> None:
    """Fault 64: whenever a save is cancelled, the next one is not locked out, and the file is whole in the end."""
    stage, target = Stage(serve), tmp_path / "clicks.csv"
    async with make_client(metrics24.AsyncClient, stage.api, None, {}) as client:
        job = await client.exports.resume(IDENTITY)
        for turns in range(0, 120, 3):
            task = asyncio.create_task(job.save(target, overwrite=True))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled() or task.exception() is None
        await job.save(target, overwrite=True)
    assert (target.read_bytes(), leftovers(tmp_path)) == (LARGE, ["clicks.csv"])


async def test_fault_64_a_large_part_delays_no_cancellation(serve: Serve, tmp_path: Path) -> None:
    """Fault 64: who is cancelled while gigabytes that arrived earlier are counted is out at once, and loses none."""
    stage, part = Stage(serve), tmp_path / KEPT[0]
    with part.open("wb") as file:
        file.truncate(4096 * MIB)
    (tmp_path / KEPT[1]).write_text('{"export": "exp_1", "etag": "\\"v1\\""}')
    async with make_client(metrics24.AsyncClient, stage.api, None, {}) as client:
        task = asyncio.create_task((await client.exports.resume(IDENTITY)).save(tmp_path / "clicks.csv"))
        for _ in range(5):
            await asyncio.sleep(0)
        told = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert time.monotonic() - told < PROMPT
    assert (leftovers(tmp_path), part.stat().st_size, stage.bucket.hits) == (KEPT, 4096 * MIB, 0)


async def test_fault_64_an_abandoned_reader_lets_its_connection_go(serve: Serve) -> None:
    """Fault 64: who stops reading after a block and closes the generator keeps no connection."""
    stage = Stage(serve)
    mid_file(stage)
    async with make_client(metrics24.AsyncClient, stage.api, None, {"timeout": 60}) as client:
        blocks = (await client.exports.resume(IDENTITY)).iter_bytes()
        assert LARGE.startswith(await anext(blocks))
        await blocks.aclose()
        assert await asyncio.to_thread(stage.storage.gone.wait, 5)


def test_fault_64_an_abandoned_reader_lets_its_connection_go_without_a_loop_too(serve: Serve) -> None:
    """Fault 64: the same with Client."""
    stage = Stage(serve)
    mid_file(stage)
    with make_client(metrics24.Client, stage.api, None, {"timeout": 60}) as client:
        blocks = client.exports.resume(IDENTITY).iter_bytes()
        assert LARGE.startswith(next(blocks))
        blocks.close()
        assert stage.storage.gone.wait(5)
