"""Kill -9 at every named point of saving, and see what is left and whether saving again mends it.

python -m attack.killing --minutes 5
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from metrics24 import Client, UsageError
from support import steps
from support.account import Stage
from support.scripted import Received, ScriptedServer, Step
from support.storage import LARGE

PROGRAM = Path(__file__).parent / "programs" / "dying.py"
PAGES = 4
NEIGHBOURS = {"other.csv": b"not ours", "clicks.csv.part.json.old": b"{}", ".metrics24-notours.txt": b"x"}
_DRAFT = re.compile(r"\.metrics24-[0-9a-f]{16}\.tmp")
OLD = b"what was there before\r\n"


@frozen
class Saving:
    """One way to save a file."""

    what: str
    mode: str
    overwrite: bool
    suffix: str = ".csv"

    def __str__(self) -> str:
        kind = "download" if self.what == "download" else f"rows to {self.suffix}"
        return f"{kind}, {self.mode}{', overwriting' if self.overwrite else ''}"


SAVINGS = (
    *(Saving("download", mode, overwrite) for mode, overwrite in product(("sync", "async"), (False, True))),
    *(
        Saving("rows", mode, overwrite, suffix)
        for suffix, mode, overwrite in product((".csv", ".jsonl", ".parquet"), ("sync", "async"), (False, True))
    ),
)


class Scene:
    """Servers that always answer the same, and a folder in which something is saved."""

    def __init__(self, stack: ExitStack) -> None:
        self._export = Stage(lambda script: stack.enter_context(ScriptedServer(script)))
        self._rows = stack.enter_context(ScriptedServer(_page))
        self._reference: dict[Saving, bytes] = {}
        self._points: dict[Saving, list[str]] = {}

    def url(self, saving: Saving) -> str:
        """The URL of the API that is saved from."""
        return self._export.api.base_url if saving.what == "download" else self._rows.base_url

    def points(self, saving: Saving) -> list[str]:
        """Every point that an undisturbed run passes."""
        if saving not in self._points:
            with _folder() as folder:
                target = _target(folder, saving)
                done = self._run(saving, target, "")
                assert (done.returncode, done.stderr) == (0, ""), done.stderr
                self._points[saving], self._reference[saving] = done.stdout.split("\n"), target.read_bytes()
        return self._points[saving]

    def kill(self, saving: Saving, point: str) -> list[str]:
        """Kill at a point, look at what is left, and save again; give what a kill left behind for good."""
        self.points(saving)
        whole = self._reference[saving]
        with _folder() as folder:
            target = _target(folder, saving)
            done = self._run(saving, target, point)
            assert done.returncode == -signal.SIGKILL, f"{point} was not reached: {done.stderr}"
            left = target.read_bytes() if target.exists() else None
            assert left in ({OLD, whole} if saving.overwrite else {None, whole}), "the target is neither old nor whole"
            self._again(saving, target, finished=left == whole)
            assert target.read_bytes() == whole, "saving again gave other bytes"
            self._again(evolve(saving, overwrite=True), target, finished=False)
            assert target.read_bytes() == whole, "saving once more gave other bytes"
            assert {name: (folder / name).read_bytes() for name in NEIGHBOURS} == NEIGHBOURS
            strange = sorted({path.name for path in folder.iterdir()} - {target.name, *NEIGHBOURS})
            assert all(saving.what == "rows" and _DRAFT.fullmatch(name) for name in strange), strange
            return strange

    def _again(self, saving: Saving, target: Path, *, finished: bool) -> None:
        """Save again in this process; what is there whole already is not replaced unless that is asked for."""
        with Client(api_key="k", base_url=self.url(saving), timeout=10) as client:
            job: Any = client.exports.resume("exp_1") if saving.what == "download" else _asked(client)
            try:
                job.save(target, overwrite=saving.overwrite)
            except UsageError:
                assert finished
                assert not saving.overwrite

    def _run(self, saving: Saving, target: Path, point: str) -> subprocess.CompletedProcess[str]:
        told = {
            "what": saving.what,
            "mode": saving.mode,
            "overwrite": saving.overwrite,
            "url": self.url(saving),
            "target": str(target),
            "point": point,
        }
        command = [sys.executable, "-W", "error", str(PROGRAM), json.dumps(told)]
        return subprocess.run(command, text=True, capture_output=True, timeout=60, check=False)


def _asked(client: Client) -> Any:
    return client.reports.clicks("int_1", start="2025-02-01", end="2025-02-02", page_size=100)


def _target(folder: Path, saving: Saving) -> Path:
    target = folder / f"clicks{saving.suffix}"
    if saving.overwrite:
        target.write_bytes(OLD)
    return target


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        for neighbour, data in NEIGHBOURS.items():
            Path(name, neighbour).write_bytes(data)
        yield Path(name)


def _page(request: Received) -> Step:
    """Answer with one of four pages of clicks."""
    number = int(dict(request.query).get("page[after]", "0"))
    items = [
        {"real_tx_id": f"{number}-{each}", "offer": f"o{each % 7}", "payout": each / 4, "note": "a,\n" * (each % 3)}
        for each in range(500)
    ]
    more = number + 1 < PAGES
    info = {
        "startCursor": f"{number}",
        "endCursor": f"{number + 1}",
        "hasNextPage": more,
        "hasPreviousPage": number > 0,
    }
    return steps.respond_json({"data": {"data": items, "pageInfo": info}})


def attack(minutes: float, number: int, savings: tuple[Saving, ...] = SAVINGS) -> tuple[Counter[str], list[str]]:
    """Kill at every point in an order that follows from the number until the time is over; give kills and failures."""
    kills: Counter[str] = Counter()
    failures: list[str] = []
    end = time.monotonic() + 60 * minutes
    with ExitStack() as stack:
        scene = Scene(stack)
        assert len(LARGE) > 1 << 20
        order = [(saving, point) for saving in savings for point in scene.points(saving)]
        random.Random(number).shuffle(order)
        for saving, point in order:
            if time.monotonic() > end:
                break
            try:
                kills["drafts left"] += len(scene.kill(saving, point))
            except AssertionError as error:
                failures.append(f"{saving}, killed at {point}: {error}")
            kills[str(saving)] += 1
        kills["points"] = len(order)
    return kills, failures


def report(kills: Counter[str], failures: list[str]) -> str:
    """A report of the kills and of what they broke."""
    counts = {name: count for name, count in kills.items() if name not in {"points", "drafts left"}}
    lines = [f"{name:34}{counts[name]:>6}" for name in sorted(counts)]
    lines.append(f"{sum(counts.values())} kills at {kills['points']} points, {len(failures)} of them with harm")
    lines.append(f"{kills['drafts left']} hidden drafts left behind")
    return "\n".join([*lines, *failures])


def main() -> None:
    """Kill, and print the report."""
    parser = argparse.ArgumentParser(description="Kill -9 at every named point of saving.")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=24)
    asked = parser.parse_args()
    kills, failures = attack(asked.minutes, asked.seed)
    sys.stdout.write(report(kills, failures) + "\n")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
