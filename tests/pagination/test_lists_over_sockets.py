"""Fault 27 over sockets: numbered lists that shift while they are read. All other cases are in test_numbered_lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from metrics24 import UnexpectedAnswerWarning, field
from support import steps
from support.account import record
from support.running import Running, collect
from support.scripted import Received, ScriptedServer, Serve, Step

Item = dict[str, Any]


def items(*numbers: int) -> list[Item]:
    """Give exports by their numbers."""
    return [record(id=f"exp_{number}") for number in numbers]


class Numbered:
    """A list in numbered pages that may change between two requests: `between` is called after the first."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.items = items(*numbers)
        self.between: list[Any] = []

    def __call__(self, request: Received) -> Step:
        """Answer one page."""
        size, number = int(request.parameter("page[size]") or 0), int(request.parameter("page[number]") or 0)
        meta = {"total_count": len(self.items), "total_page": -(-len(self.items) // size)}
        body = {"data": self.items[size * (number - 1) : size * number], "meta": meta}
        if self.between:
            self.between.pop(0)()
        return steps.respond_json(body)


def read_all(run: Running, server: ScriptedServer, **options: Any) -> list[str]:
    """Give the ids of the exports that the list delivers."""
    client = run.client(server)
    return [export.id for export in collect(run, client.exports.list(**{"page_size": 3, **options}))]


def ids(*numbers: int) -> list[str]:
    """Give the ids of exports by their numbers."""
    return [f"exp_{number}" for number in numbers]


@pytest.mark.parametrize("arrives", [True, False])
def test_fault_27_a_list_that_shifts_is_reported_once(run: Running, serve: Serve, arrives: bool) -> None:
    """Fault 27: what a new item pushes on comes once, what a deletion moved is missing, and the count is reported."""
    script = Numbered(range(7))
    script.between.append(lambda: script.items.insert(0, items(99)[0]) if arrives else script.items.pop(0))
    with pytest.warns(UnexpectedAnswerWarning, match=f"counts {7 + arrives if arrives else 7} items .* came") as caught:
        assert read_all(run, serve(script)) == ids(*(range(7) if arrives else (0, 1, 2, 4, 5, 6)))
    assert len(caught) == 1


def test_fault_27_a_list_can_be_read_again(run: Running, serve: Serve) -> None:
    """Fault 27: each iteration reads the list as it is then."""
    script = Numbered(range(4))
    client = run.client(serve(script))
    exports = client.exports.list(page_size=3, filter=field("status").eq("COMPLETED"))
    assert [export.id for export in collect(run, exports)] == ids(0, 1, 2, 3)
    script.items = items(7)
    assert [export.id for export in collect(run, exports)] == ids(7)
    assert run.result(exports.total()) == 1
