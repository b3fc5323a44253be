"""A sandbox of its own, since these commands change it, as new for each test."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cli.commands import Ended
from cli.conftest import Metrics24
from metrics24_sandbox import Sandbox, SandboxOptions
from support.scripted import Received, Step, in_turn
from support.steps import silence

Group = dict[str, Any]
Groups = Callable[[], dict[str, Group]]

FIRST, SECOND, THIRD = "01HK153X00B7PYKC2FGWT67M8C", "01HK153X00PFT0SWV7YN1SEX2C", "01HK153X0023TD76T5K4VRBAPQ"
INTEGRATION = ("--integration", "acmeshop01")
WRITES = (
    "createFilterGroup",
    "updateFilterGroup",
    "deleteFilterGroup",
    "bulkUpdateFilterGroups",
    "bulkDeleteFilterGroups",
)


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    """Serve the three filter groups that a sandbox has from the start."""
    with Sandbox(SandboxOptions()) as sandbox:
        yield sandbox


@pytest.fixture
def box(served: Sandbox) -> Sandbox:  # overrides the one that other tests share
    """The sandbox, as new."""
    served.reset()
    return served


@pytest.fixture
def command(metrics24: Metrics24) -> Metrics24:
    """Run `metrics24 filter-groups` on the sandbox's integration."""
    return lambda name, *arguments: metrics24("filter-groups", name, *INTEGRATION, *arguments)


@pytest.fixture
def groups(command: Metrics24) -> Groups:
    """The server's groups, by id."""

    def groups() -> dict[str, Group]:
        return {group["id"]: group for group in json.loads(command("list", "--json").out)}

    return groups


class Waiting:
    """A server's script: some answers, then none; `reached` is set when a request waits for one."""

    def __init__(self, *answers: Step) -> None:
        self._answers = in_turn(*answers, silence)
        self._left = len(answers)
        self.reached = Event()

    def __call__(self, request: Received) -> Step:
        """Answer the next request."""
        if not self._left:
            self.reached.set()
        self._left -= 1
        return self._answers(request)


def writes(box: Sandbox) -> int:
    """The number of writes that the server has seen."""
    return sum(map(box.hits, WRITES))


def id_file(folder: Path, *ids: str) -> str:
    """Write ids to a file, one a line."""
    path = folder / "groups.txt"
    path.write_text("\n".join(ids) + "\n", encoding="utf-8")
    return str(path)


def outcome(ended: Ended) -> dict[str, Any]:
    """Read what a command said of each id, and that nothing else was on stdout."""
    result: dict[str, Any] = json.loads(ended.out)
    return result
