"""Numbered pages, sorting and counting."""

import pytest

from sandbox.calls import MAIN, Caller, error_code


@pytest.fixture
def seven(own: Caller) -> Caller:
    """A sandbox with seven filter groups, some of which have a description."""
    for number in range(7):
        body = {"name": "odd" if number % 2 else "even", "priority": (number * 3) % 7}
        body |= {"integration": MAIN, "organization": own.box.organization}
        body |= {"description": f"d{number}"} if number > 3 else {}
        own.data("createFilterGroup", body=body)
    return own


def test_pages_are_numbered_from_one(seven: Caller) -> None:
    """Pages together hold each object once; `meta` counts objects and pages and names the neighbours."""
    pages = [seven.data("listFilterGroups", {"page[size]": 3, "page[number]": number}) for number in (1, 2, 3, 4)]
    assert [len(page["data"]) for page in pages] == [3, 3, 1, 0]
    assert len({group["id"] for page in pages for group in page["data"]}) == 7
    assert [(page["meta"]["total_count"], page["meta"]["total_page"]) for page in pages] == [(7, 3)] * 4
    assert pages[0]["meta"]["links"] == {"next": {"page[number]": 2, "page[size]": 3}, "prev": None}
    assert pages[2]["meta"]["links"] == {"next": None, "prev": {"page[number]": 2, "page[size]": 3}}


def test_lists_are_sorted_by_several_properties(seven: Caller) -> None:
    """The first property counts most, and a minus sign turns its order round."""
    found = seven.data("listFilterGroups", {"sort": "-name,priority"})["data"]
    assert [(group["name"], group["priority"]) for group in found] == [
        *[("odd", priority) for priority in (1, 2, 3)],
        *[("even", priority) for priority in (0, 4, 5, 6)],
    ]


@pytest.mark.parametrize(("sort", "first"), [("description", "d4"), ("-description", "d6")])
def test_objects_without_the_property_come_last(seven: Caller, sort: str, first: str) -> None:
    """Whatever the direction, null sorts behind everything else."""
    found = [group["description"] for group in seven.data("listFilterGroups", {"sort": sort})["data"]]
    assert found[0] == first
    assert found[3:] == [None] * 4


def test_filters_count_before_pages(seven: Caller) -> None:
    """`meta` counts what the filter lets through, not what there is."""
    found = seven.data("listFilterGroups", {"filter[name]": "odd", "page[size]": 2})
    assert [group["name"] for group in found["data"]] == ["odd", "odd"]
    assert (found["meta"]["total_count"], found["meta"]["total_page"]) == (3, 2)


@pytest.mark.parametrize(
    "query",
    [{"page[size]": 101}, {"page[number]": 0}, {"sort": "colour"}, {"sort": "name,"}, {"filter[x]": "y"}, {"page": 1}],
    ids=str,
)
def test_what_a_list_does_not_know_is_refused(seven: Caller, query: dict[str, object]) -> None:
    """Sizes over 100, pages below 1 and unknown properties are bad requests; a page beyond all others is empty."""
    assert error_code(seven("listFilterGroups", query)) == (400, "bad_request")
    assert seven.data("listFilterGroups", {"page[number]": "9" * 400})["data"] == []
