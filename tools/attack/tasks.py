"""The tasks of a soak's clients, each outcome compared with an undisturbed one."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from attack.weather import QuickClock
from metrics24 import Client, Metrics24Error, NotFound, RequestFailed
from metrics24.testing import SandboxBox
from support.running import Running, collect

DAY: dict[str, Any] = {"start": "2025-02-26", "end": "2025-02-27"}
TABLES = ("clicks", "conversions", "impressions")
FIELDS = ["real_tx_id", "offer", "publisher", "status"]
_MOST_SAVES = 5


@define
class Scene:
    """A sandbox, what it answers when nothing disturbs it, and what the workers believe to have done there."""

    url: str
    clock: QuickClock
    quiet: Client
    box: SandboxBox
    rows: dict[str, list[str]] = field(factory=dict)
    groups: list[str] = field(factory=list)
    exports: list[str] = field(factory=list)
    click: Any = None
    files: list[bytes] = field(factory=list)
    started: list[str] = field(factory=list)
    attempts: int = 0
    made: dict[str, str] = field(factory=dict)
    turn: Any = field(factory=threading.Lock)
    numbers: Iterator[int] = field(factory=lambda: itertools.count(1))

    @classmethod
    @contextmanager
    def of(cls, box: SandboxBox, clock: QuickClock) -> Iterator[Scene]:
        """Ask an undisturbed client for everything."""
        with box.client() as quiet:
            scene = cls(url=box.base_url, clock=clock, quiet=quiet, box=box)
            for table in TABLES:
                scene.rows[table] = [str(row.real_tx_id) for row in scene.asked(quiet, table)]
            scene.click = next(iter(scene.asked(quiet, "clicks")))
            scene.groups = [group.id for group in quiet.filter_groups.list(box.integrations[0])]
            for place in range(len(FIELDS)):
                job = quiet.exports.start("clicks", box.integrations[0], fields=_turned(place), **DAY)
                scene.files.append(b"".join(job.iter_bytes()))
            scene.exports = [export.id for export in quiet.exports.list()]
            yield scene

    def asked(self, client: Any, table: str) -> Any:
        """Ask for two days of a report table."""
        return getattr(client.reports, table)(self.box.integrations[0], **DAY, page_size=100)

    def next_day(self) -> None:
        """Begin a day, so that there is a new quota of exports."""
        with self.turn:
            self.box.advance(86_400)
            self.clock.add_day()

    def afterwards(self) -> list[str]:
        """List what is not on the server as it should be when all is over."""
        wrong = []
        there = Counter(str(group.name) for group in self.quiet.filter_groups.list(self.box.integrations[1]))
        for name, state in self.made.items():
            expected = {"there": {1}, "gone": {0}, "unknown": {0, 1}}[state]
            if there[name] not in expected:
                wrong.append(f"group {name} should be {state} and is there {there[name]} times")
        ids = [export.id for export in self.quiet.exports.list()]
        if len(ids) > len(self.exports) + self.attempts:
            wrong.append(f"{len(ids) - len(self.exports)} exports were made, and only {self.attempts} asked for")
        lost = {*self.started, *self.exports} - {*ids}
        return [*wrong, *(f"export {each} is lost" for each in sorted(lost))]


def _turned(place: int) -> list[str]:
    """The fields in an order of one's own, so that no two exports that run at once are alike."""
    return FIELDS[place:] + FIELDS[:place]


@frozen
class Worker:
    """A worker that does the tasks one after the other; no two workers have the same number."""

    number: int

    run: Running
    client: Any
    scene: Scene
    folder: Path


def read(worker: Worker) -> list[str]:
    """Read three tables at once; each gives all its rows in their order, or an error."""
    scene, wrong = worker.scene, list[str]()
    tables = worker.run.collect_all([scene.asked(worker.client, table) for table in TABLES], at_once=3)
    for table, found in zip(TABLES, tables, strict=True):
        if isinstance(found, Metrics24Error):
            continue
        if isinstance(found, BaseException):
            raise found
        if [str(row.real_tx_id) for row in found] != scene.rows[table]:
            wrong.append(f"{table}: {len(found)} rows instead of the {len(scene.rows[table])} there are, or others")
    return wrong


def lists(worker: Worker) -> list[str]:
    """Read two lists; one stays the same, to the other exports are added meanwhile."""
    scene, client = worker.scene, worker.client
    groups = [group.id for group in collect(worker.run, client.filter_groups.list(scene.box.integrations[0]))]
    exports = [export.id for export in collect(worker.run, client.exports.list(page_size=5))]
    wrong = [] if groups == scene.groups else [f"groups {groups}"]
    if not {*scene.exports} <= {*exports} or len({*exports}) < len(exports):
        wrong.append(f"exports {exports}")
    return wrong


def look_up(worker: Worker) -> list[str]:
    """Look one click up."""
    click = worker.scene.click
    place = {"request_date": str(click.request_time)[:10], "offer": click.offer, "publisher": click.publisher}
    found = worker.run.result(
        worker.client.reports.get_click(worker.scene.box.integrations[0], **place, tx_id=click.real_tx_id)
    )
    return [] if found.real_tx_id == click.real_tx_id else [f"{found.real_tx_id} instead of {click.real_tx_id}"]


def export(worker: Worker) -> list[str]:
    """Start an export and save it, again and again if it breaks off; the file is as it always is."""
    scene, run, place = worker.scene, worker.run, worker.number % len(FIELDS)
    with scene.turn:
        scene.attempts += 1
    try:
        job = run.result(worker.client.exports.start("clicks", scene.box.integrations[0], fields=_turned(place), **DAY))
    except RequestFailed:
        scene.next_day()
        raise
    scene.started.append(job.id)
    target = worker.folder / f"{next(scene.numbers)}.csv"
    for attempt in range(_MOST_SAVES):
        try:
            run.result(job.save(target))
        except Metrics24Error:
            if target.exists():
                return [f"{target.name} is there although saving it failed"]
            if attempt + 1 == _MOST_SAVES:
                raise
        else:
            break
    data = target.read_bytes()
    target.unlink()
    whole = scene.files[place]
    return [] if data == whole else [f"export {job.id}: {len(data)} bytes, or others than the {len(whole)} of its file"]


def change(worker: Worker) -> list[str]:
    """Create a group, change it and delete it; what is reported is so, and what is not is warned of."""
    scene, run, groups = worker.scene, worker.run, worker.client.filter_groups
    number = next(scene.numbers)
    place, name, priority = scene.box.integrations[1], f"soak {number}", 1000 + 2 * number
    scene.made[name] = "unknown"
    group = run.result(groups.create(place, name=name, organization=scene.box.organization, priority=priority))
    scene.made[name] = "there"
    wrong = [] if (group.name, group.priority) == (name, priority) else [f"created {group}"]
    changed = run.result(groups.update(place, group.id, priority=priority + 1))
    wrong += [] if (changed.name, changed.priority) == (name, priority + 1) else [f"changed {changed}"]
    changed = run.result(groups.add_offers(place, group.id, ["o1", "o2"]))
    wrong += [] if changed.offer_ids == ["o1", "o2"] else [f"added {changed.offer_ids}"]
    scene.made[name] = "unknown"
    run.result(groups.delete(place, group.id))
    scene.made[name] = "gone"
    with suppress(NotFound):
        run.result(groups.get(place, group.id))
        wrong.append(f"group {group.id} is there although it was deleted")
    return wrong


TASKS: tuple[tuple[str, Callable[[Worker], list[str]]], ...] = (
    ("read", read),
    ("list", lists),
    ("look-up", look_up),
    ("export", export),
    ("change", change),
)
