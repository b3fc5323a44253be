"""Client and AsyncClient can do the same, with the same parameters."""

import inspect
from typing import Any

import pytest

from metrics24 import AsyncClient, AsyncListing, AsyncPage, AsyncRows, Client, Listing, Page, Rows
from metrics24._io.driver import AsyncDriver, Driver
from metrics24.export_job import AsyncExportJob, ExportJob
from metrics24.exports import AsyncExports, Exports
from metrics24.filter_groups import AsyncFilterGroups, FilterGroups
from metrics24.reports import AsyncReports, Reports

TWINS = [
    (Client, AsyncClient),
    (Reports, AsyncReports),
    (FilterGroups, AsyncFilterGroups),
    (Rows, AsyncRows),
    (Listing, AsyncListing),
    (Page, AsyncPage),
    (Exports, AsyncExports),
    (ExportJob, AsyncExportJob),
    (Driver, AsyncDriver),
]
ASYNC_NAMES = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__", "__aiter__": "__iter__"}
PROTOCOL = {*ASYNC_NAMES.values(), "__init__", "__repr__", "__reduce__"}
OF_ONE_KIND = {(Driver, "run", "exchange")}
"""Parameters that a thread needs and a task does not: only the drivers pass them."""


def members(kind: type[Any]) -> dict[str, Any]:
    """Give the public members, and the protocols' ones, by the name that the synchronous kind uses."""
    found = {ASYNC_NAMES.get(name, name): member for name, member in inspect.getmembers_static(kind)}
    return {name: each for name, each in found.items() if not name.startswith("_") or name in PROTOCOL}


def shape(kind: type[Any], name: str, member: Any) -> object:
    """Describe what a caller sees: a property, or each parameter's name, kind, default and type."""
    if not inspect.isfunction(member):
        return type(member)
    return [
        (each.name, each.kind, each.default, str(each.annotation).replace("Async", ""))
        for each in inspect.signature(member).parameters.values()
        if (kind, name, each.name) not in OF_ONE_KIND
    ]


def differences(one: type[Any], other: type[Any]) -> list[str]:
    """Name what one of the twins has, or says, that the other does not."""
    left, right = members(one), members(other)
    shared = left.keys() & right.keys()
    other_shape = {name for name in shared if shape(one, name, left[name]) != shape(other, name, right[name])}
    public = {name for name in shared if not name.startswith("_")}
    undocumented = {name for name in public if not (left[name].__doc__ and right[name].__doc__)}
    return sorted((left.keys() ^ right.keys()) | other_shape | undocumented)


@pytest.mark.parametrize(("one", "other"), TWINS)
def test_twins_are_equal(one: type[Any], other: type[Any]) -> None:
    """Every public member exists on both, with the same parameters, defaults and types, and documented on both."""
    assert differences(one, other) == []


class One:
    """A twin."""

    def same(self, *, x: int = 1) -> None: ...
    def close(self) -> None: ...
    def gained(self) -> None: ...
    def parameter(self, *, x: int) -> None: ...
    def default(self, *, x: int = 1) -> None: ...
    def typed(self, *, x: int) -> None: ...
    def silent(self) -> None: ...
    @property
    def value(self) -> int: ...  # type: ignore[empty-body]


class AsyncOne:
    """A twin that went its own way in all but two methods."""

    async def same(self, *, x: int = 1) -> None: ...
    async def aclose(self) -> None: ...
    async def parameter(self) -> None: ...
    async def default(self, *, x: int = 2) -> None: ...
    async def typed(self, *, x: str) -> None: ...
    async def silent(self) -> None: ...
    def value(self) -> int: ...  # type: ignore[empty-body]


for _member in [*vars(One).values(), *(each for name, each in vars(AsyncOne).items() if name != "silent")]:
    if inspect.isfunction(_member) or isinstance(_member, property):
        _member.__doc__ = "Do."


def test_the_comparison_sees_what_is_missing() -> None:
    """A method, a parameter, a default, a type or a docstring that only one twin has is found."""
    assert differences(One, AsyncOne) == ["default", "gained", "parameter", "silent", "typed", "value"]
