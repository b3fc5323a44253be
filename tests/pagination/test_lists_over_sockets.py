"""Fault 27 over sockets: numbered lists that shift while they are read. All other cases are in test_numbered_lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from metrics24 import ResponseError, UnexpectedAnswerWarning, field
from support import steps
from support.account import record
from support.running import Running, collect
from support.scripted import Received, ScriptedServer, Serve, Step, in_turn

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


def test_fault_27_what_arrives_at_the_head_is_not_delivered_twice(run: Running, serve: Serve) -> None:
    """Fault 27: an item that is pushed on to the next page comes once; the count that disagrees is reported once."""
    script = Numbered(range(6))
    script.between.append(lambda: script.items.insert(0, items(99)[0]))
    server = serve(script)
    with pytest.warns(UnexpectedAnswerWarning, match="read it again") as caught:
        assert read_all(run, server) == ids(0, 1, 2, 3, 4, 5)
    assert (len(caught), server.hits) == (1, 3)


def test_fault_27_what_goes_at_the_head_is_reported(run: Running, serve: Serve) -> None:
    """Fault 27: items that a deletion moved on to a page that was read already are missing, and that is said."""
    script = Numbered(range(7))
    script.between.append(lambda: script.items.pop(0))
    with pytest.warns(UnexpectedAnswerWarning, match="counts 7 items .* but 6 came") as caught:
        assert read_all(run, serve(script)) == ids(0, 1, 2, 4, 5, 6)
    assert len(caught) == 1


def test_fault_19_27_what_is_no_list_is_never_an_empty_one(run: Running, serve: Serve) -> None:
    """Faults 19 and 27: an answer without a list is ResponseError, never zero items."""
    with pytest.raises(ResponseError):
        read_all(run, serve(in_turn(steps.respond_json({}))))


def test_fault_27_a_list_can_be_read_again(run: Running, serve: Serve) -> None:
    """Fault 27: each iteration reads the list as it is then."""
    script = Numbered(range(4))
    client = run.client(serve(script))
    exports = client.exports.list(page_size=3, filter=field("status").eq("COMPLETED"))
    assert [export.id for export in collect(run, exports)] == ids(0, 1, 2, 3)
    script.items = items(7)
    assert [export.id for export in collect(run, exports)] == ids(7)
    assert run.result(exports.total()) == 1
