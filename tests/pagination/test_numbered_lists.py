"""A numbered list is delivered once, as far as the server goes, and what does not add up is reported once."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics24 import field
from metrics24._core.effects import Request
from metrics24._core.pagination import NumberedPaginator
from metrics24.arguments import ListParams
from metrics24.errors import FilterIgnoredWarning, NotFound, ResponseError, UnexpectedAnswerWarning
from pagination.fake_lists import Item, listed, numbered, params, read_all, serving
from support.fake_driver import FakeDriver, Outcome, in_turn, policy, raw


@pytest.mark.parametrize("meta", [True, False])
@pytest.mark.parametrize(("count", "pages", "more"), [(0, 1, 0), (1, 1, 1), (99, 1, 1), (100, 1, 1), (201, 3, 1)])
def test_a_list_is_read_to_its_end(count: int, pages: int, more: int, meta: bool) -> None:
    """`meta` says where the list ends; without it, the first empty page does."""
    driver = FakeDriver(serving(numbered(*range(count)), meta=meta))
    assert read_all(driver, params()) == [*range(count)]
    assert len(driver.calls) == (pages if meta else pages + more)


def test_what_is_asked_goes_with_every_page() -> None:
    """Filter, sort and the size of a page are the same on every page, and only the number changes."""
    driver = FakeDriver(serving(numbered(*"abcd")))
    read_all(driver, params(filter=field("status").eq("ERROR"), sort="-created_at", page_size=3))
    common = [("filter[status]", "ERROR"), ("sort", "-created_at"), ("page[size]", "3")]
    assert [sorted(call.request.params) for call in driver.calls] == [
        sorted([*common, ("page[number]", number)]) for number in "12"
    ]


def test_the_list_of_an_integration_has_its_id_in_the_path() -> None:
    """The integration's id is put into the path."""
    driver = FakeDriver(serving([]))
    read_all(driver, ListParams("listFilterGroups", "int1"))
    assert "/int1/" in driver.calls[0].request.path


@pytest.mark.parametrize(
    ("limit", "size", "expected", "calls"),
    [(0, 100, 0, 0), (1, 100, 1, 1), (3, 3, 3, 1), (4, 3, 4, 2), (7, 3, 7, 3), (99, 3, 8, 3)],
)
def test_a_limit_ends_the_reading(limit: int, size: int, expected: int, calls: int) -> None:
    """No more than the limit comes, no page is asked for that is not needed, and a limit is no wrong count."""
    driver = FakeDriver(serving(numbered(*range(8))))
    assert read_all(driver, params(limit=limit, page_size=size)) == [*range(expected)]
    assert len(driver.calls) == calls
    assert {dict(call.request.params)["page[size]"] for call in driver.calls} <= {str(min(limit, size))}


def test_fault_27_an_item_that_changed_meanwhile_is_the_same_item() -> None:
    """An item that comes again with another status is delivered once, as it came first."""
    one, changed = {"id": "1", "status": "PENDING"}, {"id": "1", "status": "COMPLETED"}
    paginator, driver = (
        NumberedPaginator(params(page_size=1), policy(), {}),
        FakeDriver(in_turn(listed([one]), listed([changed, {"id": "2"}]))),
    )
    rows = [row for _ in range(2) for row in driver.run(paginator.next_page()).rows]
    assert rows == [one, {"id": "2"}]


def test_fault_27_a_server_that_ignores_the_number_is_noticed() -> None:
    """If every page is the first one, the reading ends at the second."""
    driver = FakeDriver(lambda _: listed(numbered(1, 2)))
    assert read_all(driver, params(page_size=2)) == [1, 2]
    assert len(driver.calls) == 2


def test_fault_27_what_comes_twice_is_delivered_once() -> None:
    """An item that was pushed onto the next page comes once, and a page may be delivered short for it."""
    driver = FakeDriver(in_turn(listed(numbered(1, 2)), listed(numbered(2, 3)), listed(numbered(3, 4)), listed([])))
    assert read_all(driver, params(page_size=2)) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([{"id": "1"}, {"id": 1}, {"id": True}, {"id": 1.0}], [1, 1, True, 1.0]),
        ([{"id": ["x"]}, {"id": {"a": 1, "b": 2}}, {"id": {"b": 2, "a": 1}}], [["x"], {"a": 1, "b": 2}]),
        ([{"name": "a"}, {"name": "b"}, {"name": "a"}], [{"name": "a"}, {"name": "b"}]),
        ([{"id": None, "n": 1}, {"id": None, "n": 2}, {"id": None, "n": 1}], [None, None]),
        ([{}, {}], [{}]),
    ],
)
def test_items_without_a_usable_id_are_told_apart_by_all_they_have(items: list[Item], expected: list[object]) -> None:
    """Ids of any type are compared as JSON, and where there is none, the whole item is."""
    with warnings.catch_warnings(action="ignore"):  # ids of another type than the spec says are warned of
        assert read_all(FakeDriver(in_turn(listed(items), listed(None))), params()) == expected


@pytest.mark.parametrize(
    ("meta", "pages"),
    [
        ({}, 3),
        ({"total_count": None, "total_page": None}, 3),
        ({"links": {"next": None}}, 3),
        ({"total_count": 4, "total_page": 99}, 3),
        ({"total_count": 4, "total_page": 10**9}, 3),
        ({"total_count": 4, "total_page": 2}, 2),
    ],
)
def test_fault_27_meta_is_followed_as_far_as_it_goes(meta: dict[str, object], pages: int) -> None:
    """Without a number of pages, or with one that is too high, an empty page is the end."""
    driver = FakeDriver(in_turn(listed(numbered(1, 2), **meta), listed(numbered(3, 4), **meta), listed([], **meta)))
    assert read_all(driver, params(page_size=2)) == [1, 2, 3, 4]
    assert len(driver.calls) == pages


@pytest.mark.parametrize("total", [-1, 0, 1, 3, 10**30])
@pytest.mark.parametrize("pages", [-1, 0, 1, None])
def test_fault_27_a_count_that_disagrees_is_reported_once(total: int, pages: int | None) -> None:
    """When the server's count is not what came there is one warning, and all that came is delivered."""
    answers = [listed(numbered(1, 2), total_count=total, total_page=pages), listed([], total_count=total)]
    with pytest.warns(UnexpectedAnswerWarning, match=f"counts {max(0, total)} items .* 2 came") as caught:
        assert read_all(FakeDriver(in_turn(*answers)), params()) == [1, 2]
    assert len(caught) == 1


def test_a_list_that_was_not_read_whole_has_no_wrong_count() -> None:
    """After stopping amid the list, nothing can be said of its count."""
    paginator = NumberedPaginator(params(page_size=2), policy(), {})
    FakeDriver(serving(numbered(1, 2, 3))).run(paginator.next_page())
    paginator.finish()
    assert not paginator.done


@pytest.mark.parametrize("body", [{"data": None}, {"data": []}, {"data": None, "meta": None}])
def test_fault_19_null_is_no_items(body: object) -> None:
    """`data: null` is how some servers print an empty list."""
    assert read_all(FakeDriver(in_turn(raw(body=body))), params()) == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$.data"),
        ({"meta": {"total_count": 0}}, "$.data"),
        ({"data": {"id": 1}}, "$.data"),
        ({"data": "x"}, "$.data"),
        ({"data": ""}, "$.data"),
        ({"data": 0}, "$.data"),
        ({"data": False}, "$.data"),
        ({"data": [[]]}, "$.data[0]"),
        ({"items": []}, "$.data"),
        ({"data": [1]}, "$.data[0]"),
        ({"data": [{"id": "1"}, None]}, "$.data[1]"),
        ({"data": [], "meta": {"total_count": "3"}}, "$.meta.total_count"),
        ({"data": [], "meta": {"total_page": 1.5}}, "$.meta.total_page"),
        ([], "$"),
        (None, "$"),
    ],
)
def test_fault_19_what_is_no_list_is_a_response_error(body: object, path: str) -> None:
    """An answer that is not a list is never taken for an empty one; the error names the place."""
    with warnings.catch_warnings(action="ignore"), pytest.raises(ResponseError) as caught:
        read_all(FakeDriver(in_turn(raw(body=body))), params())
    assert caught.value.path == path


def test_rows_that_contradict_the_filter_are_told() -> None:
    """A list whose filter the server ignores is delivered, with one warning at the end."""
    driver = FakeDriver(serving([{"id": "1", "status": "ERROR"}, {"id": "2", "status": "PENDING"}]))
    with pytest.warns(FilterIgnoredWarning, match="1 of 2 rows"):
        assert read_all(driver, params(filter=field("status").eq("ERROR"))) == [1, 2]


def test_the_next_page_is_prefetched_from_the_second_page_on() -> None:
    """The first page is fetched alone, since many callers need no more; after the last there is nothing to fetch."""
    paginator, driver, seen = (
        NumberedPaginator(params(page_size=1), policy(), {}),
        FakeDriver(serving(numbered(1, 2, 3))),
        list[bool](),
    )
    while not paginator.done:
        driver.run(paginator.next_page())
        seen.append(paginator.prefetches)
    assert seen == [False, True, False]


def test_an_error_amid_a_list_is_the_servers() -> None:
    """A page that is refused is an error, never the end."""
    with pytest.raises(NotFound):
        read_all(FakeDriver(in_turn(listed(numbered(1), total_page=2), raw(404))), params(page_size=1))


@given(
    shifts=st.lists(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=3), max_size=15),
    size=st.integers(1, 7),
    meta=st.booleans(),
    limit=st.none() | st.integers(0, 40),
)
def test_fault_27_a_list_that_shifts_gives_no_item_twice(
    shifts: list[list[tuple[bool, int]]], size: int, meta: bool, limit: int | None
) -> None:
    """Whatever comes and goes between the pages, nothing comes twice and it ends; a list at rest comes whole."""
    items, made, left, gone = [*range(20)], iter(range(100, 10**6)), iter(shifts), list[int]()

    def answer(request: Request) -> Outcome:
        page = serving(numbered(*items), meta=meta)(request)
        for comes, place in next(left, []):
            if comes:
                items.insert(min(place, len(items)), next(made))
            elif items:
                gone.append(items.pop(min(place, len(items) - 1)))
        return page

    driver = FakeDriver(answer)
    with warnings.catch_warnings(action="ignore"):
        found = read_all(driver, params(page_size=size, limit=limit))
    assert len(found) == len({*found}) <= (20 if limit is None else limit) + 45
    if limit is None and not gone and not any(comes for shift in shifts for comes, _ in shift):
        assert found == [*range(20)]
    assert len(driver.calls) <= 70
