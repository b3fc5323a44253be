"""Fault 27: numbered lists that shift while they are read, or whose server ignores numbers or sends no meta."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import pytest

from metrics24 import ResponseError, UnexpectedAnswerWarning, field
from support import answers
from support.account import record
from support.running import Running, collect
from support.scripted import Received, ScriptedServer, Serve, Step, in_turn

Item = dict[str, Any]


def items(*numbers: int) -> list[Item]:
    """Give exports by their numbers."""
    return [record(id=f"exp_{number}") for number in numbers]


class Numbered:
    """A list in numbered pages that may change between two requests.

    Attributes:
        items: what the list holds now.
        meta: what stands in meta, besides the true counts; None leaves meta out.
        ignores: whether the page's number is ignored.

    """

    def __init__(self, numbers: Sequence[int]) -> None:
        self.items = items(*numbers)
        self.meta: dict[str, Any] | None = {}
        self.ignores = False
        self.between: list[Any] = []

    def __call__(self, request: Received) -> Step:
        """Answer one page."""
        size, number = int(request.parameter("page[size]") or 0), int(request.parameter("page[number]") or 0)
        assert 1 <= size <= 100
        first = 0 if self.ignores else size * (number - 1)
        body: dict[str, Any] = {"data": self.items[first : first + size]}
        if self.meta is not None:
            pages = -(-len(self.items) // size)
            body["meta"] = {"total_count": len(self.items), "total_page": pages} | self.meta
        if self.between:
            self.between.pop(0)()
        return answers.json_answer(body)


def walked(run: Running, server: ScriptedServer, **options: Any) -> list[str]:
    """Give the ids of the exports that a walk over the list delivers."""
    client = run.client(server)
    return [export.id for export in collect(run, client.exports.list(**{"page_size": 3, **options}))]


def ids(*numbers: int) -> list[str]:
    """Give the ids of exports by their numbers."""
    return [f"exp_{number}" for number in numbers]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 9])
def test_a_list_that_stands_still_is_read_once(run: Running, serve: Serve, count: int) -> None:
    """Every item comes once and in order, with as many requests as there are pages, at least one."""
    server = serve(Numbered(range(count)))
    assert walked(run, server) == ids(*range(count))
    assert server.hits == max(1, -(-count // 3))


def test_fault_27_what_arrives_at_the_head_is_not_delivered_twice(run: Running, serve: Serve) -> None:
    """Fault 27: an item that is pushed on to the next page comes once; the count that disagrees is reported once."""
    script = Numbered(range(6))
    script.between.append(lambda: script.items.insert(0, items(99)[0]))
    server = serve(script)
    with pytest.warns(UnexpectedAnswerWarning, match="read it again") as caught:
        assert walked(run, server) == ids(0, 1, 2, 3, 4, 5)
    assert (len(caught), server.hits) == (1, 3)


def test_fault_27_what_goes_at_the_head_is_reported(run: Running, serve: Serve) -> None:
    """Fault 27: items that a deletion moved on to a page that was read already are missing, and that is said."""
    script = Numbered(range(7))
    script.between.append(lambda: script.items.pop(0))
    with pytest.warns(UnexpectedAnswerWarning, match="counts 7 items .* and 6 came") as caught:
        assert walked(run, serve(script)) == ids(0, 1, 2, 4, 5, 6)
    assert len(caught) == 1


@pytest.mark.parametrize("meta", [None, {"total_page": None, "total_count": None}, {"total_page": 10**9}])
def test_fault_27_a_server_without_a_count_of_pages_ends_at_an_empty_one(
    run: Running, serve: Serve, meta: dict[str, Any] | None
) -> None:
    """Fault 27: without meta, or with one that promises pages for ever, an empty page is the end."""
    script = Numbered(range(7))
    script.meta = meta
    server = serve(script)
    assert walked(run, server) == ids(*range(7))
    assert server.hits == 4


@pytest.mark.parametrize("meta", [None, {"total_page": 10**9, "total_count": 3}])
def test_fault_27_a_server_that_ignores_the_number_is_left(
    run: Running, serve: Serve, meta: dict[str, Any] | None
) -> None:
    """Fault 27: a page with nothing new is the end, so that a server that sends the first for ever is asked twice."""
    script = Numbered(range(3))
    script.ignores, script.meta = True, meta
    server = serve(script)
    assert walked(run, server) == ids(0, 1, 2)
    assert server.hits == 2


@pytest.mark.parametrize("count", [-1, 0, 6, 8, 10**30])
def test_fault_27_a_count_that_disagrees_is_reported_once(run: Running, serve: Serve, count: int) -> None:
    """Fault 27: total_count other than what came is one warning for all pages, and loses nothing."""
    script = Numbered(range(7))
    script.meta = {"total_count": count}
    server = serve(script)
    with pytest.warns(UnexpectedAnswerWarning) as caught:
        assert walked(run, server) == ids(*range(7))
    assert (len(caught), server.hits) == (1, 3)


@pytest.mark.parametrize("pages", [0, -1, 1])
def test_fault_27_a_count_of_pages_that_is_too_small_ends_the_walk_and_is_reported(
    run: Running, serve: Serve, pages: int
) -> None:
    """Fault 27: where meta says that there are no more pages there are none; the count shows what is missing."""
    script = Numbered(range(7))
    script.meta = {"total_page": pages}
    server = serve(script)
    with pytest.warns(UnexpectedAnswerWarning, match="counts 7 items .* and 3 came"):
        assert walked(run, server) == ids(0, 1, 2)
    assert server.hits == 1


def test_fault_27_items_without_an_id_are_told_apart_by_all_they_hold(run: Running, serve: Serve) -> None:
    """Fault 27: what has no id is delivered unless exactly the same came before."""
    page = {"data": [{"id": None, "a": 1}, {"id": None, "a": 2}, {"a": 1, "id": None}]}
    server = serve(in_turn(answers.json_answer(page)))
    client = run.client(server)
    names = [group.additional_properties["a"] for group in collect(run, client.filter_groups.list("int1"))]
    assert (names, server.hits) == ([1, 2], 2)


@pytest.mark.parametrize("body", [{"data": None}, {"data": []}, {"data": None, "meta": None}])
def test_fault_19_27_an_empty_list_is_no_error(run: Running, serve: Serve, body: dict[str, Any]) -> None:
    """Faults 19 and 27: null or nothing where the list stands means that it has no items."""
    server = serve(in_turn(answers.json_answer(body)))
    assert (walked(run, server), server.hits) == ([], 1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"data": {}},
        {"data": ""},
        {"data": 0},
        {"data": False},
        {"data": [7]},
        {"data": "x"},
        {"data": [[]]},
        {"items": []},
    ],
)
def test_fault_19_27_what_is_no_list_is_never_an_empty_one(run: Running, serve: Serve, body: Any) -> None:
    """Faults 19 and 27: an answer without a list is ResponseError, never zero items."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnexpectedAnswerWarning)  # some are warned of before
        with pytest.raises(ResponseError):
            walked(run, serve(in_turn(answers.json_answer(body))))


def test_fault_27_a_limit_ends_the_walk_early_and_quietly(run: Running, serve: Serve) -> None:
    """Fault 27: whoever wants only some items gets them without a word about those that were not asked for."""
    server = serve(Numbered(range(9)))
    assert walked(run, server, limit=4) == ids(0, 1, 2, 3)
    assert server.hits == 2


def test_fault_27_a_list_can_be_read_again(run: Running, serve: Serve) -> None:
    """Fault 27: each iteration is a walk of its own, which sees the list as it is then."""
    script = Numbered(range(4))
    client = run.client(serve(script))
    exports = client.exports.list(page_size=3, filter=field("status").eq("COMPLETED"))
    assert [export.id for export in collect(run, exports)] == ids(0, 1, 2, 3)
    script.items = items(7)
    assert [export.id for export in collect(run, exports)] == ids(7)
    assert run.result(exports.total()) == 1
