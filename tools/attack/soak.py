"""Let clients work in bad weather for a while, and see that nothing is lost, doubled or unexplained.

python -m attack.soak --minutes 5
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from attack.tasks import TASKS, Scene, Worker
from attack.weather import QuickClock, StormyAsyncTransport, StormyTransport, Weather
from metrics24 import AsyncClient, Client, Metrics24Error, Retrying, UnexpectedAnswerWarning
from metrics24.testing import sandbox_process
from support.clock import START
from support.running import Asynchronous, Synchronous, make_client

NOW = START.replace(tzinfo=None).isoformat()
MOST_GROWTH = 40.0  # MiB


class Soak:
    """The outcome of a soak.

    Attributes:
        tasks: how many tasks of each kind were done.
        errors: how many ended in which documented error.
        wrong: everything that must not be.
        memory: MiB of this process after each fifth of the time.

    """

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.tasks: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.memory: list[float] = []

    def work(self, worker: Worker, end: float) -> None:
        """Do one task after the other until the time is over, and each task at least once."""
        turn = 0
        while time.monotonic() < end or turn < len(TASKS):
            name, task = TASKS[turn % len(TASKS)]
            turn += 1
            try:
                done = task(worker)
            except Metrics24Error as error:
                self.errors[type(error).__name__] += 1
            except Exception:  # noqa: BLE001 - nothing else may come out of a client
                self.wrong.append(f"{worker.run.name} {name}: {traceback.format_exc()}")
            else:
                self.wrong += [f"{worker.run.name} {name}: {each}" for each in done]
                self.tasks[name] += 1


def attack(minutes: float, number: int, *, every: int = 4, pairs: int = 2) -> Soak:
    """Let so many pairs of workers, one with Client and one with AsyncClient, work until the time is over."""
    weather, clock = Weather(number, every), QuickClock()
    soak = Soak(weather)
    options = {"timeout": 1.0, "retrying": Retrying(attempts=8, deadline=60)}
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", UnexpectedAnswerWarning)  # lists do change while they are read
        box = stack.enter_context(
            sandbox_process(
                now=NOW, conversions_per_day=150, clicks_per_day=400, impressions_per_day=200,
                exports_per_day=12, pending=0.0, running=0.0,
            )
        )  # fmt: skip
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scene = stack.enter_context(Scene.of(box, clock))
        told = {**options, "api_key": box.api_key}
        shared = {**told, "transport": StormyTransport(weather)}
        client = stack.enter_context(make_client(Client, box.base_url, clock, shared))
        workers = [Worker(number, Synchronous(stack), client, scene, folder) for number in range(pairs)]
        end = time.monotonic() + 60 * minutes
        threads = [threading.Thread(target=soak.work, args=(worker, end)) for worker in workers]
        for place in range(pairs, 2 * pairs):
            threads.append(threading.Thread(target=_async_worker, args=(soak, place, scene, folder, told, end)))
        for thread in threads:
            thread.start()
        for part in range(1, 6):
            time.sleep(max(0.0, end - time.monotonic() - 60 * minutes * (5 - part) / 5))
            gc.collect()
            soak.memory.append(_megabytes())
        for thread in threads:
            thread.join()
        soak.wrong += scene.afterwards()
    return soak


def _async_worker(soak: Soak, place: int, scene: Scene, folder: Path, told: dict[str, object], end: float) -> None:  # noqa: PLR0917
    with ExitStack() as stack:
        run = Asynchronous(stack)
        client = run.client(scene.url, clock=scene.clock, **told, transport=StormyAsyncTransport(soak.weather))
        assert isinstance(client, AsyncClient)
        soak.work(Worker(place, run, client, scene, folder), end)


def _megabytes() -> float:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def report(soak: Soak) -> str:
    """Report the duration, the work done, and what was wrong."""
    faults = ", ".join(f"{name} {count}" for name, count in sorted(soak.weather.faults.items()))
    lines = [
        f"{soak.weather.requests} requests, {soak.weather.faults.total()} of them met a fault: {faults}",
        f"tasks done: {dict(sorted(soak.tasks.items()))}",
        f"tasks that ended in an error: {dict(sorted(soak.errors.items()))}",
        f"memory: {', '.join(f'{each:.0f}' for each in soak.memory)} MiB",
        f"wrong: {len(soak.wrong)}",
    ]
    return "\n".join([*lines, *soak.wrong])


def main() -> None:
    """Soak, and print the report."""
    parser = argparse.ArgumentParser(description="Let clients work in bad weather.")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=24)
    asked = parser.parse_args()
    soak = attack(asked.minutes, asked.seed)
    grown = soak.memory[-1] - soak.memory[1]
    if grown > MOST_GROWTH:
        soak.wrong.append(f"memory grew by {grown:.0f} MiB after two fifths of the time")
    sys.stdout.write(report(soak) + "\n")
    sys.exit(bool(soak.wrong))


if __name__ == "__main__":
    main()
